"""How far a pooled figure may be from that of other scenes drawn in the same way.

Pixels of one scene are alike, so scenes are drawn anew, not pixels (a cluster bootstrap: Davison
and Hinkley 1997, "Bootstrap methods and their application", chapter 3).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
LEVEL = 0.95
INTERVAL = f"{LEVEL:.0%} interval, {DRAWS:,} draws of whole scenes with replacement"
FEWEST = 5
"""Scenes that count; with fewer a bootstrap says nothing."""

Tallies = Sequence[tuple[int, int]]


def share_interval(tallies: Tallies, *, seed: int = 0) -> tuple[float, float] | None:
    """Interval of a share of the pixels of all scenes together.

    Parameters
    ----------
    tallies : sequence of (int, int)
        Of each scene: how many pixels, of how many; as `evaluation.tallies` counts them.
    seed : int
        Of the draws.

    Returns
    -------
    tuple of float or None
        Lower and upper end; None where fewer than `FEWEST` scenes hold such pixels.
    """
    counts = np.asarray(tallies, np.float64).reshape(-1, 2)
    if not _enough(counts):
        return None
    parts, wholes = np.moveaxis(_draws(len(counts), seed) @ counts, -1, 0)
    return _ends(_shares(parts, wholes))


def difference_interval(
    first: Tallies, second: Tallies, *, seed: int = 0
) -> tuple[float, float] | None:
    """Interval of the second share less the first, of the same scenes in the same order.

    Parameters, returns
        As `share_interval`. Both are drawn together, so that what makes a scene hard cancels.
    """
    before, after = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if not (_enough(before) and _enough(after)):
        return None
    draws = _draws(len(before), seed)
    change = _shares(*np.moveaxis(draws @ after, -1, 0)) - _shares(
        *np.moveaxis(draws @ before, -1, 0)
    )
    return _ends(change)


def interval_facts(tallies: Tallies) -> dict[str, Any]:
    """Return what an `Accuracy` of a model card says of a share besides its value."""
    facts: dict[str, Any] = {"count": sum(whole for _, whole in tallies) or None}
    ends = share_interval(tallies)
    if ends is None:
        return facts
    return facts | {"low": round(ends[0], 4), "high": round(ends[1], 4), "interval": INTERVAL}


def _enough(counts: NDArray[np.float64]) -> bool:
    return bool(np.count_nonzero(counts[:, 1]) >= FEWEST)


def _draws(scenes: int, seed: int) -> NDArray[np.float64]:
    """How often each scene is drawn, (draws, scenes)."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(scenes, np.full(scenes, 1.0 / scenes), DRAWS).astype(np.float64)


def _shares(parts: NDArray[np.float64], wholes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(parts, wholes, out=np.full_like(parts, np.nan), where=wholes > 0)


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
