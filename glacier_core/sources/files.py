"""Scenes from your own GeoTIFFs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pydantic import ValidationError
from rasterio.crs import CRS
from rasterio.io import DatasetReader
from rasterio.warp import transform_bounds

from glacier_core.errors import SceneError
from glacier_core.grid import check_grid
from glacier_core.outlines.overlap import check_overlap
from glacier_core.outlines.reading import read_outlines
from glacier_core.scene import (
    BANDS,
    Reflectance,
    Scene,
    SceneAttributes,
    build_scene,
)
from glacier_core.slope import horn_slope
from glacier_core.sources.geotiffs import (
    RESAMPLING,
    coincide,
    crs_of,
    onto_grid,
    open_geotiff,
    read_bands,
)

Raster = str | Path
FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class _Grid:
    """The grid of the imagery, and how other rasters are brought onto it."""

    transform: Affine
    shape: tuple[int, int]
    crs: CRS
    file_crs: CRS | None
    resampling: str

    def with_margin(self, pixels: int) -> "_Grid":
        rows, columns = self.shape
        wider = self.transform @ Affine.translation(-pixels, -pixels)
        shape = (rows + 2 * pixels, columns + 2 * pixels)
        return _Grid(wider, shape, self.crs, self.file_crs, self.resampling)


@dataclass(frozen=True)
class _Values:
    """How the numbers of the imagery become reflectances."""

    scale: float | None
    offset: float | None
    nodata: float | None


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
    values = _Values(scale, offset, nodata)
    reflectances, grid = _imagery(imagery, list(bands), values, crs, resampling)
    heights, slopes, resampled = _terrain(Path(elevation), slope, grid)
    attributes = _attributes(
        id="unnamed" if id is None else id,
        title=title or imagery[0].stem,
        acquired=acquired,
        sensor=sensor,
        source=source,
        licence=licence,
        reflectance=reflectance,
        outlines_complete=outlines_complete,
        notes=(*notes, *resampled),
    )
    scene = build_scene(
        reflectances,
        heights,
        slope=slopes,
        transform=grid.transform,
        crs=grid.crs,
        attributes=attributes,
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


def _imagery(
    paths: list[Path], bands: list[str], values: _Values, crs: Any, resampling: str
) -> tuple[FloatArray, _Grid]:
    """Read the six bands in our order, and the grid they share."""
    _check_declared(bands)
    layers: dict[str, FloatArray] = {}
    grid: _Grid | None = None
    left = bands
    for path in paths:
        with open_geotiff(path) as raster:
            _check_count(path.name, raster.count, left, alone=len(paths) == 1)
            here, left = left[: raster.count], left[raster.count :]
            if not set(here) & set(BANDS):
                continue
            grid = _same_grid(grid, _grid_of(raster, path, crs, resampling), path)
            layers |= _wanted(raster, here, values)
    if left or grid is None:
        raise SceneError(
            f"The files hold too few bands: {', '.join(left)} missing. Give one file with all "
            f"bands, or one file a band, and declare them in order (needed: {', '.join(BANDS)})."
        )
    return np.stack([layers[name] for name in BANDS]), grid


def _grid_of(raster: DatasetReader, path: Path, crs: Any, resampling: str) -> _Grid:
    known = crs_of(raster, path.name, crs)
    check_grid(raster.transform, raster.shape, known)
    return _Grid(raster.transform, raster.shape, known, raster.crs, resampling)


def _same_grid(known: _Grid | None, found: _Grid, path: Path) -> _Grid:
    if known is not None and found != known:
        raise SceneError(
            f"{path.name} lies on another grid than the files before it: the bands must share "
            "one. Warp them onto one grid first."
        )
    return found


def _wanted(raster: DatasetReader, here: list[str], values: _Values) -> dict[str, FloatArray]:
    indexes = {name: index for index, name in enumerate(here, start=1) if name in BANDS}
    for name, index in indexes.items():
        described = (raster.descriptions[index - 1] or "").lower()
        if described in BANDS and described != name:
            raise SceneError(
                f"Band {index} is declared as {name}, but the file itself calls it {described}. "
                "Declare the bands in the order of the file."
            )
    pixels = read_bands(raster, list(indexes.values()), values.scale, values.offset, values.nodata)
    return dict(zip(indexes, pixels, strict=True))


def _check_declared(bands: Sequence[str]) -> None:
    missing = [name for name in BANDS if name not in bands]
    twice = sorted({name for name in bands if name in BANDS and list(bands).count(name) > 1})
    if missing or twice:
        problem = f"{', '.join(missing)} missing" if missing else f"{', '.join(twice)} named twice"
        raise SceneError(
            f"The declared bands do not fit: {problem}. Name every band of the file in its order; "
            f"needed are {', '.join(BANDS)}."
        )


def _check_count(name: str, count: int, declared: list[str], *, alone: bool) -> None:
    bands = f"{count} band{'s' * (count != 1)}"
    if alone and count < len(BANDS):
        raise SceneError(
            f"{name} has {bands}; the network needs six ({', '.join(BANDS)}). A picture of red, "
            "green and blue is not enough: take the satellite product with its infrared bands."
        )
    if count > len(declared) or (alone and count < len(declared)):
        raise SceneError(
            f"{name} has {bands}, but declared are {len(declared)} ({', '.join(declared)}). "
            "Name every band in the order of the file; what is not needed may be called 'other'."
        )


def _terrain(
    elevation: Path, slope: Raster | None, grid: _Grid
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Read elevation and slope on the grid, and tell what was resampled for it."""
    wide, notes = _single_band(elevation, grid, "elevation", margin=1)
    inner = (slice(1, -1), slice(1, -1))
    heights = wide[inner]
    if slope is None:
        return heights, horn_slope(wide, grid.transform.a)[inner], notes
    slopes, more = _single_band(Path(slope), grid, "slope")
    return heights, slopes, [*notes, *more]


def _single_band(
    path: Path, grid: _Grid, what: str, margin: int = 0
) -> tuple[FloatArray, list[str]]:
    with open_geotiff(path) as raster:
        if raster.count != 1:
            raise SceneError(f"{path.name} has {raster.count} bands; a file of {what} has one.")
        same = not raster.crs or raster.crs == grid.file_crs
        own = crs_of(raster, path.name, grid.crs if same and grid.file_crs != grid.crs else None)
        _check_overlap(raster, own, grid, path.name)
        wide = grid.with_margin(margin)
        layer = onto_grid(
            raster, wide.transform, wide.shape, wide.crs, own_crs=own, resampling=wide.resampling
        )
        if own == grid.crs and coincide(raster.transform, grid.transform):
            return layer, []
        note = f"The {what} was brought onto the grid of the imagery: {grid.resampling} resampling."
        return layer, [note]


def _check_overlap(raster: DatasetReader, own: CRS, grid: _Grid, name: str) -> None:
    rows, columns = grid.shape
    west, north = grid.transform.c, grid.transform.f
    east, south = grid.transform @ (columns, rows)
    left, bottom, right, top = transform_bounds(own, grid.crs, *raster.bounds)
    if not (left < east and right > west and bottom < north and top > south):
        raise SceneError(
            f"{name} does not overlap the imagery. It covers {left:.0f} to {right:.0f} east and "
            f"{bottom:.0f} to {top:.0f} north, the imagery {west:.0f} to {east:.0f} and "
            f"{south:.0f} to {north:.0f} (metres in {grid.crs.to_string()[:60]})."
        )
