"""Where a boundary lies farthest from another: not the farthest sample, but the place itself."""

import numpy as np

from glacier_core.deviations.nearest import FloatArray, Pieces, distances_to, lengths, middles

TOLERANCE = 1e-3
"""Metres by which the place found may fall short of the farthest: a millimetre."""


def largest_distance(
    pieces: FloatArray, away: FloatArray, margin: Pieces, tolerance: float = TOLERANCE
) -> tuple[float, FloatArray]:
    """Return the largest distance of any place on some pieces to a margin, and that place.

    Pieces are halved as long as a place on them could be farther away than the farthest found.
    How far it could be is bounded twice: distance changes by at most one metre a metre; and the
    distance to one straight piece of the margin is a convex function along a straight line, so
    it is nowhere larger than at the two ends.

    Parameters
    ----------
    pieces : ndarray of float64, (n, 2 ends, 2 coordinates)
        At least one; both ends may be the same place.
    away : ndarray of float64, (n,)
        How far the middle of each piece lies from the margin.
    margin : Pieces
        At least one.
    tolerance : float
        Metres.

    Returns
    -------
    distance : float
    place : ndarray of float64, (2,)
    """
    middle = middles(pieces)
    largest, place = float(away.max()), middle[away.argmax()]
    pieces = pieces[away + lengths(pieces) / 2 > largest]
    while len(pieces):
        nearest, away = _at_ends(pieces, margin)
        if away.max() > largest:
            largest, place = float(away.max()), pieces.reshape(-1, 2)[away.argmax()]
        bound = _bound(pieces, nearest, away)
        pieces = _halves(pieces[bound > largest + tolerance])
    return largest, place


def _at_ends(pieces: FloatArray, margin: Pieces) -> tuple[FloatArray, FloatArray]:
    """Find the piece of the margin nearest to each end (n, 2, 2, 2), and how far (n, 2)."""
    ends = pieces.reshape(-1, 2)
    nearest = margin.nearest(ends)
    return nearest.reshape(-1, 2, 2, 2), distances_to(ends, nearest).reshape(-1, 2)


def _bound(pieces: FloatArray, nearest: FloatArray, away: FloatArray) -> FloatArray:
    """Upper bound of the distance of any place on each piece."""
    by_first = np.maximum(away[:, 0], distances_to(pieces[:, 1], nearest[:, 0]))
    by_second = np.maximum(away[:, 1], distances_to(pieces[:, 0], nearest[:, 1]))
    by_length = (away.sum(axis=1) + lengths(pieces)) / 2
    bound: FloatArray = np.minimum(np.minimum(by_first, by_second), by_length)
    return bound


def _halves(pieces: FloatArray) -> FloatArray:
    middle = middles(pieces)
    first = np.stack([pieces[:, 0], middle], axis=1)
    second = np.stack([middle, pieces[:, 1]], axis=1)
    return np.concatenate([first, second])
