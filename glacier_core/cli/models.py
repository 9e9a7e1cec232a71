"""Commands about models: their cards, weights, training and benchmark."""

from pathlib import Path
from typing import Annotated, Literal

import typer

import glacier_core as gc
from glacier_core.cli.options import Device, OutFolder, SceneSource, tell_progress

models_app = typer.Typer(help="Models and their cards.", invoke_without_command=True)
weights_app = typer.Typer(help="Weights of networks.", no_args_is_help=True)

Regions = Annotated[
    str | None,
    typer.Option(
        help="Names of the regions in the order of the weights, such as ALP,NZ,unknown; needed "
        "where there are others than the published 12."
    ),
]

Calibration = Annotated[
    Path | None,
    typer.Option(help="Calibration curve of the authors (.pickle), read without running it."),
]


@models_app.callback()
def models(context: typer.Context) -> None:
    """List the models at hand; `models show ID` prints a card."""
    from glacier_core.models.listing import summarise_models
    from glacier_core.reporting.model_cards import models_table

    if context.invoked_subcommand is not None:
        return
    readable, faults = summarise_models()
    typer.echo(models_table(readable))
    for fault in faults:
        typer.secho(fault, fg=typer.colors.RED, err=True)


@models_app.command("show")
def show_model(
    model: Annotated[str, typer.Argument(help="A model id (see `models`) or a model folder.")],
) -> None:
    """Print the card of a model: training, limits, figures with intervals, licence, hash."""
    from glacier_core.models.listing import summarise_model
    from glacier_core.reporting.model_cards import card_text

    typer.echo(card_text(summarise_model(model)))


@models_app.command("prepare")
def prepare_model(
    model: Annotated[str, typer.Argument(help="A model id or a model folder.")] = "glavitu-small",
) -> None:
    """Time how a model runs fastest on this machine, and remember it; `make app` does so once."""
    from glacier_core.inference.preparing import prepare_model as prepare

    prepare(gc.load_model(model), typer.echo)


@weights_app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="Keras-2 weights (.h5) of the authors.")],
    folder: Annotated[Path, typer.Argument(help="Folder to write.")],
    regions: Regions = None,
    calibration: Calibration = None,
) -> None:
    """Convert the authors' Keras weights to a model folder."""
    gc.convert_keras(file, folder, regions=_names(regions), calibration=calibration)
    typer.echo(f"Written to {folder}; use it with --model {folder}")


@weights_app.command("list")
def list_weights() -> None:
    """List the weights that GlaViTU's authors share."""
    from glacier_core.models.published_weights import list_weights as published

    for weights in published():
        facts = {"fetched": weights.here, "with calibration": weights.calibrated}
        typer.echo(f"{weights.name:44}{', '.join(fact for fact, true in facts.items() if true)}")


@weights_app.command("fetch")
def fetch_weights(
    name: Annotated[str, typer.Argument(help="As `weights list` names them.")],
    regions: Regions = None,
    calibration: Calibration = None,
) -> None:
    """Fetch weights that GlaViTU's authors share, and make them a model; called again, it goes on.

    The SHA-256 of a file is recorded on first use and checked ever after.
    """
    from glacier_core.models.published_weights import install_weights

    found = install_weights(
        name, regions=_names(regions), calibration=calibration, report=tell_progress
    )
    if found.remark:
        typer.secho(found.remark, err=True)
    typer.echo(f"{found.weights.path.name}: SHA-256 {found.weights.record.sha256}")
    typer.echo(f"Use it with --model {found.weights.name}")


def train(
    out: OutFolder,
    recipe: Annotated[str, typer.Option(help="Name of the recipe.")] = "glavitu-small",
    strategy: Annotated[
        Literal[
            "global",
            "regional",
            "finetuning",
            "region-encoding",
            "coordinate-encoding",
            "modality-dropout",
        ]
        | None,
        typer.Option(help="How to train for many regions; else as the recipe says."),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Region to train on, such as ALP; may be given several times."),
    ] = None,
    track: Annotated[
        Literal["optical+dem", "+backscatter", "+coherence", "+thermal", "all"] | None,
        typer.Option(help="Inputs."),
    ] = None,
    architecture: Annotated[str | None, typer.Option(help="Such as resunet.")] = None,
    tiles: Annotated[
        Path | None,
        typer.Option(help="Folder with training.hdf5, validation.hdf5 and test.hdf5."),
    ] = None,
    start_from: Annotated[
        str | None, typer.Option(help="Model to train on, for finetuning: an id or a folder.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Updates of the weights.", min=1)] = None,
    device: Device = "auto",
) -> None:
    """Train a model by a recipe; calling it again resumes where it stopped."""
    folder = gc.train(
        recipe,
        out,
        strategy=strategy,
        regions=tuple(region or ()),
        track=track,
        architecture=architecture,
        tiles=tiles,
        start_from=start_from,
        steps=steps,
        device=device,
        progress=typer.echo,
    )
    typer.echo(f"Model written to {folder}")


def optimise_location(
    scene: SceneSource,
    model: Annotated[str, typer.Argument(help="A model that is told the region: id or folder.")],
    out: Annotated[Path, typer.Argument(help="File to write: .json.")],
    epochs: Annotated[int, typer.Option(help="At most.", min=1)] = 100,
) -> None:
    """Find the weights of the regions that suit a scene; use them with `map --location FILE`."""
    from glacier_core.training.location_optimising import LocationOptions
    from glacier_core.training.location_optimising import optimise_location as optimise

    found = optimise(
        gc.open_scene(scene),
        gc.load_model(model),
        LocationOptions(epochs=epochs),
        progress=typer.echo,
    )
    found.save(out)
    weights = sorted(zip(found.weights, found.regions, strict=True), reverse=True)
    typer.echo("  ".join(f"{name} {weight:.3f}" for weight, name in weights))
    typer.echo(f"Written to {out}; use it with `map --location {out}`")


def benchmark(
    tiles: Annotated[
        list[str],
        typer.Option(
            "--tiles",
            help="KIND=FILE.hdf5, the kind saying how the tiles differ from those trained on: test "
            "(not at all), place, date, sensor, or place+date+sensor. May be repeated.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Table to write, .parquet.")],
    model: Annotated[
        list[str] | None, typer.Option("--model", help="A model id or a folder. May be repeated.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Score models and simple rules on tile files; calling it again resumes where it stopped.

    What is done is kept in a folder beside the table, with a log for every run.
    """
    if out.suffix != ".parquet":
        raise typer.BadParameter(f"{out.name}: the table is written as Parquet, name it .parquet.")
    models = [gc.load_model(name) for name in model or []]
    kinds = _tiles_by_kind(tiles)
    found = gc.run_benchmark(models, kinds, out, device=device, progress=typer.echo)
    failed = found.runs[found.runs["error"] != ""]
    for row in failed.itertuples():
        typer.secho(f"Failed: {row.model} on {row.dataset}: {row.error}", fg="red", err=True)
    typer.echo(f"{len(found.figures)} figures of {len(found.runs) - len(failed)} runs: {out}")
    if len(failed):
        raise typer.Exit(1)


def _names(joined: str | None) -> list[str] | None:
    return None if joined is None else [name.strip() for name in joined.split(",")]


def _tiles_by_kind(given: list[str]) -> dict[str, list[Path]]:
    tiles: dict[str, list[Path]] = {}
    for pair in given:
        kind, separator, file = pair.partition("=")
        if not separator:
            raise typer.BadParameter(f"{pair}: write KIND=FILE, for instance test={pair}.")
        tiles.setdefault("in-distribution" if kind == "test" else kind, []).append(Path(file))
    return tiles
