"""Which calibration holds best, and where: every method on simulated scenes it was not fitted on.

    python benchmarks/calibration.py --folder FOLDER [--scenes 32] [--model glavitu-small]
        [--out docs/calibration]

FOLDER is, or becomes, the home of scenes as `glacier-core train --recipe glavitu-small` draws
them: the first of its scored scenes are used, those that are not there are drawn (seconds each,
once the terrain is there). No model was trained, balanced or calibrated on them. Every method is
fitted on every other scene and held against the rest, everywhere and by region, surface and
distance from the true boundary. Writes ``calibration.csv``, ``bins.csv`` and ``calibration.svg``.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import glacier_core as gc
from glacier_core.confidence.calibrators import CALIBRATORS
from glacier_core.confidence.reliability import reliability
from glacier_core.models.calibration import Calibration, TemperatureScaling
from glacier_core.reporting.figures import figure_file
from glacier_core.sources.terrain import fetch_terrain
from glacier_core.training.calibration_strata import (
    EVERYWHERE,
    UNCALIBRATED,
    PlacedPixels,
    calibration_strata,
    placed_pixels,
)
from glacier_core.training.data import scene_batches
from glacier_core.training.material import SceneFiles, whole_scenes
from glacier_core.training.recipe import EXPANDED
from glacier_core.training.scenes import keep_scenes, note_terrain
from glacier_core.viewing import palettes

PROBABILITY = "the network's probability"
LOOKS = {
    "isotonic": (palettes.PREDICTED, "o"),
    "temperature scaling": (palettes.EXPERT, "s"),
    "Platt scaling": (palettes.BASELINE, "^"),
    "kernel ridge": (palettes.SELECTED, "D"),
    PROBABILITY: (palettes.UNMAPPED, "x"),
}
"""Colour and mark of the methods that are drawn."""

FEWEST = 1000
"""Pixels of a part that is drawn: errors of fewer are mostly chance."""


def held_out_scenes(folder: Path, count: int) -> SceneFiles:
    """Return the first scored scenes of the default training, drawn where they are not there."""
    samples = fetch_terrain()
    note_terrain(folder / "scenes", True, typer.echo)
    batch = replace(scene_batches(EXPANDED)["scored"], count=count)
    files = keep_scenes(batch, folder / "scenes", samples, typer.echo)
    return SceneFiles([path for (path,) in files])


def fit_all(scenes: list[PlacedPixels], model: gc.Model) -> dict[str, Calibration]:
    """Fit every method, beside what needs no fit here: the probability, the card's own curve."""
    confidence = np.concatenate([scene.confidence for scene in scenes])
    correct = np.concatenate([scene.correct for scene in scenes])
    told = f"{len(scenes)} scenes"
    fitted: dict[str, Calibration] = {PROBABILITY: TemperatureScaling(temperature=1.0)}
    for method, fit in CALIBRATORS.items():
        fitted[method] = fit(confidence, correct, fitted_on=told)
    if model.card.calibration is not None:
        fitted[f"{model.card.calibration.method}, as in the card"] = model.card.calibration
    return fitted


def bins_of(scenes: list[PlacedPixels], calibrations: Mapping[str, Calibration]) -> pd.DataFrame:
    """Tabulate twenty bins of confidence under every calibration."""
    confidence = np.concatenate([scene.confidence for scene in scenes])
    correct = np.concatenate([scene.correct for scene in scenes])
    tables = [
        reliability(one.apply(confidence), correct, bins=20).assign(calibration=name)
        for name, one in calibrations.items()
    ]
    return pd.concat(tables, ignore_index=True).assign(simulated=True)


def draw(table: pd.DataFrame, bins: pd.DataFrame) -> Figure:
    """Draw what accuracy confidence had, and the error by part, both as in the tables."""
    figure = Figure(figsize=(7.2, 6.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.2))
    _draw_bins(left, bins)
    _draw_errors(right, table[table["pixels"] >= FEWEST])
    everywhere = table[table["by"] == EVERYWHERE].iloc[0]
    figure.suptitle(
        f"Simulated: {everywhere['scenes']} scenes, {everywhere['pixels']:,} pixels, "
        "none fitted on",
        fontsize=9,
    )
    handles, labels = right.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=7, frameon=False)
    return figure


def _draw_bins(axes: Axes, bins: pd.DataFrame) -> None:
    axes.plot([0, 1], [0, 1], color=palettes.INK, lw=0.8, ls="--")
    for name, (color, mark) in LOOKS.items():
        chosen = bins[bins["calibration"] == name]
        axes.plot(
            chosen["confidence"], chosen["accuracy"], color=color, marker=mark, ms=3.5, lw=0.8
        )
    axes.set_xlabel("Confidence", fontsize=8)
    axes.set_ylabel("Share of the pixels that is right", fontsize=8)
    axes.set(xlim=(0, 1.02), ylim=(0.3, 1.02))
    axes.tick_params(labelsize=7)
    axes.grid(lw=0.3)


def _draw_errors(axes: Axes, table: pd.DataFrame) -> None:
    parts = table[["by", "part"]].drop_duplicates()[::-1]
    names = [
        part if by in (EVERYWHERE, "surface") else f"{by.split(' ')[0]} {part}"
        for by, part in parts.itertuples(index=False)
    ]
    rows = {tuple(part): row for row, part in enumerate(parts.itertuples(index=False, name=None))}
    for name, (color, mark) in LOOKS.items():
        chosen = table[table["calibration"] == name]
        places = [rows[key] for key in zip(chosen["by"], chosen["part"], strict=True)]
        axes.plot(chosen["ece"], places, mark, color=color, ms=4, label=name)
    axes.set_yticks(range(len(names)), names)
    axes.set_xscale("log")
    axes.set_xlabel("Expected calibration error", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.grid(lw=0.3)


def main(
    folder: Annotated[Path, typer.Option(help="Of scenes of the default model's training.")],
    scenes: Annotated[int, typer.Option(min=4, help="Half to fit on, half to compare on.")] = 32,
    model: Annotated[str, typer.Option(help="A model id or a folder.")] = "glavitu-small",
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("docs/calibration"),
) -> None:
    """Compare all methods and write tables and figure."""
    loaded = gc.load_model(model)
    placed = []
    for number, scene in enumerate(whole_scenes(held_out_scenes(folder, scenes)), 1):
        placed.append(placed_pixels(loaded.network, scene, loaded.card.patch_size))
        typer.echo(f"Mapped {number} of {scenes} scenes.")
    fitted, others = placed[::2], placed[1::2]
    calibrations = fit_all(fitted, loaded)
    table = calibration_strata(others, calibrations).assign(simulated=True)
    bins = bins_of(others, calibrations)
    out.mkdir(parents=True, exist_ok=True)
    table.round(6).to_csv(out / "calibration.csv", index=False)
    bins.round(6).to_csv(out / "bins.csv", index=False)
    (out / "calibration.svg").write_bytes(figure_file(draw(table, bins), "svg"))
    everywhere = table[table["by"] == EVERYWHERE].set_index("calibration")
    typer.echo(everywhere.drop(columns=["by", "part", "simulated"]).T.to_string())
    pixels = sum(len(scene.correct) for scene in fitted)
    typer.echo(f"{UNCALIBRATED}: entropy; fitted on {len(fitted)} scenes, {pixels:,} pixels")


if __name__ == "__main__":
    typer.run(main)
