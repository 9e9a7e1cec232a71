"""The same verbs for the command line."""

from collections.abc import Callable

import typer

import glacier_core as gc
from glacier_core.cli.finding import glaciers_app, scenes_app
from glacier_core.cli.importing import scene_app
from glacier_core.cli.maps import compare, export, map_scene, repeat
from glacier_core.cli.models import benchmark, models_app, optimise_location, train, weights_app
from glacier_core.cli.simulation import simulate, tiles_app

app = typer.Typer(
    help="Map glaciers in satellite imagery, compare them with expert outlines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(glaciers_app, name="glaciers")
app.add_typer(scenes_app, name="scenes")
app.add_typer(scene_app, name="scene")
_COMMANDS: dict[str, Callable[..., None]] = {
    "map": map_scene,
    "compare": compare,
    "export": export,
    "repeat": repeat,
    "train": train,
    "optimise-location": optimise_location,
    "benchmark": benchmark,
    "simulate": simulate,
}
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)
app.add_typer(models_app, name="models")
app.add_typer(weights_app, name="weights")
app.add_typer(tiles_app, name="tiles")


def main() -> None:
    """Run the command line; an error of ours is one sentence, not a traceback."""
    try:
        app()
    except gc.GlacierError as error:
        typer.secho(f"Error: {error}", fg=typer.colors.RED, err=True)
        raise SystemExit(1) from None
