"""Which ground a patch shows, and which way round: cut, zoomed, turned and mirrored."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from glacier_core.training.training_scene import OPTIONAL_ARRAYS, TrainingScene

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Geometry:
    """A square of a scene, and how it is turned.

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


class Cuttable(Protocol):
    """A scene in memory or on disk, out of which squares can be cut."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        ...

    def cut(self, top: int, left: int, side: int) -> TrainingScene:
        """Return a square of `side` pixels."""
        ...


def draw_geometry(
    shape: tuple[int, int], generator: np.random.Generator, wanted_side: int
) -> Geometry:
    """Draw place and orientation of a square of at most `wanted_side` pixels."""
    rows, columns = shape
    side = min(wanted_side, rows, columns)  # a scene is not larger than it is
    return Geometry(
        top=int(generator.integers(rows - side + 1)),
        left=int(generator.integers(columns - side + 1)),
        side=side,
        quarters=int(generator.integers(4)),
        mirrored=bool(generator.integers(2)),
    )


def show(scene: Cuttable, geometry: Geometry, size: int, *, nearest: bool) -> TrainingScene:
    """Show the ground of a geometry on `size` x `size` pixels.

    Parameters
    ----------
    scene : Cuttable
    geometry : Geometry
    size : int
        Side of the result in pixels.
    nearest : bool
        Whether every array takes the nearest pixel and slope stays as it is, as in the published
        training; else as `rescale`.
    """
    square = scene.cut(geometry.top, geometry.left, geometry.side)
    patch = pick_nearest(square, size) if nearest else rescale(square, size)
    return turn(patch, geometry.quarters, geometry.mirrored)


def pick_nearest(patch: TrainingScene, size: int) -> TrainingScene:
    """Show a square patch on `size` x `size` pixels, each the nearest one of before."""
    side = patch.shape[-1]
    index = ((np.arange(size) + 0.5) * side / size).astype(np.intp)
    return patch.map(lambda array: array[..., index[:, None], index[None, :]])


def rescale(patch: TrainingScene, size: int) -> TrainingScene:
    """Show the ground of a square patch on `size` x `size` pixels.

    Elevations stay and pixels keep their nominal size, so a patch that is enlarged shows wider
    and gentler ground: tan(slope) is divided by the enlargement. Continuous fields are
    interpolated linearly, classes and weights take the nearest pixel.
    """
    side = patch.shape[-1]
    if side == size:
        return patch
    tangent = np.tan(np.deg2rad(_bilinear(patch.slope, size))) * side / size
    others: dict[str, Any] = {
        name: _bilinear(values, size)
        for name in OPTIONAL_ARRAYS
        if (values := getattr(patch, name)) is not None
    }
    return replace(
        pick_nearest(patch, size),
        optical=_bilinear(patch.optical, size),
        elevation=_bilinear(patch.elevation, size),
        slope=np.rad2deg(np.arctan(tangent)).astype(np.float32),
        **others,
    )


def turn(patch: TrainingScene, quarters: int, mirrored: bool) -> TrainingScene:
    """Turn by quarters, then perhaps mirror left and right."""

    def turned(array: NDArray[np.generic]) -> NDArray[np.generic]:
        array = np.rot90(array, quarters, axes=(-2, -1))
        return np.ascontiguousarray(array[..., ::-1] if mirrored else array)

    return patch.map(turned)


def _bilinear(field: FloatArray, size: int) -> FloatArray:
    """Resample a field (..., H, W) to (..., size, size), pixel centres kept in place."""
    channels = np.ascontiguousarray(field).reshape(1, -1, *field.shape[-2:])
    resampled = F.interpolate(
        torch.from_numpy(channels), (size, size), mode="bilinear", align_corners=False
    )
    return resampled.numpy().reshape(*field.shape[:-2], size, size).astype(np.float32)
