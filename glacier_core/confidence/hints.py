"""Look here first: where a person's minute of correcting improves a map most.

Where confidence is calibrated, one minus it is the chance that the class of a pixel is wrong, so
the sum of (1 - confidence) x pixel area is the area expected to be wrong. Only doubtful pixels
count: in a wide sure area the same sum may be large, but nobody would find the few errors in it.

Doubt follows margins, so doubtful pixels hang together around whole glaciers. What a person looks
at in one go is a screen. Therefore a hot-spot is what is doubtful within a square of a stated
side: the square with most expected error comes first, its pixels are then taken out, and so on.
"""

from typing import Final

import numpy as np
import pandas as pd
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import array_bounds
from rasterio.warp import transform as transform_points
from rasterio.warp import transform_bounds
from scipy import ndimage

from glacier_core.confidence.band import check_level
from glacier_core.confidence.ground_area import label_areas_km2
from glacier_core.confidence.mapped import Mapped
from glacier_core.errors import ModelError

DOUBTFUL: Final = 0.9
"""Calibrated confidence below which a pixel may be worth a look: one in ten such is wrong."""

SIDE_M: Final = 1000.0
"""Side of what a person looks at in one go, m: about 33 pixels of Landsat, 100 of Sentinel-2."""

GEOGRAPHIC: Final = "EPSG:4326"

COLUMNS: Final = (
    "rank",
    "lon",
    "lat",
    "area_km2",
    "expected_gain_km2",
    "mean_confidence",
    "west",
    "south",
    "east",
    "north",
    "sentence",
    "simulated",
)

Slices = tuple[slice, slice]


def look_here_first(
    result: Mapped, count: int = 10, *, below: float = DOUBTFUL, side_m: float = SIDE_M
) -> pd.DataFrame:
    """Rank the places where correcting is expected to mend most.

    Parameters
    ----------
    result : GlacierMap
        With calibrated confidence.
    count : int
        Most places to name, 1 or more.
    below : float
        Confidence below which a pixel is doubtful, above 0.5 and below 1.
    side_m : float
        Side of the square that one look takes in, at least a pixel, m of the map's grid.

    Returns
    -------
    DataFrame
        One row a place, the most rewarding first, none where nothing is doubtful: ``rank`` from
        1; ``lon``, ``lat`` of its centre (weighted by the chance of error); ``area_km2`` of its
        doubtful pixels; ``expected_gain_km2``, the area of them expected to be wrong;
        ``mean_confidence`` of them; ``west``, ``south``, ``east``, ``north`` of a square around
        them, degrees; ``sentence`` in plain words; ``simulated``.

    Raises
    ------
    ModelError
        If a choice makes no sense.
    """
    check_level(below)
    window = _window(result, count, side_m)
    confidence = result.confidence.to_numpy()
    error = np.where(confidence < below, 1 - confidence, 0).astype(np.float32)
    spots = _hot_spots(error, count, window)
    rows = pd.DataFrame([_row(result, *spot) for spot in spots], columns=list(COLUMNS[1:]))
    # Squares are chosen by pixels, whose area on the ground may differ by a little.
    rows = rows.sort_values("expected_gain_km2", ascending=False, ignore_index=True)
    rows.insert(0, "rank", np.arange(1, len(rows) + 1))
    return rows


def _window(result: Mapped, count: int, side_m: float) -> int:
    """Return the side of the square in whole pixels."""
    if count < 1:
        raise ModelError(f"The number of places is {count}; ask for one or more.")
    if not result.resolution <= side_m < float("inf"):
        raise ModelError(
            f"The side of a place is {side_m:g} m; it must be a pixel ({result.resolution:g} m) "
            f"or more. {SIDE_M:g} m is usual."
        )
    return max(int(side_m // result.resolution), 1)


Spot = tuple[Slices, NDArray[np.float32]]
"""Rows and columns of a square, and the chance of error of its doubtful pixels, 0 elsewhere."""


def _hot_spots(error: NDArray[np.float32], count: int, window: int) -> list[Spot]:
    remaining = error.copy()
    means = _square_means(remaining, window)
    spots: list[Spot] = []
    while len(spots) < count:
        row, column = (int(place) for place in np.unravel_index(means.argmax(), means.shape))
        square = np.s_[row : row + window, column : column + window]
        taken = remaining[square].copy()
        if not taken.any():
            break
        spots.append((square, taken))
        remaining[square] = 0
        _renew(means, remaining, (row, column), window)
    return spots


def _square_means(values: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """Average every square of pixels; that of a square stands at its upper left corner."""
    means = values
    for axis, length in enumerate(values.shape):
        side = min(window, length)
        means = ndimage.uniform_filter1d(means, side, axis, mode="constant")
        means = means.take(range(side // 2, side // 2 + length - side + 1), axis)
    return means


def _renew(
    means: NDArray[np.float32],
    values: NDArray[np.float32],
    corner: tuple[int, int],
    window: int,
) -> None:
    """Average anew those squares that overlap the changed one."""
    top, left = (max(place - window + 1, 0) for place in corner)
    bottom, right = (place + 2 * window - 1 for place in corner)
    fresh = _square_means(values[top:bottom, left:right], window)
    means[top : top + fresh.shape[0], left : left + fresh.shape[1]] = fresh


def _row(result: Mapped, square: Slices, error: NDArray[np.float32]) -> dict[str, object]:
    doubtful = error > 0
    shift = Affine.translation(square[1].start, square[0].start)
    place = result.transform @ shift
    area, gain = (
        float(label_areas_km2(doubtful.astype(np.uint8), 2, place, result.crs, share)[1])
        for share in (None, error)
    )
    confidence = 1 - float(error[doubtful].mean())
    lon, lat = _centre(place, result.crs, error)
    west, south, east, north = _view(place, result.crs, doubtful)
    return {
        "lon": lon,
        "lat": lat,
        "area_km2": area,
        "expected_gain_km2": gain,
        "mean_confidence": confidence,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "sentence": _sentence(area, gain, confidence, simulated=result.simulated),
        "simulated": result.simulated,
    }


def _centre(place: Affine, crs: CRS, error: NDArray[np.float32]) -> tuple[float, float]:
    """Return longitude and latitude of the chance of error's centre of mass."""
    row, column = ndimage.center_of_mass(error.astype(np.float64))
    x, y = place @ (column + 0.5, row + 0.5)
    (longitude,), (latitude,) = transform_points(crs, GEOGRAPHIC, [x], [y])
    return longitude, latitude


def _view(
    place: Affine, crs: CRS, doubtful: NDArray[np.bool_]
) -> tuple[float, float, float, float]:
    """Return west, south, east and north of the square, moved so that all doubt is amid it."""
    middle = [(some.min() + some.max() + 1) / 2 for some in doubtful.nonzero()]
    rows, columns = (
        where - length / 2 for where, length in zip(middle, doubtful.shape, strict=True)
    )
    moved = place @ Affine.translation(columns, rows)
    west, south, east, north = transform_bounds(
        crs, GEOGRAPHIC, *array_bounds(*doubtful.shape, moved)
    )
    return west, south, east, north


def _sentence(area: float, gain: float, confidence: float, *, simulated: bool) -> str:
    ground = "simulated ground" if simulated else "ground"
    return (
        f"{area:.3f} km² of {ground} are doubtful here (confidence {confidence:.0%} on average); "
        f"about {gain:.3f} km² of them are expected to be wrong."
    )
