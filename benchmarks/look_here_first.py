"""How much error the places to look at first hold, beside places chosen blindly.

    python benchmarks/look_here_first.py --folder FOLDER [--scenes 16] [--looks 5]

FOLDER is, or becomes, the folder of `glacier-core train --recipe glavitu-small`: its scored
scenes, which no network learned from, are drawn where they are not there yet. A look corrects all
wrong pixels within a square of 32 pixels. Beside the hints stand random squares and random
squares around a doubtful pixel, the mean of 50 draws each.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import typer
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.warp import transform

import glacier_core as gc
from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.confidence.hints import DOUBTFUL, look_here_first
from glacier_core.inference.result import make_map
from glacier_core.training.data import open_data
from glacier_core.training.evaluation import map_scene
from glacier_core.training.recipe import EXPANDED
from glacier_core.training.training_scene import TrainingScene

SIDE = 32
DRAWS = 50
PIXEL_M = 20.0
GRID = Affine(PIXEL_M, 0, 480_000, 0, -PIXEL_M, 5_784_000)  # scenes lie nowhere; any will do
UTM = CRS.from_epsg(32611)

Corners = NDArray[np.int64]


def mapped(model: gc.Model, scene: TrainingScene) -> gc.GlacierMap:
    """Map a scene with the calibrated confidence of the model's card."""
    if model.card.calibration is None:
        raise SystemExit(f"{model.card.name} has no calibration, so its doubt means nothing.")
    probability = map_scene(model.network, scene, model.card.patch_size)
    confidence = model.card.calibration.apply(entropy_confidence(probability))
    about = {"id": "scored", "title": "A scored scene", "simulated": True}
    facts = {
        "key": "0" * 64,
        "scene": {"attributes": about},
        "model": {"name": model.card.name},
        "notes": [],
    }
    return make_map(probability, confidence, transform=GRID, crs=UTM, provenance=facts)


def hinted(result: gc.GlacierMap, looks: int) -> Corners:
    """Return the upper left corners of the squares that the hints name."""
    hints = look_here_first(result, looks, side_m=SIDE * PIXEL_M)
    x, y = transform("EPSG:4326", UTM, hints["lon"], hints["lat"])
    columns, rows = ~GRID @ np.array([x, y])
    return around(np.stack([rows, columns], axis=1), result.shape)


def around(centres: NDArray[np.floating], shape: tuple[int, int]) -> Corners:
    """Return the upper left corners of squares around pixels, kept within the scene."""
    return np.clip(np.round(centres - SIDE / 2), 0, np.array(shape) - SIDE).astype(int)


def mended(wrong: NDArray[np.bool_], corners: Corners) -> float:
    """Return the share of all wrong pixels that the squares hold."""
    looked = np.zeros_like(wrong)
    for row, column in corners:
        looked[row : row + SIDE, column : column + SIDE] = True
    return float((wrong & looked).sum() / max(wrong.sum(), 1))


def compare(model: gc.Model, scene: TrainingScene, looks: int, seed: int) -> dict[str, float]:
    """Return the share of errors that each way of choosing mends in a scene."""
    result, random = mapped(model, scene), np.random.default_rng(seed)
    wrong = (result.glacier.to_numpy() != scene.glacier) & (scene.weight > 0)
    wrong &= ~result.unmapped.to_numpy()
    doubtful = np.argwhere(result.confidence.to_numpy() < DOUBTFUL)
    everywhere = np.argwhere(~result.unmapped.to_numpy())

    def blindly(places: NDArray[np.int64]) -> float:
        if not len(places):
            return 0.0
        draws = [places[random.integers(0, len(places), looks)] for _ in range(DRAWS)]
        return float(np.mean([mended(wrong, around(draw, result.shape)) for draw in draws]))

    return {
        "hints": mended(wrong, hinted(result, looks)),
        "random doubtful places": blindly(doubtful),
        "random places": blindly(everywhere),
        "wrong pixels": float(wrong.sum()),
    }


def main(
    folder: Annotated[Path, typer.Option(help="Of the default model's training.")],
    scenes: Annotated[int, typer.Option(min=1, help="How many of the scored scenes.")] = 16,
    looks: Annotated[int, typer.Option(min=1, help="Squares in each scene.")] = 5,
    model: Annotated[str, typer.Option(help="Name or folder.")] = "glavitu-small",
) -> None:
    """Compare, print the share of wrong pixels mended, weighted by their number."""
    torch.set_num_threads(1)
    asked = gc.load_model(model)
    with open_data(EXPANDED, folder, typer.echo) as data:
        step = max(len(data.scored) // scenes, 1)
        rows = [
            compare(asked, data.scored[number * step].whole(), looks, number)
            for number in range(scenes)
        ]
    table = pd.DataFrame(rows)
    wrong = table.pop("wrong pixels")
    typer.echo(f"{scenes} simulated scenes, {looks} looks each; share of wrong pixels mended:")
    typer.echo(table.mul(wrong, axis=0).sum().div(wrong.sum()).round(3).to_string())


if __name__ == "__main__":
    typer.run(main)
