"""One scene seen in many ways: cut out, turned, zoomed, lit and measured otherwise.

Light and instrument are changed in physical reflectance, before any scaling, so that the same
numbers mean the same for every channel: a gain of 0.75 is a quarter less light. Published
training (Maslov et al. 2025) changed scaled values instead, see `published_augmentation`; there
an offset of 0.012 would be 0.025 in reflectance.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from glacier_core.training.geometry import Cuttable, draw_geometry, show
from glacier_core.training.training_scene import TrainingScene

FloatArray = NDArray[np.float32]
Inputs = dict[str, FloatArray]


class PatchChanges(Protocol):
    """What a recipe does to patches: all that is random about them but their place."""

    @property
    def nearest(self) -> bool:
        """Whether zooming takes the nearest pixel of everything."""
        ...

    def draw_side(self, generator: np.random.Generator, size: int) -> int:
        """Draw the side of the square that `size` pixels are to show."""
        ...

    def change_image(self, patch: TrainingScene, generator: np.random.Generator) -> TrainingScene:
        """Change physical values and weights; the ground stays."""
        ...

    def change_scaled(self, inputs: Inputs, generator: np.random.Generator) -> Inputs:
        """Change scaled values (C, H, W) by feature."""
        ...


@dataclass(frozen=True)
class Augmentation:
    """How far each change may go and how often it comes.

    Attributes
    ----------
    zoom : tuple of float
        Ground is shown at this many times its size in pixels; slope is made gentler by as much.
    zoom_share, light_share, noise_share, hole_share, no_dem_share : float
        Probability of each change; every patch is flipped and turned.
    gamma, gain : tuple of float
        Of each channel by itself: gain times reflectance to the power of gamma.
    offset, noise : float
        Standard deviation in reflectance, of a whole channel and of every pixel.
    largest_hole : float
        Longest side of a rectangle without optical data, as a share of the patch.
    """

    nearest: ClassVar[bool] = False

    zoom: tuple[float, float] = (0.75, 1.3)
    zoom_share: float = 0.5
    gamma: tuple[float, float] = (0.8, 1.2)
    gain: tuple[float, float] = (0.75, 1.3)
    light_share: float = 0.5
    offset: float = 0.012
    noise: float = 0.005
    noise_share: float = 0.5
    largest_hole: float = 0.5
    hole_share: float = 0.25
    no_dem_share: float = 0.12

    def draw_side(self, generator: np.random.Generator, size: int) -> int:
        """Draw a zoom, and return the side of the square that `size` pixels then show."""
        zoom = 1.0
        if generator.random() < self.zoom_share:
            zoom = float(np.exp(generator.uniform(*np.log(self.zoom))))
        return round(size / zoom)

    def change_image(self, patch: TrainingScene, generator: np.random.Generator) -> TrainingScene:
        """Change light and instrument of a patch, and what is missing in it."""
        optical = patch.optical
        if generator.random() < self.light_share:
            optical = change_light(optical, generator, self)
        if generator.random() < self.noise_share:
            optical = add_noise(optical, generator, self)
        patch = replace(patch, optical=optical)
        if generator.random() < self.hole_share:
            patch = punch_hole(patch, generator, self.largest_hole)
        if generator.random() < self.no_dem_share:
            missing = np.full_like(patch.elevation, np.nan)
            patch = replace(patch, elevation=missing, slope=missing)
        return patch

    def change_scaled(self, inputs: Inputs, generator: np.random.Generator) -> Inputs:  # noqa: ARG002
        """Leave scaled values as they are: all is changed in physical units."""
        return inputs


def draw_patch(
    scene: Cuttable, generator: np.random.Generator, size: int, changes: PatchChanges
) -> TrainingScene:
    """Cut a square patch out of a scene and change it at random.

    Parameters
    ----------
    scene : Cuttable
        Such as a `TrainingScene`; not changed.
    generator : numpy.random.Generator
        The only source of randomness.
    size : int
        Side of the patch in pixels; no longer than the scene's shorter side.
    changes : PatchChanges

    Returns
    -------
    TrainingScene
        `size` x `size` pixels.
    """
    geometry = draw_geometry(scene.shape, generator, changes.draw_side(generator, size))
    patch = show(scene, geometry, size, nearest=changes.nearest)
    return changes.change_image(patch, generator)


def draw_pair(
    images: tuple[Cuttable, Cuttable],
    generator: np.random.Generator,
    size: int,
    changes: PatchChanges,
) -> tuple[TrainingScene, TrainingScene]:
    """Cut the same ground out of two images of it, and change each by itself.

    Both patches show the same pixels of ground the same way round. Light, noise, holes and
    missing terrain are drawn for each. Otherwise as `draw_patch`.
    """
    geometry = draw_geometry(images[0].shape, generator, changes.draw_side(generator, size))
    first, second = (
        changes.change_image(show(image, geometry, size, nearest=changes.nearest), generator)
        for image in images
    )
    return first, second


def change_light(
    optical: FloatArray, generator: np.random.Generator, changes: Augmentation
) -> FloatArray:
    """Apply gain and gamma to each channel of reflectance (6, H, W); negative values keep sign."""
    count = optical.shape[0]
    gain = generator.uniform(*changes.gain, size=(count, 1, 1)).astype(np.float32)
    gamma = generator.uniform(*changes.gamma, size=(count, 1, 1)).astype(np.float32)
    return np.asarray(gain * np.sign(optical) * np.abs(optical) ** gamma, dtype=np.float32)


def add_noise(
    optical: FloatArray, generator: np.random.Generator, changes: Augmentation
) -> FloatArray:
    """Add an offset to each channel of reflectance (6, H, W) and noise to every pixel."""
    offset = changes.offset * generator.standard_normal((optical.shape[0], 1, 1), dtype=np.float32)
    noise = changes.noise * generator.standard_normal(optical.shape, dtype=np.float32)
    return np.asarray(optical + offset + noise, dtype=np.float32)


def punch_hole(
    patch: TrainingScene, generator: np.random.Generator, largest: float
) -> TrainingScene:
    """Take the optical data out of a rectangle; what cannot be seen does not count."""
    size = patch.glacier.shape[-1]
    height, width = generator.integers(1, max(2, int(largest * size)), size=2)
    top, left = generator.integers(0, [size - height + 1, size - width + 1])
    optical, weight = patch.optical.copy(), patch.weight.copy()
    hole = (..., slice(top, top + height), slice(left, left + width))
    optical[hole], weight[hole] = np.nan, 0.0
    return replace(patch, optical=optical, weight=weight)
