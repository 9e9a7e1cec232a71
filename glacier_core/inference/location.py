"""Where a scene lies, in the form a network takes it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from glacier_core.errors import ModelError
from glacier_core.inference.compatibility import authors_coordinates
from glacier_core.models.card import ModelCard
from glacier_core.models.inputs import UNKNOWN_REGION, coordinate_vector, region_vector
from glacier_core.scene import Scene

Location = str | Path | Sequence[float]


def location_vector(
    scene: Scene, card: ModelCard, location: Location | None, *, as_authors: bool = False
) -> NDArray[np.float32] | None:
    """Build the location vector that a model takes.

    Parameters
    ----------
    scene : Scene
    card : ModelCard
    location : str, Path, sequence of float or None
        For models by region: the name of a region (``"unknown"`` if left out), one weight a
        region in the order of ``card.regions``, or the ``.json`` file of
        `glacier_core.training.location_optimising` that holds such weights. For models by
        coordinates: longitude and latitude in degrees, the centre of the scene if left out.
    as_authors : bool
        Whether coordinates are to be taken as the authors' deployment takes them
        (`glacier_core.inference.compatibility.authors_coordinates`).

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
        place = scene_centre(scene) if location is None else location
        return _coordinates(card, place, authors_coordinates if as_authors else coordinate_vector)
    if location is not None:
        raise ModelError(f"The model {card.name} takes no location: leave it out.")
    return None


def scene_centre(scene: Scene) -> tuple[float, float]:
    """Longitude and latitude of the centre of a scene, in degrees on WGS 84."""
    west, south, east, north = scene.bounds
    to_degrees = Transformer.from_crs(scene.crs, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform((west + east) / 2, (south + north) / 2)
    return float(longitude), float(latitude)


def read_weights_of_regions(path: Path, card: ModelCard) -> list[float]:
    """Read one weight a region from a JSON file, in the order of a model card.

    Raises
    ------
    ModelError
        If the file cannot be read, or is for a model with other regions.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        regions, weights = tuple(kept["regions"]), list(kept["weights"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"The location {path} cannot be read: {error}. Make it with `optimise-location`."
        ) from error
    if regions != card.regions:
        raise ModelError(
            f"The location {path} is for the regions {', '.join(regions)}; the model {card.name} "
            f"has {', '.join(card.regions)}. Make one for this model with `optimise-location`."
        )
    return weights


def _regions(card: ModelCard, location: Location) -> NDArray[np.float32]:
    if isinstance(location, Path) or (isinstance(location, str) and location.endswith(".json")):
        location = read_weights_of_regions(Path(location), card)
    if isinstance(location, str):
        return region_vector(location, card.regions)
    return _numbers(card, location, len(card.regions), f"one weight for each of {card.regions}")


def _coordinates(
    card: ModelCard,
    location: Location,
    encode: Callable[[float, float], NDArray[np.float32]],
) -> NDArray[np.float32]:
    needed = "longitude and latitude in degrees"
    if isinstance(location, str | Path):
        raise ModelError(f"The model {card.name} takes {needed}, not {str(location)!r}.")
    longitude, latitude = _numbers(card, location, 2, needed)
    return encode(float(longitude), float(latitude))


def _numbers(
    card: ModelCard, location: Sequence[float], length: int, needed: str
) -> NDArray[np.float32]:
    numbers = np.asarray(location, dtype=np.float64)
    if numbers.shape != (length,) or not np.isfinite(numbers).all():
        raise ModelError(f"The model {card.name} takes {needed}; it was given {location!r}.")
    return numbers.astype(np.float32)
