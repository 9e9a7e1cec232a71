"""How good a network is on simulated scenes it never saw, beside rules on the same pixels."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from glacier_core.baselines import NDSI_THRESHOLD
from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.deviations.pixels import score_pixels
from glacier_core.inference.tiling import Blend, windows
from glacier_core.models.blocks import Network
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training.material import Pairs
from glacier_core.training.patches import location_input, scaled_inputs, seen
from glacier_core.training.training_scene import TrainingScene

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float32]

NETWORK = "network"
WINDOWS_AT_ONCE = 4  # bounds the memory that large tiles take
NDSI = f"NDSI > {NDSI_THRESHOLD}"
GREEN, SWIR1 = 1, 4
DEBRIS = (SurfaceClass.DEBRIS, SurfaceClass.POND)
SNOW = (SurfaceClass.SEASONAL_SNOW, SurfaceClass.PERENNIAL_SNOW)

SNOW_FREE = 0.005
"""A scene with less off-glacier snow than this share of its pixels counts as free of it."""

Tally = tuple[int, int]
"""A share before it is divided: how many pixels, of how many."""

Baseline = Callable[[TrainingScene], BoolArray]
"""A rule that says where it sees glacier, (rows, columns)."""


@dataclass(frozen=True)
class ScoredScene:
    """Every pixel of a scene that counts, as vectors.

    Attributes
    ----------
    probability : ndarray of float32
        Of glacier, from the network.
    baselines : mapping of str to ndarray of bool
        What simple rules call glacier, by their names.
    glacier, shadow : ndarray of bool
        The truth, and whether in shadow.
    surface : ndarray of uint8
        `SurfaceClass`.
    procedural : bool
        Whether the ground was made up.
    """

    probability: FloatArray
    baselines: Mapping[str, BoolArray]
    glacier: BoolArray
    shadow: BoolArray
    surface: NDArray[np.uint8]
    procedural: bool

    @property
    def predicted(self) -> BoolArray:
        """What the network calls glacier."""
        return self.probability > 0.5

    def called(self, method: str) -> BoolArray:
        """Return what a method calls glacier: `NETWORK`, or the name of a baseline."""
        return self.predicted if method == NETWORK else self.baselines[method]

    @property
    def confidence(self) -> FloatArray:
        """Raw confidence of the network."""
        return entropy_confidence(self.probability)

    @property
    def correct(self) -> BoolArray:
        """Whether the network is right."""
        return np.asarray(self.predicted == self.glacier)


def map_scene(
    network: Network, scene: TrainingScene, patch_size: int, *, unknown_region: bool = False
) -> FloatArray:
    """Probability of glacier by overlapping windows, as scenes are mapped; NaN where not seen.

    Parameters
    ----------
    network : Network
        In evaluation mode.
    scene : TrainingScene
    patch_size : int
        Side of the windows in pixels.
    unknown_region : bool
        Whether to hide the region from a network that is told it.
    """
    inputs = scaled_inputs(scene, network.config.features)
    place = location_input(scene, network.config.location, unknown=unknown_region)
    blend = Blend(scene.shape, patch_size)
    plan = iter(windows(scene.shape, patch_size, patch_size // 2))
    while some := tuple(islice(plan, WINDOWS_AT_ONCE)):
        patches = {
            name: np.stack([window.cut(values) for window in some])
            for name, values in inputs.items()
        }
        places = None if place is None else np.stack([place] * len(some))
        for window, probability in zip(some, _probabilities(network, patches, places), strict=True):
            blend.add(window, probability)
    return np.where(seen(scene), blend.mean(), np.float32(np.nan))


@torch.inference_mode()
def _probabilities(
    network: Network, patches: dict[str, FloatArray], places: FloatArray | None
) -> FloatArray:
    device = next(network.parameters()).device
    logits = network(
        {name: torch.from_numpy(values).to(device) for name, values in patches.items()},
        None if places is None else torch.from_numpy(places).to(device),
    )
    return np.asarray(torch.softmax(logits.float(), dim=1)[:, 1].cpu().numpy())


def score_scenes(
    network: Network,
    scenes: Iterable[TrainingScene | Path],
    patch_size: int,
    baselines: Mapping[str, Baseline] | None = None,
    *,
    unknown_region: bool = False,
) -> Iterator[ScoredScene]:
    """Map scenes and keep the pixels whose truth counts.

    Parameters
    ----------
    network : Network
    scenes : iterable of TrainingScene or Path
        Or files of `TrainingScene.save`.
    patch_size : int
        Side of the windows in pixels.
    baselines : mapping of str to callable, optional
        Rules that take a scene and say where they see glacier, beside the NDSI.
    unknown_region : bool
        Whether to hide the region from a network that is told it.
    """
    rules = {NDSI: ndsi_rule, **(baselines or {})}
    for given in scenes:
        scene = TrainingScene.load(given) if isinstance(given, Path) else given
        probability = map_scene(network, scene, patch_size, unknown_region=unknown_region)
        counted = (scene.weight > 0) & np.isfinite(probability)
        yield ScoredScene(
            probability[counted],
            {name: rule(scene)[counted] for name, rule in rules.items()},
            scene.glacier[counted],
            scene.shadow[counted],
            scene.surface[counted],
            scene.procedural,
        )


def ndsi_rule(scene: TrainingScene) -> BoolArray:
    """Call glacier what the NDSI does at its usual threshold."""
    return ndsi_glacier(scene.optical)


def ndsi_glacier(optical: FloatArray) -> BoolArray:
    """Call glacier what the rule of `baselines` does, on arrays instead of a scene.

    Parameters
    ----------
    optical : ndarray of float32, (6, ...)
        Reflectance.
    """
    green, swir1 = optical[GREEN], optical[SWIR1]
    total = green + swir1
    # A sum of 0 or less, as over-corrected shadows have, says nothing about snow.
    index = np.divide(green - swir1, total, out=np.full_like(total, -1.0), where=total > 0)
    return np.asarray(index > NDSI_THRESHOLD)


def scores_by_terrain(scenes: list[ScoredScene]) -> dict[tuple[str, str], dict[str, float]]:
    """Scores of the network and of every baseline on the same pixels, all scenes pooled.

    Returns
    -------
    dict
        Key: terrain ("all", "real", "procedural", if there is any) and method (`NETWORK`, or the
        name of a baseline). Value: as `metrics`.
    """
    return {
        (terrain, method): metrics(some, method)
        for terrain, some in by_terrain(scenes).items()
        for method in (NETWORK, *some[0].baselines)
    }


def tallies_by_terrain(
    scenes: list[ScoredScene],
) -> dict[tuple[str, str], dict[str, list[Tally]]]:
    """Count every scene, under the keys and metrics of `scores_by_terrain`."""
    counted: dict[tuple[str, str], dict[str, list[Tally]]] = {}
    for terrain, some in by_terrain(scenes).items():
        for method in (NETWORK, *some[0].baselines):
            rows = [tallies(scene, method) for scene in some]
            counted[terrain, method] = {name: [row[name] for row in rows] for name in rows[0]}
    return counted


def by_terrain(scenes: list[ScoredScene]) -> dict[str, list[ScoredScene]]:
    """Scenes of "all", "real" and "procedural" terrain, as far as there are any."""
    chosen = {
        "all": scenes,
        "real": [scene for scene in scenes if not scene.procedural],
        "procedural": [scene for scene in scenes if scene.procedural],
    }
    return {terrain: some for terrain, some in chosen.items() if some}


def metrics(scenes: list[ScoredScene], method: str) -> dict[str, float]:
    """Score the pixels of all scenes together: the metrics of `tallies`, NaN where none counts."""
    rows = [tallies(scene, method) for scene in scenes]
    return {name: pooled_share([row[name] for row in rows]) for name in rows[0]}


def pooled_share(counts: Iterable[Tally]) -> float:
    """Share of all pixels together, NaN without any."""
    part, whole = np.sum(list(counts), axis=0)
    return float(part / whole) if whole else float("nan")


def tallies(scene: ScoredScene, method: str) -> dict[str, Tally]:
    """Count what every metric of a scene is made of.

    IoU of all pixels, of those that are not debris-covered ("clean"), of those in shadow, and of
    scenes with next to no snow off the glaciers; the share of debris-covered ice that is found;
    and which share of snow, of water, of other ground and of all that is off the glaciers is
    called glacier. (IoU is the share of what is glacier, called so or both, that is both.)
    """
    called, glacier = scene.called(method), scene.glacier
    debris = glacier & np.isin(scene.surface, DEBRIS)
    snow = ~glacier & np.isin(scene.surface, SNOW)
    water = ~glacier & (scene.surface == SurfaceClass.WATER)
    snow_free = np.full_like(glacier, snow.mean() < SNOW_FREE)

    def share(where: BoolArray) -> Tally:
        return int((called & where).sum()), int(where.sum())

    def iou(where: BoolArray) -> Tally:
        both, either = called & glacier & where, (called | glacier) & where
        return int(both.sum()), int(either.sum())

    return {
        "IoU": iou(np.ones_like(glacier)),
        "IoU of clean ice": iou(~debris),
        "IoU in shadow": iou(scene.shadow),
        "IoU without seasonal snow": iou(snow_free),
        "recall of debris-covered ice": share(debris),
        "off-glacier snow called glacier": share(snow),
        "water called glacier": share(water),
        "other ground called glacier": share(~glacier & ~snow & ~water),
        "background called glacier": share(~glacier),
    }


def agreement(network: Network, pairs: Pairs, patch_size: int) -> float:
    """IoU of what the network calls glacier in two images of the same ground, pairs pooled.

    It needs no truth: the ground is the same, so whatever differs is the light, the instrument
    or the network's fault.
    """
    first, second = [], []
    for number in range(len(pairs)):
        maps = [map_scene(network, image.whole(), patch_size) for image in pairs[number]]
        both = np.isfinite(maps).all(axis=0)
        first.append(maps[0][both] > 0.5)
        second.append(maps[1][both] > 0.5)
    one, other = np.concatenate(first), np.concatenate(second)
    return score_pixels(one, other, np.ones_like(one)).iou
