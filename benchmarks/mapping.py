"""How long a first mapping takes, and one that is kept already.

    python benchmarks/mapping.py [--model glavitu-small] [--size 768] [--repeats 5] [--no-prepared]

Maps a simulated scene, mirrored to the size asked for, on the CPU or the GPU as the machine has
it, into an empty cache of its own. Prints medians and ranges.
"""

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray

import glacier_core as gc
from glacier_core.inference.preparing import prepare_model
from glacier_core.inference.request import MappingOptions, resolve
from glacier_core.models.registry import Model
from glacier_core.scene import Scene, build_scene
from glacier_core.settings import settings

SCENE = "simulated-valley"


def mirrored_layer(layer: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """Return a layer (..., rows, columns) cut, or repeated by reflection, to a shape."""
    missing = [(0, max(n - m, 0)) for n, m in zip(shape, layer.shape[-2:], strict=True)]
    wider = np.pad(layer, [(0, 0)] * (layer.ndim - 2) + missing, mode="symmetric")
    return wider[..., : shape[0], : shape[1]]


def mirrored(scene: Scene, size: int) -> Scene:
    """Return the scene cut or mirrored to `size` x `size` pixels."""
    layers = {
        name: mirrored_layer(scene.data[name].to_numpy(), (size, size))
        for name in ("optical", "elevation", "slope", "valid")
    }
    attributes = scene.attributes.model_copy(update={"outlines_complete": False})
    return build_scene(**layers, transform=scene.transform, crs=scene.crs, attributes=attributes)


@contextmanager
def empty_cache() -> Iterator[None]:
    """Point the data folder to an empty one, and back."""
    before = os.environ.get("GLACIER_DATA_DIR")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GLACIER_DATA_DIR"] = folder
        settings.cache_clear()
        try:
            yield
        finally:
            os.environ.pop("GLACIER_DATA_DIR")
            if before is not None:
                os.environ["GLACIER_DATA_DIR"] = before
            settings.cache_clear()


def timed(action: Callable[[], object], repeats: int) -> list[float]:
    """Return the seconds that each repetition took."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return seconds


def line(name: str, seconds: list[float]) -> str:
    """Return one row of the report."""
    return (
        f"{name:<34} {median(seconds):8.3f} s  "
        f"(n = {len(seconds)}, {min(seconds):.3f} to {max(seconds):.3f})"
    )


def measure(scene: Scene, model: Model, repeats: int) -> list[str]:
    """Return the rows of the report."""
    first = []
    for turn in range(repeats):
        # Another title is another map: every repetition is a first one.
        attributes = scene.attributes.model_copy(update={"title": f"{scene.title} ({turn})"})
        again = replace(scene, attributes=attributes)
        first += timed(lambda again=again: gc.map_glaciers(again, model), 1)
    result = gc.map_glaciers(again, model)
    told = result.provenance
    windows = told["options"]
    return [
        f"device: {told['device']['used']} ({told['device']['choice']})",
        f"windows of {windows['patch']} pixels every {windows['stride']}",
        line("first mapping, kept on disk", first),
        line("the same again, from the cache", timed(lambda: gc.map_glaciers(again, model), 11)),
        line("  of it: hash of scene and model", timed(lambda: _hash(again, model), 11)),
        line("  of it: open the layers", timed(lambda: gc.open_map(result.folder), 11)),
        line("outlines", timed(result.outlines, 5)),
        line("area", timed(result.area_km2, 5)),
    ]


def _hash(scene: Scene, model: Model) -> str:
    return resolve(scene, model, MappingOptions()).key


def main(
    model: Annotated[str, typer.Option(help="A model id or a folder.")] = "glavitu-small",
    size: Annotated[int, typer.Option(help="Side of the scene in pixels.")] = 768,
    repeats: Annotated[int, typer.Option(help="First mappings to take the median of.")] = 5,
    prepared: Annotated[
        bool, typer.Option(help="Prepare the model first, as make app does.")
    ] = True,
) -> None:
    """Measure the first mapping of a simulated scene, and a kept one."""
    scene, loaded = mirrored(gc.open_scene(SCENE), size), gc.load_model(model)
    typer.echo(
        f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}; "
        f"{SCENE} mirrored to {size} x {size} pixels; model {model}"
    )
    with empty_cache():
        if prepared:
            prepare_model(loaded, typer.echo)
        typer.echo("\n".join(measure(scene, loaded, repeats)))


if __name__ == "__main__":
    typer.run(main)
