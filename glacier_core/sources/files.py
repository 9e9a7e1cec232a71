"""Scenes from your own GeoTIFFs."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
from pydantic import ValidationError

from glacier_core.errors import SceneError
from glacier_core.outlines.overlap import check_overlap
from glacier_core.outlines.reading import read_outlines
from glacier_core.scene import BANDS, Reflectance, Scene, SceneAttributes, build_scene
from glacier_core.sources.declared_bands import declared_bands
from glacier_core.sources.file_layers import FileLayers
from glacier_core.sources.geotiffs import RESAMPLING, Values
from glacier_core.sources.large_scenes import scene_in_strips
from glacier_core.strips import is_large

Raster = str | Path


def scene_from_files(
    optical: Raster | Sequence[Raster],
    elevation: Raster,
    slope: Raster | None = None,
    *,
    bands: Sequence[str] = BANDS,
    scale: float | None = None,
    offset: float | None = None,
    nodata: float | None = None,
    reflectance: Reflectance = "toa",
    resampling: str = "bilinear",
    crs: Any = None,
    outlines: Raster | gpd.GeoDataFrame | None = None,
    id: str | None = None,  # noqa: A002  (the word of the schema)
    title: str | None = None,
    acquired: date | str | None = None,
    sensor: str = "unknown",
    source: str = "own files",
    licence: str = "unknown",
    outlines_complete: bool = False,
    notes: Sequence[str] = (),
) -> Scene:
    """Make a scene from GeoTIFFs.

    Parameters
    ----------
    optical : path or sequence of paths
        GeoTIFF with the bands, north-up with square pixels in a projected, metric coordinate
        system; or one file a band, all on one grid.
    elevation : path
        GeoTIFF with one band of metres, on any grid and in any coordinate system.
    slope : path, optional
        GeoTIFF with one band of degrees, on any grid. Computed from the elevation by Horn's
        method when left out, with the elevation of the surroundings where the file has it.
    bands : sequence of str
        Which band is which, in the order of the file; the six of ``scene.BANDS`` must be among
        them, any other name is passed over.
    scale, offset : float, optional
        Reflectance = value of the file * scale + offset. What the file itself declares (mostly
        1 and 0) where left out.
    nodata : float, optional
        A value of the imagery that means no data, besides what the file itself declares.
    reflectance : {"toa", "surface"}
    resampling : {"bilinear", "nearest", "cubic", "average"}
        How elevation and slope come onto the grid of the imagery, where theirs is another. A
        note of it is kept in the scene. Pixels of a grid that coincides are copied.
    crs : anything rasterio understands, optional
        Coordinate system of the imagery, where the file has none or a nameless one. It also
        holds for the elevation where that carries the same (or none).
    outlines : path or GeoDataFrame, optional
        Expert outlines that belong to the scene.
    id : str, optional
        ``upload-`` and twelve digits of the fingerprint when left out: the same files make
        the same id.
    title, acquired, sensor, source, licence, outlines_complete, notes
        As in :class:`~glacier_core.scene.SceneAttributes`; the title is the name of the file
        when left out.

    Returns
    -------
    Scene

    Raises
    ------
    SceneError
        When a file cannot be used as it is; the message says what to do.
    OutlineError
        When the outlines cannot be used, or lie elsewhere.
    """
    if resampling not in RESAMPLING:
        raise SceneError(
            f"{resampling!r} is no known resampling; known are {', '.join(RESAMPLING)}."
        )
    imagery = [Path(optical)] if isinstance(optical, str | Path) else [Path(p) for p in optical]
    layers = FileLayers(
        declared_bands(imagery, list(bands)),
        Values(scale, offset, nodata),
        Path(elevation),
        None if slope is None else Path(slope),
        crs=crs,
        resampling=resampling,
    )
    attributes = _attributes(
        id="unnamed" if id is None else id,
        title=title or imagery[0].stem,
        acquired=acquired,
        sensor=sensor,
        source=source,
        licence=licence,
        reflectance=reflectance,
        outlines_complete=outlines_complete,
        notes=(*notes, *layers.notes),
    )
    if is_large(layers.grid.shape):
        scene = scene_in_strips(layers, attributes)
    else:
        read = layers.read(0, layers.grid.shape[0])
        place = {"transform": layers.grid.transform, "crs": layers.grid.crs}
        scene = build_scene(
            read.optical, read.elevation, slope=read.slope, attributes=attributes, **place
        )
    scene = scene.with_outlines(_outlines_on(scene, outlines))
    return scene if id is not None else _named_by_content(scene)


def _attributes(**known: Any) -> SceneAttributes:
    try:
        return SceneAttributes(**known)
    except ValidationError as problem:
        wrong = problem.errors()[0]
        raise SceneError(
            f"The scene's {wrong['loc'][0]} cannot be {wrong['input']!r}: {wrong['msg']}."
        ) from problem


def _named_by_content(scene: Scene) -> Scene:
    name = f"upload-{scene.fingerprint()[:12]}"
    return Scene(scene.data, scene.attributes.model_copy(update={"id": name}), scene.outlines)


def _outlines_on(
    scene: Scene, outlines: Raster | gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame | None:
    if outlines is None:
        return None
    frame = outlines if isinstance(outlines, gpd.GeoDataFrame) else read_outlines(outlines)
    check_overlap(frame, scene.bounds, scene.crs)
    return frame.to_crs(scene.crs)
