"""Training scenes as the network takes them: scaled, and zero wherever anything is missing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glacier_core.errors import SourceError
from glacier_core.models.inputs import (
    PUBLISHED_REGIONS,
    UNKNOWN_REGION,
    coordinate_vector,
    region_vector,
    scale_feature,
)
from glacier_core.training.training_scene import TrainingScene

OPTICAL_AND_DEM = ("optical", "dem")


def seen(scene: TrainingScene) -> NDArray[np.bool_]:
    """Where there is all that a map needs, (rows, columns): six bands and an elevation.

    A scene without any elevation counts as seen by its bands alone; training drops the terrain
    of some patches on purpose.
    """
    surveyed = np.isfinite(scene.elevation)
    return np.asarray(
        np.isfinite(scene.optical).all(axis=0) & (surveyed | (not surveyed.any())), dtype=np.bool_
    )


def scaled_inputs(
    scene: TrainingScene, features: Sequence[str] = OPTICAL_AND_DEM
) -> dict[str, NDArray[np.float32]]:
    """Scaled features (C, rows, columns), zero where not seen, as when a scene is mapped.

    Parameters
    ----------
    scene : TrainingScene
    features : sequence of str
        What the network takes.

    Raises
    ------
    SourceError
        If the scene lacks a feature that it should have.
    """
    missing = ~seen(scene)
    scaled = {}
    for name in features:
        physical = _physical(scene, name)
        if physical is None:
            raise SourceError(
                f"The network takes {name!r}, which its scenes do not hold. Choose another track, "
                "or tiles that hold it."
            )
        scaled[name] = scale_feature(name, physical)
        scaled[name][:, missing] = 0.0
    return scaled


def location_input(
    scene: TrainingScene, location: str | None, *, unknown: bool = False
) -> NDArray[np.float32] | None:
    """Location vector (L,) of a scene or patch, as a network of this kind of location takes it.

    Parameters
    ----------
    scene : TrainingScene
    location : {"region", "coordinates"}, optional
        As in the configuration of the network.
    unknown : bool
        Whether to hide the region, so that the network learns to do without.

    Raises
    ------
    ModelError
        If the region is none of `PUBLISHED_REGIONS`, or the place is not on the globe.
    """
    if location is None:
        return None
    if location == "coordinates":
        return coordinate_vector(scene.longitude, scene.latitude)
    return region_vector(UNKNOWN_REGION if unknown else scene.region, PUBLISHED_REGIONS)


def _physical(scene: TrainingScene, name: str) -> NDArray[np.float32] | None:
    """Return one feature group (C, rows, columns) in physical units; None if it is not there."""
    if name == "dem":
        return np.stack([scene.elevation, scene.slope])
    values: NDArray[np.float32] | None = getattr(scene, name)
    return values[np.newaxis] if values is not None and values.ndim == 2 else values
