"""Every strategy, architecture and data track side by side on simulated tiles of eleven regions.

    python benchmarks/strategies.py --folder FOLDER [--steps 300] [--table results.parquet]

Simulates a tile dataset, trains one compact network for each line of the comparison with the same
number of steps, patches and seeds, and writes the tidy table that the page Models shows. Stopped
at any point, it goes on from there. The trainings are short: the table compares, it does not
tell how good a strategy can become.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

import glacier_core as gc
from glacier_core.models.architectures import ARCHITECTURES
from glacier_core.models.inputs import TRACKS
from glacier_core.training.recipe import EXPANDED

BASE = "glavitu-small-tiles"
INDEPENDENT = ("place", "date", "sensor", "place-date-sensor")
ALL_REGIONS = ("global", "region-encoding", "coordinate-encoding", "modality-dropout")


def comparisons(regions: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and choices of every training, those that others start from first."""
    for strategy in ALL_REGIONS:
        track = {"track": "all"} if strategy == "modality-dropout" else {}
        yield strategy, {"strategy": strategy, **track}
    for track in TRACKS:
        if track != "optical+dem":
            yield f"track-{track.strip('+')}", {"strategy": "global", "track": track}
    for architecture in ARCHITECTURES:
        if architecture not in ("glavitu", "ensemble"):
            yield architecture, {"strategy": "global", "architecture": architecture}
    for region in regions:
        yield f"regional-{region}", {"strategy": "regional", "regions": (region,)}
        yield f"finetuning-{region}", {"strategy": "finetuning", "regions": (region,)}


def train_all(folder: Path, tiles: Path, steps: int, regions: tuple[str, ...]) -> list[gc.Model]:
    """Train what is not trained yet, and return all models."""
    base = replace(EXPANDED, name=BASE, title="Compact network, trained on simulated tiles")
    models, start = [], None
    for name, choices in comparisons(regions):
        if choices["strategy"] == "finetuning":
            choices = choices | {"start_from": start}
        typer.echo(f"== {name}")
        home = folder / "trainings" / name
        model = gc.train(base, home, tiles=tiles, steps=steps, progress=typer.echo, **choices)
        start = start or model  # the global one comes first
        models.append(gc.load_model(model))
    return models


def main(
    folder: Annotated[Path, typer.Option(help="Keeps tiles, trainings and runs.")],
    table: Annotated[Path | None, typer.Option(help="Parquet file to write.")] = None,
    steps: Annotated[int, typer.Option(help="Updates of the weights, each training.")] = 300,
    tiles_per_region: Annotated[int, typer.Option(help="In all splits together.")] = 6,
    size: Annotated[int, typer.Option(help="Rows and columns of a tile.")] = 384,
    resolution: Annotated[float, typer.Option(help="Metres.")] = 20.0,
    regions: Annotated[
        str, typer.Option(help="Codes of those trained on by themselves, with commas.")
    ] = "ALP,HMA,SVAL",
) -> None:
    """Simulate, train, compare."""
    tiles = folder / "tiles"
    gc.simulate_tile_dataset(
        tiles,
        tiles_per_region=tiles_per_region,
        size=size,
        resolution=resolution,
        progress=typer.echo,
    )
    models = train_all(folder, tiles, steps, tuple(regions.split(",")))
    files = {"in-distribution": [tiles / "test.hdf5"]}
    files |= {kind.replace("-", "+"): [tiles / f"{kind}.hdf5"] for kind in INDEPENDENT}
    benchmark = gc.run_benchmark(
        models, files, table or folder / "results.parquet", progress=typer.echo
    )
    shown = benchmark.figures.query("region == 'mean' and metric == 'IoU'")
    columns = ["model", "strategy", "track", "architecture", "generalisation", "value"]
    typer.echo(shown[columns].to_string(index=False))


if __name__ == "__main__":
    typer.run(main)
