"""Boundaries of two outlines, and the part of them that can be compared.

A boundary is every ring of every part of an outline, or only the external rings. It is cut
into pieces of at most ``step`` metres. Each piece stands, with its length as weight, for its
midpoint; the vertices are kept as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self, get_args

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from glacier_core.deviations.nearest import (
    FloatArray,
    IndexArray,
    Pieces,
    cut_into_pieces,
    lengths,
    middles,
)
from glacier_core.errors import OutlineError

STEP = 10.0
"""Metres between samples of a boundary: a third of a Landsat pixel, one of Sentinel-2."""

Rings = Literal["all", "external"]
"""Every ring, or only the external ones: nunataks are then no boundary."""


@dataclass(frozen=True)
class Boundary:
    """A boundary as short pieces, and its vertices.

    Attributes
    ----------
    pieces : ndarray of float64, (n, 2 ends, 2 coordinates)
    along : ndarray of float64, (n,)
        Metres from the start of the boundary to the middle of each piece, ring after ring.
    ring : ndarray of int64, (n,)
        Which ring each piece is of.
    vertices : ndarray of float64, (m, 2)
    """

    pieces: FloatArray
    along: FloatArray
    ring: IndexArray
    vertices: FloatArray

    @classmethod
    def of(cls, outline: BaseGeometry, step: float) -> Self:
        """Cut every ring of a polygon or multipolygon into pieces."""
        rings = np.asarray(shapely.get_rings(shapely.get_parts(outline)))
        pieces, ring = cut_into_pieces(rings, step)
        corners, corner_of = shapely.get_coordinates(rings, return_index=True)
        closing = np.append(
            corner_of[1:] != corner_of[:-1], np.ones(min(1, len(rings)), dtype=bool)
        )
        long = lengths(pieces)
        return cls(pieces, np.cumsum(long) - long / 2, ring, corners[~closing])

    @cached_property
    def weights(self) -> FloatArray:
        """Length of each piece."""
        return lengths(self.pieces)

    @property
    def length(self) -> float:
        """Length of all pieces together."""
        return float(self.weights.sum())

    @cached_property
    def midpoints(self) -> FloatArray:
        """Middle of each piece, (n, 2)."""
        return middles(self.pieces)

    def where(self, chosen: Callable[[FloatArray], NDArray[np.bool_]]) -> Self:
        """Keep the pieces whose middle, and the vertices which, a rule chooses."""
        kept = chosen(self.midpoints)
        return replace(
            self,
            pieces=self.pieces[kept],
            along=self.along[kept],
            ring=self.ring[kept],
            vertices=self.vertices[chosen(self.vertices)],
        )


@dataclass(frozen=True)
class Side:
    """One of two outlines that are compared.

    Attributes
    ----------
    outline : shapely geometry
        Without its holes where only external rings are compared.
    seen : Boundary
        The part of its boundary that can be held against the other's.
    margin : Pieces
        All of its boundary that is no cut; the other's distances are to it.
    """

    outline: BaseGeometry
    seen: Boundary
    margin: Pieces


@dataclass(frozen=True)
class Facing:
    """Two outlines made ready to be measured against each other.

    Attributes
    ----------
    predicted, expert : Side
    left_out_percent : float
        Share of both boundaries, by length, that cannot be compared.
    """

    predicted: Side
    expert: Side
    left_out_percent: float

    @property
    def comparable(self) -> bool:
        """Whether anything is left to compare on both sides."""
        return bool(len(self.predicted.seen.pieces) and len(self.expert.seen.pieces))


def face(
    predicted: BaseGeometry,
    expert: BaseGeometry,
    *,
    step: float = STEP,
    predicted_cut: BaseGeometry | None = None,
    expert_cut: BaseGeometry | None = None,
    rings: Rings = "all",
) -> Facing:
    """Find what of two boundaries can be compared.

    Parameters
    ----------
    predicted, expert, step, predicted_cut, expert_cut, rings
        See :func:`glacier_core.deviations.distance.distance_deviation`.

    Raises
    ------
    OutlineError
        When an outline is not polygonal or has no finite place, the step is not positive, or
        the rings are neither "all" nor "external".
    """
    check_rings(rings)
    _check(predicted, expert, step)
    outlines = [predicted, expert]
    if rings == "external":
        outlines = [external(outline) for outline in outlines]
    cuts = [Pieces.of(lines, step) for lines in (predicted_cut, expert_cut)]
    whole = [Boundary.of(outline, step) for outline in outlines]
    on_cut = step / 10  # reprojecting bends a long straight edge away from its short pieces
    ours, theirs = (
        _off_cut(boundary, cut, on_cut) for boundary, cut in zip(whole, cuts, strict=True)
    )
    margins = [Pieces(ours.pieces), Pieces(theirs.pieces)]
    seen = [_in_sight(ours, margins[1], cuts[1]), _in_sight(theirs, margins[0], cuts[0])]
    kept, total = (sum(boundary.length for boundary in pair) for pair in (seen, whole))
    first, second = (
        Side(outline, boundary, margin)
        for outline, boundary, margin in zip(outlines, seen, margins, strict=True)
    )
    return Facing(first, second, 100 * max(0.0, 1 - kept / total) if total else 0.0)


def external(outline: BaseGeometry) -> BaseGeometry:
    """Return an outline without its holes, and without parts that lie in them.

    Parameters
    ----------
    outline : shapely Polygon or MultiPolygon
    """
    filled = [shapely.Polygon(part.exterior) for part in shapely.get_parts(outline)]
    return shapely.union_all(filled) if len(filled) > 1 else shapely.MultiPolygon(filled)


def outward_signs(points: FloatArray, outline: BaseGeometry) -> FloatArray:
    """Return +1 for points (n, 2) outside an outline and -1 for those inside."""
    shapely.prepare(outline)
    inside = shapely.contains_xy(outline, points[:, 0], points[:, 1])
    return np.where(inside, -1.0, 1.0)


def check_rings(rings: str) -> None:
    """Raise OutlineError unless the rings are "all" or "external"."""
    if rings not in get_args(Rings):
        raise OutlineError(
            f"rings is {rings!r}; it must be 'all' (nunataks are boundaries) or 'external'."
        )


def _check(predicted: BaseGeometry, expert: BaseGeometry, step: float) -> None:
    for whose, outline in (("predicted", predicted), ("expert", expert)):
        if outline.geom_type not in ("Polygon", "MultiPolygon") and not outline.is_empty:
            raise OutlineError(
                f"The {whose} outline is a {outline.geom_type}; distances between outlines need "
                "polygons or multipolygons."
            )
        if not np.isfinite(shapely.get_coordinates(outline)).all():
            raise OutlineError(
                f"The {whose} outline has vertices without a finite place. Its coordinate system "
                "does not reach there: check which one it is really in."
            )
    if not step > 0:
        raise OutlineError(f"The step along the boundary is {step}; it must be above 0 metres.")


def _off_cut(boundary: Boundary, cut: Pieces, tolerance: float) -> Boundary:
    if not len(cut):
        return boundary
    return boundary.where(lambda points: cut.distances(points) > tolerance)


def _in_sight(boundary: Boundary, margin: Pieces, cut: Pieces) -> Boundary:
    """Return what is nearer to the margin of the other than to where the other was cut."""
    if not len(cut):
        return boundary
    return boundary.where(lambda points: cut.distances(points) > margin.distances(points))
