"""Where to draw the line: focal loss leaves many pixels near a half, and a half is no law.

One number is added to the glacier logit of a trained network, so that its probability of a half
lies where most is right on held-out simulated scenes.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from glacier_core.models.blocks import Network
from glacier_core.training.evaluation import NETWORK, ScoredScene, score_scenes, scores_by_terrain
from glacier_core.training.networks import shift_glacier_logit
from glacier_core.training.training_scene import TrainingScene

OFFSETS = tuple(round(0.05 * number, 2) for number in range(-20, 21))
CERTAIN = 1e-6  # probabilities nearer to 0 or 1 have no finite logit in float32


def balance_classes(
    network: Network, scenes: Iterable[TrainingScene | Path], patch_size: int
) -> float:
    """Shift the glacier logit of a network to where it does best, and return by how much.

    The offset is found on the mapped probability. Shifting each of several windows or members
    before they are averaged is not quite the same, but the line between classes barely moves.

    Parameters
    ----------
    network : Network
        Changed in place: one bias of its output, or of that of every member of an ensemble.
    scenes : iterable of TrainingScene or Path
        Those for this purpose and calibration, none of them trained on or scored.
    patch_size : int
        Side of the windows in pixels.
    """
    offset = best_offset(list(score_scenes(network, scenes, patch_size)))
    shift_glacier_logit(network, offset)
    return offset


def best_offset(scenes: list[ScoredScene]) -> float:
    """Return the offset of the glacier logit with the highest IoU.

    The IoU is the mean of that of real and that of procedural terrain, each pooled: the two
    differ in difficulty and neither is to decide alone. Of equal offsets the smallest wins.
    """
    by_size = sorted(OFFSETS, key=abs)
    return by_size[int(np.argmax([_mean_iou(scenes, offset) for offset in by_size]))]


def _mean_iou(scenes: list[ScoredScene], offset: float) -> float:
    shifted = [replace(scene, probability=_shift(scene, offset)) for scene in scenes]
    scores = scores_by_terrain(shifted)
    iou = [scores[key]["IoU"] for key in scores if key[1] == NETWORK and key[0] != "all"]
    known = [value for value in iou if np.isfinite(value)]
    return float(np.mean(known)) if known else 0.0


def _shift(scene: ScoredScene, offset: float) -> NDArray[np.float32]:
    clipped = np.clip(scene.probability, CERTAIN, 1.0 - CERTAIN)
    return np.asarray(expit(logit(clipped) + np.float32(offset)), dtype=np.float32)
