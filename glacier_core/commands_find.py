"""Commands that find scenes and make them ready to be mapped."""

from pathlib import Path
from typing import Annotated

import typer

import glacier_core as gc

scenes_app = typer.Typer(help="Scenes at hand.", invoke_without_command=True)

_SHOWN_TILES = 10


@scenes_app.callback()
def scenes(context: typer.Context) -> None:
    """List the scenes that can be opened by their id; `scenes add-dataset` adds those of tiles."""
    if context.invoked_subcommand is not None:
        return
    for summary in gc.list_scenes():
        kind = "simulated" if summary.simulated else "real"
        typer.echo(f"{summary.id:24}{kind:12}{summary.title}")


@scenes_app.command("add-dataset")
def add_dataset(
    path: Annotated[Path, typer.Argument(help="Tile file (.hdf5), or a folder of them.")],
) -> None:
    """Make every tile of a dataset a scene that can be opened, mapped and compared."""
    for dataset in gc.add_dataset(path):
        kind = ", simulated" if dataset.simulated else ""
        typer.echo(f"{dataset.path.name}: {len(dataset.tiles)} tiles{kind}")
        for tile in dataset.tiles[:_SHOWN_TILES]:
            typer.echo(f"  {tile.scene}")
        if len(dataset.tiles) > _SHOWN_TILES:
            typer.echo("  … all of them: glacier-core scenes")
        for fault in dataset.faults:
            typer.secho(f"Left out: {fault}", fg=typer.colors.RED, err=True)
