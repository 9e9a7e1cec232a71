"""Pictures of where a network fails worst, for its card."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.models.blocks import Network
from glacier_core.models.parts import LARGEST_PICTURE
from glacier_core.scene import BANDS
from glacier_core.training.evaluation import NETWORK, ScoredScene, Tally, map_scene, tallies
from glacier_core.training.material import Scenes
from glacier_core.training.patches import seen
from glacier_core.training.training_scene import TrainingScene
from glacier_core.viewing import palettes
from glacier_core.viewing.rendering import (
    COMPOSITE_BANDS,
    Picture,
    composite_picture,
    jpeg,
    stretch_limits,
)

BoolArray = NDArray[np.bool_]

STRATA = {
    "snow": ("off-glacier snow called glacier", "of the snow off the glaciers is called glacier"),
    "shadow": ("IoU in shadow", "is the IoU in shadow"),
    "debris": ("recall of debris-covered ice", "of the debris-covered ice is found"),
    "water": ("water called glacier", "of the water is called glacier"),
    "other-ground": ("other ground called glacier", "of all other ground is called glacier"),
}
"""By name: the metric that a picture is chosen by, and what its caption says of it."""

RIGHT_IS_HIGH = ("shadow", "debris")
KEY = (
    "SWIR1, NIR and red shown as red, green and blue. Blue line: the true outline; orange line: "
    "the network's."
)


@dataclass(frozen=True)
class _Found:
    """How many pixels of each stratum are wrong in a scene, and what to say of it."""

    number: int
    called: BoolArray
    tallies: dict[str, Tally]

    def wrong(self, stratum: str) -> int:
        """How many pixels of a stratum the network gets wrong."""
        part, whole = self.tallies[STRATA[stratum][0]]
        return whole - part if stratum in RIGHT_IS_HIGH else part


def failure_pictures(
    network: Network, scenes: Scenes, patch_size: int
) -> dict[str, tuple[bytes, str]]:
    """Draw the held-out simulated scene that is worst in snow, in shadow, in debris and so on.

    Worst is where most pixels of the kind are wrong. No scene is drawn twice; of a kind that is
    wrong nowhere there is no picture.

    Parameters
    ----------
    network : Network
        In evaluation mode.
    scenes : Scenes
        Never trained on, such as `SceneFiles`.
    patch_size : int
        Side of the windows in pixels.

    Returns
    -------
    dict
        JPEG and caption by file name, as `glacier_core.models.parts.keep_pictures` takes them.
    """
    found = list(_look(network, scenes, patch_size))
    pictures = {}
    for stratum in STRATA:
        worst = max(found, key=lambda one: one.wrong(stratum), default=None)
        if worst is None or not worst.wrong(stratum):
            continue
        found.remove(worst)
        scene = scenes[worst.number].whole()
        content = jpeg(failure_picture(scene, worst.called), LARGEST_PICTURE)
        pictures[f"failure-{stratum}.jpg"] = content, _caption(scene, worst, stratum)
    return pictures


def failure_picture(scene: TrainingScene, called: BoolArray) -> Picture:
    """Return the false-colour image under both outlines, (3, rows, columns).

    The true outline lies just outside the glacier, the network's just inside what it calls
    glacier, so that both show where they agree.
    """
    bands = scene.optical[[BANDS.index(name) for name in COMPOSITE_BANDS["swir"]]]
    picture = composite_picture(bands, stretch_limits(bands))
    outside = ndimage.binary_dilation(scene.glacier) & ~scene.glacier & seen(scene)
    inside = called & ~ndimage.binary_erosion(called, border_value=1)
    for line, color in ((outside, palettes.EXPERT), (inside, palettes.PREDICTED)):
        picture[:, line] = np.array(palettes.rgb(color), np.uint8)[:, np.newaxis]
    return picture


def _look(network: Network, scenes: Scenes, patch_size: int) -> Iterator[_Found]:
    for number in range(len(scenes)):
        scene = scenes[number].whole()
        probability = map_scene(network, scene, patch_size)
        counted = (scene.weight > 0) & np.isfinite(probability)
        scored = ScoredScene(
            probability[counted],
            {},
            scene.glacier[counted],
            scene.shadow[counted],
            scene.surface[counted],
            scene.procedural,
        )
        yield _Found(number, probability > 0.5, tallies(scored, NETWORK))


def _caption(scene: TrainingScene, found: _Found, stratum: str) -> str:
    metric, words = STRATA[stratum]
    part, whole = found.tallies[metric]
    share = f"{part / whole:.2f}" if metric.startswith("IoU") else f"{part / whole:.0%}"
    both, either = found.tallies["IoU"]
    ground = "procedural" if scene.procedural else "real"
    return (
        f"Simulated scene on {ground} terrain, never trained on: {share} {words}; the IoU of the "
        f"whole scene is {both / max(either, 1):.2f}. {KEY}"
    )
