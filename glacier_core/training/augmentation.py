"""One scene seen in many ways: cut out, turned, zoomed, lit and measured otherwise.

Light and instrument are changed in physical reflectance, before any scaling, so that the same
numbers mean the same for every channel: a gain of 0.75 is a quarter less light. Published
training (Maslov et al. 2025) changed scaled values instead; there an offset of 0.012 would be
0.025 in reflectance.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from glacier_core.training.scenes import TrainingScene

FloatArray = NDArray[np.float32]


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


@dataclass(frozen=True)
class Geometry:
    """Which ground a patch shows, and which way round.

    Attributes
    ----------
    top, left, side : int
        Of the square cut out of the scene, pixels.
    quarters : int
        Quarter turns.
    mirrored : bool
        Whether left and right are then swapped.
    """

    top: int
    left: int
    side: int
    quarters: int
    mirrored: bool


def draw_patch(
    scene: TrainingScene, generator: np.random.Generator, size: int, changes: Augmentation
) -> TrainingScene:
    """Cut a square patch out of a scene and change it at random.

    Parameters
    ----------
    scene : TrainingScene
        Not changed.
    generator : numpy.random.Generator
        The only source of randomness.
    size : int
        Side of the patch in pixels; no longer than the scene's shorter side.
    changes : Augmentation

    Returns
    -------
    TrainingScene
        `size` x `size` pixels.
    """
    geometry = draw_geometry(scene, generator, size, changes)
    return change_image(show(scene, geometry, size), generator, changes)


def draw_pair(
    images: tuple[TrainingScene, TrainingScene],
    generator: np.random.Generator,
    size: int,
    changes: Augmentation,
) -> tuple[TrainingScene, TrainingScene]:
    """Cut the same ground out of two images of it, and change each by itself.

    Both patches show the same pixels of ground the same way round. Light, noise, holes and
    missing terrain are drawn for each. Otherwise as `draw_patch`.
    """
    geometry = draw_geometry(images[0], generator, size, changes)
    first, second = (
        change_image(show(image, geometry, size), generator, changes) for image in images
    )
    return first, second


def draw_geometry(
    scene: TrainingScene, generator: np.random.Generator, size: int, changes: Augmentation
) -> Geometry:
    """Draw zoom, place and orientation of a patch of `size` pixels."""
    zoom = 1.0
    if generator.random() < changes.zoom_share:
        zoom = float(np.exp(generator.uniform(*np.log(changes.zoom))))
    rows, columns = scene.glacier.shape
    side = min(round(size / zoom), rows, columns)  # a scene is not larger than it is
    return Geometry(
        top=int(generator.integers(rows - side + 1)),
        left=int(generator.integers(columns - side + 1)),
        side=side,
        quarters=int(generator.integers(4)),
        mirrored=bool(generator.integers(2)),
    )


def show(scene: TrainingScene, geometry: Geometry, size: int) -> TrainingScene:
    """Show the ground of a geometry on `size` x `size` pixels."""
    patch = rescale(cut(scene, geometry), size)
    return turn(patch, geometry.quarters, geometry.mirrored)


def change_image(
    patch: TrainingScene, generator: np.random.Generator, changes: Augmentation
) -> TrainingScene:
    """Change light and instrument of a patch, and what is missing in it; its ground stays."""
    optical = patch.optical
    if generator.random() < changes.light_share:
        optical = change_light(optical, generator, changes)
    if generator.random() < changes.noise_share:
        optical = add_noise(optical, generator, changes)
    patch = replace(patch, optical=optical)
    if generator.random() < changes.hole_share:
        patch = punch_hole(patch, generator, changes.largest_hole)
    if generator.random() < changes.no_dem_share:
        missing = np.full_like(patch.elevation, np.nan)
        patch = replace(patch, elevation=missing, slope=missing)
    return patch


def cut(scene: TrainingScene, geometry: Geometry) -> TrainingScene:
    """Cut the square of a geometry out of a scene."""
    rows = slice(geometry.top, geometry.top + geometry.side)
    columns = slice(geometry.left, geometry.left + geometry.side)
    return scene.map(lambda array: array[..., rows, columns])


def rescale(patch: TrainingScene, size: int) -> TrainingScene:
    """Show the ground of a square patch on `size` x `size` pixels.

    Elevations stay and pixels keep their nominal size, so a patch that is enlarged shows wider
    and gentler ground: tan(slope) is divided by the enlargement. Continuous fields are
    interpolated linearly, classes and weights take the nearest pixel.
    """
    side = patch.glacier.shape[-1]
    if side == size:
        return patch
    index = ((np.arange(size) + 0.5) * side / size).astype(np.intp)
    nearest = patch.map(lambda array: array[..., index[:, None], index[None, :]])
    tangent = np.tan(np.deg2rad(_bilinear(patch.slope[None], size)[0])) * side / size
    return replace(
        nearest,
        optical=_bilinear(patch.optical, size),
        elevation=_bilinear(patch.elevation[None], size)[0],
        slope=np.rad2deg(np.arctan(tangent)).astype(np.float32),
    )


def turn(patch: TrainingScene, quarters: int, mirrored: bool) -> TrainingScene:
    """Turn by quarters, then perhaps mirror left and right."""

    def turned(array: NDArray[np.generic]) -> NDArray[np.generic]:
        array = np.rot90(array, quarters, axes=(-2, -1))
        return np.ascontiguousarray(array[..., ::-1] if mirrored else array)

    return patch.map(turned)


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


def _bilinear(fields: FloatArray, size: int) -> FloatArray:
    """Resample fields (C, H, W) to (C, size, size), pixel centres kept in place."""
    tensor = torch.from_numpy(np.ascontiguousarray(fields))[None]
    resampled = F.interpolate(tensor, (size, size), mode="bilinear", align_corners=False)
    return np.asarray(resampled[0].numpy(), dtype=np.float32)
