"""A scene of 2000 x 1800 pixels by the full network, against the cost of the authors' pipeline.

    python benchmarks/whole_scene.py --tensorflow PYTHON

Their cost is the number of their windows (`glacier_core.inference.compatibility`) times the time of
one window in TensorFlow, measured in the same run, before and after ours
(`benchmarks/tensorflow_window.py` says how to get a Python with it). Without it, PyTorch as it
comes stands in, which is slower. Weights are random, as time does not depend on them. All scenes
are simulated.
"""

import os
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import torch
import typer
from mapping import empty_cache, mirrored_layer
from numpy.typing import NDArray

import glacier_core as gc
from glacier_core.inference.compatibility import authors_windows
from glacier_core.inference.planning import plan_windows
from glacier_core.inference.request import MappingOptions, resolve
from glacier_core.models.card import ModelCard
from glacier_core.models.config import GlaViTUConfig
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import Model
from glacier_core.scene import BANDS, Scene, build_scene

SHAPE = (2000, 1800)
PARAMETERS = 10_031_938  # of the published network without its head for deep supervision


def full_model() -> Model:
    """Return the published network with random weights."""
    torch.manual_seed(0)
    config = GlaViTUConfig()
    card = ModelCard(
        name="glavitu-random",
        title="GlaViTU with random weights",
        config=config,
        patch_size=config.native_size,
        training="None: random weights, to measure time.",
        licence="none",
    )
    return Model(GlaViTU(config).eval().requires_grad_(False), card)


def scenes() -> dict[str, Scene]:
    """Return the scene twice as it is on land, then with its western third under the sea."""
    small = gc.simulate_scene(0, "valley")
    layers = {
        name: mirrored_layer(small.data[name].to_numpy(), SHAPE)
        for name in ("optical", "elevation", "slope", "valid")
    }
    coast = {name: layer.copy() for name, layer in layers.items()}
    sea = np.s_[..., : SHAPE[1] // 3]
    coast["elevation"][sea] = coast["slope"][sea] = 0.0
    coast["optical"][BANDS.index("nir"), :, : SHAPE[1] // 3] = 0.03

    def scene(of: dict[str, NDArray[Any]]) -> Scene:
        place = {"transform": small.transform, "crs": small.crs, "attributes": small.attributes}
        return build_scene(**of, **place)

    return {
        "land, the runtimes timed on the way": scene(layers),
        "land": scene(layers),
        "land, a third of it sea": scene(coast),
    }


def seconds_by_pytorch(model: Model, repeats: int) -> list[float]:
    """Return the times of one window by PyTorch, nothing tuned."""
    side, random = model.card.patch_size, np.random.default_rng(0)
    inputs = {
        name: torch.from_numpy(random.random((1, channels, side, side), np.float32))
        for name, channels in (("optical", 6), ("dem", 2))
    }
    with torch.inference_mode():
        model.network(inputs)
        return [timed(lambda: model.network(inputs)) for _ in range(repeats)]


def seconds_by_tensorflow(python: Path, repeats: int) -> list[float]:
    """Return the median time of one window by the authors' framework."""
    script = Path(__file__).with_name("tensorflow_window.py")
    told = subprocess.run(
        [python, script, str(repeats)], check=True, capture_output=True, text=True
    ).stdout.splitlines()[-1]
    *_, parameters, seconds = told.split()
    assert int(parameters) == PARAMETERS, told
    return [float(seconds)]


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main(
    repeats: Annotated[int, typer.Option(help="Windows to take the median of.")] = 5,
    tensorflow: Annotated[Path | None, typer.Option(help="A Python with TensorFlow.")] = None,
) -> None:
    """Map both scenes, and tell the ratio to the authors' cost."""
    model = full_model()
    windows = len(authors_windows(SHAPE, model.card.patch_size, model.card.patch_size // 2))
    typer.echo(f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}")

    def their_window() -> list[float]:
        if tensorflow is None:
            return seconds_by_pytorch(model, repeats)
        return seconds_by_tensorflow(tensorflow, repeats)

    theirs, ours = their_window(), []
    with empty_cache():
        for name, scene in scenes().items():
            number = len(plan_windows(resolve(scene, model, MappingOptions())).windows)
            began = time.perf_counter()
            found = gc.map_glaciers(scene, model, cache=False)
            ours.append((name, number, time.perf_counter() - began, found.provenance["device"]))
            theirs += their_window()
    window = median(theirs)
    by = "PyTorch, which stands in for TensorFlow" if tensorflow is None else "TensorFlow"
    typer.echo(f"authors: {windows} windows of {window:.3f} s by {by}: {windows * window:.1f} s")
    for name, number, seconds, device in ours:
        typer.echo(
            f"{name}: {number} windows, {seconds:.1f} s by {device['runtime']}, "
            f"{windows * window / seconds:.2f} times as fast"
        )


if __name__ == "__main__":
    typer.run(main)
