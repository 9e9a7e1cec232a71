"""What turned views, dropout and an ensemble add to a map's confidence, and for what cost.

    python benchmarks/uncertainty_sources.py --folder FOLDER [--scenes 24] [--table FILE.csv]

FOLDER is, or becomes, the folder of `glacier-core train --recipe glavitu-small`: its scored
scenes, which no network learned from, are drawn where they are not there yet. All sources are
asked about the middle of the same scenes, one window of the model, on one core, side by side.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer

import glacier_core as gc
from glacier_core.benchmark.uncertainty import compare_sources
from glacier_core.training.data import open_data
from glacier_core.training.material import Scene
from glacier_core.training.recipe import EXPANDED
from glacier_core.training.training_scene import TrainingScene


def middle(scene: Scene, side: int) -> TrainingScene:
    """Cut the middle out of a scene."""
    rows, columns = scene.shape
    return scene.cut((rows - side) // 2, (columns - side) // 2, side)


def main(
    folder: Annotated[Path, typer.Option(help="Of the default model's training.")],
    scenes: Annotated[int, typer.Option(min=2, help="How many of the scored scenes.")] = 24,
    table: Annotated[Path | None, typer.Option(help="CSV file to write.")] = None,
    model: Annotated[str, typer.Option(help="An ensemble.")] = "glavitu-small",
) -> None:
    """Ask all sources; after every scene print the table, and write it if told where."""
    torch.set_num_threads(1)
    asked = gc.load_model(model)
    side = asked.card.patch_size
    with open_data(EXPANDED, folder, typer.echo) as data:
        step = max(len(data.scored) // scenes, 1)  # evenly over all scenes
        some = (middle(data.scored[number * step], side) for number in range(scenes))
        for found in compare_sources(asked.network, some, side):
            typer.echo(found.round(4).T.to_string())
            if table is not None:
                told = found.assign(model=model, model_sha256=asked.card.sha256)
                told.to_csv(table, index=False, float_format="%.6g")


if __name__ == "__main__":
    typer.run(main)
