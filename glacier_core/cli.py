"""The same verbs for the command line."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

import glacier_core as gc
from glacier_core.commands_find import glaciers_app, scenes_app

app = typer.Typer(
    help="Map glaciers in satellite imagery, compare them with expert outlines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
scene_app = typer.Typer(help="Scenes of your own.", no_args_is_help=True)
weights_app = typer.Typer(help="Weights of networks.", no_args_is_help=True)
app.add_typer(scene_app, name="scene")
app.add_typer(weights_app, name="weights")
app.add_typer(scenes_app, name="scenes")
app.add_typer(glaciers_app, name="glaciers")
models_app = typer.Typer(help="Models and their cards.", invoke_without_command=True)
app.add_typer(models_app, name="models")
tiles_app = typer.Typer(help="Tile datasets in HDF5.", no_args_is_help=True)
app.add_typer(tiles_app, name="tiles")

SceneSource = Annotated[str, typer.Argument(help="A scene id (see `scenes`) or a scene folder.")]
_SHOWN = ["name", "expert_area_km2", "predicted_area_km2", "area_deviation_percent", "polis_m"]

OutFolder = Annotated[Path, typer.Option("--out", help="Folder to write.")]
Device = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option(help="auto takes a GPU where there is one.")
]


@scene_app.command("import")
def import_scene(
    optical: Annotated[Path, typer.Argument(help="GeoTIFF of the six optical bands.")],
    elevation: Annotated[Path, typer.Argument(help="GeoTIFF of elevations in metres, any grid.")],
    out: OutFolder,
    slope: Annotated[Path | None, typer.Option(help="Slope in degrees, else computed.")] = None,
    bands: Annotated[
        str, typer.Option(help="Order of the bands in the file.")
    ] = "blue,green,red,nir,swir1,swir2",
    scale: Annotated[
        float | None,
        typer.Option(help="Reflectance = value * scale + offset; else as the file says."),
    ] = None,
    offset: Annotated[float | None, typer.Option(help="See --scale.")] = None,
    reflectance: Annotated[
        Literal["toa", "surface"], typer.Option(help="Top of atmosphere, or surface.")
    ] = "toa",
    resampling: Annotated[
        Literal["nearest", "bilinear", "cubic", "average"],
        typer.Option(help="How terrain comes onto the grid."),
    ] = "bilinear",
    acquired: Annotated[str | None, typer.Option(help="Date of the imagery, YYYY-MM-DD.")] = None,
    title: Annotated[str | None, typer.Option(help="What people read.")] = None,
    outlines: Annotated[Path | None, typer.Option(help="Expert outlines.")] = None,
) -> None:
    """Make a scene folder from your own GeoTIFFs."""
    scene = gc.scene_from_files(
        optical,
        elevation,
        slope,
        bands=tuple(name.strip() for name in bands.split(",")),
        scale=scale,
        offset=offset,
        reflectance=reflectance,
        resampling=resampling,
        acquired=acquired,
        title=title,
        outlines=outlines,
    )
    gc.write_scene(scene, out)
    typer.echo(f"{scene.title}: {scene.shape[1]} x {scene.shape[0]} pixels, written to {out}")


@app.command("map")
def map_scene(
    scene: SceneSource,
    out: OutFolder,
    model: Annotated[str, typer.Option(help="A model id or a folder.")] = "glavitu-small",
    stride: Annotated[int | None, typer.Option(help="Step between windows, in pixels.")] = None,
    location: Annotated[
        str | None, typer.Option(help="Region or .json of weights, for models that use it.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Map the glaciers of a scene and write probability, confidence, outlines, provenance."""
    opened = gc.open_scene(scene)
    with typer.progressbar(length=1000, label="Mapping") as bar:
        result = gc.map_glaciers(
            opened,
            gc.load_model(model),
            stride=stride,
            location=location,
            device=device,
            progress=lambda at: bar.update(1000 * at.done // max(at.total, 1) - bar.pos),
        )
        bar.update(1000 - bar.pos)
    result.save(out)
    typer.echo(f"{opened.title}: {result.area_km2():.2f} km² of glacier, written to {out}")


@app.command()
def compare(
    folder: Annotated[Path, typer.Argument(help="Folder written by `map`.")],
    outlines: Annotated[Path, typer.Argument(help="Expert outlines: GeoPackage, GeoJSON, …")],
    out: Annotated[Path, typer.Option("--out", help="File: .csv, .gpkg, .json or .parquet.")],
    buffer_m: Annotated[
        float, typer.Option("--buffer", help="Score within this distance of the outlines, metres.")
    ] = 300.0,
) -> None:
    """Compare a map with expert outlines, glacier by glacier."""
    result = gc.open_map(folder)
    comparison = gc.compare(result, gc.read_outlines(outlines), buffer_m=buffer_m)
    gc.save_comparison(comparison, out)
    typer.echo(comparison.glaciers[_SHOWN].to_string(index=False, float_format="{:.2f}".format))
    scores = comparison.pixels[["iou", "f1", "precision", "recall"]]
    typer.echo(scores.to_string(float_format="{:.3f}".format))
    typer.echo(f"All columns and their provenance: {out}")


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="Folder written by `map`.")],
    out: OutFolder,
    scene: Annotated[
        str | None, typer.Option(help="The scene that was mapped, if not known by its id.")
    ] = None,
    outlines: Annotated[
        Path | None, typer.Option(help="Expert outlines to compare with, else the scene's own.")
    ] = None,
    buffer_m: Annotated[
        float, typer.Option("--buffer", help="Score within this distance of the outlines, metres.")
    ] = 300.0,
) -> None:
    """Write all of a map into a folder: rasters, outlines, tables, figures, a map and a report."""
    result = gc.open_map(folder)
    opened = gc.open_scene(scene or result.scene_id)
    expert = opened.outlines if outlines is None else gc.read_outlines(outlines)
    comparison = None if expert is None else gc.compare(result, expert, buffer_m=buffer_m)
    gc.export_map(result, opened, out, comparison=comparison)
    typer.echo(f"{len(list(out.iterdir()))} files written to {out}; provenance.json tells of them.")


@app.command()
def repeat(
    record: Annotated[Path, typer.Argument(help="provenance.json that `map` or `export` wrote.")],
    out: OutFolder,
    scene: Annotated[
        str | None, typer.Option(help="The scene, if not known here by the id in the record.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model, likewise.")] = None,
    outlines: Annotated[
        Path | None, typer.Option(help="Expert outlines, if not those of the scene.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Make the same files again from their record, and tell whether every byte is the same."""
    expert = None if outlines is None else gc.read_outlines(outlines)
    places: Any = {"scene": scene, "model": model, "outlines": expert, "device": device}
    done = gc.repeat(record, out, **places, tell=lambda told: typer.secho(told, err=True))
    for difference in done.different:
        typer.secho(difference, fg=typer.colors.RED, err=True)
    if not done.checked:
        typer.echo(f"Written to {out}; the first files are not there to compare with.")
    else:
        typer.echo(f"{len(done.same)} files with the same bytes written to {out}.")
    if done.different:
        raise typer.Exit(1)


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


@weights_app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="Keras-2 weights (.h5) of the authors.")],
    folder: Annotated[Path, typer.Argument(help="Folder to write.")],
) -> None:
    """Convert the authors' Keras weights to a model folder."""
    gc.convert_keras(file, folder)
    typer.echo(f"Written to {folder}; use it with --model {folder}")


@app.command()
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


@app.command("optimise-location")
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


@app.command()
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


def _tiles_by_kind(given: list[str]) -> dict[str, list[Path]]:
    tiles: dict[str, list[Path]] = {}
    for pair in given:
        kind, separator, file = pair.partition("=")
        if not separator:
            raise typer.BadParameter(f"{pair}: write KIND=FILE, for instance test={pair}.")
        tiles.setdefault("in-distribution" if kind == "test" else kind, []).append(Path(file))
    return tiles


@app.command()
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


def main() -> None:
    """Run the command line; an error of ours is one sentence, not a traceback."""
    try:
        app()
    except gc.GlacierError as error:
        typer.secho(f"Error: {error}", fg=typer.colors.RED, err=True)
        raise SystemExit(1) from None
