"""Commands for scenes of one's own."""

from pathlib import Path
from typing import Annotated, Literal

import typer

import glacier_core as gc
from glacier_core.cli.options import OutFolder

scene_app = typer.Typer(help="Scenes of your own.", no_args_is_help=True)


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
