"""How far apart windows may lie: IoU and work against the stride, on simulated scenes.

    python benchmarks/stride.py --plot stride.png

Scenes are simulated with seeds that no training used, mirrored to twice their width and height, and
laid at random places on the ground's grid, so that windows begin anywhere in them. The truth is the
simulator's, as its expert draws it.
"""

from pathlib import Path
from typing import Annotated, get_args

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import typer
from affine import Affine
from mapping import mirrored_layer
from numpy.typing import NDArray

import glacier_core as gc
from glacier_core.inference.planning import plan_windows
from glacier_core.inference.request import MappingOptions, default_stride, resolve
from glacier_core.models.registry import Model
from glacier_core.outlines.rasterizing import rasterize
from glacier_core.scene import Scene, build_scene
from glacier_core.simulation.demonstrations import Style

SHARES = (0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
FIRST_SEED = 7_000


def laid_out(scene: Scene, columns: int, rows: int) -> tuple[Scene, NDArray[np.bool_]]:
    """Return a scene twice as wide and high, mirrored, and elsewhere, and the truth of it."""
    assert scene.outlines is not None
    truth = rasterize(scene.outlines, scene.transform, scene.shape, scene.crs)
    shape = (2 * scene.shape[0], 2 * scene.shape[1])
    layers = {
        name: mirrored_layer(scene.data[name].to_numpy(), shape)
        for name in ("optical", "elevation", "slope", "valid")
    }
    shift = (columns * scene.resolution, rows * scene.resolution)
    large = build_scene(
        **layers,
        transform=Affine.translation(*shift) @ scene.transform,
        crs=scene.crs,
        attributes=scene.attributes,
    )
    return large, mirrored_layer(truth, shape) & large.valid


def counts(scene: Scene, truth: NDArray[np.bool_], model: Model, stride: int) -> dict[str, float]:
    """Map a scene and count pixels and windows."""
    request = resolve(scene, model, MappingOptions(stride=stride))
    found = gc.map_glaciers(scene, model, stride=stride, cache=False).glacier.to_numpy()
    return {
        "stride": stride,
        "both": int((found & truth).sum()),
        "either": int((found | truth).sum()),
        "windows": len(plan_windows(request).windows),
        "pixels": scene.valid.size,
    }


def measure(model: Model, scenes: int) -> pd.DataFrame:
    """Return counts of every scene and stride."""
    random, patch = np.random.default_rng(0), model.card.patch_size
    strides = [round(share * patch) for share in SHARES]
    rows = []
    for number in range(scenes):
        style = get_args(Style)[number % 3]
        small = gc.simulate_scene(FIRST_SEED + number, style)
        scene, truth = laid_out(small, *random.integers(0, patch, 2))
        rows += [{"scene": number, **counts(scene, truth, model, stride)} for stride in strides]
    return pd.DataFrame(rows)


def summary(table: pd.DataFrame, patch: int) -> pd.DataFrame:
    """Return IoU over all scenes, its loss against half a window with an interval, and the work."""
    half = table[table["stride"] == patch // 2].set_index("scene")
    rows = []
    for stride, part in table.groupby("stride"):
        part = part.set_index("scene")
        low, high = loss_interval(half, part)
        rows.append(
            {
                "stride": stride,
                "share of a window": stride / patch,
                "windows a megapixel": 1e6 * part["windows"].sum() / part["pixels"].sum(),
                "IoU": iou(part),
                "loss": iou(half) - iou(part),
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def iou(part: pd.DataFrame) -> float:
    """Return the IoU of all pixels of some scenes together."""
    return float(part["both"].sum() / part["either"].sum())


def loss_interval(half: pd.DataFrame, part: pd.DataFrame) -> tuple[float, float]:
    """Return a 95 % interval of the loss of IoU, by drawing scenes anew."""
    random, names = np.random.default_rng(1), half.index.to_numpy()
    draws = [random.choice(names, len(names)) for _ in range(1000)]
    losses = [iou(half.loc[drawn]) - iou(part.loc[drawn]) for drawn in draws]
    low, high = np.quantile(losses, [0.025, 0.975])
    return float(low), float(high)


def draw(found: pd.DataFrame, patch: int, path: Path) -> None:
    """Plot loss and work against the stride."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    spread = np.abs(found[["low", "high"]].to_numpy().T - found["loss"].to_numpy())
    axes.errorbar(found["stride"], found["loss"], spread, fmt="o-", color="#d55e00", capsize=3)
    axes.axhline(0.001, color="#777777", linestyle=":", label="largest loss allowed, 0.001")
    axes.axvline(default_stride(patch), color="#777777", linestyle="--", label="default")
    axes.set(
        xlabel=f"Stride, pixels (windows of {patch})",
        ylabel="Loss of IoU against half a window",
        title="Simulated scenes",
    )
    work = axes.twinx()
    work.plot(found["stride"], found["windows a megapixel"], "s-", color="#0072b2")
    work.set_ylabel("Windows a megapixel", color="#0072b2")
    axes.legend(loc="upper center")
    figure.savefig(path, dpi=110)


def main(
    model: Annotated[str, typer.Option(help="A model id or a folder.")] = "glavitu-small",
    scenes: Annotated[int, typer.Option(help="Simulated scenes.")] = 12,
    plot: Annotated[Path | None, typer.Option(help="Picture to write, .png.")] = None,
) -> None:
    """Measure what larger strides lose and save."""
    loaded = gc.load_model(model)
    patch = loaded.card.patch_size
    found = summary(measure(loaded, scenes), patch)
    typer.echo(f"{scenes} simulated scenes, {model}, windows of {patch} pixels")
    typer.echo(found.to_string(index=False, float_format="{:.4f}".format))
    if plot is not None:
        draw(found, patch, plot)


if __name__ == "__main__":
    typer.run(main)
