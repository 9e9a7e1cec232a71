"""Rivers that cut rising ground, and slopes that fail when they grow too steep."""

from dataclasses import dataclass

import fastscapelib as fs
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]
Sides = tuple[bool, bool, bool, bool]

ALL_OPEN: Sides = (True, True, True, True)  # top, right, bottom, left
STEP_EROSION = 0.05  # erodibility times time step; 70 steps bring hillslopes to balance


@dataclass(frozen=True)
class Drainage:
    """Rivers of a grid. The graph only points to its grid, so both are kept together."""

    grid: fs.RasterGrid
    graph: fs.FlowGraph
    eroder: fs.SPLEroder


def drainage(
    shape: tuple[int, int], cell: float, open_sides: Sides, *, area_exponent: float = 0.5
) -> Drainage:
    """Lay rivers on a grid.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    cell : float
        Cell size, m.
    open_sides : tuple of bool
        Top, right, bottom, left: whether rivers leave there.
    area_exponent : float
        Of the stream power law.
    """
    top, right, bottom, left = (
        fs.NodeStatus.FIXED_VALUE if is_open else fs.NodeStatus.CORE for is_open in open_sides
    )
    borders = fs.RasterBoundaryStatus([left, right, top, bottom])
    grid = fs.RasterGrid(list(shape), [cell, cell], borders)
    graph = fs.FlowGraph(grid, [fs.SingleFlowRouter(), fs.MSTSinkResolver()])
    eroder = fs.SPLEroder(graph, k_coef=1.0, area_exp=area_exponent, slope_exp=1.0, tolerance=1e-5)
    return Drainage(grid, graph, eroder)


def distance_to_open_side(cells: int, open_sides: Sides) -> Array:
    """Distance in cells of a square grid from the nearest side through which rivers leave."""
    index = np.arange(cells, dtype=np.float64)
    ahead, behind = index + 1.0, cells - index
    top, right, bottom, left = open_sides
    nearest = np.full((cells, cells), float(cells))
    if top:
        nearest = np.minimum(nearest, ahead[:, None])
    if bottom:
        nearest = np.minimum(nearest, behind[:, None])
    if left:
        nearest = np.minimum(nearest, ahead[None, :])
    if right:
        nearest = np.minimum(nearest, behind[None, :])
    return nearest


def uplift_and_cut(
    ground: Array, uplift: Array, rivers: Drainage, cell: float, steps: int
) -> Array:
    """Raise the ground and let rivers cut it, `steps` times, by the stream power law."""
    for _ in range(steps):
        ground = ground + STEP_EROSION * cell * uplift
        rivers.graph.update_routes(ground)
        area = rivers.graph.accumulate(1.0)
        ground = ground - rivers.eroder.erode(ground, area, STEP_EROSION)
    return ground


def fail_slopes(ground: Array, cell: float, talus: float, *, rounds: int) -> Array:
    """Lower every cell to at most the talus slope above each of its 24 neighbours.

    Parameters
    ----------
    ground : ndarray, (rows, columns)
        Elevation, m.
    cell : float
        Cell size, m.
    talus : float
        Steepest lasting slope (tangent).
    rounds : int
        How far, in cells, a failure can spread.
    """
    steps = np.arange(-2.0, 3.0)
    rise = talus * cell * np.hypot(steps[:, None], steps[None, :])
    for _ in range(rounds):
        ground = ndimage.grey_erosion(ground, size=rise.shape, structure=-rise, mode="nearest")
    return np.asarray(ground)
