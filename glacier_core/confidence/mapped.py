"""What a glacier map must offer to be asked where it may be wrong."""

from typing import Protocol

import xarray as xr
from affine import Affine
from rasterio.crs import CRS

from glacier_core.scene import SceneAttributes


class Mapped(Protocol):
    """The side of `glacier_core.GlacierMap` that confidence is judged by.

    A map is made further up in the house, so it is known here by what it offers.
    """

    @property
    def confidence(self) -> xr.DataArray:
        """Calibrated chance that the class is right, (y, x), NaN where unmapped."""
        ...

    @property
    def glacier(self) -> xr.DataArray:
        """Where glacier was mapped, bool (y, x)."""
        ...

    @property
    def transform(self) -> Affine:
        """From pixel corners to coordinates, in metres."""
        ...

    @property
    def crs(self) -> CRS:
        """Projected, metric coordinate system."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        ...

    @property
    def resolution(self) -> float:
        """Side of a pixel, m."""
        ...

    @property
    def attributes(self) -> SceneAttributes:
        """Of the scene."""
        ...

    @property
    def model_name(self) -> str:
        """Name of the model."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether the scene was simulated rather than observed."""
        ...
