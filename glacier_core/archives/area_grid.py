"""The grid that everything fetched for an area is brought onto."""

from dataclasses import dataclass

from affine import Affine
from rasterio.crs import CRS
from rasterio.transform import array_bounds

from glacier_core.grid import check_grid


@dataclass(frozen=True)
class AreaGrid:
    """A north-up grid of square pixels in metres.

    Attributes
    ----------
    crs : rasterio.crs.CRS
        UTM, or polar stereographic near the poles.
    transform : affine.Affine
    shape : (rows, columns)

    Raises
    ------
    SceneError
        When a scene could not lie on it, for its size above all.
    """

    crs: CRS
    transform: Affine
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        check_grid(self.transform, self.shape, self.crs)

    @property
    def resolution(self) -> float:
        """Side of a pixel in metres."""
        return float(self.transform.a)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in metres of the coordinate system."""
        west, south, east, north = array_bounds(*self.shape, self.transform)
        return west, south, east, north
