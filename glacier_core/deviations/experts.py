"""Expert outlines made ready for a scene: placed on its grid, checked, told apart."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from glacier_core.errors import OutlineError
from glacier_core.outlines.rasterizing import label_glaciers
from glacier_core.outlines.schema import COLUMNS

IntArray = NDArray[np.intp]

MOST_OVERLAP = 0.1
"""Share of the smaller of two outlines above which an overlap is no slip of the pen."""


@dataclass(frozen=True)
class PlacedExperts:
    """Expert outlines on the grid of a scene.

    Attributes
    ----------
    outlines : geopandas.GeoDataFrame
        Those that reach into the scene, whole, in its coordinate system.
    cut_by_scene : ndarray of bool
        Which of them reach beyond the scene.
    outside : tuple of str
        Ids of those that lie outside.
    labels : ndarray of int32, (rows, columns)
        0 outside every outline, 1 + row inside.
    """

    outlines: gpd.GeoDataFrame
    cut_by_scene: NDArray[np.bool_]
    outside: tuple[str, ...]
    labels: NDArray[np.int32]


def place_experts(
    expert: gpd.GeoDataFrame, transform: Affine, shape: tuple[int, int], crs: Any
) -> PlacedExperts:
    """Bring expert outlines onto the grid of a scene.

    Parameters
    ----------
    expert : geopandas.GeoDataFrame
        In the schema of ``outlines.schema``, any coordinate system.
    transform : affine.Affine
    shape : (rows, columns)
    crs : anything pyproj understands
        Grid of the scene.

    Raises
    ------
    OutlineError
        When there is no outline, none lies in the scene, one crosses itself, or outlines lie on
        top of each other.
    """
    check_schema(expert)
    outlines = expert.to_crs(CRS.from_user_input(crs))
    frame = scene_frame(transform, shape)
    inside = outlines.intersects(frame).to_numpy()
    if not inside.any():
        raise OutlineError(far_away(outlines, frame))
    kept = outlines[inside].reset_index(drop=True)
    check_valid(kept)
    _check_overlap(kept)
    return PlacedExperts(
        outlines=kept,
        cut_by_scene=~kept.within(frame).to_numpy(),
        outside=tuple(outlines.loc[~inside, "glacier_id"]),
        labels=label_experts(kept, transform, shape),
    )


def scene_frame(transform: Affine, shape: tuple[int, int]) -> shapely.Polygon:
    """Return the rectangle of a north-up grid, in its own coordinates."""
    west, north = transform @ (0, 0)
    east, south = transform @ (shape[1], shape[0])
    return shapely.box(west, south, east, north)


def check_schema(expert: gpd.GeoDataFrame | None) -> None:
    """Refuse what is no table of outlines, or holds none.

    Raises
    ------
    OutlineError
    """
    if expert is None:
        raise OutlineError("There is no expert outline to compare with: none was given.")
    missing = [column for column in COLUMNS if column not in expert.columns]
    if missing:
        raise OutlineError(
            f"The expert outlines lack {', '.join(missing)}. Read their file with "
            "glacier_core.read_outlines, which brings it into the one schema."
        )
    if expert.crs is None:
        raise OutlineError(
            "The expert outlines have no coordinate system, so nobody knows where they lie. "
            "Assign the right one: expert.set_crs('EPSG:4326')."
        )
    if len(expert) == 0 or expert.geometry.is_empty.all():
        raise OutlineError("There is no expert outline to compare with: the table is empty.")


def check_valid(outlines: gpd.GeoDataFrame) -> None:
    """Refuse outlines that cross themselves.

    Raises
    ------
    OutlineError
    """
    broken = np.flatnonzero(~outlines.is_valid)
    if len(broken):
        reason = shapely.is_valid_reason(outlines.geometry.iloc[broken[0]])
        raise OutlineError(
            f"The outline {outlines['glacier_id'].iloc[broken[0]]} is no valid polygon ({reason}; "
            f"{len(broken)} such outlines), so it has no inside. Read the file with "
            "glacier_core.read_outlines, which repairs outlines."
        )


def far_away(outlines: gpd.GeoDataFrame, frame: shapely.Polygon) -> str:
    """Say how far outlines are from a scene in which none of them lies."""
    kilometres = float(outlines.distance(frame).min()) / 1000
    distance = f"{kilometres:,.0f} km away" if np.isfinite(kilometres) else "too far to say"
    return (
        f"None of the {len(outlines)} expert outlines lies in the scene; the nearest is "
        f"{distance}. Check that they are of this place and that their coordinate system is "
        "declared rightly."
    )


def overlapping_pairs(outlines: gpd.GeoDataFrame) -> tuple[IntArray, IntArray]:
    """Return the rows (by position) of any two outlines of the same ice, first and second.

    Outlines that share more than :data:`MOST_OVERLAP` of the smaller one are of the same ice.
    """
    geometries = outlines.geometry.to_numpy()
    first, second = shapely.STRtree(geometries).query(geometries, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    shared = shapely.area(shapely.intersection(geometries[first], geometries[second]))
    smaller = np.minimum(shapely.area(geometries[first]), shapely.area(geometries[second]))
    twice = shared > MOST_OVERLAP * smaller
    return first[twice], second[twice]


def _check_overlap(outlines: gpd.GeoDataFrame) -> None:
    """Refuse two outlines of the same ice, of which only one could be compared."""
    first, second = overlapping_pairs(outlines)
    if len(first):
        ids = outlines["glacier_id"]
        one, other = ids[first[0]], ids[second[0]]
        raise OutlineError(
            f"Outlines lie on top of each other ({one} and {other}; {len(first)} such pairs), so "
            "one piece of ice would count twice. Keep one date and one analyst a glacier; or, "
            "where several experts outlined it, compare with all of them: "
            "glacier_core.compare_panel(result, outlines)."
        )


def label_experts(
    outlines: gpd.GeoDataFrame, transform: Affine, shape: tuple[int, int]
) -> NDArray[np.int32]:
    """Label pixels by outline; one that holds no pixel centre takes the pixel it lies in.

    Parameters
    ----------
    outlines : geopandas.GeoDataFrame
        In the coordinates of the grid; none of them empty.
    transform : affine.Affine
    shape : (rows, columns)

    Returns
    -------
    ndarray of int32, (rows, columns)
        0 outside every outline, 1 + row inside.
    """
    labels = label_glaciers(outlines, transform, shape, outlines.crs)
    held = np.bincount(labels.ravel(), minlength=len(outlines) + 1)[1:] > 0
    points = shapely.get_coordinates(outlines.geometry[~held].representative_point())
    for number, (x, y) in zip(np.flatnonzero(~held) + 1, points, strict=True):
        column, row = (int(np.floor(place)) for place in ~transform @ (x, y))
        if 0 <= row < shape[0] and 0 <= column < shape[1] and labels[row, column] == 0:
            labels[row, column] = number
    return labels
