"""How far apart two outlines are, in metres: PoLiS, mean, median, 95th percentile, Hausdorff.

Everything here is plane geometry in one projected metric coordinate system;
:mod:`glacier_core.deviations.ground` brings outlines to ground scale first.

A boundary is every ring, exterior and interior, of every part. Boundaries are cut into pieces
of at most ``step`` metres. Each piece stands, with its length as weight, for the distance of
its midpoint to the other boundary; the vertices are kept as they are. Distances to the other
boundary are exact (point to segment), so only the sampling along a boundary is approximate:
distance changes by at most one metre a metre, hence no sampled maximum is more than
``step / 2`` short.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from glacier_core.errors import OutlineError

STEP = 10.0
"""Metres between samples of a boundary: a third of a Landsat pixel, one of Sentinel-2."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class DistanceDeviation:
    """Distances between a predicted and an expert outline, in metres; NaN where undefined.

    Attributes
    ----------
    polis : float
        Mean distance of the vertices of each outline to the boundary of the other,
        the two directions averaged (Avbelj, Müller, Bamler 2015).
    mean : float
        Mean distance along the boundaries, each direction with half the weight.
    median, p95 : float
        Distance not exceeded along 50 % and 95 % of the boundaries, each direction with
        half the weight.
    hausdorff : float
        Largest distance in either direction.
    signed_mean : float
        Mean distance along the predicted boundary only, positive outside the expert outline
        and negative inside.
    left_out_percent : float
        Share of the two boundaries, by length, that could not be compared because an outline
        was cut off there.

    References
    ----------
    Avbelj, Müller, Bamler (2015), A metric for polygon comparison and building extraction
    evaluation, IEEE Geoscience and Remote Sensing Letters 12(1).
    """

    polis: float
    mean: float
    median: float
    p95: float
    hausdorff: float
    signed_mean: float
    left_out_percent: float = 0.0


def distance_deviation(
    predicted: BaseGeometry,
    expert: BaseGeometry,
    *,
    step: float = STEP,
    predicted_cut: BaseGeometry | None = None,
    expert_cut: BaseGeometry | None = None,
) -> DistanceDeviation:
    """Measure how far a predicted outline lies from an expert's.

    Parameters
    ----------
    predicted, expert : shapely Polygon or MultiPolygon
        Valid, in one projected metric coordinate system. An empty one leaves every distance
        undefined (NaN).
    step : float
        Most metres between two samples of a boundary.
    predicted_cut, expert_cut : shapely geometry, optional
        Lines along which that outline ends for another reason than ice ending there (the edge
        of the scene, no data, an ice divide). They are no boundary of it, and the other's
        boundary is left out wherever it is nearer to them than to any boundary of it, since
        nobody can tell how far away it would have been.

    Returns
    -------
    DistanceDeviation

    Raises
    ------
    OutlineError
        When an outline is not polygonal or the step is not positive.
    """
    _check(predicted, expert, step)
    if predicted.is_empty or expert.is_empty:
        return _undefined(0.0)
    whole = [_Samples.of(outline, step) for outline in (predicted, expert)]
    cuts = [_tree(lines) for lines in (predicted_cut, expert_cut)]
    on_cut = step / 10  # reprojecting bends a long straight edge away from its short pieces
    ours, theirs = (
        _off_cut(samples, cut, on_cut) for samples, cut in zip(whole, cuts, strict=True)
    )
    seen = [_in_sight(ours, theirs, cuts[1]), _in_sight(theirs, ours, cuts[0])]
    kept, total = (sum(samples.length for samples in pair) for pair in (seen, whole))
    left_out = 100 * max(0.0, 1 - kept / total)
    if not all(len(samples.pieces) for samples in seen):
        return _undefined(left_out)
    return _measure(seen, [theirs.lines(), ours.lines()], expert, left_out)


@dataclass(frozen=True)
class _Samples:
    """A boundary as short pieces (n, 2 ends, 2 coordinates) and its vertices (m, 2)."""

    pieces: FloatArray
    vertices: FloatArray

    @classmethod
    def of(cls, outline: BaseGeometry, step: float) -> Self:
        rings = shapely.get_rings(shapely.get_parts(outline))
        coordinates, ring = shapely.get_coordinates(
            shapely.segmentize(rings, step), return_index=True
        )
        within = ring[1:] == ring[:-1]
        pieces = np.stack([coordinates[:-1][within], coordinates[1:][within]], axis=1)
        corners, ring = shapely.get_coordinates(rings, return_index=True)
        closing = np.append(ring[1:] != ring[:-1], True)
        return cls(pieces, corners[~closing])

    @property
    def weights(self) -> FloatArray:
        lengths: FloatArray = np.hypot(*(self.pieces[:, 1] - self.pieces[:, 0]).T)
        return lengths

    @property
    def length(self) -> float:
        return float(self.weights.sum())

    @property
    def midpoints(self) -> FloatArray:
        middle: FloatArray = self.pieces.mean(axis=1)
        return middle

    def lines(self) -> shapely.STRtree:
        return shapely.STRtree(np.asarray(shapely.linestrings(self.pieces)))

    def where(self, chosen: Callable[[FloatArray], NDArray[np.bool_]]) -> Self:
        return type(self)(self.pieces[chosen(self.midpoints)], self.vertices[chosen(self.vertices)])


def _check(predicted: BaseGeometry, expert: BaseGeometry, step: float) -> None:
    for whose, outline in (("predicted", predicted), ("expert", expert)):
        if outline.geom_type not in ("Polygon", "MultiPolygon") and not outline.is_empty:
            raise OutlineError(
                f"The {whose} outline is a {outline.geom_type}; distances between outlines need "
                "polygons or multipolygons."
            )
    if not step > 0:
        raise OutlineError(f"The step along the boundary is {step}; it must be above 0 metres.")


def _undefined(left_out: float) -> DistanceDeviation:
    nan = float("nan")
    return DistanceDeviation(nan, nan, nan, nan, nan, nan, left_out)


def _off_cut(samples: _Samples, cut: shapely.STRtree, tolerance: float) -> _Samples:
    return samples.where(lambda points: _distances(points, cut) > tolerance)


def _in_sight(samples: _Samples, other: _Samples, cut: shapely.STRtree) -> _Samples:
    """Return what is nearer to the boundary of the other than to where the other was cut."""
    if not len(cut):
        return samples
    lines = other.lines()
    return samples.where(lambda points: _distances(points, cut) > _distances(points, lines))


def _tree(lines: BaseGeometry | None) -> shapely.STRtree:
    return shapely.STRtree([] if lines is None else shapely.get_parts(lines))


def _distances(points: FloatArray, lines: shapely.STRtree) -> FloatArray:
    """Distance of each point (n, 2) to the nearest of the lines; infinite where there is none."""
    if not len(points) or not len(lines):
        return np.full(len(points), np.inf)
    _, nearest = lines.query_nearest(
        shapely.points(points), return_distance=True, all_matches=False
    )
    return np.asarray(nearest, dtype=np.float64)


def _measure(
    seen: list[_Samples], others: list[shapely.STRtree], expert: BaseGeometry, left_out: float
) -> DistanceDeviation:
    """Measure from either outline (predicted first) to the boundary of the other."""
    pairs = list(zip(seen, others, strict=True))
    ways = [_distances(samples.midpoints, lines) for samples, lines in pairs]
    corners = [_distances(samples.vertices, lines) for samples, lines in pairs]
    weights = [samples.weights / samples.length for samples in seen]
    pooled, half_each = np.concatenate(ways), np.concatenate(weights) / 2
    median, p95 = _weighted_quantiles(pooled, half_each, (0.5, 0.95))
    return DistanceDeviation(
        polis=_mean_of_means(corners),
        mean=float(pooled @ half_each),
        median=median,
        p95=p95,
        hausdorff=float(np.concatenate([pooled, *corners]).max()),
        signed_mean=float((ways[0] * _sides(seen[0].midpoints, expert)) @ weights[0]),
        left_out_percent=left_out,
    )


def _mean_of_means(ways: list[FloatArray]) -> float:
    """Average both directions; NaN where the cut left one without a vertex."""
    if not all(len(way) for way in ways):
        return float("nan")
    return float(np.mean([way.mean() for way in ways]))


def _sides(points: FloatArray, expert: BaseGeometry) -> FloatArray:
    """Return +1 outside the expert outline and -1 inside."""
    shapely.prepare(expert)
    inside = shapely.contains_xy(expert, points[:, 0], points[:, 1])
    return np.where(inside, -1.0, 1.0)


def _weighted_quantiles(
    values: FloatArray, weights: FloatArray, shares: tuple[float, ...]
) -> list[float]:
    """Smallest value that at least the given share of the weight does not exceed."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached, np.array(shares) * reached[-1])
    return [float(value) for value in values[order][places]]
