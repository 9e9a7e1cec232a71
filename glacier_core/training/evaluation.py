"""How good a network is on simulated scenes it never saw, beside the NDSI on the same pixels."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from glacier_core.baselines import NDSI_THRESHOLD
from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.deviations.pixels import score_pixels
from glacier_core.inference.tiling import Blend, windows
from glacier_core.models.glavitu import GlaViTU
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training.patches import scaled_inputs, seen
from glacier_core.training.scenes import TrainingScene

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float32]

NETWORK = "network"
NDSI = f"NDSI > {NDSI_THRESHOLD}"
GREEN, SWIR1 = 1, 4
DEBRIS = (SurfaceClass.DEBRIS, SurfaceClass.POND)


@dataclass(frozen=True)
class ScoredScene:
    """Every pixel of a scene that counts, as vectors.

    Attributes
    ----------
    probability : ndarray of float32
        Of glacier, from the network.
    ndsi : ndarray of bool
        What the NDSI calls glacier.
    glacier, shadow : ndarray of bool
        The truth, and whether in shadow.
    surface : ndarray of uint8
        `SurfaceClass`.
    procedural : bool
        Whether the ground was made up.
    """

    probability: FloatArray
    ndsi: BoolArray
    glacier: BoolArray
    shadow: BoolArray
    surface: NDArray[np.uint8]
    procedural: bool

    @property
    def predicted(self) -> BoolArray:
        """What the network calls glacier."""
        return self.probability > 0.5

    @property
    def confidence(self) -> FloatArray:
        """Raw confidence of the network."""
        return entropy_confidence(self.probability)

    @property
    def correct(self) -> BoolArray:
        """Whether the network is right."""
        return np.asarray(self.predicted == self.glacier)


def map_scene(network: GlaViTU, scene: TrainingScene, patch_size: int) -> FloatArray:
    """Probability of glacier by overlapping windows, as scenes are mapped; NaN where not seen."""
    inputs = scaled_inputs(scene)
    shape = (scene.glacier.shape[0], scene.glacier.shape[1])
    blend = Blend(shape, patch_size)
    plan = windows(shape, patch_size, patch_size // 2)
    patches = {
        name: np.zeros((len(plan), len(x), patch_size, patch_size), np.float32)
        for name, x in inputs.items()
    }
    for number, window in enumerate(plan):
        for name, values in inputs.items():
            inside, within = window.inside(shape), window.within_patch(shape)
            patches[name][number][:, *within] = values[:, *inside]
    with torch.inference_mode():
        logits = network({name: torch.from_numpy(values) for name, values in patches.items()})
        probabilities = torch.softmax(logits.float(), dim=1)[:, 1].numpy()
    for window, probability in zip(plan, probabilities, strict=True):
        blend.add(window, probability)
    return np.where(seen(scene), blend.mean(), np.float32(np.nan))


def score_scenes(network: GlaViTU, files: Iterable[Path], patch_size: int) -> Iterator[ScoredScene]:
    """Map scenes and keep the pixels whose truth counts."""
    for file in files:
        scene = TrainingScene.load(file)
        probability = map_scene(network, scene, patch_size)
        counted = (scene.weight > 0) & np.isfinite(probability)
        yield ScoredScene(
            probability[counted],
            ndsi_glacier(scene.optical)[counted],
            scene.glacier[counted],
            scene.shadow[counted],
            scene.surface[counted],
            scene.procedural,
        )


def ndsi_glacier(optical: FloatArray) -> BoolArray:
    """Call glacier what the rule of `baselines` does, on arrays instead of a scene.

    Parameters
    ----------
    optical : ndarray of float32, (6, ...)
        Reflectance.
    """
    green, swir1 = optical[GREEN], optical[SWIR1]
    total = green + swir1
    # A sum of 0 or less, as over-corrected shadows have, says nothing about snow.
    index = np.divide(green - swir1, total, out=np.full_like(total, -1.0), where=total > 0)
    return np.asarray(index > NDSI_THRESHOLD)


def scores_by_terrain(scenes: list[ScoredScene]) -> dict[tuple[str, str], dict[str, float]]:
    """Scores of the network and of the NDSI on the same pixels, all scenes pooled.

    Returns
    -------
    dict
        Key: terrain ("all", "real", "procedural", if there is any) and method (`NETWORK`,
        `NDSI`). Value: as `metrics`.
    """
    chosen = {
        "all": scenes,
        "real": [scene for scene in scenes if not scene.procedural],
        "procedural": [scene for scene in scenes if scene.procedural],
    }
    return {
        (terrain, method): metrics(some, method)
        for terrain, some in chosen.items()
        if some
        for method in (NETWORK, NDSI)
    }


def metrics(scenes: list[ScoredScene], method: str) -> dict[str, float]:
    """Score pooled pixels.

    IoU of all of them, of those that are not debris-covered ("clean") and of those in shadow; the
    share of debris-covered ice that is found; and which share of snow, of water and of other
    ground off the glaciers is called glacier.
    """
    predicted = np.concatenate([s.predicted if method == NETWORK else s.ndsi for s in scenes])
    glacier, shadow, surface = (
        np.concatenate([getattr(scene, name) for scene in scenes])
        for name in ("glacier", "shadow", "surface")
    )
    debris = glacier & np.isin(surface, DEBRIS)
    snow = ~glacier & (surface == SurfaceClass.SEASONAL_SNOW)
    water = ~glacier & (surface == SurfaceClass.WATER)
    everywhere = np.ones_like(glacier)

    def share(where: BoolArray) -> float:
        return float(predicted[where].mean()) if where.any() else float("nan")

    return {
        "IoU": score_pixels(predicted, glacier, everywhere).iou,
        "IoU of clean ice": score_pixels(predicted, glacier, ~debris).iou,
        "IoU in shadow": score_pixels(predicted, glacier, shadow).iou,
        "recall of debris-covered ice": share(debris),
        "off-glacier snow called glacier": share(snow),
        "water called glacier": share(water),
        "other ground called glacier": share(~glacier & ~snow & ~water),
    }


def agreement(network: GlaViTU, pairs: Iterable[tuple[Path, ...]], patch_size: int) -> float:
    """IoU of what the network calls glacier in two images of the same ground, pairs pooled.

    It needs no truth: the ground is the same, so whatever differs is the light, the instrument
    or the network's fault.
    """
    first, second = [], []
    for files in pairs:
        maps = [map_scene(network, TrainingScene.load(file), patch_size) for file in files]
        both = np.isfinite(maps).all(axis=0)
        first.append(maps[0][both] > 0.5)
        second.append(maps[1][both] > 0.5)
    one, other = np.concatenate(first), np.concatenate(second)
    return score_pixels(one, other, np.ones_like(one)).iou
