"""Splits of tiles in spatial blocks, so that no tile of one split has a neighbour in another."""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glacier_core.errors import SourceError

Split = Literal["training", "validation", "test", "left-out"]

SPLITS: Final[tuple[Split, ...]] = ("training", "validation", "test")
LEFT_OUT: Final[Split] = "left-out"

RADIUS_KM: Final = 6335.4
"""Smallest radius of curvature of the WGS 84 ellipsoid (of a meridian on the equator), rounded
down: with it, distances are never overestimated."""

_NOBODY: Final = -1


def assign_blocks(
    bounds: ArrayLike,
    block_km: float,
    shares: tuple[float, float, float] = (0.6, 0.2, 0.2),
    seed: int = 0,
    gap_km: float = 0.0,
) -> list[Split]:
    """Assign tiles to splits by whole blocks of ground.

    Tiles whose centres lie in one block stay together. Blocks are dealt out in an order drawn
    from the seed, each to the split that lacks most. Where tiles of two splits come nearer than
    the gap, tiles are left out, those with most such neighbours first and of the split that has
    most for its share, until there are none.

    Parameters
    ----------
    bounds : array (tiles, 4)
        West, south, east and north edge of each tile, degrees.
    block_km : float
        Side of a block.
    shares : tuple of float
        Wanted share of the tiles in training, validation and test.
    seed : int
        The same seed gives the same splits.
    gap_km : float
        Least distance between tiles of two splits, from edge to edge. Tiles that touch or overlap
        are never in two splits, even where it is 0.

    Returns
    -------
    list of {"training", "validation", "test", "left-out"}
        One for each tile, in order.

    Raises
    ------
    SourceError
        When the bounds are no places, or the numbers make no sense.

    Notes
    -----
    To have every region in every split, assign each region on its own: regions are far apart.
    """
    edges = _checked(bounds, block_km, shares, gap_km)
    blocks = _blocks(edges, block_km, np.random.default_rng(seed))
    wanted = np.asarray(shares) / sum(shares)
    assigned = _dealt(blocks, wanted, np.random.default_rng(seed))
    _leave_out(assigned, edges, wanted, gap_km)
    return [SPLITS[split] if split != _NOBODY else LEFT_OUT for split in assigned]


def distance_km(bounds: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Return how far apart tiles lie at least, from edge to edge.

    Parameters
    ----------
    bounds, other : array (..., 4)
        West, south, east and north edge, degrees; broadcast against each other.

    Returns
    -------
    ndarray of float64
        km, 0 where they touch or overlap. Never more than the geodesic distance, and close to it
        for tiles that are small and near each other.

    Notes
    -----
    The haversine formula, with the smallest difference in latitude and in longitude of any two
    points of the tiles, and the smallest cosines of their latitudes.
    """
    one, two = np.asarray(bounds, dtype=np.float64), np.asarray(other, dtype=np.float64)
    north_south = _gap(one[..., 1], one[..., 3], two[..., 1], two[..., 3])
    half = np.deg2rad(north_south) / 2
    turned = [two[..., (0, 2)] + turn for turn in (-360.0, 0.0, 360.0)]
    east_west = np.min(
        [
            _gap(one[..., 0], one[..., 2], west_east[..., 0], west_east[..., 1])
            for west_east in turned
        ],
        axis=0,
    )
    narrowing = _least_cosine(one) * _least_cosine(two)
    square = np.sin(half) ** 2 + narrowing * np.sin(np.deg2rad(east_west) / 2) ** 2
    return np.asarray(2 * RADIUS_KM * np.arcsin(np.sqrt(np.clip(square, 0.0, 1.0))))


def _gap(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    other_low: NDArray[np.float64],
    other_high: NDArray[np.float64],
) -> NDArray[np.float64]:
    return np.maximum(0.0, np.maximum(low - other_high, other_low - high))


def _least_cosine(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    highest = np.maximum(np.abs(edges[..., 1]), np.abs(edges[..., 3]))
    return np.cos(np.deg2rad(np.minimum(highest, 90.0)))


def _checked(
    bounds: ArrayLike, block_km: float, shares: Sequence[float], gap_km: float
) -> NDArray[np.float64]:
    edges = np.asarray(bounds, dtype=np.float64).reshape(-1, 4)
    west, south, east, north = edges.T
    places = (west < east) & (south < north) & (np.abs(edges[:, (1, 3)]) <= 90).all(axis=1)
    places &= (np.abs(edges[:, (0, 2)]) <= 360).all(axis=1)
    if not places.all():
        wrong = int(np.argmin(places))
        raise SourceError(
            f"The bounds of tile {wrong} are {tuple(edges[wrong].tolist())}, no place on the "
            "globe. Give west, south, east and north in degrees."
        )
    if not (block_km > 0 and gap_km >= 0 and min(shares) >= 0 and sum(shares) > 0):
        raise SourceError(
            f"Blocks of {block_km} km with gaps of {gap_km} km and shares of {tuple(shares)} "
            "cannot be made: give positive lengths, and shares of which one is not 0."
        )
    return edges


def _blocks(
    edges: NDArray[np.float64], block_km: float, random: np.random.Generator
) -> NDArray[np.int64]:
    """Return the block of each tile: bands of latitude, cut into columns of about equal width."""
    shift = random.random(2)
    per_degree = np.deg2rad(RADIUS_KM)
    longitude, latitude = edges[:, (0, 2)].mean(axis=1), edges[:, (1, 3)].mean(axis=1)
    band = np.floor(latitude * per_degree / block_km + shift[0])
    middle = np.clip((band + 0.5 - shift[0]) * block_km / per_degree, -90.0, 90.0)
    width = np.cos(np.deg2rad(middle)) * per_degree
    column = np.floor((longitude % 360.0) * width / block_km + shift[1])
    return np.unique(np.stack([band, column], axis=1), axis=0, return_inverse=True)[1].ravel()


def _dealt(
    blocks: NDArray[np.int64], shares: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.int64]:
    sizes = np.bincount(blocks)
    held = np.zeros(len(SPLITS))
    split_of = np.zeros(len(sizes), dtype=np.int64)
    for block in random.permutation(len(sizes)):
        split_of[block] = np.argmax(shares * len(blocks) - held)
        held[split_of[block]] += sizes[block]
    return split_of[blocks]


def _leave_out(
    assigned: NDArray[np.int64],
    edges: NDArray[np.float64],
    shares: NDArray[np.float64],
    gap_km: float,
) -> None:
    """Mark tiles that no split may keep, so that the shares stay what they were."""
    near = np.zeros((len(edges), len(edges)), dtype=bool)
    for tile, own in enumerate(edges):
        distance = distance_km(own, edges)
        near[tile] = ((distance < gap_km) | (distance == 0)) & (assigned != assigned[tile])
    conflicts = near.sum(axis=1)
    while conflicts.any():
        held = np.bincount(assigned[assigned != _NOBODY], minlength=len(SPLITS))
        riches = held / np.maximum(shares, 1e-9)
        troubled = np.flatnonzero(conflicts)
        rich = troubled[riches[assigned[troubled]] == riches[assigned[troubled]].max()]
        gone = rich[np.argmax(conflicts[rich])]
        assigned[gone] = _NOBODY
        conflicts -= near[gone]
        near[gone] = near[:, gone] = False
        conflicts[gone] = 0
