"""How far apart two outlines are, in metres: PoLiS, mean, median, 95th percentile, Hausdorff.

Everything here is plane geometry in one projected metric coordinate system;
:mod:`glacier_core.deviations.ground` brings outlines to ground scale first.

A boundary is every ring, exterior and interior, of every part. Boundaries are cut into pieces
of at most ``step`` metres. Each piece stands, with its length as weight, for the distance of
its midpoint to the other boundary; the vertices are kept as they are. Distances to the other
boundary are exact (point to segment), so only the sampling along a boundary is approximate:
distance changes by at most one metre a metre, hence no sampled maximum is more than
``step / 4`` short.
"""

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
        Share of the two boundaries, by length, that could not be compared because the
        predicted outline was cut off there.

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
    cut: BaseGeometry | None = None,
) -> DistanceDeviation:
    """Measure how far a predicted outline lies from an expert's.

    Parameters
    ----------
    predicted, expert : shapely Polygon or MultiPolygon
        Valid, in one projected metric coordinate system. An empty one leaves every distance
        undefined (NaN).
    step : float
        Most metres between two samples of a boundary.
    cut : shapely geometry, optional
        Lines along which the predicted outline ends for another reason than ice ending there
        (the edge of the scene, no data, an ice divide). They are no predicted boundary, and
        the expert's boundary is left out wherever it is nearer to them than to any predicted
        boundary, since nobody can tell how far the predicted one would have been.

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
    predicted_all = _Samples.of(predicted, step)
    expert_all = _Samples.of(expert, step)
    ours, theirs = _without_cut(predicted_all, expert_all, cut, step)
    whole = predicted_all.length + expert_all.length
    left_out = 100 * max(0.0, 1 - (ours.length + theirs.length) / whole)
    if not len(ours.pieces) or not len(theirs.pieces):
        return _undefined(left_out)
    return _measure(ours, theirs, expert_all, expert, left_out)


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

    def where(self, pieces: NDArray[np.bool_], vertices: NDArray[np.bool_]) -> Self:
        return type(self)(self.pieces[pieces], self.vertices[vertices])


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


def _without_cut(
    predicted: _Samples, expert: _Samples, cut: BaseGeometry | None, step: float
) -> tuple[_Samples, _Samples]:
    """Leave out what the cut made (predicted) and what it hides (expert)."""
    if cut is None or cut.is_empty:
        return predicted, expert
    cuts = shapely.STRtree(shapely.get_parts(cut))
    on_cut = step / 10  # reprojecting bends a long straight edge away from its short pieces
    ours = predicted.where(
        _distances(predicted.midpoints, cuts) > on_cut,
        _distances(predicted.vertices, cuts) > on_cut,
    )
    if not len(ours.pieces):
        return ours, expert.where(*_none_of(expert))
    lines = ours.lines()
    theirs = expert.where(
        _distances(expert.midpoints, cuts) > _distances(expert.midpoints, lines),
        _distances(expert.vertices, cuts) > _distances(expert.vertices, lines),
    )
    return ours, theirs


def _none_of(samples: _Samples) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return np.zeros(len(samples.pieces), bool), np.zeros(len(samples.vertices), bool)


def _distances(points: FloatArray, lines: shapely.STRtree) -> FloatArray:
    """Distance of each point (n, 2) to the nearest of the lines."""
    if not len(points):
        return np.zeros(0)
    _, nearest = lines.query_nearest(
        shapely.points(points), return_distance=True, all_matches=False
    )
    return np.asarray(nearest, dtype=np.float64)


def _measure(
    ours: _Samples,
    theirs: _Samples,
    expert_boundary: _Samples,
    expert: BaseGeometry,
    left_out: float,
) -> DistanceDeviation:
    to_expert, to_predicted = expert_boundary.lines(), ours.lines()
    ways = [_distances(ours.midpoints, to_expert), _distances(theirs.midpoints, to_predicted)]
    corners = [_distances(ours.vertices, to_expert), _distances(theirs.vertices, to_predicted)]
    weights = [samples.weights / samples.length for samples in (ours, theirs)]
    pooled, half_each = np.concatenate(ways), np.concatenate(weights) / 2
    median, p95 = _weighted_quantiles(pooled, half_each, (0.5, 0.95))
    return DistanceDeviation(
        polis=_mean_of_means(corners),
        mean=float(pooled @ half_each),
        median=median,
        p95=p95,
        hausdorff=float(np.concatenate([pooled, *corners]).max()),
        signed_mean=float((ways[0] * _sides(ours.midpoints, expert)) @ weights[0]),
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
