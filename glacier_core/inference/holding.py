"""Which kept maps are shown, so that none of them leaves the cache.

Who shows a map holds it; the map is shown as long as anything refers to that hold. Other processes
that share the data folder are told by a file for every map, ``maps/shown/<key>``, whose time is
renewed as long as the map is held: it counts for ``settings().shown_minutes`` after. So the maps
of a process that was killed are free again after that time, whatever became of it.
"""

import logging
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final
from weakref import WeakSet

from glacier_core.settings import settings

RENEWALS: Final = 4
"""Times that a hold is told to other processes while one telling counts."""

_log = logging.getLogger(__name__)


class MapHold:
    """A map is shown as long as this object is referred to.

    Attributes
    ----------
    key : str
        Of the map.
    home : Path
        Folder of the kept maps.
    """

    def __init__(self, key: str, home: Path) -> None:
        self.key, self.home = key, home


def hold_map(key: str) -> MapHold:
    """Keep a map in the cache as long as the returned object is referred to.

    Hold a map first and find it then, with `glacier_core.inference.cache.find_map`: what was
    found stays. Holding what is not kept does no harm.

    Parameters
    ----------
    key : str
        A key of a map; 64 hexadecimal digits.
    """
    hold = MapHold(key, maps_folder())
    with _changing:
        _holds.add(hold)
        _renew_in_background()
    tell_shown(key)
    return hold


def tell_shown(key: str) -> None:
    """Tell other processes that a map is shown at this moment, without holding it."""
    _tell(maps_folder(), key)


def is_held(key: str) -> bool:
    """Return whether a map is shown, by this process or by another one that told so."""
    home = maps_folder()
    with _changing:
        if any(hold.key == key and hold.home == home for hold in _holds):
            return True
    return _age(home / "shown" / key) <= _seconds()


def forget_old_tellings() -> None:
    """Remove the files of maps that are no longer shown."""
    shown = maps_folder() / "shown"
    with suppress(OSError):
        for told in list(shown.iterdir()):
            if _age(told) > _seconds():
                told.unlink(missing_ok=True)


def maps_folder() -> Path:
    """Return the folder of the kept maps."""
    return settings().data_dir / "maps"


_changing: Final = threading.RLock()  # a collected hold may be told of while another is added
_holds: "Final[WeakSet[MapHold]]" = WeakSet()
_renewing: list[threading.Thread] = []


def _seconds() -> float:
    return 60.0 * settings().shown_minutes


def _age(told: Path) -> float:
    """Return for how long a map was not told to be shown, infinity where it never was.

    A time to come is that of a clock that was set back since: it counts from now on.
    """
    try:
        age = time.time() - told.lstat().st_mtime
        if age < 0:
            os.utime(told, follow_symlinks=False)
    except OSError:
        return float("inf")
    return max(age, 0.0)


def _tell(home: Path, key: str) -> None:
    told = home / "shown" / key
    if _age(told) < _seconds() / RENEWALS:
        return
    try:
        if home.is_dir():
            told.parent.mkdir(exist_ok=True)
            told.touch()
    except OSError as error:  # a cache that cannot be written loses nothing either
        _log.debug("That %s is shown cannot be told: %s", key, error)


def _renew_in_background() -> None:
    if _renewing and _renewing[0].is_alive():
        return
    _renewing[:] = [threading.Thread(target=_renew, name="glacier-shown-maps", daemon=True)]
    _renewing[0].start()


def _renew() -> None:
    """Renew all tellings, until nothing is held any more."""
    while True:
        time.sleep(_seconds() / RENEWALS / 2)
        with _changing:
            held = {(hold.home, hold.key) for hold in _holds}
            if not held:
                _renewing.clear()
                return
        for home, key in held:
            _tell(home, key)
