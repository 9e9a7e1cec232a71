"""One scene to train on or to score, as plain arrays."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from glacier_core.errors import StorageError
from glacier_core.models.inputs import UNKNOWN_REGION
from glacier_core.simulation.regions import REGIONS
from glacier_core.simulation.world import World

# Reflectance needs no more than the 11 bits of float16; elevation does, as steps of 2 m would be
# larger than the roughness that tells debris from rock.
ARRAYS: Final = {
    "optical": np.float16,
    "elevation": np.float32,
    "slope": np.float16,
    "glacier": np.bool_,
    "surface": np.uint8,
    "weight": np.float16,
    "shadow": np.bool_,
}
OPTIONAL_ARRAYS: Final = {
    "co_pol_sar": np.float32,
    "cross_pol_sar": np.float32,
    "in_sar": np.float16,
    "thermal": np.float32,
}
CONTINUOUS: Final = ("optical", "elevation", "slope", "weight", *OPTIONAL_ARRAYS)

UNKNOWN_SURFACE: Final = 255
"""Stands in `TrainingScene.surface` where nobody knows the `SurfaceClass`."""


@dataclass(frozen=True)
class TrainingScene:
    """A scene or a patch of one as plain arrays; NaN is missing.

    Attributes
    ----------
    optical : ndarray of float32, (6, rows, columns)
        Reflectance of blue, green, red, NIR, SWIR1, SWIR2.
    elevation, slope : ndarray of float32, (rows, columns)
        m and degrees, as a separate survey would give them.
    glacier : ndarray of bool
        The truth.
    surface : ndarray of uint8
        `SurfaceClass` of what is seen, `UNKNOWN_SURFACE` where nobody knows.
    weight : ndarray of float32
        How much the truth of a pixel counts; 0 where it is unknown or nothing is seen.
    shadow : ndarray of bool
        Whether the pixel lies in shadow.
    procedural : bool
        Whether the ground was made up rather than surveyed.
    co_pol_sar, cross_pol_sar : ndarray of float32, (2, rows, columns), optional
        Linear sigma nought, ascending and descending orbit.
    in_sar : ndarray of float32, (2, rows, columns), optional
        Coherence 0..1, ascending and descending orbit.
    thermal : ndarray of float32, (rows, columns), optional
        Brightness temperature, K.
    region : str
        Code of the region, "unknown" for none.
    longitude, latitude : float
        Of the centre, degrees; NaN where it lies nowhere.
    """

    optical: NDArray[np.float32]
    elevation: NDArray[np.float32]
    slope: NDArray[np.float32]
    glacier: NDArray[np.bool_]
    surface: NDArray[np.uint8]
    weight: NDArray[np.float32]
    shadow: NDArray[np.bool_]
    procedural: bool = True
    co_pol_sar: NDArray[np.float32] | None = None
    cross_pol_sar: NDArray[np.float32] | None = None
    in_sar: NDArray[np.float32] | None = None
    thermal: NDArray[np.float32] | None = None
    region: str = UNKNOWN_REGION
    longitude: float = float("nan")
    latitude: float = float("nan")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.glacier.shape
        return rows, columns

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays that there are, by name."""
        every = {name: getattr(self, name) for name in (*ARRAYS, *OPTIONAL_ARRAYS)}
        return {name: array for name, array in every.items() if array is not None}

    def map(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Self:
        """Return the scene with every array changed alike."""
        changed: dict[str, Any] = {name: change(array) for name, array in self.arrays.items()}
        return replace(self, **changed)

    def cut(self, top: int, left: int, side: int) -> Self:
        """Return a square of `side` pixels."""
        rows, columns = slice(top, top + side), slice(left, left + side)
        return self.map(lambda array: array[..., rows, columns])

    def whole(self) -> Self:
        """Return the scene: it is all there already."""
        return self

    @classmethod
    def of_world(cls, world: World) -> Self:
        """Take what training needs out of a simulated world.

        Ground that lies nowhere is given the place of its region.
        """
        unseen = ~world.valid
        longitude, latitude = world.longitude, world.latitude
        if np.isnan(longitude) and world.region in REGIONS:
            region = REGIONS[world.region]
            longitude, latitude = region.longitude, region.latitude
        return cls(
            optical=np.where(unseen, np.float32(np.nan), world.optical),
            elevation=world.elevation,
            slope=world.slope,
            glacier=world.glacier,
            surface=world.surface,
            weight=np.where(unseen, np.float32(0.0), world.weight),
            shadow=world.shadow,
            procedural=world.procedural,
            region=world.region or UNKNOWN_REGION,
            longitude=longitude,
            latitude=latitude,
            **world.features,
        )

    def save(self, path: Path) -> None:
        """Write all arrays to one NumPy archive; it is there whole or not at all.

        Raises
        ------
        StorageError
            If the disk refuses.
        """
        kinds = ARRAYS | OPTIONAL_ARRAYS
        stored: dict[str, Any] = {name: np.array(getattr(self, name)) for name in _FACTS}
        stored |= {name: array.astype(kinds[name]) for name, array in self.arrays.items()}
        beside = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with beside.open("wb") as stream:
                np.savez(stream, **stored)
            beside.replace(path)
        except OSError as error:
            raise StorageError(
                f"The training scene {path} cannot be written: {error}. Free some space or choose "
                "another folder; training goes on from where it stopped when called again."
            ) from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; archives of version 0.1 hold no region and no place."""
        with np.load(path, allow_pickle=False) as archive:
            stored: dict[str, Any] = {name: archive[name] for name in archive.files}
        for name in _FACTS:
            if name in stored:
                stored[name] = stored[name].item()
        for name in CONTINUOUS:
            if name in stored:
                stored[name] = stored[name].astype(np.float32)
        return cls(**stored)


_FACTS: Final = ("procedural", "region", "longitude", "latitude")


def region_of_file(path: Path) -> str:
    """Return the region of a saved scene without reading its arrays."""
    with np.load(path, allow_pickle=False) as archive:
        return str(archive["region"]) if "region" in archive else UNKNOWN_REGION
