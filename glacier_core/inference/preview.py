"""What mappings under way have found so far, to be drawn while the rest still runs."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from glacier_core.inference.request import Request

MOST_PIXELS: Final = 4_000_000
"""Of a preview; of a larger scene it keeps every second pixel, or every third, and so on."""

UNKNOWN: Final = -1
"""In `Preview.values`: not mapped yet, or no data."""


class Preview:
    """Probabilities of the rows that are finished, in memory.

    Parameters
    ----------
    transform : affine.Affine
        Of the scene.
    crs : rasterio.crs.CRS
    mapped : ndarray of bool, (rows, columns)
        Where the map is going to say something.

    Attributes
    ----------
    values : ndarray of int16, (rows, columns)
        ``round(255 * probability)``, or `UNKNOWN`.
    transform : affine.Affine
        Of `values`.
    crs : rasterio.crs.CRS
    rows : int
        Rows of the scene that are finished.
    """

    def __init__(self, transform: Affine, crs: CRS, mapped: NDArray[np.bool_]) -> None:
        self._step = math.ceil(math.sqrt(mapped.size / MOST_PIXELS))
        self._mapped = mapped[:: self._step, :: self._step]
        self.values: NDArray[np.int16] = np.full(self._mapped.shape, UNKNOWN, np.int16)
        self.transform = transform @ Affine.scale(self._step)
        self.crs = crs
        self.rows = 0

    def add(self, first: int, probability: NDArray[np.float32]) -> None:
        """Add finished rows (any, columns), NaN where there is no data."""
        skipped = -first % self._step
        seen = probability[skipped :: self._step, :: self._step]
        at = (first + skipped) // self._step
        known = np.isfinite(seen) & self._mapped[at : at + len(seen)]
        scaled = np.where(known, np.round(255 * seen), UNKNOWN)
        self.values[at : at + len(seen)] = scaled.astype(np.int16)
        self.rows = first + len(probability)


_lock = threading.Lock()
_shown: dict[str, Preview] = {}  # by the key of the map


@contextmanager
def previewed(request: Request) -> Iterator[Preview]:
    """Let the map of a request be looked at while it is made."""
    scene = request.scene
    everything = request.method.compatibility == "authors"
    preview = Preview(scene.transform, scene.crs, scene.valid | everything)
    with _lock:
        _shown[request.key] = preview
    try:
        yield preview
    finally:
        with _lock:
            if _shown.get(request.key) is preview:
                del _shown[request.key]


def find_preview(key: str) -> Preview | None:
    """Return the preview of a map that is being made in this process, None if it is not."""
    with _lock:
        return _shown.get(key)
