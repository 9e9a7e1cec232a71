"""Clouds over the ground, and the shadows they throw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.fields import Grid, fractal_field, smooth_step
from glacier_core.simulation.light import DIFFUSE_SHARE, Sun

CLOUD_COLOUR = (0.72, 0.72, 0.73, 0.76, 0.56, 0.42)
OPAQUE = 0.15  # cover above which the ground counts as hidden
HEIGHTS = (
    400.0,
    2500.0,
)  # m of the cloud base above the ground; cumulus and stratus over mountains


@dataclass(frozen=True)
class Clouds:
    """Cover and shadow, each 0 to 1, (rows, columns)."""

    cover: Grid
    shadow: Grid

    @property
    def hiding(self) -> NDArray[np.bool_]:
        """Where the ground cannot be seen."""
        return np.asarray(self.cover > OPAQUE)

    @property
    def shading(self) -> NDArray[np.bool_]:
        """Where most of the direct light is kept from visible ground."""
        return np.asarray((self.shadow > 0.5) & ~self.hiding)


def draw_clouds(
    shape: tuple[int, int],
    generator: np.random.Generator,
    share: float,
    sun: Sun,
    resolution: float,
) -> Clouds:
    """Draw clouds over a share of the image, and move their shadows away from the sun.

    The shadow of a cloud at height h lies h tan(zenith) away, opposite the sun's azimuth. Ground
    is taken as level over that distance, and no shadow comes in from beyond the border.
    """
    if share <= 0.0:
        empty = np.zeros(shape, dtype=np.float32)
        return Clouds(empty, empty)
    field = fractal_field(generator, shape, exponent=1.6, longest=140.0)
    limit = float(np.quantile(field, 1.0 - share))
    cover = smooth_step(field - limit, -0.25, 0.45)
    distance = generator.uniform(*HEIGHTS) * np.tan(np.radians(sun.zenith)) / resolution
    azimuth = np.radians(sun.azimuth)
    away = distance * np.cos(azimuth), -distance * np.sin(azimuth)  # rows down, columns right
    shadow = ndimage.shift(cover, away, order=1, mode="constant", cval=0.0)
    return Clouds(cover, np.clip(shadow, 0.0, 1.0).astype(np.float32))


def put_clouds(
    apparent: NDArray[np.float32], clouds: Clouds, generator: np.random.Generator, sun: Sun
) -> NDArray[np.float32]:
    """Shade the ground under clouds and lay the clouds over it.

    Parameters
    ----------
    apparent : ndarray of float32, (6, rows, columns)
        Reflectance of the lit ground. In a cloud's shadow the light from the sky remains.
    clouds : Clouds
    generator : numpy.random.Generator
        Gives the clouds their texture.
    sun : Sun
        Whose haze decides how much light comes from the sky.
    """
    if not clouds.cover.any():
        return apparent
    sky = np.minimum(np.asarray(DIFFUSE_SHARE) * sun.haze * 1.5, 0.6)[:, None, None]
    shaded = apparent * (1.0 - clouds.shadow * (1.0 - sky))
    rows, columns = clouds.cover.shape
    texture = 1.0 + 0.08 * fractal_field(generator, (rows, columns), exponent=1.2)
    bright = np.asarray(CLOUD_COLOUR)[:, None, None] * texture
    covered = (1.0 - clouds.cover) * shaded + clouds.cover * bright
    return np.asarray(covered, dtype=np.float32)
