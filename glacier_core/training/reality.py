"""One look at reality: a scene that no choice of a training may ever depend on."""

from glacier_core.baselines import NDSI_THRESHOLD
from glacier_core.deviations.sample_score import SampleScore, score_sample
from glacier_core.inference.engine import map_glaciers
from glacier_core.models.card import Accuracy
from glacier_core.models.registry import Model
from glacier_core.sources import open_scene
from glacier_core.sources.samples import sample_shadow

SCENE = "athabasca-2020"


def real_figures(model: Model) -> list[Accuracy]:
    """Map the Athabasca sample and score it around its outline, beside the NDSI.

    The outline is older than the image, so a faultless map of 2020 would not score 1 anyway.

    Raises
    ------
    SourceError
        If the sample can neither be fetched nor found in the samples mirror.
    """
    scene = open_scene(SCENE)
    found = map_glaciers(scene, model, cache=False)
    score = score_sample(scene, found, shadow=sample_shadow(SCENE))
    return figures(score, scene.title)


def figures(score: SampleScore, title: str) -> list[Accuracy]:
    """Turn a score on a real scene into figures for a model card."""
    (_, network), (_, rule) = score.table.iterrows()
    around = f"{title}, within {score.buffer_m:g} m of the outline"
    low = f"{around}, ring above {score.low_ring_m:g} m left out"
    dark = f"{title}, cast shadow outside the outline, ice of the icefield among it"
    called = "cast shadow called glacier"
    index = f"IoU, NDSI > {NDSI_THRESHOLD}"
    possible = "highest IoU there is, as ice without outline lies in the ring"
    values = (
        (around, "IoU", network["iou"]),
        (around, index, rule["iou"]),
        (around, possible, score.ceiling),
        (low, "IoU", network["iou_low_ring"]),
        (low, index, rule["iou_low_ring"]),
        (low, possible, score.ceiling_low_ring),
        (dark, called, network["shadow_called_glacier"]),
        (dark, f"{called}, NDSI > {NDSI_THRESHOLD}", rule["shadow_called_glacier"]),
    )
    return [
        Accuracy(dataset=dataset, metric=metric, value=round(float(value), 4), simulated=False)
        for dataset, metric, value in values
    ]
