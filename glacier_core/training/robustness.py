"""How much a network loses when its input is a little wrong, as every real image is."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.models.blocks import Network
from glacier_core.models.card import Accuracy
from glacier_core.slope import horn_slope
from glacier_core.training.evaluation import Tally, map_scene, pooled_share
from glacier_core.training.intervals import INTERVAL, difference_interval
from glacier_core.training.training_scene import TrainingScene

FloatArray = NDArray[np.float32]
Disturbance = Callable[[TrainingScene, np.random.Generator], TrainingScene]

METRIC = "change of IoU"
UNDISTURBED = "IoU, undisturbed"

GREEN = 1
MISSING = 0.1
HEIGHT_ERROR = 60.0  # m, standard deviation
HEIGHT_ERROR_WIDTH = 500.0  # m over which errors of elevation are alike, as in stereo models
NEIGHBOURS = ((0, 1), (0, -1), (1, 0), (-1, 0))


def robustness_figures(
    network: Network,
    scenes: Iterable[TrainingScene | Path],
    patch_size: int,
    *,
    scored_set: str = "simulated held-out scenes",
    seed: int = 0,
) -> list[Accuracy]:
    """Map held-out simulated scenes, undisturbed and disturbed in each way.

    Parameters
    ----------
    network : Network
        In evaluation mode.
    scenes : iterable of TrainingScene or Path
        Never trained on.
    patch_size : int
        Side of the windows in pixels.
    scored_set : str
        What the scenes are, to follow their number.
    seed : int
        Of every disturbance; that of a scene follows from it and from the scene's place.

    Returns
    -------
    list of Accuracy
        The IoU undisturbed, then its change by each of `DISTURBANCES`, all scenes pooled, with
        intervals of the change (both maps of a scene are drawn together).
    """
    counts: dict[str, list[Tally]] = {name: [] for name in ("", *DISTURBANCES)}
    for number, given in enumerate(scenes):
        scene = TrainingScene.load(given) if isinstance(given, Path) else given
        counts[""].append(_tally(network, scene, patch_size))
        for name, disturb in DISTURBANCES.items():
            disturbed = disturb(scene, np.random.default_rng((seed, number)))
            counts[name].append(_tally(network, disturbed, patch_size))
    return _figures(counts, scored_set)


def _figures(counts: dict[str, list[Tally]], scored_set: str) -> list[Accuracy]:
    before = counts.pop("")
    dataset = f"{len(before)} {scored_set}"
    undisturbed = pooled_share(before)
    if not np.isfinite(undisturbed):
        return []
    figures = [
        Accuracy(dataset=dataset, metric=UNDISTURBED, value=round(undisturbed, 4), simulated=True)
    ]
    for name, after in counts.items():
        change = pooled_share(after) - undisturbed
        ends = difference_interval(before, after)
        interval = (
            {}
            if ends is None
            else {"low": round(ends[0], 4), "high": round(ends[1], 4), "interval": INTERVAL}
        )
        figures.append(
            Accuracy(
                dataset=f"{dataset}, {name}",
                metric=METRIC,
                value=round(change, 4),
                simulated=True,
                **interval,
            )
        )
    return figures


def _tally(network: Network, scene: TrainingScene, patch_size: int) -> Tally:
    probability = map_scene(network, scene, patch_size)
    counted = (scene.weight > 0) & np.isfinite(probability)
    called = probability > 0.5
    both, either = called & scene.glacier & counted, (called | scene.glacier) & counted
    return int(both.sum()), int(either.sum())


def shift_bands(scene: TrainingScene, generator: np.random.Generator) -> TrainingScene:
    """Move every band but green by one pixel, each to a side of its own; green keeps the truth."""
    optical = scene.optical.copy()
    for band in range(len(optical)):
        move = NEIGHBOURS[generator.integers(len(NEIGHBOURS))]
        if band != GREEN:
            optical[band] = ndimage.shift(optical[band], move, order=0, mode="nearest")
    return replace(scene, optical=optical)


def brighten(factor: float) -> Disturbance:
    """Return what multiplies all reflectance, as a wrong gain or a wrong sun does."""

    def disturb(scene: TrainingScene, _: np.random.Generator) -> TrainingScene:
        return replace(scene, optical=(scene.optical * np.float32(factor)))

    return disturb


def lose_pixels(scene: TrainingScene, generator: np.random.Generator) -> TrainingScene:
    """Lose single pixels anywhere; what is lost is not mapped and not scored."""
    lost = generator.random(scene.glacier.shape) < MISSING
    return replace(scene, optical=np.where(lost, np.float32(np.nan), scene.optical))


def err_in_height(scene: TrainingScene, generator: np.random.Generator) -> TrainingScene:
    """Add a smooth error to the elevation, and what follows from it to the slope."""
    resolution = pixel_size(scene)
    noise = ndimage.gaussian_filter(
        generator.standard_normal(scene.elevation.shape), HEIGHT_ERROR_WIDTH / resolution
    )
    error = noise / noise.std() * HEIGHT_ERROR
    elevation = (scene.elevation + error).astype(np.float32)
    return replace(scene, elevation=elevation, slope=horn_slope(elevation, resolution))


def pixel_size(scene: TrainingScene) -> float:
    """Side of a pixel in metres, from slope and elevation, which a scene keeps without it.

    The tangent of the slope is inverse to the size, so a size of 1 m gives their ratio.
    """
    steep = scene.slope > 5.0
    if not steep.any():
        return 30.0  # flat ground: no slope that the size could change
    unit = np.tan(np.radians(horn_slope(scene.elevation, 1.0)[steep], dtype=np.float64))
    size = float(np.nanmedian(unit / np.tan(np.radians(scene.slope[steep], dtype=np.float64))))
    return size if np.isfinite(size) and size > 0 else 30.0


def turn(scene: TrainingScene, _: np.random.Generator) -> TrainingScene:
    """Rotate everything by a right angle: the sun then stands in the north-east or south-west."""
    return scene.map(lambda array: np.ascontiguousarray(np.rot90(array, axes=(-2, -1))))


DISTURBANCES: dict[str, Disturbance] = {
    "bands shifted by one pixel": shift_bands,
    "20 % brighter": brighten(1.2),
    "20 % darker": brighten(0.8),
    f"{MISSING:.0%} of the pixels missing": lose_pixels,
    f"elevation wrong by {HEIGHT_ERROR:g} m": err_in_height,
    "rotated by 90°": turn,
}
"""Ways in which images and elevation models are wrong, by what the card calls them."""
