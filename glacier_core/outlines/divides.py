"""Ice divides of an inventory, carried onto other ice: which glacier every pixel belongs to."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
from affine import Affine
from numpy.typing import ArrayLike
from scipy import ndimage
from skimage.segmentation import watershed

from glacier_core.outlines.labels import Labels, fill_gaps, merge_slivers
from glacier_core.outlines.rasterizing import label_glaciers

_EVERY_NEIGHBOUR: Final = np.ones((3, 3), dtype=bool)


def split_by_inventory(
    mask: ArrayLike,
    elevation: ArrayLike,
    transform: Affine,
    crs: Any,
    inventory: gpd.GeoDataFrame,
) -> Labels:
    """Divide ice among the glaciers of an inventory.

    Pixels that an outline covers are its glacier's. The rest of the ice goes to a glacier by a
    watershed on the elevation turned upside down, flooded from the glaciers of the inventory over
    its ice and this. What none of them reaches stays a glacier of its own. Parts cut off from
    the rest of their glacier that are slivers go to the neighbour; a glacier of the inventory
    never goes as a whole, however small.

    Parameters
    ----------
    mask : array_like of bool, (rows, columns)
        True on ice: a prediction, or outlines of another year.
    elevation : array_like, (rows, columns)
        Metres; NaN where there is none.
    transform : affine.Affine
        Square pixels, in metres.
    crs : anything pyproj understands
    inventory : geopandas.GeoDataFrame
        Outlines in the schema of ``outlines.schema``, any coordinate system, of one date: where
        outlines overlap, the later row has the pixel.

    Returns
    -------
    ndarray of int32, (rows, columns)
        0 off the ice; i + 1 on the glacier of row i of the inventory; greater numbers on pieces
        of ice that it does not have. Draw them with
        :func:`glacier_core.outlines.labels.labelled_outlines`.

    Raises
    ------
    OutlineError
        When there is no elevation, or the inventory has no coordinate system.
    """
    ice = np.asarray(mask, dtype=bool)
    known = label_glaciers(inventory, transform, ice.shape, crs)
    heights = fill_gaps(elevation)
    reached = watershed(  # type: ignore[no-untyped-call]
        -heights, known, connectivity=_EVERY_NEIGHBOUR, mask=ice | (known > 0)
    )
    labels = np.where(ice, reached, 0).astype(np.int32)
    orphans, _ = ndimage.label(ice & (labels == 0))
    labels[orphans > 0] = len(inventory) + orphans[orphans > 0]
    return merge_slivers(labels, float(transform.a), whole=False)
