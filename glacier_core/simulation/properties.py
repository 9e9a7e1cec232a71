"""Physical properties of surface classes, laid out pixel by pixel."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from glacier_core.simulation.fields import Grid
from glacier_core.simulation.ground import Ground, SurfaceClass

Classes = NDArray[np.uint8]

UNKNOWN = "ROCK"  # what a class without an entry of its own is taken for
VEILS = ("CLOUD", "CLOUD_SHADOW", "NO_DATA")  # what hides the ground without being ground


def per_pixel(classes: Classes, table: Mapping[str, float]) -> Grid:
    """Value of each pixel's class.

    Parameters
    ----------
    classes : ndarray of uint8, (rows, columns)
        `SurfaceClass` codes; any others count as unknown.
    table : mapping of str to float
        Values by the name of the class. It must have an entry "ROCK", which also serves every
        class that has none.

    Returns
    -------
    ndarray of float32, (rows, columns)
    """
    values = np.full(256, table[UNKNOWN], dtype=np.float32)
    for surface in SurfaceClass:
        values[surface] = table.get(surface.name, table[UNKNOWN])
    return np.asarray(values[classes])


def is_any(classes: Classes, *names: str) -> NDArray[np.bool_]:
    """Where the class of a pixel is one of those named."""
    codes = [surface for surface in SurfaceClass if surface.name in names]
    return np.isin(classes, codes)


def lift_veil(ground: Ground, classes: Classes) -> Classes:
    """Classes as a radar finds them: ice or rock in place of clouds, their shadows and gaps.

    What a class code under a cloud stood for is lost; give classes drawn before the clouds
    where they are known.
    """
    beneath = np.where(ground.glacier, SurfaceClass.ICE, SurfaceClass.ROCK).astype(np.uint8)
    return np.where(is_any(classes, *VEILS), beneath, classes).astype(np.uint8)
