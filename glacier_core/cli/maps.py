"""Commands that map a scene, compare the map, and take it away."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

import glacier_core as gc
from glacier_core.cli.options import Buffer, Device, MapFolder, OutFolder, Rings, SceneSource

_SHOWN = ["name", "expert_area_km2", "predicted_area_km2", "area_deviation_percent", "polis_m"]


def map_scene(
    scene: SceneSource,
    out: OutFolder,
    model: Annotated[str, typer.Option(help="A model id or a folder.")] = "glavitu-small",
    stride: Annotated[int | None, typer.Option(help="Step between windows, in pixels.")] = None,
    location: Annotated[
        str | None, typer.Option(help="Region or .json of weights, for models that use it.")
    ] = None,
    augment: Annotated[
        bool, typer.Option(help="Average over eight turns of every window; eight times slower.")
    ] = False,
    dropout_passes: Annotated[
        int, typer.Option(help="Average over so many passes of Monte-Carlo dropout.", min=0)
    ] = 0,
    smoothing: Annotated[
        int, typer.Option(help="Side of a median filter on the classes, such as 3 pixels.", min=0)
    ] = 0,
    precision: Annotated[
        Literal["exact", "approximate"],
        typer.Option(help="float32, or bfloat16 where the processor has it."),
    ] = "exact",
    compatibility: Annotated[
        Literal["ours", "authors"],
        typer.Option(help="Whose way of mapping: authors repeats theirs, quirks included."),
    ] = "ours",
    lowest_ice: Annotated[
        float | None,
        typer.Option(help="Metres; what lies lower is counted as no glacier without a look."),
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
            augment=augment,
            dropout_passes=dropout_passes,
            smoothing=smoothing,
            precision=precision,
            compatibility=compatibility,
            lowest_ice=lowest_ice,
            device=device,
            progress=lambda at: bar.update(1000 * at.done // max(at.total, 1) - bar.pos),
        )
        bar.update(1000 - bar.pos)
    result.save(out)
    typer.echo(f"{opened.title}: {result.area_km2():.2f} km² of glacier, written to {out}")


def compare(
    folder: MapFolder,
    outlines: Annotated[Path, typer.Argument(help="Expert outlines: GeoPackage, GeoJSON, …")],
    out: Annotated[Path, typer.Option("--out", help="File: .csv, .gpkg, .json or .parquet.")],
    buffer_m: Buffer = 300.0,
    rings: Rings = "all",
) -> None:
    """Compare a map with expert outlines, glacier by glacier."""
    result = gc.open_map(folder)
    comparison = gc.compare(result, gc.read_outlines(outlines), buffer_m=buffer_m, rings=rings)
    gc.save_comparison(comparison, out)
    typer.echo(comparison.glaciers[_SHOWN].to_string(index=False, float_format="{:.2f}".format))
    scores = comparison.pixels[["iou", "f1", "precision", "recall"]]
    typer.echo(scores.to_string(float_format="{:.3f}".format))
    typer.echo(f"All columns and their provenance: {out}")


def export(
    folder: MapFolder,
    out: OutFolder,
    scene: Annotated[
        str | None, typer.Option(help="The scene that was mapped, if not known by its id.")
    ] = None,
    outlines: Annotated[
        Path | None, typer.Option(help="Expert outlines to compare with, else the scene's own.")
    ] = None,
    buffer_m: Buffer = 300.0,
    rings: Rings = "all",
) -> None:
    """Write all of a map into a folder: rasters, outlines, tables, figures, a map and a report."""
    result = gc.open_map(folder)
    opened = gc.open_scene(scene or result.scene_id)
    expert = opened.outlines if outlines is None else gc.read_outlines(outlines)
    comparison = (
        None if expert is None else gc.compare(result, expert, buffer_m=buffer_m, rings=rings)
    )
    gc.export_map(result, opened, out, comparison=comparison)
    typer.echo(f"{len(list(out.iterdir()))} files written to {out}; provenance.json tells of them.")


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
