"""A tile of a dataset as a scene: read alone out of its file, on a metric grid, with its labels."""

import hashlib
import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import ArrayLike, NDArray
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.transform import from_bounds
from rasterio.warp import calculate_default_transform, reproject

from glacier_core.errors import SourceError
from glacier_core.outlines.polygonizing import polygonize
from glacier_core.scene import Scene, SceneAttributes, build_scene
from glacier_core.sources.tile_datasets import ListedTile, TileDataset
from glacier_core.sources.tiles import Tile, TileSet

DEGREES: Final = CRS.from_epsg(4326)
SIDE_STEP_M: Final = 5
"""Metres; pixel sides are whole multiples of it, so that the nominal 10 m come out as such."""

_VERSION: Final = 1  # of what is made of a tile
_METRES_A_DEGREE: Final = 111_195.0  # of latitude, on a sphere of the mean radius of WGS 84
_RADAR: Final = ("co_pol_sar", "cross_pol_sar", "in_sar")
_PUBLISHED: Final = re.compile(r"(\d{8}|gsgm)_(train|val|test)_.*", re.IGNORECASE)
_BENCHMARK: Final = "GlaViTU benchmark dataset (Maslov et al. 2025, doi 10.11582/2024.00168)"


@dataclass(frozen=True)
class _Grids:
    """The grid of a tile in degrees, and the one in metres that it is brought onto."""

    degrees: Affine
    crs: CRS
    transform: Affine
    shape: tuple[int, int]

    def warp(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring (…, rows, columns) onto the metric grid, bilinear, NaN where there is no data."""
        layers = values.reshape(-1, *values.shape[-2:])
        target = np.full((len(layers), *self.shape), np.nan, dtype=np.float32)
        reproject(
            np.ascontiguousarray(layers),
            target,
            src_transform=self.degrees,
            src_crs=DEGREES,
            src_nodata=np.nan,
            dst_transform=self.transform,
            dst_crs=self.crs,
            dst_nodata=np.nan,
            resampling=Resampling.bilinear,
        )
        return target.reshape(*values.shape[:-2], *self.shape)


def open_tile_scene(dataset: TileDataset, listed: ListedTile) -> Scene:
    """Read one tile of a dataset as a scene; nothing else of the file is read.

    The pixels, in degrees in the file, are brought onto square ones in the UTM zone of the tile by
    bilinear resampling; its labels become outlines along the edges of the file's own pixels, so
    that no label changes.

    Raises
    ------
    SourceError
        When the file is no longer there, was changed, or the tile cannot be used.
    SceneError
        When the tile holds values that no scene may have.
    """
    _check_file(dataset)
    with TileSet(dataset.path) as tiles:
        tile = tiles.tile(listed.name)
    grids = _grids(tile)
    return build_scene(
        grids.warp(tile.features["optical"]),
        grids.warp(tile.features["elevation"]),
        slope=grids.warp(tile.features["slope"]),
        radar=_radar(tile, grids),
        thermal=grids.warp(tile.features["thermal"]) if "thermal" in tile.features else None,
        transform=grids.transform,
        crs=grids.crs,
        attributes=_attributes(dataset, listed, tile, grids),
        outlines=_outlines(dataset, listed, tile, grids),
    )


def tile_version(dataset: TileDataset, listed: ListedTile) -> str:
    """Return a digest of what a scene is made of: another one makes another scene."""
    facts = (_VERSION, str(dataset.path), dataset.size, dataset.modified, listed.name)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def tile_title(dataset: TileDataset, listed: ListedTile) -> str:
    """Return what people read."""
    kind = "Simulated tile" if dataset.simulated else "Tile"
    return f"{kind} {listed.name} of {dataset.path.stem}"


def _check_file(dataset: TileDataset) -> None:
    try:
        about = dataset.path.stat()
    except OSError as problem:
        raise SourceError(
            f"The tile file {dataset.path} is not there ({problem.strerror}). Put it back, or add "
            "it where it is now: glacier-core scenes add-dataset PATH."
        ) from problem
    if (about.st_size, about.st_mtime_ns) != (dataset.size, dataset.modified):
        raise SourceError(
            f"The tile file {dataset.path} was changed since it was added. Add it again: "
            "glacier-core scenes add-dataset PATH."
        )


def _grids(tile: Tile) -> _Grids:
    rows, columns = tile.shape
    west, south, east, north = tile.bounds
    place = gpd.GeoSeries([shapely.box(*tile.bounds)], crs=DEGREES)
    crs = CRS.from_user_input(place.estimate_utm_crs())
    height_m = (north - south) / rows * _METRES_A_DEGREE
    side = max(round(height_m / SIDE_STEP_M), 1) * SIDE_STEP_M
    transform, width, height = calculate_default_transform(
        DEGREES, crs, columns, rows, *tile.bounds, resolution=side
    )
    snapped = Affine(
        side,
        0,
        side * math.floor(transform.c / side),
        0,
        -side,
        side * math.ceil(transform.f / side),
    )
    degrees = from_bounds(west, south, east, north, columns, rows)
    return _Grids(degrees, crs, snapped, (height + 1, width + 1))


def _radar(tile: Tile, grids: _Grids) -> dict[str, ArrayLike]:
    return {name: grids.warp(tile.features[name]) for name in _RADAR if name in tile.features}


def _outlines(
    dataset: TileDataset, listed: ListedTile, tile: Tile, grids: _Grids
) -> gpd.GeoDataFrame:
    drawn = polygonize(
        tile.glacier,
        grids.degrees,
        DEGREES,
        min_area_km2=0,
        id_prefix=listed.scene[:60],
        source=f"labels of {dataset.path.name}",
        date=listed.acquired,
    )
    return drawn.to_crs(grids.crs)


def _attributes(
    dataset: TileDataset, listed: ListedTile, tile: Tile, grids: _Grids
) -> SceneAttributes:
    published = bool(_PUBLISHED.fullmatch(dataset.path.stem)) and not dataset.simulated
    unknown = tile.valid & ~tile.labelled
    return SceneAttributes(
        id=listed.scene,
        title=tile_title(dataset, listed),
        acquired=_date(listed.acquired),
        sensor=listed.sensor or "not told by the file",
        source=f"{_BENCHMARK if published else 'Tile file'}, {dataset.path.name}",
        licence="CC-BY-4.0" if published else "unknown",
        simulated=dataset.simulated,
        outlines_complete=not unknown.any(),
        notes=tuple(_notes(tile, grids, unknown)),
    )


def _notes(tile: Tile, grids: _Grids, unknown: NDArray[np.bool_]) -> list[str]:
    rows, columns = tile.shape
    notes = [
        f"Brought from {columns} x {rows} pixels in degrees onto pixels of "
        f"{grids.transform.a:g} m by bilinear resampling; the outlines follow the edges of the "
        "tile's own pixels."
    ]
    if unknown.any():
        share = 100 * unknown.sum() / tile.valid.sum()
        notes.append(f"For {share:.1f} % of the tile nobody said whether there is ice.")
    return notes


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None
