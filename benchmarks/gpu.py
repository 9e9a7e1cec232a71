"""How fast an NVIDIA GPU runs the networks, and what share of its measured peak that is.

    python benchmarks/gpu.py [--turns 20]

For float32 ("exact") and bfloat16 ("approximate"): seconds a window of the full network (random
weights, 384 pixels) and of glavitu-small (256 pixels), in the batch that the probe finds, copies
included; the multiplications of a window as torch counts them, a second, as a share of those of a
large matrix product measured just before. Prints a Markdown table; without a GPU it says so.
"""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Annotated

import numpy as np
import torch
import typer
from runtimes import FULL, SIZES, SMALL, network_of, simulated_windows
from torch.utils.flop_counter import FlopCounterMode

from glacier_core.errors import DeviceError
from glacier_core.inference.device import Device, Precision, choose_device
from glacier_core.inference.runner import Runner
from glacier_core.models.blocks import Network

SIDE = 8192  # of the matrices whose product tells the peak
TYPES: dict[Precision, torch.dtype] = {"exact": torch.float32, "approximate": torch.bfloat16}


def median_seconds(action: Callable[[], object], turns: int) -> float:
    """Median seconds of an action that waits for the GPU at its end."""
    seconds = []
    for _ in range(turns):
        torch.cuda.synchronize()
        started = time.perf_counter()
        action()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def measured_peak(kind: torch.dtype, turns: int) -> float:
    """Operations a second of a product of two large matrices."""
    left, right = (torch.randn(SIDE, SIDE, device="cuda", dtype=kind) for _ in range(2))
    median_seconds(lambda: left @ right, 3)
    return 2 * SIDE**3 / median_seconds(lambda: left @ right, turns)


def operations(network: Network, size: int) -> int:
    """Multiplications and additions of one window."""
    inputs = {name: torch.from_numpy(array) for name, array in simulated_windows(1, size).items()}
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(inputs, None)
    return int(counter.get_total_flops())


def row(name: str, precision: Precision, device: Device, turns: int, expected: Network) -> str:
    """Return one row of the table."""
    told: list[str] = []
    size, network = SIZES[name], expected
    runner = Runner(network, None, device, 4, told.append, precision=precision)
    runner.fit_batch(simulated_windows(1, size))
    inputs = simulated_windows(runner.batch_size, size)
    found = runner.probabilities(inputs)
    exact = Runner(network, None, device, runner.batch_size, told.append).probabilities(inputs)
    if found is None or exact is None:
        sys.exit(f"Memory was too short for the batch that was found: {told}")
    seconds = median_seconds(lambda: runner.probabilities(inputs), turns) / runner.batch_size
    share = operations(network, size) / seconds / measured_peak(TYPES[precision], turns)
    return (
        f"| {name}, {size} px | {runner.description} | {runner.batch_size} | {seconds:.5f} "
        f"| {share:.0%} | {np.abs(found - exact).max():.1e} "
        f"| {np.mean((found > 0.5) != (exact > 0.5)):.1e} |"
    )


def main(turns: Annotated[int, typer.Option(help="Times that each is timed.")] = 20) -> None:
    """Print the table."""
    try:
        device = choose_device("cuda")
    except DeviceError as problem:
        sys.exit(f"Nothing was measured: {problem}")
    typer.echo(f"{device.description}; torch {torch.__version__}\n")
    typer.echo(
        "| network | runtime | windows at once | s a window | share of the measured peak "
        "| largest difference | classes changed |\n|---|---|---|---|---|---|---|"
    )
    for name in (FULL, SMALL):
        network = network_of(name, None)
        for precision in TYPES:
            typer.echo(row(name, precision, device, turns, network))


if __name__ == "__main__":
    typer.run(main)
