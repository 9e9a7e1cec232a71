"""Which part of the mapped ice belongs to which of the expert's glaciers.

The rule: mapped ice belongs to the expert glacier it lies in, otherwise to the nearest one
whose outline is at most ``buffer_m`` away, otherwise to none.

An inventory often outlines only some glaciers of an icefield. Mapped ice then goes on past the
divide and past the buffer, and is cut off where the rule stops: at the buffer, or where the
next glacier's begins. Such a *cut* is no margin of ice. A mapped margin is only where mapped
ice meets mapped ground without ice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio import features
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int32]


@dataclass(frozen=True)
class Match:
    """The mapped ice of one expert glacier, in the coordinates of the scene.

    Attributes
    ----------
    predicted : shapely MultiPolygon
        Mapped ice that belongs to the glacier, along pixel edges; empty where there is none.
    continuing : shapely MultiPolygon
        Its part outside every expert outline that goes on past the buffer, so that it may
        belong to a neighbour nobody outlined.
    unmapped : shapely MultiPolygon
        Pixels around the glacier that could not be mapped.
    cut : shapely MultiLineString
        Where the predicted outline ends although ice may not.
    """

    predicted: BaseGeometry
    continuing: BaseGeometry
    unmapped: BaseGeometry
    cut: BaseGeometry


@dataclass(frozen=True)
class Zones:
    """Whose every pixel of a scene is: 0 for nobody, else 1 + the row of the expert glacier.

    Attributes
    ----------
    inside : ndarray of int32, (rows, columns)
        The glacier a pixel lies in.
    nearest : ndarray of int32, (rows, columns)
        The glacier it lies in or, within the buffer, is nearest to.
    """

    inside: IntArray
    nearest: IntArray


def make_zones(inside: IntArray, buffer_m: float, resolution: float) -> Zones:
    """Give every pixel within a buffer to the nearest glacier.

    Parameters
    ----------
    inside : ndarray of int32, (rows, columns)
        0 outside, 1 + row of the glacier inside.
    buffer_m, resolution : float
        Metres; distances are between pixel centres.
    """
    if not inside.any():
        return Zones(inside, inside)
    away, (rows, columns) = ndimage.distance_transform_edt(
        inside == 0, sampling=resolution, return_indices=True
    )
    nearest = np.where(away <= buffer_m, inside[rows, columns], 0).astype(np.int32)
    return Zones(inside, nearest)


def continuing_ice(glacier: BoolArray, zones: Zones) -> BoolArray:
    """Return the mapped ice in the buffer that goes on past it.

    Parameters
    ----------
    glacier : ndarray of bool, (rows, columns)
        Mapped ice.
    zones : Zones

    Returns
    -------
    ndarray of bool, (rows, columns)
        Ice outside every outline, within the buffer, and connected (edge to edge, without
        crossing an outline) to ice beyond the buffer.
    """
    bodies, count = ndimage.label(glacier & (zones.inside == 0))
    goes_on = np.zeros(count + 1, dtype=bool)
    goes_on[bodies[zones.nearest == 0]] = True
    goes_on[0] = False
    ice: BoolArray = goes_on[bodies] & (zones.nearest > 0)
    return ice


def match_glaciers(
    glacier: BoolArray, mapped: BoolArray, zones: Zones, transform: Affine, count: int
) -> Iterator[Match]:
    """Yield the mapped ice of each expert glacier, in the order of their rows.

    Parameters
    ----------
    glacier, mapped : ndarray of bool, (rows, columns)
        Mapped ice, and what could be mapped at all.
    zones : Zones
    transform : affine.Affine
        From pixel corners to metres.
    count : int
        How many expert glaciers there are.
    """
    continuing = continuing_ice(glacier, zones)
    windows = ndimage.find_objects(zones.nearest, max_label=count)
    for number, window in enumerate(windows, start=1):
        if window is None:
            yield Match(*[shapely.MultiPolygon()] * 3, shapely.MultiLineString())
            continue
        around = tuple(slice(max(0, part.start - 1), part.stop + 1) for part in window)
        own = zones.nearest[around] == number
        part = own & glacier[around]
        bare = mapped[around] & ~glacier[around]
        place = transform @ Affine.translation(around[1].start, around[0].start)
        yield Match(
            predicted=polygons(part, place),
            continuing=polygons(part & continuing[around], place),
            unmapped=polygons(~mapped[around], place),
            cut=cut_lines(part, bare, place),
        )


def polygons(mask: BoolArray, transform: Affine) -> shapely.MultiPolygon:
    """Return the pixels of a mask as one multipolygon along pixel edges.

    Parameters
    ----------
    mask : ndarray of bool, (rows, columns)
    transform : affine.Affine
        From pixel corners to coordinates.
    """
    shapes = features.shapes(mask.astype(np.uint8), mask=mask, transform=transform)
    rings = [found["coordinates"] for found, _ in shapes]
    return shapely.MultiPolygon([shapely.Polygon(outer, holes) for outer, *holes in rings])


def cut_lines(part: BoolArray, bare: BoolArray, transform: Affine) -> shapely.MultiLineString:
    """Return the pixel edges where a part ends without meeting bare ground.

    Parameters
    ----------
    part : ndarray of bool, (rows, columns)
        The mapped ice of one glacier.
    bare : ndarray of bool, (rows, columns)
        Mapped ground without ice. What lies outside the arrays is not bare.
    transform : affine.Affine
        From pixel corners to coordinates.
    """
    upright = _cut_columns(part, bare)
    level = _cut_columns(part.T, bare.T)[:, :, ::-1]
    ends = np.concatenate([upright, level])  # (edges, 2 ends, column and row)
    columns, rows = ends[..., 0], ends[..., 1]
    x = transform.a * columns + transform.b * rows + transform.c
    y = transform.d * columns + transform.e * rows + transform.f
    return shapely.MultiLineString(list(np.stack([x, y], axis=-1)))


def _cut_columns(part: BoolArray, bare: BoolArray) -> NDArray[np.int64]:
    """Upright pixel edges (edges, 2 ends, column and row) between part and neither."""
    sides = np.pad(part, ((0, 0), (1, 1)))
    open_ground = np.pad(bare, ((0, 0), (1, 1)))
    left, right = sides[:, :-1], sides[:, 1:]
    ends_right = left & ~right & ~open_ground[:, 1:]
    ends_left = right & ~left & ~open_ground[:, :-1]
    rows, columns = np.nonzero(ends_right | ends_left)
    top = np.stack([columns, rows], axis=-1)
    return np.stack([top, top + np.array([0, 1])], axis=1)
