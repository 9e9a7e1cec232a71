"""Where one glacier ends and the next begins: ice split along its own watersheds."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import reconstruction
from skimage.segmentation import watershed


def label_ice_bodies(
    surface: NDArray[np.float32],
    ice: NDArray[np.bool_],
    cell: float,
    *,
    smallest_km2: float,
    depth: float = 90.0,
) -> NDArray[np.int32]:
    """Number the glaciers of an ice mask, one for each tongue, split along the ice divides.

    The ice surface is flooded from its lowest points: each tongue end that lies `depth` below the
    pass to the next one keeps its own basin.

    Parameters
    ----------
    surface : ndarray, (rows, columns)
        Elevation of ice and ground, m.
    ice : ndarray of bool
        Where there is ice.
    cell : float
        Cell size, m.
    smallest_km2 : float
        Connected ice smaller than this is dropped.
    depth : float
        Metres a tongue end must lie below the divide to be a glacier of its own.

    Returns
    -------
    ndarray of int32
        1, 2, ... by falling area; 0 off the ice.
    """
    ice = _without_small_parts(ice, smallest_km2 * 1e6 / cell**2)
    smooth = ndimage.gaussian_filter(surface.astype(np.float64), 2.0, mode="nearest")
    high = float(smooth.max()) + 2.0 * depth
    walled = np.where(ice, smooth, high)
    filled = reconstruction(np.minimum(walled + depth, high), walled, method="erosion")
    hollows = ice & (filled - walled >= depth - 1e-6)
    markers, _ = ndimage.label(hollows | _lone_parts(ice, hollows), np.ones((3, 3)))
    labels = watershed(walled, markers, mask=ice)
    return _by_falling_area(labels)


def relative_height(
    elevation: NDArray[np.float32], labels: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Height within each glacier's own range: 0 at its lowest, 1 at its highest cell, 0 outside."""
    count = int(labels.max(initial=0))
    index = np.arange(count + 1)
    known = np.where(np.isfinite(elevation), elevation, 0.0)
    low = np.asarray(ndimage.minimum(known, labels, index), dtype=np.float64)
    high = np.asarray(ndimage.maximum(known, labels, index), dtype=np.float64)
    span = np.maximum(high - low, 1.0)
    height = (known - low[labels]) / span[labels]
    return np.where(labels > 0, np.clip(height, 0.0, 1.0), 0.0).astype(np.float32)


def _without_small_parts(ice: NDArray[np.bool_], cells: float) -> NDArray[np.bool_]:
    parts, _ = ndimage.label(ice)
    sizes = np.bincount(parts.ravel())
    keep = sizes >= cells
    keep[0] = False
    return np.asarray(keep[parts])


def _lone_parts(ice: NDArray[np.bool_], hollows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Connected ice too flat to hold a hollow of its own still is one glacier."""
    parts, count = ndimage.label(ice)
    marked = np.zeros(count + 1, dtype=np.bool_)
    marked[np.unique(parts[hollows])] = True
    return np.asarray(ice & ~marked[parts])


def _by_falling_area(labels: NDArray[np.int_]) -> NDArray[np.int32]:
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    order = np.argsort(-sizes, kind="stable")
    number = np.zeros(sizes.size, dtype=np.int32)
    present = order[sizes[order] > 0]
    number[present] = np.arange(1, present.size + 1, dtype=np.int32)
    return np.asarray(number[labels], dtype=np.int32)
