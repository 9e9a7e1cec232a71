"""Where confidence holds: calibrations compared by region, surface and distance to the boundary."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from glacier_core.confidence.choosing import FEWEST_OF_A_BIN
from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.confidence.metrics import calibration_metrics
from glacier_core.models.blocks import Network
from glacier_core.models.calibration import Calibration
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training.evaluation import map_scene
from glacier_core.training.training_scene import UNKNOWN_SURFACE, TrainingScene

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float32]

EVERYWHERE = "everywhere"
UNCALIBRATED = "before calibration"
DISTANCES: Mapping[str, tuple[float, float]] = {
    "0-1 pixels": (0.0, 1.0),
    "1-3 pixels": (1.0, 3.0),
    "3-10 pixels": (3.0, 10.0),
    "> 10 pixels": (10.0, np.inf),
}
"""From, and up to and with, how many pixels from the true boundary."""


@dataclass(frozen=True)
class PlacedPixels:
    """Every pixel of a scene that counts, as vectors, and where it lies.

    Attributes
    ----------
    confidence : ndarray of float32
        Before calibration.
    correct : ndarray of bool
        Whether the network is right.
    surface : ndarray of uint8
        `SurfaceClass`.
    distance : ndarray of float32
        Pixels from the true boundary, infinite where the scene has none.
    region : str
        Of the scene.
    """

    confidence: FloatArray
    correct: BoolArray
    surface: NDArray[np.uint8]
    distance: FloatArray
    region: str


def placed_pixels(network: Network, scene: TrainingScene, patch_size: int) -> PlacedPixels:
    """Map a scene and keep the pixels whose truth counts.

    Parameters
    ----------
    network : Network
        In evaluation mode.
    scene : TrainingScene
    patch_size : int
        Side of the windows in pixels.
    """
    probability = map_scene(network, scene, patch_size)
    counted = (scene.weight > 0) & np.isfinite(probability)
    return PlacedPixels(
        confidence=entropy_confidence(probability[counted]),
        correct=((probability > 0.5) == scene.glacier)[counted],
        surface=scene.surface[counted],
        distance=boundary_distance(scene.glacier)[counted],
        region=scene.region,
    )


def boundary_distance(glacier: BoolArray) -> FloatArray:
    """Distance of each pixel's centre from the boundary, in pixels.

    Half a pixel less than the distance to the nearest centre of the other class, so that pixels
    along the boundary lie at 0.5. Infinite where there is one class only.
    """
    if glacier.all() or not glacier.any():
        return np.full(glacier.shape, np.inf, np.float32)
    nearest = np.where(glacier, distance_transform_edt(glacier), distance_transform_edt(~glacier))
    return (nearest - 0.5).astype(np.float32)


def calibration_strata(
    scenes: Sequence[PlacedPixels], calibrations: Mapping[str, Calibration]
) -> pd.DataFrame:
    """Measure confidence before and after several calibrations, everywhere and by part.

    Parameters
    ----------
    scenes : sequence of PlacedPixels
        None of them fitted on.
    calibrations : mapping of str to Calibration
        By the name of their rows.

    Returns
    -------
    DataFrame
        One row a part of the pixels and a calibration: ``by`` ("everywhere", "region", "surface",
        "distance from the boundary"), ``part``, ``calibration`` (`UNCALIBRATED` first),
        ``monotone``, ``scenes`` (that hold such pixels), ``pixels``, ``accuracy`` and
        ``mean_confidence`` (0..1) and the measures of `calibration_metrics`. Parts of a few
        thousand pixels fill few bins: their errors come out too high.
    """
    confidence = np.concatenate([scene.confidence for scene in scenes])
    correct = np.concatenate([scene.correct for scene in scenes])
    number = np.repeat(np.arange(len(scenes)), [len(scene.correct) for scene in scenes])
    applied = {UNCALIBRATED: confidence} | {
        name: one.apply(confidence) for name, one in calibrations.items()
    }
    rows = [
        {
            "by": by,
            "part": part,
            "calibration": name,
            "monotone": name == UNCALIBRATED or calibrations[name].monotone,
            "scenes": len(np.unique(number[where])),
            **_measures(values[where], correct[where]),
        }
        for by, part, where in _parts(scenes)
        for name, values in applied.items()
    ]
    return pd.DataFrame(rows)


def _measures(confidence: FloatArray, correct: BoolArray) -> dict[str, float]:
    found = asdict(calibration_metrics(confidence, correct, fewest=FEWEST_OF_A_BIN))
    count = found.pop("count")
    means = {
        "accuracy": float(correct.mean()),
        "mean_confidence": float(confidence.mean(dtype=np.float64)),
    }
    return {"pixels": count, **means, **found}


def _parts(scenes: Sequence[PlacedPixels]) -> Iterator[tuple[str, str, BoolArray]]:
    """Yield what a part is by, its name and its pixels; parts without a pixel are left out."""
    surface = np.concatenate([scene.surface for scene in scenes])
    distance = np.concatenate([scene.distance for scene in scenes])
    region = np.repeat([scene.region for scene in scenes], [len(one.correct) for one in scenes])
    yield EVERYWHERE, EVERYWHERE, np.ones(len(surface), np.bool_)
    for code in np.unique(region):
        yield "region", str(code), np.asarray(region == code)
    for value in np.unique(surface):
        yield "surface", surface_name(int(value)), np.asarray(surface == value)
    for name, (above, upto) in DISTANCES.items():
        inside = np.asarray((distance > above) & (distance <= upto))
        if inside.any():
            yield "distance from the boundary", name, inside


def surface_name(value: int) -> str:
    """Name a `SurfaceClass` in words."""
    if value == UNKNOWN_SURFACE:
        return "unknown"
    return SurfaceClass(value).name.lower().replace("_", " ")
