"""How fast each runtime runs a network here, how far from PyTorch's answer, in how much memory.

    python benchmarks/runtimes.py [--weights optical_dem_weights.h5] [--turns 7] [--threads 2]

The full network (GlaViTU, 384 pixels, with the Keras weights given or random ones) and
glavitu-small (256 pixels), by 1, 2 (as maps are made) and 4 windows. All runtimes are timed in turn
within one run, so that what else the machine does meets them alike; medians. The ratio is the
median of the ratios of each turn, to PyTorch channels last in float32, and so is the largest
difference in probability. Peak memory is that of a process of its own. Windows are simulated.
Prints a Markdown table.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Annotated, get_args

import numpy as np
import torch
import typer
from torch.nn.functional import interpolate

from glacier_core.inference.device import cpu
from glacier_core.inference.runner import Runner
from glacier_core.inference.runtimes.choosing import Chooser
from glacier_core.inference.runtimes.making import Maker
from glacier_core.inference.runtimes.paces import processor
from glacier_core.inference.runtimes.prepared import FloatArray, Prepared, Runtime
from glacier_core.models.blocks import Network
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.inputs import FEATURE_CHANNELS
from glacier_core.models.keras import read_keras
from glacier_core.models.registry import load_model

FULL, SMALL = "full", "glavitu-small"
SIZES = {FULL: 384, SMALL: 256}
BATCHES = (1, 2, 4)
HEAD = (
    "| network | windows at once | runtime | s a window | times as fast | CPU s a window "
    "| largest difference | classes changed | to prepare, s | peak memory, MB |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def network_of(name: str, weights: Path | None) -> Network:
    """Return the full network or the default model."""
    if name == SMALL:
        return load_model(SMALL).network
    if weights is not None:
        return read_keras(weights).eval().requires_grad_(False)
    torch.manual_seed(0)
    return GlaViTU().eval().requires_grad_(False)


def simulated_windows(number: int, size: int) -> dict[str, FloatArray]:
    """Scaled inputs that change slowly from pixel to pixel, as a landscape does."""
    random = torch.Generator().manual_seed(0)
    inputs = {}
    for name in ("optical", "dem"):
        shape = (number, FEATURE_CHANNELS[name], size // 16, size // 16)
        coarse = torch.rand(*shape, generator=random)
        fine = interpolate(coarse, (size, size), mode="bicubic", align_corners=False)
        inputs[name] = (0.02 + 0.3 * fine.clamp(0, 1)).numpy()
    return inputs


def prepared(
    network: Network, inputs: dict[str, FloatArray]
) -> Iterator[tuple[Runtime, Prepared, float]]:
    """Yield every runtime that can run the network, what it made of it, and in how many seconds."""
    maker = Maker(network, cpu(""), "exact")
    for runtime in get_args(Runtime):
        started = time.perf_counter()
        try:
            made = maker.make(runtime, inputs, None)
        except Exception as problem:  # another library may refuse in any way
            typer.echo(f"{runtime} is left out: {str(problem).splitlines()[0]}", err=True)
            continue
        yield runtime, made, time.perf_counter() - started


def timed(made: Prepared, inputs: dict[str, FloatArray]) -> tuple[float, float]:
    """Return wall seconds and processor seconds of a batch."""
    wall, processor_time = time.perf_counter(), time.process_time()
    made.run(inputs, None, None)
    return time.perf_counter() - wall, time.process_time() - processor_time


def rows(name: str, weights: Path | None, turns: int) -> Iterator[str]:
    """Yield the rows of one network."""
    network = network_of(name, weights)
    made = {
        runtime: (it, seconds)
        for runtime, it, seconds in prepared(network, simulated_windows(1, SIZES[name]))
    }
    for number in BATCHES:
        inputs = simulated_windows(number, SIZES[name])
        expected = made["torch"][0].run(inputs, None, None)
        found = {runtime: it.run(inputs, None, None) for runtime, (it, _) in made.items()}
        times: dict[Runtime, list[tuple[float, float]]] = {runtime: [] for runtime in made}
        for _ in range(turns):
            for runtime, (it, _) in made.items():
                times[runtime].append(timed(it, inputs))
        for runtime, (it, seconds) in made.items():
            wall = median(pair[0] for pair in times[runtime]) / number
            busy = median(pair[1] for pair in times[runtime]) / number
            pairs = zip(times["torch"], times[runtime], strict=True)
            ratio = median(torch_time[0] / own[0] for torch_time, own in pairs)
            changed = float(np.mean((found[runtime] > 0.5) != (expected > 0.5)))
            peak = peak_megabytes(name, runtime, number, weights)
            yield (
                f"| {name}, {SIZES[name]} px | {number} | {it.description} | {wall:.3f} "
                f"| {ratio:.2f} | {busy:.3f} | {np.abs(found[runtime] - expected).max():.1e} "
                f"| {changed:.1e} | {seconds:.1f} | {peak} |"
            )


def peak_megabytes(name: str, runtime: str, number: int, weights: Path | None) -> str:
    """Run two batches in a process of its own, and return the most memory that it took."""
    words = [sys.executable, __file__, "--only", json.dumps([name, runtime, number])]
    words += ["--threads", str(torch.get_num_threads())]
    words += [] if weights is None else ["--weights", str(weights)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "failed"


def one_alone(name: str, runtime: str, number: int, weights: Path | None) -> None:
    """Run two batches by one runtime and print the peak of this process, in megabytes."""
    inputs = simulated_windows(number, SIZES[name])
    network = network_of(name, weights)
    runner = Runner(network, None, cpu(""), number, sys.exit, runtime=runtime)
    for _ in range(2):
        runner.probabilities(inputs)
    # Not getrusage: what it tells includes the process that started this one.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    typer.echo(f"{int(status['VmHWM'].split()[0]) * 1024 / 1e6:.0f}")


def main(
    weights: Annotated[
        Path | None, typer.Option(help="Keras weights of the full network; random if left out.")
    ] = None,
    turns: Annotated[int, typer.Option(help="Times that each is timed.")] = 7,
    threads: Annotated[int, typer.Option(help="Processor threads.")] = os.cpu_count() or 1,
    network: Annotated[str, typer.Option(help="full, glavitu-small or all.")] = "all",
    only: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Print the table."""
    torch.set_num_threads(threads)
    if only:
        name, runtime, number = json.loads(only)
        one_alone(name, runtime, number, weights)
        return
    model = next((line for line in processor().splitlines() if "model name" in line), processor())
    typer.echo(
        f"{model.partition(':')[2].strip() or model}, {os.cpu_count()} cores, {threads} threads, "
        f"load {os.getloadavg()[0]:.1f}; weights of the full network: {weights and weights.name}\n"
    )
    typer.echo(HEAD)
    for each in (FULL, SMALL) if network == "all" else (network,):
        for row in rows(each, weights, turns):
            typer.echo(row)
    _tell_choice()


def _tell_choice() -> None:
    """Say what the app would choose for its default model."""
    maker = Maker(network_of(SMALL, None), cpu(""), "exact")
    typer.echo("")
    Chooser(maker, typer.echo).time_all(simulated_windows(2, SIZES[SMALL]), None, None)


if __name__ == "__main__":
    typer.run(main)
