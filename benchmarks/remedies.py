"""What each remedy gives: train the default model's first network on in different ways.

    python benchmarks/remedies.py --folder FOLDER [--steps 400]

FOLDER is, or becomes, the folder of `glacier-core train --recipe glavitu-small`: its scenes are
used, its calibration scenes and pairs tell the remedies apart. The scored scenes stay unseen, so
that what is chosen here can be told by them. Stopped at any point, it goes on from there; the
figures are written to ``remedies.csv`` in the folder.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast

import pandas as pd
import typer

import glacier_core as gc
from glacier_core.inference.device import choose_device
from glacier_core.models.blocks import Network
from glacier_core.models.ensemble import Ensemble
from glacier_core.models.registry import save_model
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training.balance import balance_classes
from glacier_core.training.data import TrainingData, open_data
from glacier_core.training.evaluation import NETWORK, agreement, score_scenes, scores_by_terrain
from glacier_core.training.hyperparameters import TrainingRecipe
from glacier_core.training.loop import train_network
from glacier_core.training.material import whole_scenes
from glacier_core.training.recipe import EXPANDED

LEARNING_RATE = 6e-4  # a third of the first training's, as the weights are good already


def weights(debris: float, water: float, snow: float) -> tuple[tuple[SurfaceClass, float], ...]:
    """Weights of the surfaces that are hard."""
    return (
        (SurfaceClass.DEBRIS, debris),
        (SurfaceClass.POND, debris),
        (SurfaceClass.WATER, water),
        (SurfaceClass.SEASONAL_SNOW, snow),
        (SurfaceClass.PERENNIAL_SNOW, snow),
    )


def remedies(steps: int, start: Path, sha256: str) -> dict[str, TrainingRecipe]:
    """All of them, the control first."""
    control = replace(
        EXPANDED,
        steps=steps,
        learning_rate=LEARNING_RATE,
        start_from=str(start),
        start_sha256=sha256,
    )
    return {
        "more steps": control,
        "hard surfaces weigh more": replace(control, surface_weights=weights(4, 5, 4)),
        "wider view": replace(control, patch_size=320, batch=1),
        "hard surfaces weigh much more": replace(control, surface_weights=weights(8, 8, 8)),
        "less focus on the hardest pixels": replace(control, focal_gamma=1.0),
    }


def keep_start(folder: Path) -> tuple[Path, str]:
    """Write the default model's first network as a model of its own; return folder and hash."""
    whole = gc.load_model("glavitu-small")
    first = cast(Network, cast(Ensemble, whole.network).members[0])
    card = whole.card.model_copy(
        update={
            "name": "remedies-start",
            "architecture": first.config.architecture,
            "config": first.config,
            "figures": [],
        }
    )
    return folder / "start", save_model(first, card, folder / "start").sha256


def score(name: str, recipe: TrainingRecipe, data: TrainingData, folder: Path) -> dict[str, object]:
    """Train one remedy, balance it as a model is, and score it on the calibration scenes."""
    home = folder / name.replace(" ", "-")
    home.mkdir(parents=True, exist_ok=True)
    network, _ = train_network(recipe, data.material, home, typer.echo, choose_device("auto"))
    scenes = data.material.validation
    balance_classes(network, whole_scenes(scenes), recipe.patch_size)
    scored = list(score_scenes(network, whole_scenes(scenes), recipe.patch_size))
    told = scores_by_terrain(scored)
    return {
        "remedy": name,
        **told["all", NETWORK],
        "IoU, real terrain": told["real", NETWORK]["IoU"],
        "debris recall, real terrain": told["real", NETWORK]["recall of debris-covered ice"],
        "agreement": agreement(network, data.material.watched_pairs, recipe.patch_size),
    }


def main(
    folder: Annotated[Path, typer.Option(help="Of the default model's training.")],
    steps: Annotated[int, typer.Option(help="Updates of the weights, each remedy.")] = 400,
) -> None:
    """Train every remedy, score it, write a table."""
    home = folder / "remedies"
    start, sha256 = keep_start(home)
    rows = []
    with open_data(EXPANDED, folder, typer.echo) as data:
        for name, recipe in remedies(steps, start, sha256).items():
            typer.echo(f"== {name}")
            rows.append(score(name, recipe, data, home))
            table = pd.DataFrame(rows).set_index("remedy")
            table.to_csv(home / "remedies.csv")
            typer.echo(table.round(3).T.to_string())


if __name__ == "__main__":
    typer.run(main)
