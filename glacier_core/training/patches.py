"""Training scenes as the network takes them: scaled, and zero wherever anything is missing."""

import numpy as np
from numpy.typing import NDArray

from glacier_core.models.inputs import scale_feature
from glacier_core.training.scenes import TrainingScene


def seen(scene: TrainingScene) -> NDArray[np.bool_]:
    """Where there is all that a map needs, (rows, columns): six bands and an elevation.

    A scene without any elevation counts as seen by its bands alone; training drops the terrain
    of some patches on purpose.
    """
    surveyed = np.isfinite(scene.elevation)
    return np.asarray(
        np.isfinite(scene.optical).all(axis=0) & (surveyed | (not surveyed.any())), dtype=np.bool_
    )


def scaled_inputs(scene: TrainingScene) -> dict[str, NDArray[np.float32]]:
    """Scaled features (C, rows, columns), zero where not seen, as when a scene is mapped."""
    missing = ~seen(scene)
    scaled = {
        "optical": scale_feature("optical", scene.optical),
        "dem": scale_feature("dem", np.stack([scene.elevation, scene.slope])),
    }
    for values in scaled.values():
        values[:, missing] = 0.0
    return scaled
