"""How fast this device was, the last times it had much to do."""

import json
import logging
import math
from pathlib import Path
from statistics import median
from typing import Final, Literal

from glacier_core.disk import write_file
from glacier_core.errors import StorageError
from glacier_core.settings import settings

Work = Literal["fetching", "mapping"]
"""Fetching is counted in bytes, mapping in pixels."""

REMEMBERED: Final = 7
"""Times that are remembered; the pace is their median, so that one hiccup does not spoil it."""

SHORTEST: Final = 0.5
"""Seconds; what takes less tells more of the beginning than of the pace."""

_log = logging.getLogger(__name__)


def keep_pace(work: Work, amount: float, seconds: float) -> None:
    """Remember how long something took.

    A disk that refuses is logged and else no matter: nothing but an estimate depends on it.

    Parameters
    ----------
    work : {"fetching", "mapping"}
    amount : float
        Bytes that came from outside, or pixels mapped.
    seconds : float
    """
    if seconds < SHORTEST or amount <= 0:
        return
    kept = _read()
    kept[work] = [*kept.get(work, []), amount / seconds][-REMEMBERED:]
    try:
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, json.dumps(kept).encode())
    except (StorageError, OSError) as problem:
        _log.warning("the pace of %s was not kept: %s", work, problem)


def pace(work: Work) -> float | None:
    """Return bytes or pixels a second, None where this device has not done such work yet."""
    known = _read().get(work)
    return median(known) if known else None


def _path() -> Path:
    return settings().data_dir / "pace.json"


def _read() -> dict[str, list[float]]:
    """Return what is remembered; what is damaged counts as forgotten."""
    try:
        kept = json.loads(_path().read_text(encoding="utf-8"))
        return {
            work: [rate for rate in map(float, rates) if math.isfinite(rate) and rate > 0]
            for work, rates in kept.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
