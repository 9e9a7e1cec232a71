"""Write into the card of a model how its calibration compares with the others.

    python scripts/compare_calibrations.py --folder FOLDER [--model MODEL_FOLDER]

For models trained before `glacier-core train` did this by itself. FOLDER is that of the training;
its calibration scenes are drawn where they are not there. Every method is fitted on every other
one of them and held against the rest. Weights and calibration stay as they are; where another
method would be chosen nothing is written and the comparison is told.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

import glacier_core as gc
from glacier_core.models.card import ModelCard
from glacier_core.models.registry import CARD, SHIPPED
from glacier_core.sources.terrain import fetch_terrain
from glacier_core.training.calibrating import compare_halves
from glacier_core.training.data import scene_batches
from glacier_core.training.evaluation import score_scenes
from glacier_core.training.recipe import EXPANDED
from glacier_core.training.scenes import keep_scenes, note_terrain

TOLD = "simulated scenes of the same terrain and measured spectra as those scored"


def main(
    folder: Annotated[Path, typer.Option(help="Of the training.")],
    model: Annotated[Path, typer.Option(help="Folder of the model.")] = SHIPPED / "glavitu-small",
) -> None:
    """Compare, and complete the card."""
    note_terrain(folder / "scenes", True, typer.echo)
    batch = scene_batches(EXPANDED)["calibration"]
    files = keep_scenes(batch, folder / "scenes", fetch_terrain(), typer.echo)
    loaded = gc.load_model(model)
    paths = (path for (path,) in files)
    scenes = list(score_scenes(loaded.network, paths, loaded.card.patch_size))
    found = compare_halves(scenes, TOLD, simulated=True)
    typer.echo(found.reason)
    calibration = loaded.card.calibration
    if calibration is None or calibration.method != found.chosen:
        typer.echo(f"{found.chosen} would be chosen; the card stays as it is. Train anew.")
        raise typer.Exit(1)
    card = model / CARD
    facts = json.loads(card.read_text(encoding="utf-8"))
    facts["calibration_comparison"] = found.model_dump(mode="json")
    ModelCard.model_validate(facts)
    card.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    typer.echo(f"Wrote {card}.")


if __name__ == "__main__":
    typer.run(main)
