"""Where a scene lies, in the form a network takes it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from glacier_core.errors import ModelError
from glacier_core.models.card import ModelCard
from glacier_core.models.inputs import UNKNOWN_REGION, coordinate_vector, region_vector
from glacier_core.scene import Scene

Location = str | Sequence[float]


def location_vector(
    scene: Scene, card: ModelCard, location: Location | None
) -> NDArray[np.float32] | None:
    """Build the location vector that a model takes.

    Parameters
    ----------
    scene : Scene
    card : ModelCard
    location : str, sequence of float or None
        For models by region: the name of a region (``"unknown"`` if left out) or one weight a
        region in the order of ``card.regions``. For models by coordinates: longitude and
        latitude in degrees, the centre of the scene if left out.

    Returns
    -------
    ndarray of float32 (L,), or None for models without location

    Raises
    ------
    ModelError
        If the location does not fit the model.
    """
    if card.location == "region":
        return _regions(card, UNKNOWN_REGION if location is None else location)
    if card.location == "coordinates":
        return _coordinates(card, scene_centre(scene) if location is None else location)
    if location is not None:
        raise ModelError(f"The model {card.name} takes no location: leave it out.")
    return None


def scene_centre(scene: Scene) -> tuple[float, float]:
    """Longitude and latitude of the centre of a scene, in degrees on WGS 84."""
    west, south, east, north = scene.bounds
    to_degrees = Transformer.from_crs(scene.crs, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform((west + east) / 2, (south + north) / 2)
    return float(longitude), float(latitude)


def _regions(card: ModelCard, location: Location) -> NDArray[np.float32]:
    if isinstance(location, str):
        return region_vector(location, card.regions)
    return _numbers(card, location, len(card.regions), f"one weight for each of {card.regions}")


def _coordinates(card: ModelCard, location: Location) -> NDArray[np.float32]:
    needed = "longitude and latitude in degrees"
    if isinstance(location, str):
        raise ModelError(f"The model {card.name} takes {needed}, not {location!r}.")
    longitude, latitude = _numbers(card, location, 2, needed)
    return coordinate_vector(float(longitude), float(latitude))


def _numbers(
    card: ModelCard, location: Sequence[float], length: int, needed: str
) -> NDArray[np.float32]:
    numbers = np.asarray(location, dtype=np.float64)
    if numbers.shape != (length,) or not np.isfinite(numbers).all():
        raise ModelError(f"The model {card.name} takes {needed}; it was given {location!r}.")
    return numbers.astype(np.float32)
