"""The augmentation of the published training of GlaViTU, on scaled values, group by group.

Maslov et al. (2025), https://doi.org/10.1038/s41467-024-54956-x, with all of its options. Its
order also changes the zeros that stand for missing data: shift and noise come after occlusion.
Flips and quarter turns are those of `geometry`: every orientation is equally likely there too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from glacier_core.training.augmentation import Inputs
from glacier_core.training.training_scene import TrainingScene

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class PublishedAugmentation:
    """How far each change may go and how often it comes; the defaults are the published numbers.

    Attributes
    ----------
    crop : tuple of float
        Side of the square that is shown on the whole patch, as a share of its side.
    crop_share, contrast_share, occlusion_share, shift_share, noise_share : float
        Probability of each change: of the first for a patch, of the others for each feature.
    gamma : tuple of float
        Power to which each channel is raised; what is negative becomes 0.
    largest_occlusion : float
        Sides of an occluded rectangle are shorter than this share of the patch.
    shift, noise : float
        Standard deviation of the offset of a channel and of the noise of a pixel.
    """

    nearest: ClassVar[bool] = True

    crop: tuple[float, float] = (0.8, 1.0)
    crop_share: float = 0.5
    gamma: tuple[float, float] = (0.8, 1.2)
    contrast_share: float = 0.5
    largest_occlusion: float = 0.5
    occlusion_share: float = 0.5
    shift: float = 0.025
    shift_share: float = 0.5
    noise: float = 0.005
    noise_share: float = 0.5

    def draw_side(self, generator: np.random.Generator, size: int) -> int:
        """Draw the side of the square that `size` pixels are to show."""
        if generator.random() < self.crop_share:
            return round(size * generator.uniform(*self.crop))
        return size

    def change_image(self, patch: TrainingScene, generator: np.random.Generator) -> TrainingScene:  # noqa: ARG002
        """Leave physical values as they are: all is changed once it is scaled."""
        return patch

    def change_scaled(self, inputs: Inputs, generator: np.random.Generator) -> Inputs:
        """Change contrast, occlude, shift and add noise, in this order."""
        changed = dict(inputs)
        for share, change in self._steps():
            for name, values in changed.items():
                if generator.random() < share:
                    changed[name] = change(values, generator)
        return changed

    def _steps(
        self,
    ) -> tuple[tuple[float, Callable[[FloatArray, np.random.Generator], FloatArray]], ...]:
        return (
            (self.contrast_share, self._contrast),
            (self.occlusion_share, self._occlude),
            (self.shift_share, self._shift),
            (self.noise_share, self._noise),
        )

    def _contrast(self, values: FloatArray, generator: np.random.Generator) -> FloatArray:
        gamma = generator.uniform(*self.gamma, size=(len(values), 1, 1)).astype(np.float32)
        return np.maximum(values, np.float32(0.0)) ** gamma

    def _occlude(self, values: FloatArray, generator: np.random.Generator) -> FloatArray:
        size = values.shape[-1]
        height, width = generator.integers(0, max(1, int(self.largest_occlusion * size)), size=2)
        top, left = generator.integers(0, [size - height + 1, size - width + 1])
        occluded = values.copy()
        occluded[:, top : top + height, left : left + width] = 0.0
        return occluded

    def _shift(self, values: FloatArray, generator: np.random.Generator) -> FloatArray:
        shift = generator.standard_normal((len(values), 1, 1), dtype=np.float32)
        return values + np.float32(self.shift) * shift

    def _noise(self, values: FloatArray, generator: np.random.Generator) -> FloatArray:
        noise = generator.standard_normal(values.shape, dtype=np.float32)
        return values + np.float32(self.noise) * noise
