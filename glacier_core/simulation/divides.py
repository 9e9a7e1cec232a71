"""Where one glacier ends and the next begins: ice split along its own watersheds."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as label_parts
from skimage.morphology import reconstruction
from skimage.segmentation import watershed

SLIVER_KM2 = 0.3  # smaller parts of connected ice are no glaciers of their own
FLOW_STEP = 0.8  # cells
MOST_FLOW_STEPS = 500


def label_ice_bodies(
    surface: NDArray[np.float32],
    ice: NDArray[np.bool_],
    cell: float,
    *,
    smallest_km2: float,
    depth: float = 120.0,
) -> NDArray[np.int32]:
    """Return the glaciers of an ice mask, one for each tongue, split along the ice divides.

    The ice surface is flooded from its lowest points: each tongue end that lies `depth` below the
    pass to the next one starts a basin. Flooding on a square grid bends divides along its axes,
    so every cell then goes to the basin in which its flow line ends, and slivers go to the
    neighbour with which they share most of their border.

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
    filled = reconstruction(np.minimum(walled + depth, high), walled, method="erosion")  # type: ignore[no-untyped-call]
    hollows = ice & (filled - walled >= depth - 1e-6)
    markers, _ = ndimage.label(hollows | _lone_parts(ice, hollows), np.ones((3, 3)))
    labels = watershed(walled, markers, mask=ice)  # type: ignore[no-untyped-call]
    labels = _where_flow_ends(smooth, labels, ice & ~hollows)
    return _by_falling_area(_merge_slivers(labels, SLIVER_KM2 * 1e6 / cell**2))


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


def _where_flow_ends(
    surface: NDArray[np.float64], labels: NDArray[np.int_], moving: NDArray[np.bool_]
) -> NDArray[np.int_]:
    """Label of the cell in which the flow line of each cell leaves `moving`."""
    down, right = np.gradient(surface)
    length = np.maximum(np.hypot(down, right), 1e-9)
    down, right = FLOW_STEP * down / length, FLOW_STEP * right / length
    start = np.nonzero(moving)
    rows, columns = (axis.astype(np.float64) for axis in start)
    end = labels[start].copy()
    active = np.arange(rows.size)
    for _ in range(MOST_FLOW_STEPS):
        at = _nearest_cell(rows, columns, surface.shape)
        rows, columns = rows - down[at], columns - right[at]
        at = _nearest_cell(rows, columns, surface.shape)
        inside = labels[at] > 0
        end[active[inside]] = labels[at][inside]
        going = moving[at]
        active, rows, columns = active[going], rows[going], columns[going]
        if active.size == 0:
            break
    drained = labels.copy()
    drained[start] = end
    return drained


def _nearest_cell(
    rows: NDArray[np.float64], columns: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    row = np.clip(np.rint(rows).astype(np.int_), 0, shape[0] - 1)
    column = np.clip(np.rint(columns).astype(np.int_), 0, shape[1] - 1)
    return row, column


def _merge_slivers(labels: NDArray[np.int_], cells: float) -> NDArray[np.int_]:
    """Give connected parts smaller than `cells` to the neighbour they border most."""
    parts = _connected_parts(labels)
    merged = parts.copy()
    sizes = np.bincount(parts.ravel())
    boxes = ndimage.find_objects(parts)
    for part in np.argsort(sizes, kind="stable"):
        if part == 0 or sizes[part] >= cells or boxes[part - 1] is None:
            continue
        box = tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in boxes[part - 1])
        own = parts[box] == part
        around = merged[box][ndimage.binary_dilation(own) & ~own]
        around = around[(around > 0) & (around != merged[box][own][0])]
        if around.size:
            merged[merged == merged[box][own][0]] = np.argmax(np.bincount(around))
    return merged


def _connected_parts(labels: NDArray[np.int_]) -> NDArray[np.int_]:
    """Return the connected parts of every label with a number each."""
    parts = label_parts(labels, background=0, connectivity=1)  # type: ignore[no-untyped-call]
    return np.asarray(parts, dtype=np.int_)


def _without_small_parts(ice: NDArray[np.bool_], cells: float) -> NDArray[np.bool_]:
    parts, _ = ndimage.label(ice)
    sizes = np.bincount(parts.ravel())
    keep = sizes >= cells
    keep[0] = False
    return np.asarray(keep[parts])


def _lone_parts(ice: NDArray[np.bool_], hollows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return connected ice too flat to hold a hollow of its own: still a glacier."""
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
