"""A scene of 2000 x 1800 pixels by the full network, against the cost of the authors' pipeline.

    python benchmarks/whole_scene.py

Their cost is the number of their windows (`glacier_core.inference.compatibility`) times the time of
one window, measured in the same run. Their TensorFlow is not installed here: ONNX Runtime, the
fastest runtime that takes the network as it is, stands in, and PyTorch is told beside. Weights are
random, as time does not depend on them. All scenes are simulated.
"""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray

import glacier_core as gc
from glacier_core.inference.compatibility import authors_windows
from glacier_core.inference.device import choose_device
from glacier_core.inference.planning import plan_windows
from glacier_core.inference.request import MappingOptions, resolve
from glacier_core.inference.runner import Runner
from glacier_core.models.card import ModelCard
from glacier_core.models.config import GlaViTUConfig
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import Model
from glacier_core.scene import BANDS, Scene, build_scene
from glacier_core.settings import settings

SHAPE = (2000, 1800)


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


def mirrored(layer: NDArray[Any]) -> NDArray[Any]:
    """Return a layer (..., rows, columns) repeated by reflection to `SHAPE`."""
    wider = [(0, 0)] * (layer.ndim - 2) + [
        (0, wanted - there) for wanted, there in zip(SHAPE, layer.shape[-2:], strict=True)
    ]
    return np.pad(layer, wider, mode="symmetric")


def scenes() -> dict[str, Scene]:
    """Return the scene as it is on land, and with its western third under the sea."""
    small = gc.simulate_scene(0, "valley")
    layers = {
        name: mirrored(small.data[name].to_numpy())
        for name in ("optical", "elevation", "slope", "valid")
    }
    coast = {name: layer.copy() for name, layer in layers.items()}
    sea = np.s_[..., : SHAPE[1] // 3]
    coast["elevation"][sea] = coast["slope"][sea] = 0.0
    coast["optical"][BANDS.index("nir"), :, : SHAPE[1] // 3] = 0.03

    def scene(of: dict[str, NDArray[Any]]) -> Scene:
        place = {"transform": small.transform, "crs": small.crs, "attributes": small.attributes}
        return build_scene(**of, **place)

    return {"land": scene(layers), "land, a third of it sea": scene(coast)}


def seconds_a_window(model: Model, runtime: str, repeats: int) -> float:
    """Return the median time of one window by a runtime."""
    os.environ["GLACIER_RUNTIME"] = runtime
    settings.cache_clear()
    runner = Runner(model.network, None, choose_device("cpu"), 1, typer.echo)
    runner.expect(10_000)
    side = model.card.patch_size
    random = np.random.default_rng(0)
    inputs = {
        "optical": random.random((1, 6, side, side), np.float32),
        "dem": random.random((1, 2, side, side), np.float32),
    }
    runner.probabilities(inputs)
    times = [timed(lambda: runner.probabilities(inputs)) for _ in range(repeats)]
    del os.environ["GLACIER_RUNTIME"]
    settings.cache_clear()
    typer.echo(f"one window, {runner.description}: {median(times):.3f} s (n = {repeats})")
    return median(times)


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main(
    repeats: Annotated[int, typer.Option(help="Windows to take the median of.")] = 5,
) -> None:
    """Map both scenes, and tell the ratio to the authors' cost."""
    model = full_model()
    typer.echo(f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}")
    theirs = len(authors_windows(SHAPE, model.card.patch_size, model.card.patch_size // 2))
    stand_in = seconds_a_window(model, "onnx", repeats)
    eager = seconds_a_window(model, "torch", repeats)
    typer.echo(f"authors: {theirs} windows, {theirs * stand_in:.1f} s by ONNX Runtime")
    for name, scene in scenes().items():
        windows = len(plan_windows(resolve(scene, model, MappingOptions())).windows)
        attributes = scene.attributes.model_copy(update={"title": name})
        again = replace(scene, attributes=attributes)
        found: list[gc.GlacierMap] = []

        def action(scene: Scene = again, found: list[gc.GlacierMap] = found) -> None:
            found.append(gc.map_glaciers(scene, model, cache=False))

        seconds = timed(action)
        typer.echo(
            f"{name}: {windows} windows, {seconds:.1f} s by "
            f"{found[0].provenance['device']['runtime']}; the authors' cost is "
            f"{theirs * stand_in / seconds:.2f} times that by ONNX Runtime, "
            f"{theirs * eager / seconds:.2f} times by PyTorch"
        )


if __name__ == "__main__":
    typer.run(main)
