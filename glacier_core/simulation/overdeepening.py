"""Hollows that glaciers cut into their beds, and the lakes that fill them once the ice has gone."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import reconstruction

from glacier_core.simulation.fields import fractal_field, smooth_step
from glacier_core.simulation.ice import discharge

Array = NDArray[np.float64]

ROUNDS = 6
BUSY_QUANTILE = 0.97  # of the discharge of icy cells: there the bed is worn by the full depth
WEAKNESS = (0.4, 1.6)  # times the wear of middling rock, hardest and weakest: an assumption
HARDNESS_LENGTH = 2200.0  # m over which rock changes: an assumption
SMALLEST_LAKE = 0.01  # km²
SHALLOWEST_LAKE = 3.0  # m


def fill_depressions(ground: Array) -> Array:
    """Raise every hollow to the height at which water would leave it over the border.

    Morphological reconstruction by erosion (Vincent 1993, doi:10.1109/83.217222).

    Parameters
    ----------
    ground : ndarray, (rows, columns)
        Elevation, m.
    """
    water = np.full_like(ground, ground.max())
    water[[0, -1]], water[:, [0, -1]] = ground[[0, -1]], ground[:, [0, -1]]
    filled = reconstruction(water, ground, method="erosion")  # type: ignore[no-untyped-call]
    return np.asarray(filled, dtype=ground.dtype)


def lakes_of(
    bed: Array, ice: NDArray[np.bool_], cell: float, *, within: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], Array]:
    """Lakes in the hollows of the bed that ice has left.

    Water stands to the sill of each hollow, also where that sill is still under ice, which then
    drains along its bed; ice that reaches into a lake neither floats nor calves (assumptions).

    Parameters
    ----------
    bed : ndarray, (rows, columns)
        Elevation without ice and water, m.
    ice : ndarray of bool
        Where there is ice now.
    cell : float
        Cell size, m.
    within : ndarray of bool
        Ground that ice covered once: other hollows stay dry.

    Returns
    -------
    ndarray of bool
        Lakes of at least `SMALLEST_LAKE` that are `SHALLOWEST_LAKE` deep somewhere.
    ndarray
        Level of the water, m; the bed elsewhere.
    """
    level = fill_depressions(bed)
    wet = (level - bed > 0.3) & ~ice & within
    wet = ndimage.binary_opening(wet, iterations=1)
    parts, count = ndimage.label(wet)
    if count == 0:
        return wet, bed
    index = np.arange(count + 1)
    large = np.bincount(parts.ravel()) >= SMALLEST_LAKE * 1e6 / cell**2
    deep = np.asarray(ndimage.maximum(level - bed, parts, index)) >= SHALLOWEST_LAKE
    kept = large & deep
    kept[0] = False
    lakes = np.asarray(kept[parts])
    return lakes, np.where(lakes, level, bed)


def overdeepen(
    generator: np.random.Generator,
    bed: Array,
    thickness: Array,
    grow: Callable[[Array, Array], Array],
    *,
    cell: float,
    depth: float,
) -> tuple[Array, Array]:
    """Wear the bed in proportion to the ice that passes over it.

    Erosion by ice discharge per width flattens a valley, steepens its head and leaves hollows
    behind the snout, below confluences and where rock is weak (Anderson, Molnar & Kessler 2006,
    doi:10.1029/2005JF000344).

    Parameters
    ----------
    generator : numpy.random.Generator
        Draws the hardness of the rock.
    bed, thickness : ndarray, (rows, columns)
        Metres.
    grow : callable
        Brings the ice of a bed and a thickness closer to balance.
    cell : float
        Cell size, m.
    depth : float
        Wear of rock of middling hardness where most ice passes, m.

    Returns
    -------
    bed, thickness : ndarray
        After the wear; the surface of the ice stays where it was until it flows again.
    """
    shape = (bed.shape[0], bed.shape[1])
    weak = fractal_field(generator, shape, exponent=2.5, longest=HARDNESS_LENGTH / cell)
    weakness = np.clip(1.0 + 0.4 * weak, *WEAKNESS)
    for _ in range(ROUNDS):
        passing = ndimage.gaussian_filter(discharge(bed, thickness, cell=cell), 1.0)
        busy = passing[thickness > 1.0]
        if busy.size == 0:
            break
        full = max(float(np.quantile(busy, BUSY_QUANTILE)), 1.0)
        wear = depth / ROUNDS * weakness * np.minimum(passing / full, 1.0)
        wear *= smooth_step(thickness, 5.0, 40.0)
        bed, thickness = bed - wear, thickness + wear
        thickness = grow(bed, thickness)
    return bed, thickness
