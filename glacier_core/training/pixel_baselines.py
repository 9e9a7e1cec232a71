"""What a careful person gets without a network, from the same training scenes, pixel by pixel.

Two rules of thresholds and one classifier of single pixels. Whatever a network has above them it
has from shape and surroundings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from glacier_core.baselines import BAND_RATIO, BOOSTING, TUNED_NDSI
from glacier_core.errors import ModelError
from glacier_core.scene import BANDS
from glacier_core.training.evaluation import Baseline, BoolArray
from glacier_core.training.patches import seen
from glacier_core.training.training_scene import TrainingScene

FloatArray = NDArray[np.float32]

SAMPLES = 400  # pixels a scene
MOST_PIXELS = 60_000  # a minute of boosting on one slow core
NDSI_THRESHOLDS = np.arange(0.0, 0.81, 0.05)
RATIO_THRESHOLDS = np.arange(1.0, 5.01, 0.25)
DARK_THRESHOLDS = np.arange(0.0, 0.31, 0.02)  # of reflectance; parts ice from water and shadow


@dataclass(frozen=True)
class ThresholdRule:
    """An index above one threshold where a band is above another.

    The NDSI with NIR, as water has a high NDSI too; or red over SWIR1 with blue, as rock in
    shadow has a high ratio too (Paul and Kääb 2005, Remote Sensing of Environment 97).
    """

    index: str
    threshold: float
    darkest: float

    def __call__(self, scene: TrainingScene) -> BoolArray:
        """Say where the rule sees glacier, (rows, columns)."""
        return self.of_pixels(scene.optical)

    def of_pixels(self, optical: FloatArray) -> BoolArray:
        """Say which pixels (6, ...) of reflectance are glacier."""
        index, guard = _index_and_guard(self.index, optical)
        return np.asarray((index > self.threshold) & (guard > self.darkest))


@dataclass(frozen=True)
class PixelBoosting:
    """Gradient-boosted trees on six bands and the slope of one pixel."""

    classifier: HistGradientBoostingClassifier

    def __call__(self, scene: TrainingScene) -> BoolArray:
        """Say where the trees see glacier, (rows, columns)."""
        features = _features(scene)
        flat = features.reshape(len(features), -1).T
        return np.asarray(self.classifier.predict(flat), bool).reshape(scene.slope.shape)


def fit_pixel_baselines(
    scenes: Iterable[TrainingScene | Path], *, seed: int = 0
) -> dict[str, Baseline]:
    """Learn the thresholds and the trees from training scenes.

    Parameters
    ----------
    scenes : iterable of TrainingScene or Path
        Scenes that the network was trained on; never those it is scored on.
    seed : int
        Of the pixels drawn and of the trees.

    Returns
    -------
    dict
        By the names of `glacier_core.baselines.PIXEL_BASELINES`.

    Raises
    ------
    ModelError
        If the scenes do not hold both classes.
    """
    features, glacier = _draw(scenes, np.random.default_rng(seed))
    if glacier.all() or not glacier.any():
        raise ModelError("Baselines need training scenes that show both glacier and other ground.")
    trees = HistGradientBoostingClassifier(max_iter=150, random_state=seed, early_stopping=False)
    return {
        TUNED_NDSI: tune_rule("ndsi", NDSI_THRESHOLDS, features[:6], glacier),
        BAND_RATIO: tune_rule("ratio", RATIO_THRESHOLDS, features[:6], glacier),
        BOOSTING: PixelBoosting(trees.fit(features.T, glacier)),
    }


def tune_rule(
    index: str, thresholds: NDArray[np.float64], optical: FloatArray, glacier: BoolArray
) -> ThresholdRule:
    """Return the rule with the highest IoU on pixels (6, n); of equals the lowest thresholds."""
    values, guard = _index_and_guard(index, optical)
    pairs = list(product(thresholds, DARK_THRESHOLDS))
    scores = [_iou((values > high) & (guard > dark), glacier) for high, dark in pairs]
    threshold, darkest = pairs[int(np.argmax(scores))]
    return ThresholdRule(index, round(float(threshold), 3), round(float(darkest), 3))


def _index_and_guard(index: str, optical: FloatArray) -> tuple[FloatArray, FloatArray]:
    blue, green, red, nir, swir1 = (optical[number] for number in range(5))
    if index == "ndsi":
        # A sum of 0 or less, as over-corrected shadows have, says nothing about snow.
        return _divided(green - swir1, green + swir1, nothing=-1.0), nir
    return _divided(red, swir1, nothing=np.inf), blue


def _divided(part: FloatArray, whole: FloatArray, *, nothing: float) -> FloatArray:
    return np.divide(part, whole, out=np.full_like(whole, nothing), where=whole > 0)


def _iou(called: BoolArray, glacier: BoolArray) -> float:
    either = np.count_nonzero(called | glacier)
    return float(np.count_nonzero(called & glacier) / either) if either else 0.0


def _features(scene: TrainingScene) -> FloatArray:
    """Six bands and the slope, (7, rows, columns)."""
    return np.concatenate([scene.optical, scene.slope[np.newaxis]])


def _draw(
    scenes: Iterable[TrainingScene | Path], generator: np.random.Generator
) -> tuple[FloatArray, BoolArray]:
    features, glacier = [], []
    for given in scenes:
        scene = TrainingScene.load(given) if isinstance(given, Path) else given
        counted = np.flatnonzero((scene.weight > 0) & seen(scene))
        if not len(counted):
            continue
        chosen = generator.choice(counted, SAMPLES)
        features.append(_features(scene).reshape(len(BANDS) + 1, -1)[:, chosen])
        glacier.append(scene.glacier.ravel()[chosen])
    if not features:
        raise ModelError("Baselines need training scenes with pixels that count; there are none.")
    every, truth = np.concatenate(features, axis=1), np.concatenate(glacier)
    kept = generator.permutation(len(truth))[:MOST_PIXELS]
    return every[:, kept], truth[kept]
