"""What a file of tiles holds, and what is wrong with it, tile by tile."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from glacier_core.errors import SourceError
from glacier_core.sources.tiles import TileSet

_BY: Final = ["region", "subregion", "features"]
_COUNTS: Final = ["tiles", "valid", "labelled", "glacier"]


@dataclass(frozen=True)
class TileSurvey:
    """What was found in a file of tiles.

    Attributes
    ----------
    table : pandas.DataFrame
        A row for each region, subregion and set of feature groups: ``tiles``; ``valid``, the share
        of the pixels that can be used; ``labelled``, the share of those whose class is known;
        ``glacier``, the share of glacier among these.
    problems : tuple of str
        A sentence for each tile that cannot be used.
    simulated : bool
        Whether the file says that its tiles are simulated.
    """

    table: pd.DataFrame
    problems: tuple[str, ...]
    simulated: bool


def survey_tiles(path: str | Path, progress: Callable[[str], None] | None = None) -> TileSurvey:
    """Read every tile of a file once, and tell what there is.

    Parameters
    ----------
    path : str or Path
    progress : callable, optional
        Is told the name of every tile once it is read.

    Raises
    ------
    SourceError
        When the file as a whole cannot be used.
    """
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    with TileSet(path) as tiles:
        for name in tiles.names:
            try:
                rows.append(_row(tiles, name))
            except SourceError as problem:
                problems.append(str(problem))
            if progress is not None:
                progress(name)
        return TileSurvey(_table(rows), tuple(problems), tiles.simulated)


def _row(tiles: TileSet, name: str) -> dict[str, Any]:
    tile = tiles.tile(name)
    scored = tile.valid & tile.labelled
    return {
        "region": tile.region,
        "subregion": tile.subregion,
        "features": " ".join(tiles.summary(name).groups),
        "tiles": 1,
        "pixels": tile.valid.size,
        "valid": int(tile.valid.sum()),
        "labelled": int(scored.sum()),
        "glacier": int((tile.glacier & scored).sum()),
    }


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*_BY, *_COUNTS, "pixels"])
    sums = frame.groupby(_BY, as_index=False).sum()
    shares = {
        "valid": sums["valid"] / sums["pixels"],
        "labelled": sums["labelled"] / sums["valid"],
        "glacier": sums["glacier"] / sums["labelled"],
    }
    return sums.assign(**shares)[[*_BY, *_COUNTS]]
