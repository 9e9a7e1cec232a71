"""Tiles small enough to count by hand."""

import numpy as np

from glacier_core.benchmark.scoring import Scoreboard
from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.sources.tiles import Tile
from tests.tile_files import make_tile

WEST, NORTH = 8.0, 46.0


def flat_tile(glacier, *, region="ALP", subregion="ALP", name=None, metres=10.0, **changes) -> Tile:
    """Return a tile whose pixels are about squares of so many metres, all valid and labelled."""
    glacier = np.asarray(glacier, dtype=bool)
    rows, columns = glacier.shape
    south = NORTH - rows * metres / 111_150
    middle = np.radians((NORTH + south) / 2)
    east = WEST + columns * metres / (111_320 * np.cos(middle))
    return make_tile(
        name or f"{subregion}-{glacier.sum()}-{columns}",
        shape=glacier.shape,
        glacier=glacier,
        region=region,
        subregion=subregion,
        bounds=(WEST, south, east, NORTH),
        **changes,
    )


def figure(table, metric, *, region="ALP", subregion="", stratum="all", column="value"):
    """Return one figure out of a table of them."""
    found = table[
        (table["metric"] == metric)
        & (table["region"] == region)
        & (table["subregion"] == subregion)
        & (table["stratum"] == stratum)
    ]
    assert len(found) == 1, f"{len(found)} figures of {metric}, {region}, {stratum}"
    return found[column].iloc[0]


def score_tiles(maps, curve=None, *, confident=True):
    """Return the figures of pairs of a tile and its probability of glacier."""
    board = Scoreboard(confident=confident)
    for tile, probability in maps:
        shown = None if curve is None else curve.apply(entropy_confidence(probability))
        board.add(tile, probability, shown)
    return board.figures()
