"""Numbered glaciers on a grid: slivers merged, numbers into outlines."""

import heapq
from collections import defaultdict
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from numpy.typing import ArrayLike, NDArray
from rasterio import features
from scipy import ndimage
from skimage.measure import label as connected

from glacier_core.errors import OutlineError
from glacier_core.outlines.geometry import polygons_only
from glacier_core.outlines.schema import empty_outlines, to_schema

Labels = NDArray[np.int32]

_ALWAYS_M2: Final = 1e5
_THIN_M2: Final = 2e5
_THIN: Final = 0.5
"""A part is a sliver below the first area, or below the second where 2 sqrt(pi area) / perimeter
is below the third (1 for a disc): the values that GlaViTU's authors use with the method of
Kienholz et al. (2013), Journal of Glaciology 59(217)."""


def merge_slivers(labels: Labels, resolution: float, *, whole: bool) -> Labels:
    """Give slivers to the neighbour they share the longest border with.

    Parameters
    ----------
    labels : ndarray of int32, (rows, columns)
        0 off the ice. A label may have several parts that do not touch.
    resolution : float
        Side of a pixel in metres.
    whole : bool
        Whether a glacier may go as a whole. Otherwise the largest part of every label stays, and
        only what is cut off from it is merged: a small glacier of an inventory is no sliver.

    Returns
    -------
    ndarray of int32, (rows, columns)
        The same ice under fewer or as many labels. A sliver without a neighbour stays.
    """
    parts = _parts(labels)
    count = int(parts.max())
    of_part = np.zeros(count + 1, dtype=np.int32)
    of_part[parts] = labels
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    areas = sizes.astype(np.float64) * resolution**2
    kept = np.zeros(count + 1, dtype=bool) if whole else _largest(of_part, areas)
    borders, perimeters = _borders(parts, resolution)
    target = _merged(areas, perimeters, borders, kept)
    merged: Labels = of_part[target][parts]
    return merged


def labelled_outlines(
    labels: Labels,
    transform: Affine,
    crs: Any,
    *,
    inventory: gpd.GeoDataFrame | None = None,
    id_prefix: str = "predicted",
    source: str = "",
    analyst: str = "",
    date: str = "",
    min_area_km2: float = 0.01,
) -> gpd.GeoDataFrame:
    """Draw one outline a label, along pixel edges.

    Parameters
    ----------
    labels : ndarray of int32, (rows, columns)
        0 off the ice.
    transform : affine.Affine
    crs : anything pyproj understands
    inventory : geopandas.GeoDataFrame, optional
        Gives label i + 1 the id and name of its row i, as
        :func:`glacier_core.outlines.divides.split_by_inventory` numbers them.
    id_prefix : str
        Ids of further glaciers are this and a running number, the largest first.
    source, analyst, date : str
        Written into every row.
    min_area_km2 : float
        Smaller glaciers are left out; the default is the smallest that most inventories record
        (Paul et al. 2009, Annals of Glaciology 50(53)). Of a larger one every part stays.

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema of ``outlines.schema``, the largest first: a polygon, or one of several
        parts, a glacier.
    """
    geometry = _polygons(labels, transform)
    if not len(geometry):
        return empty_outlines(crs)
    numbers = geometry.index.to_numpy()
    known = len(inventory) if inventory is not None else 0
    texts = _texts(numbers, inventory if known else None)
    outlines = to_schema(
        list(geometry), crs, glacier_id=texts["glacier_id"], name=texts["name"],
        source=source, analyst=analyst, date=date,
    )  # fmt: skip
    outlines = outlines[outlines["area_km2"] >= min_area_km2]
    outlines = outlines.sort_values("area_km2", ascending=False, kind="stable")
    fresh = (outlines["glacier_id"] == "").to_numpy()
    digits = max(4, len(str(int(fresh.sum()))))
    ids = outlines["glacier_id"].to_numpy(dtype=object, copy=True)
    ids[fresh] = [f"{id_prefix}-{place:0{digits}d}" for place in range(1, int(fresh.sum()) + 1)]
    numbered = outlines.assign(glacier_id=pd.Series(ids, dtype="str", index=outlines.index))
    return gpd.GeoDataFrame(numbered.reset_index(drop=True))


def fill_gaps(elevation: ArrayLike) -> NDArray[np.float64]:
    """Return elevation with the nearest one where there is none.

    Raises
    ------
    OutlineError
        When there is none at all.
    """
    heights = np.array(elevation, dtype=np.float64)
    missing = ~np.isfinite(heights)
    if missing.all():
        raise OutlineError(
            "There is no elevation, so nobody can tell where ice divides. Add a DEM to the scene."
        )
    if missing.any():
        nearest = ndimage.distance_transform_edt(
            missing, return_distances=False, return_indices=True
        )
        heights = heights[tuple(nearest)]
    return heights


def _parts(labels: Labels) -> NDArray[np.int64]:
    """Return numbered parts: what hangs together by its sides and has one label."""
    parts = connected(labels, connectivity=1, background=0)  # type: ignore[no-untyped-call]
    return np.asarray(parts, dtype=np.int64)


def _polygons(labels: Labels, transform: Affine) -> pd.Series:
    """Return the ground of every label, by label."""
    found: dict[int, list[Any]] = defaultdict(list)
    pieces = features.shapes(labels, mask=labels > 0, connectivity=4, transform=transform)
    for outline, number in pieces:
        found[int(number)].append(shapely.geometry.shape(outline))
    numbers = sorted(found)
    wholes = [_together(polygons_only(found[number])) for number in numbers]
    return pd.Series(wholes, index=numbers, dtype=object)


def _together(parts: NDArray[np.object_]) -> Any:
    single = [one for part in parts for one in shapely.get_parts(part)]
    return shapely.MultiPolygon(single) if len(single) > 1 else single[0]


def _texts(numbers: NDArray[np.int64], inventory: gpd.GeoDataFrame | None) -> dict[str, list[str]]:
    columns = ("glacier_id", "name")
    if inventory is None:
        return {column: [""] * len(numbers) for column in columns}
    return {
        column: [
            str(inventory[column].iloc[number - 1]) if number <= len(inventory) else ""
            for number in numbers
        ]
        for column in columns
    }


def _largest(of_part: NDArray[np.int32], areas: NDArray[np.float64]) -> NDArray[np.bool_]:
    table = pd.DataFrame({"label": of_part, "area": areas})
    largest = np.zeros(len(areas), dtype=bool)
    largest[table.groupby("label")["area"].idxmax()] = True
    return largest


Borders = dict[int, dict[int, float]]


def _borders(parts: NDArray[np.int64], resolution: float) -> tuple[Borders, NDArray[np.float64]]:
    """Return how long the border of every two parts is, and the perimeter of each, in metres."""
    padded = np.pad(parts, 1)
    sides = [(padded[:, :-1], padded[:, 1:]), (padded[:-1], padded[1:])]
    one = np.concatenate([first[first != second] for first, second in sides])
    other = np.concatenate([second[first != second] for first, second in sides])
    count = int(parts.max()) + 1
    touching = np.bincount(np.concatenate([one, other]), minlength=count)
    low, high = np.minimum(one, other), np.maximum(one, other)
    codes, edges = np.unique((low * count + high)[low > 0], return_counts=True)
    borders: Borders = defaultdict(dict)
    for code, length in zip(codes.tolist(), (edges * resolution).tolist(), strict=True):
        first, second = divmod(code, count)
        borders[first][second] = borders[second][first] = length
    return borders, touching.astype(np.float64) * resolution


def _merged(
    areas: NDArray[np.float64],
    perimeters: NDArray[np.float64],
    borders: Borders,
    kept: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Merge slivers, the smallest first, and return the part that every part has become."""
    areas, perimeters = areas.copy(), perimeters.copy()
    target = np.arange(len(areas))
    waiting = [(areas[part], part) for part in range(1, len(areas)) if areas[part] < _THIN_M2]
    heapq.heapify(waiting)
    while waiting:
        area, part = heapq.heappop(waiting)
        grown_or_gone = target[part] != part or area != areas[part]
        if grown_or_gone or kept[part] or not borders.get(part):
            continue
        if not _is_sliver(area, perimeters[part]):
            continue
        into = max(borders[part], key=lambda neighbour: borders[part][neighbour])
        areas[into] += area
        perimeters[into] += perimeters[part] - 2 * borders[part][into]
        _pass_on(borders, part, into)
        target[part] = into
        if areas[into] < _THIN_M2:
            heapq.heappush(waiting, (areas[into], into))
    while (target[target] != target).any():
        target = target[target]
    return target


def _is_sliver(area: float, perimeter: float) -> bool:
    return area < _ALWAYS_M2 or 2 * np.sqrt(np.pi * area) / perimeter < _THIN


def _pass_on(borders: Borders, part: int, into: int) -> None:
    for neighbour, length in borders.pop(part).items():
        del borders[neighbour][part]
        if neighbour != into:
            total = borders[into].get(neighbour, 0.0) + length
            borders[into][neighbour] = borders[neighbour][into] = total
