"""Commands that simulate scenes and tile datasets, and check such datasets."""

from pathlib import Path
from typing import Annotated, Literal

import typer

import glacier_core as gc
from glacier_core.cli.options import OutFolder

tiles_app = typer.Typer(help="Tile datasets in HDF5.", no_args_is_help=True)


def simulate(
    out: OutFolder,
    style: Annotated[
        Literal["valley", "debris", "ice-cap"], typer.Option(help="What kind of glaciers.")
    ] = "valley",
    seed: Annotated[int, typer.Option(help="The same seed gives the same scene.")] = 0,
) -> None:
    """Simulate a scene with its expert outlines."""
    scene = gc.simulate_scene(seed, style)
    gc.write_scene(scene, out)
    typer.echo(f"{scene.title}, written to {out}")


@tiles_app.command("simulate")
def simulate_tiles(
    out: OutFolder,
    tiles_per_region: Annotated[
        int, typer.Option(help="In training, validation and test together.")
    ] = 20,
    size: Annotated[int, typer.Option(help="Rows and columns of a tile.")] = 384,
    resolution: Annotated[float, typer.Option(help="Metres a pixel.")] = 10.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same tiles.")] = 0,
    region: Annotated[
        list[str] | None, typer.Option("--region", help="A code; all when left out. Repeatable.")
    ] = None,
    features: Annotated[
        bool, typer.Option(help="Radar and heat where the region has them.")
    ] = True,
) -> None:
    """Simulate a tile dataset with its splits; calling it again goes on where it stopped."""
    folder = gc.simulate_tile_dataset(
        out,
        tiles_per_region=tiles_per_region,
        size=size,
        resolution=resolution,
        seed=seed,
        regions=region,
        features=features,
        progress=typer.echo,
    )
    typer.echo(f"Simulated tiles written to {folder}")


@tiles_app.command("check")
def check_tiles(
    file: Annotated[Path, typer.Argument(help="Tile file, .hdf5.")],
) -> None:
    """Read every tile of a file, print what there is, and tell every problem."""
    survey = gc.survey_tiles(file)
    typer.echo(f"{file.name}: {'simulated' if survey.simulated else 'not said to be simulated'}")
    if not survey.table.empty:
        typer.echo(survey.table.to_string(index=False, float_format="{:.3f}".format))
    for problem in survey.problems:
        typer.secho(problem, fg=typer.colors.RED, err=True)
    typer.echo(f"{survey.table['tiles'].sum()} tiles good, {len(survey.problems)} not usable")
    if survey.problems:
        raise typer.Exit(1)
