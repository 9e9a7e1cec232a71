"""How far apart two outlines are, in metres: PoLiS, mean, median, 95th percentile, Hausdorff.

Everything here is plane geometry in one projected metric coordinate system;
:mod:`glacier_core.deviations.ground` brings outlines to ground scale first.

Boundaries are sampled by short pieces (:mod:`glacier_core.deviations.boundaries`). Distances to
the other boundary are exact (point to segment), so only the sampling along a boundary is
approximate, and the largest distance not even that (:mod:`glacier_core.deviations.largest`).
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from shapely.geometry.base import BaseGeometry

from glacier_core.deviations.boundaries import STEP, Boundary, Facing, Rings, face, outward_signs
from glacier_core.deviations.largest import largest_distance
from glacier_core.deviations.nearest import FloatArray, Pieces

NOWHERE = (float("nan"), float("nan"))


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
        Largest distance in either direction, to the millimetre.
    signed_mean : float
        Mean distance along the predicted boundary only, positive outside the expert outline
        and negative inside.
    left_out_percent : float
        Share of the two boundaries, by length, that could not be compared because an outline
        was cut off there.
    largest_at : tuple of float
        x and y of the place on either boundary that is as far from the other as ``hausdorff``
        says; one of them where there are several.

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
    largest_at: tuple[float, float] = NOWHERE


def distance_deviation(
    predicted: BaseGeometry,
    expert: BaseGeometry,
    *,
    step: float = STEP,
    predicted_cut: BaseGeometry | None = None,
    expert_cut: BaseGeometry | None = None,
    rings: Rings = "all",
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
    rings : {"all", "external"}
        Whether the rims of nunataks are boundaries, or only the external rings of each outline
        (parts that lie in a nunatak go with it).

    Returns
    -------
    DistanceDeviation

    Raises
    ------
    OutlineError
        When an outline is not polygonal or has no finite place, the step is not positive, or
        the rings are neither "all" nor "external".
    """
    facing = face(
        predicted,
        expert,
        step=step,
        predicted_cut=predicted_cut,
        expert_cut=expert_cut,
        rings=rings,
    )
    if predicted.is_empty or expert.is_empty:
        return _undefined(0.0)
    return measure(facing)


def measure(facing: Facing) -> DistanceDeviation:
    """Measure from either outline to the boundary of the other.

    Parameters
    ----------
    facing : Facing
        As :func:`glacier_core.deviations.boundaries.face` returns it.
    """
    if not facing.comparable:
        return _undefined(facing.left_out_percent)
    predicted, expert = facing.predicted, facing.expert
    pairs = [(predicted.seen, expert.margin), (expert.seen, predicted.margin)]
    with ThreadPoolExecutor(max_workers=1) as aside:
        outwards = aside.submit(outward_signs, predicted.seen.midpoints, expert.outline)
        ways = [margin.distances(seen.midpoints) for seen, margin in pairs]
        corners = [margin.distances(seen.vertices) for seen, margin in pairs]
    weights = [seen.weights / seen.length for seen, _ in pairs]
    pooled, half_each = np.concatenate(ways), np.concatenate(weights) / 2
    median, p95 = _weighted_quantiles(pooled, half_each, (0.5, 0.95))
    hausdorff, place = max(
        (_farthest(*way) for way in zip(pairs, ways, corners, strict=True)),
        key=lambda found: found[0],
    )
    return DistanceDeviation(
        polis=_mean_of_means(corners),
        mean=float(pooled @ half_each),
        median=median,
        p95=p95,
        hausdorff=hausdorff,
        signed_mean=float((ways[0] * outwards.result()) @ weights[0]),
        left_out_percent=facing.left_out_percent,
        largest_at=(float(place[0]), float(place[1])),
    )


def _undefined(left_out: float) -> DistanceDeviation:
    nan = float("nan")
    return DistanceDeviation(nan, nan, nan, nan, nan, nan, left_out)


def _farthest(
    pair: tuple[Boundary, Pieces], way: FloatArray, corners: FloatArray
) -> tuple[float, FloatArray]:
    seen, margin = pair
    alone = np.stack([seen.vertices, seen.vertices], axis=1)
    places, away = np.concatenate([seen.pieces, alone]), np.concatenate([way, corners])
    return largest_distance(places, away, margin)


def _mean_of_means(ways: list[FloatArray]) -> float:
    """Average both directions; NaN where the cut left one without a vertex."""
    if not all(len(way) for way in ways):
        return float("nan")
    return float(np.mean([way.mean() for way in ways]))


def _weighted_quantiles(
    values: FloatArray, weights: FloatArray, shares: tuple[float, ...]
) -> list[float]:
    """Smallest value that at least the given share of the weight does not exceed."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached, np.array(shares) * reached[-1])
    return [float(value) for value in values[order][places]]
