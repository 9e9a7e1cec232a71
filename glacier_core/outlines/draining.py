"""Where ground drains to over a surface."""

import fastscapelib as fs
import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int32]


def drained_to(
    heights: NDArray[np.float64], ends: Labels, ground: NDArray[np.bool_], resolution: float
) -> Labels:
    """Return the end that every place of the ground drains to, by the steepest way down.

    Parameters
    ----------
    heights : ndarray of float64, (rows, columns)
        Metres. Hollows drain over the lowest place of their rim.
    ends : ndarray of int32, (rows, columns)
        Numbers above 0 where water leaves the surface; 0 elsewhere.
    ground : ndarray of bool, (rows, columns)
        What drains; nothing flows over anything else.
    resolution : float
        Side of a pixel in metres.

    Returns
    -------
    ndarray of int32, (rows, columns)
        The number of the end; 0 off the ground, and where no end can be reached.

    References
    ----------
    Steepest of eight directions (O'Callaghan and Mark 1984, Computer Vision, Graphics, and Image
    Processing 28); hollows by Cordonnier, Bovy and Braun (2019, Earth Surface Dynamics 7), as in
    fastscapelib.
    """
    leaves = np.flatnonzero(np.where(ground, ends, 0))
    if not len(leaves):
        return np.zeros(ground.shape, dtype=np.int32)
    # The graph only points to its grid, so the grid has to be kept as long.
    grid = fs.RasterGrid(list(ground.shape), [resolution, resolution], fs.NodeStatus.CORE)
    graph = fs.FlowGraph(grid, [fs.SingleFlowRouter(), fs.MSTSinkResolver()])
    graph.base_levels = leaves.astype(np.uint64)
    graph.mask = ~ground
    graph.update_routes(np.ascontiguousarray(heights))
    basins = np.asarray(graph.basins()).ravel()
    numbers, places = np.unique(basins, return_inverse=True)
    reached = np.zeros(len(numbers), dtype=np.int32)
    reached[places[leaves]] = ends.ravel()[leaves]
    found: Labels = reached[places].reshape(ground.shape) * ground
    return found
