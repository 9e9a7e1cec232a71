"""One look at reality: a scene that no choice of a training may ever depend on."""

from dataclasses import dataclass

import numpy as np

from glacier_core.deviations.experts import place_experts
from glacier_core.deviations.matching import make_zones
from glacier_core.deviations.pixels import ceiling, score_pixels
from glacier_core.inference.engine import map_glaciers
from glacier_core.models.registry import Model
from glacier_core.scene import Scene
from glacier_core.sources import open_scene
from glacier_core.training.evaluation import ndsi_glacier

SCENE = "athabasca-2020"
BUFFER = 300.0  # m around the outline; beyond lies ice that nobody outlined


@dataclass(frozen=True)
class RealityCheck:
    """IoU within the outline and 300 m around it.

    Attributes
    ----------
    scene : str
        What it was measured on.
    iou, ndsi_iou : float
        Of the network, and of NDSI > 0.4 on the same pixels.
    ceiling : float
        What a faultless map could reach: ice of the neighbouring icefield lies within the 300 m.
    """

    scene: str
    iou: float
    ndsi_iou: float
    ceiling: float


def check_reality(model: Model) -> RealityCheck:
    """Map the Athabasca sample and compare with its outline.

    The outline is older than the image, so a faultless map of 2020 would not score 1 anyway.

    Raises
    ------
    SourceError
        If the sample can neither be fetched nor found in the samples mirror.
    """
    return compare_with_outline(open_scene(SCENE), model)


def compare_with_outline(scene: Scene, model: Model) -> RealityCheck:
    """Score a model and the NDSI around the outlines that came with a scene."""
    result = map_glaciers(scene, model, cache=False)
    experts = place_experts(scene.outlines, scene.transform, scene.shape, scene.crs)
    zones = make_zones(experts.labels, BUFFER, scene.resolution)
    expert = experts.labels > 0
    scored = (zones.nearest > 0) & ~result.data["unmapped"].to_numpy()
    ndsi = ndsi_glacier(scene.data["optical"].to_numpy().astype(np.float32))
    return RealityCheck(
        scene.title,
        score_pixels(result.data["glacier"].to_numpy(), expert, scored).iou,
        score_pixels(ndsi, expert, scored).iou,
        ceiling(expert, ndsi & ~expert, scored),
    )
