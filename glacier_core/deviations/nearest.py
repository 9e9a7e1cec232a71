"""The nearest of many short pieces of line, exactly and for a million points at a time."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from glacier_core.settings import settings

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

AT_ONCE = 100_000
"""Points searched together, so that a million need no more memory than these."""

FEW, MANY = 8, 64
"""Middles of pieces looked at before all pieces are searched: a dozen metres from a boundary of
10 m pieces, 8 are enough for 19 points of 20. Many pay off only where few points are asked for."""


class Pieces:
    """Short pieces of line among which the nearest is found.

    Parameters
    ----------
    ends : ndarray of float64, (n, 2 ends, 2 coordinates)
        Pieces that follow each other on one line should follow each other here: the search is
        then faster.
    """

    def __init__(self, ends: FloatArray) -> None:
        self.ends = ends

    @classmethod
    def of(cls, lines: BaseGeometry | None, step: float) -> Self:
        """Cut lines or rings into pieces of at most ``step`` metres."""
        parts = np.asarray([] if lines is None else shapely.get_parts(lines), dtype=object)
        return cls(cut_into_pieces(parts, step)[0])

    def __len__(self) -> int:
        return len(self.ends)

    def closest(self, points: FloatArray) -> FloatArray:
        """Return the place on a piece that is closest to each point (m, 2); NaN without pieces."""
        if not len(self) or not len(points):
            return np.full((len(points), 2), np.nan)
        shares = [points[start : start + AT_ONCE] for start in range(0, len(points), AT_ONCE)]
        if len(shares) == 1:
            return self._closest(points)
        self._prepare()
        # scipy, shapely and numpy let go of the interpreter while they search.
        with ThreadPoolExecutor(settings().threads or os.cpu_count()) as threads:
            return np.concatenate(list(threads.map(self._closest, shares)))

    def distances(self, points: FloatArray) -> FloatArray:
        """Return the distance of each point (m, 2) to the nearest piece; infinite without any."""
        away = np.hypot(*(self.closest(points) - points).T)
        return away if len(self) else np.full(len(points), np.inf)

    def nearest(self, points: FloatArray) -> FloatArray:
        """Return the nearest piece (m, 2, 2) of each point (m, 2)."""
        piece, proved = self._nearest_among(points, MANY)
        if not proved.all():
            piece[~proved] = self._tree.nearest(shapely.points(points[~proved]))
        return self.ends[piece]

    def _closest(self, points: FloatArray) -> FloatArray:
        piece, proved = self._nearest_among(points, FEW)
        found = closest_on(points, self.ends[piece])
        # GEOS searches an index only when asked for the shortest line to a prepared geometry:
        # five times as fast as a tree of the pieces, a thousand times as fast as distance.
        lines = shapely.shortest_line(self._runs, shapely.points(points[~proved]))
        found[~proved] = shapely.get_coordinates(lines)[::2]
        return found

    def _prepare(self) -> None:
        """Build all that is searched, which several threads would else build at the same time.

        GEOS builds its index when it is first asked, and then only if it needs it: for a place
        within the pieces it always does. Two threads that build one crash.
        """
        _ = self._middles, self._reach
        shapely.shortest_line(self._runs, shapely.Point(self.ends[0, 0]))

    def _nearest_among(self, points: FloatArray, count: int) -> tuple[IndexArray, BoolArray]:
        """Return the nearest of the pieces whose middles are nearest, and whether it surely is.

        No place on a piece is nearer than its middle by more than half the longest piece. So a
        piece is the nearest of all if it is nearer than the last middle looked at by that much.
        """
        count = min(count, len(self))
        found = self._middles.query(points, k=np.arange(1, count + 1))
        to_middle, pieces = np.asarray(found[0]), np.asarray(found[1])
        nearest = pieces[:, 0].astype(np.int64)
        away = distances_to(points, self.ends[nearest])
        for turn in range(1, count):
            (rivals,) = np.nonzero(to_middle[:, turn] - self._reach < away)
            if not len(rivals):
                break
            rival = pieces[rivals, turn]
            theirs = distances_to(points[rivals], self.ends[rival])
            closer = theirs < away[rivals]
            nearest[rivals[closer]], away[rivals[closer]] = rival[closer], theirs[closer]
        return nearest, (to_middle[:, -1] - self._reach >= away) | (count == len(self))

    @cached_property
    def _middles(self) -> cKDTree:
        return cKDTree(middles(self.ends))

    @cached_property
    def _reach(self) -> float:
        """Half the longest piece."""
        return float(lengths(self.ends).max()) / 2

    @cached_property
    def _runs(self) -> BaseGeometry:
        """All pieces as one prepared geometry, those that follow each other as one line."""
        starts_run = np.append(True, (self.ends[1:, 0] != self.ends[:-1, 1]).any(axis=1))
        run = np.cumsum(starts_run) - 1
        last = np.append(np.flatnonzero(starts_run)[1:], len(run)) - 1
        places = np.concatenate([self.ends[:, 0], self.ends[last, 1]])
        order = np.argsort(np.concatenate([run, run[last]]), kind="stable")
        numbers = np.concatenate([run, run[last]])[order]
        lines = np.asarray(shapely.linestrings(places[order], indices=numbers), dtype=object)
        runs = shapely.MultiLineString(list(lines))
        shapely.prepare(runs)
        return runs

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(np.asarray(shapely.linestrings(self.ends)))


def cut_into_pieces(lines: NDArray[np.object_], step: float) -> tuple[FloatArray, IndexArray]:
    """Cut lines or rings into pieces of at most ``step`` metres.

    Parameters
    ----------
    lines : ndarray of shapely lines or rings
    step : float

    Returns
    -------
    ends : ndarray of float64, (n, 2, 2)
    line : ndarray of int64, (n,)
        Which of the lines each piece is of.
    """
    coordinates, line = shapely.get_coordinates(shapely.segmentize(lines, step), return_index=True)
    within = line[1:] == line[:-1]
    ends = np.stack([coordinates[:-1][within], coordinates[1:][within]], axis=1)
    return ends, line[1:][within].astype(np.int64)


def lengths(pieces: FloatArray) -> FloatArray:
    """Return the length of each piece (n, 2 ends, 2 coordinates)."""
    found: FloatArray = np.hypot(*(pieces[:, 1] - pieces[:, 0]).T)
    return found


def middles(pieces: FloatArray) -> FloatArray:
    """Return the middle (n, 2) of each piece (n, 2 ends, 2 coordinates)."""
    return (pieces[:, 0] + pieces[:, 1]) / 2


def distances_to(points: FloatArray, pieces: FloatArray) -> FloatArray:
    """Return the distance of each point (n, 2) to its own piece (n, 2 ends, 2 coordinates)."""
    found: FloatArray = np.hypot(*(closest_on(points, pieces) - points).T)
    return found


def closest_on(points: FloatArray, pieces: FloatArray) -> FloatArray:
    """Return the place on its own piece (n, 2 ends, 2 coordinates) closest to each point (n, 2)."""
    start, way = pieces[:, 0], pieces[:, 1] - pieces[:, 0]
    squared = way[:, 0] ** 2 + way[:, 1] ** 2
    to_point = points - start
    along = to_point[:, 0] * way[:, 0] + to_point[:, 1] * way[:, 1]
    share = np.divide(along, squared, out=np.zeros_like(along), where=squared > 0)
    return start + np.clip(share, 0, 1)[:, None] * way
