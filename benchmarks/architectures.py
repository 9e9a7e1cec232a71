"""How large the compact networks of all architectures are, and how fast, side by side.

    python benchmarks/architectures.py [--size 256] [--repeats 7] [--full]

One image forward in evaluation, and one training step on a batch of one, on the CPU. The networks
take turns, so that a busy moment of the machine falls on all of them. Prints medians.
"""

import os
import platform
import time
from collections.abc import Callable
from statistics import median
from typing import Annotated

import torch
import torch.nn.functional as F
import typer

from glacier_core.models.architectures import ARCHITECTURES, build_network
from glacier_core.models.blocks import Network
from glacier_core.models.inputs import FEATURE_CHANNELS


def seconds(action: Callable[[], object]) -> float:
    """Return the seconds that something took."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def predict(network: Network, inputs: dict[str, torch.Tensor]) -> None:
    """Map one image."""
    with torch.inference_mode():
        network.eval()(inputs)


def training_step(network: Network, inputs: dict[str, torch.Tensor]) -> None:
    """Update the weights once."""
    truth = torch.zeros(1, *inputs["dem"].shape[2:], dtype=torch.long)
    optimiser = torch.optim.AdamW(network.parameters())
    sum(F.cross_entropy(head, truth) for head in network.train()(inputs)).backward()
    optimiser.step()


def main(
    size: Annotated[int, typer.Option(help="Side of the patch in pixels.")] = 256,
    repeats: Annotated[int, typer.Option(help="Rounds to take the median of.")] = 7,
    full: Annotated[bool, typer.Option(help="The published sizes instead.")] = False,
) -> None:
    """Measure all architectures."""
    configs = {name: a.full if full else a.small for name, a in ARCHITECTURES.items()}
    networks = {name: build_network(config) for name, config in configs.items()}
    inputs = {
        name: torch.rand(1, FEATURE_CHANNELS[name], size, size) for name in ("optical", "dem")
    }
    forward: dict[str, list[float]] = {name: [] for name in networks}
    step: dict[str, list[float]] = {name: [] for name in networks}
    for turn in range(repeats + 1):
        for name, network in networks.items():
            taken = seconds(lambda network=network: predict(network, inputs))
            trained = float("nan")  # the members of an ensemble are trained one by one
            if name != "ensemble":
                trained = seconds(lambda network=network: training_step(network, inputs))
            if turn:  # the first round warms up
                forward[name].append(taken)
                step[name].append(trained)
    typer.echo(
        f"{platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}; {size} x {size} pixels, batch 1, float32, n = {repeats}"
    )
    typer.echo(f"{'architecture':<12} {'parameters':>12} {'forward s':>10} {'step s':>8}")
    for name, network in networks.items():
        size_of = sum(parameter.numel() for parameter in network.parameters())
        typer.echo(
            f"{name:<12} {size_of:>12,} {median(forward[name]):>10.3f} {median(step[name]):>8.3f}"
        )


if __name__ == "__main__":
    typer.run(main)
