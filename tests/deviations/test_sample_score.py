"""A sample held against its expert, the NDSI rule and the ceiling."""

import json

import numpy as np
import pytest

import glacier_core as gc
from glacier_core.baselines import ndsi_glacier
from glacier_core.deviations.sample_score import NDSI_RULE, score_sample
from glacier_core.errors import OutlineError
from glacier_core.inference.result import make_map
from glacier_core.scene import SceneAttributes, build_scene

from .maps import TRANSFORM, UTM, block, box, experts

SHAPE = (60, 80)
SNOW, ROCK = (0.8, 0.8, 0.8, 0.7, 0.1, 0.1), (0.1, 0.1, 0.1, 0.2, 0.3, 0.3)
GLACIER, ICEFIELD = block(SHAPE, (20, 40), (20, 50)), block(SHAPE, (20, 40), (50, 75))


@pytest.fixture
def scene():
    """Ice that goes on to the east, over ground rising to the east; one glacier is outlined."""
    bands = np.where(
        (GLACIER | ICEFIELD)[None], *(np.array(c)[:, None, None] for c in (SNOW, ROCK))
    )
    return build_scene(
        bands,
        np.broadcast_to(np.arange(SHAPE[1]) * 50.0, SHAPE),
        transform=TRANSFORM,
        crs=UTM,
        attributes=SceneAttributes(id="icefield", title="An icefield"),
        outlines=experts(box((20, 40), (20, 50))),
    )


def mapped(scene, glacier):
    provenance = {
        "key": "",
        "scene": {"attributes": scene.attributes.model_dump(mode="json")},
        "model": {"name": "a network"},
        "notes": [],
    }
    probability = np.where(scene.valid, glacier, np.nan).astype(np.float32)
    return make_map(
        probability, probability.copy(), transform=scene.transform, crs=scene.crs,
        provenance=provenance,
    )  # fmt: skip


def test_a_truthful_map_reaches_the_ceiling_and_no_more(scene):
    found = score_sample(scene, mapped(scene, GLACIER | ICEFIELD))
    assert found.neighbouring_ice_pixels == 20 * 10
    assert found.ceiling == pytest.approx(600 / 800)
    assert found.table["iou"].tolist() == pytest.approx([600 / 800] * 2)
    assert found.table.index.tolist() == ["a network", NDSI_RULE]


def test_a_map_of_the_outlined_glacier_alone_passes_the_ceiling(scene):
    found = score_sample(scene, mapped(scene, GLACIER))
    assert found.table.loc["a network", "iou"] == 1


def test_the_low_ring_leaves_the_high_icefield_out(scene):
    found = score_sample(scene, mapped(scene, GLACIER | ICEFIELD), low_ring_m=49.5 * 50)
    assert found.table["iou_low_ring"].tolist() == [1, 1]
    assert found.ceiling_low_ring == 1


def test_half_the_ring_above_the_limit(scene):
    found = score_sample(scene, mapped(scene, GLACIER | ICEFIELD), low_ring_m=54 * 50)
    assert found.ceiling_low_ring == pytest.approx(600 / 700)


def test_cast_shadow_outside_the_outline_is_told_apart(scene):
    shadow = block(SHAPE, (0, 10), (0, 40)) | block(SHAPE, (20, 40), (20, 30))
    mapped_dark = GLACIER | block(SHAPE, (0, 5), (0, 10))
    found = score_sample(scene, mapped(scene, mapped_dark), shadow=shadow)
    # 400 dark pixels lie outside the outline, 50 of them mapped; those inside do not count.
    assert found.table["shadow_called_glacier"].tolist() == pytest.approx([50 / 400, 0.0])
    without = score_sample(scene, mapped(scene, mapped_dark))
    assert without.table["shadow_called_glacier"].isna().all()


def test_both_are_scored_on_the_pixels_the_network_mapped(scene):
    given = mapped(scene, GLACIER)
    holes = given.data["probability"].to_numpy().copy()
    holes[20:25] = np.nan
    result = make_map(
        holes, holes.copy(), transform=TRANSFORM, crs=UTM, provenance=given.provenance
    )
    found = score_sample(scene, result)
    assert found.unmapped > 0
    assert found.rule.pixels["pixels"].tolist() == found.network.pixels["pixels"].tolist()


def test_figures_go_into_json(scene):
    found = score_sample(scene, mapped(scene, np.ones(SHAPE, dtype=bool)))
    kept = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert kept["methods"]["a network"]["mean_m"] is None  # no margin anywhere
    assert kept["ceiling"] == pytest.approx(600 / 800)


def test_a_scene_without_experts(scene):
    with pytest.raises(OutlineError, match="without expert outlines"):
        score_sample(scene.with_outlines(None), mapped(scene, GLACIER))


@pytest.mark.samples
def test_athabasca_has_the_known_ndsi_score_and_ceiling(samples_mirror):
    """NDSI > 0.4 scores .776 to .785 within 300 m and .935 in the low ring.

    The known ceiling, .835, counts 3,500 pixels of neighbouring ice; by our rule it is 3,616.
    """
    scene = gc.open_scene("athabasca-2020")
    found = score_sample(scene, mapped(scene, ndsi_glacier(scene)))
    assert 0.776 <= found.table.loc[NDSI_RULE, "iou"] <= 0.785
    assert found.table.loc[NDSI_RULE, "iou_low_ring"] == pytest.approx(0.935, abs=0.002)
    assert found.ceiling == pytest.approx(0.83, abs=0.006)
