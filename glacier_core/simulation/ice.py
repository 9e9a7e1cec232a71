"""Shallow ice: it flows downhill, and gains or loses what the mass balance says.

The flow is the isothermal shallow-ice approximation with Glen's exponent 3 (Hutter 1983,
"Theoretical Glaciology"), solved explicitly on a staggered grid with diffusivities averaged to
the cell faces. On steep ground the approximation exaggerates the flux, so the diffusivity is
capped; the cap also bounds the time step.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from glacier_core.simulation.balance import ICE_DENSITY

Array = NDArray[np.float64]

GRAVITY = 9.81  # m s-2
SECONDS_PER_YEAR = 31_556_926.0
RATE_FACTOR = 2.4e-24  # Pa-3 s-1, temperate ice (Cuffey & Paterson 2010, "The Physics of Glaciers")
GLEN_EXPONENT = 3
FLOW_FACTOR = (  # m-3 a-1
    2.0
    * RATE_FACTOR
    * SECONDS_PER_YEAR
    * (ICE_DENSITY * GRAVITY) ** GLEN_EXPONENT
    / (GLEN_EXPONENT + 2)
)
STABLE_FRACTION = 0.22  # of cell² / diffusivity; 1/4 is the limit of the explicit scheme
LONGEST_STEP = 0.5  # years
DIFFUSIVITY_CAP = 4.0e4  # m²/a: on a slope of 0.2, 200 m of ice then move 40 m a year
STEPS_PER_BALANCE = 10

Balance = Callable[[Array], Array]


def flow(
    bed: Array,
    thickness: Array,
    balance: Balance,
    *,
    cell: float,
    years: float,
    diffusivity_cap: float = DIFFUSIVITY_CAP,
) -> Array:
    """Let ice of a given thickness flow and gain or lose mass for some years.

    Parameters
    ----------
    bed, thickness : ndarray, (rows, columns)
        Metres. No ice crosses the border of the grid.
    balance : callable
        Gives the mass balance (m/a) of a surface elevation (m).
    cell : float
        Cell size, m.
    years : float
        Length of the run.
    diffusivity_cap : float
        Largest diffusivity, m²/a.

    Returns
    -------
    ndarray
        Thickness at the end, m, nowhere negative.
    """
    ice = thickness.astype(np.float64)
    elapsed, count = 0.0, 0
    rate = balance(bed + ice)
    while elapsed < years:
        if count % STEPS_PER_BALANCE == 0:
            rate = balance(bed + ice)
        right, down, largest = _fluxes(bed, ice, cell, diffusivity_cap)
        step = min(LONGEST_STEP, STABLE_FRACTION * cell * cell / largest, years - elapsed)
        ice = _exchange(ice, right, down, step / cell)
        np.maximum(ice + step * rate, 0.0, out=ice)
        elapsed, count = elapsed + step, count + 1
    return ice


def discharge(
    bed: Array, thickness: Array, *, cell: float, diffusivity_cap: float = DIFFUSIVITY_CAP
) -> Array:
    """Volume of ice that passes each cell in a year per metre of width, m²/a.

    Parameters are those of `flow`.
    """
    right, down, _ = _fluxes(bed, thickness, cell, diffusivity_cap)
    across, along = np.zeros_like(bed), np.zeros_like(bed)
    across[:, :-1] += 0.5 * right
    across[:, 1:] += 0.5 * right
    along[:-1] += 0.5 * down
    along[1:] += 0.5 * down
    return np.asarray(np.hypot(across, along))


def _fluxes(bed: Array, ice: Array, cell: float, cap: float) -> tuple[Array, Array, float]:
    """Volume flux (m²/a) through right and lower faces, and the largest diffusivity."""
    surface = bed + ice
    slope_right = (surface[:, 1:] - surface[:, :-1]) / cell
    slope_down = (surface[1:] - surface[:-1]) / cell
    across_right = _across(slope_down.T).T
    across_down = _across(slope_right)
    right = _diffusivity(
        ice[:, 1:] + ice[:, :-1], slope_right, across_right[:, 1:] + across_right[:, :-1], cap
    )
    down = _diffusivity(ice[1:] + ice[:-1], slope_down, across_down[1:] + across_down[:-1], cap)
    largest = max(float(right.max()), float(down.max()), 1.0)
    right *= -slope_right
    down *= -slope_down
    return right, down, largest


def _across(slope: Array) -> Array:
    """Mean of the slopes on both sides of each cell along the last axis, one-sided at the ends."""
    across = np.empty((slope.shape[0], slope.shape[1] + 1))
    across[:, 1:-1] = slope[:, 1:] + slope[:, :-1]
    across[:, 1:-1] *= 0.5
    across[:, 0] = slope[:, 0]
    across[:, -1] = slope[:, -1]
    return across


def _diffusivity(ice_sum: Array, slope: Array, across_sum: Array, cap: float) -> Array:
    """FLOW_FACTOR H⁵ |∇s|² at the faces, from sums of the two neighbouring cells."""
    square = ice_sum * ice_sum
    value = square * square * ice_sum
    value *= FLOW_FACTOR / 32.0
    value *= slope * slope + 0.25 * across_sum * across_sum
    return np.minimum(value, cap, out=value)


def _exchange(ice: Array, right: Array, down: Array, factor: float) -> Array:
    """Move ice through the faces; no cell gives away more than it holds."""
    outflow = np.zeros_like(ice)
    outflow[:, :-1] += np.maximum(right, 0.0)
    outflow[:, 1:] -= np.minimum(right, 0.0)
    outflow[:-1] += np.maximum(down, 0.0)
    outflow[1:] -= np.minimum(down, 0.0)
    outflow *= factor
    if np.any(outflow > ice):
        share = np.minimum(1.0, ice / np.maximum(outflow, 1e-30))
        right = right * np.where(right > 0.0, share[:, :-1], share[:, 1:])
        down = down * np.where(down > 0.0, share[:-1], share[1:])
    moved = ice.copy()
    moved[:, :-1] -= factor * right
    moved[:, 1:] += factor * right
    moved[:-1] -= factor * down
    moved[1:] += factor * down
    return moved
