from dataclasses import replace

import numpy as np
import pytest
import torch

from glacier_core.models.glavitu import GlaViTU
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training.evaluation import (
    NDSI,
    NETWORK,
    ScoredScene,
    agreement,
    map_scene,
    metrics,
    ndsi_glacier,
    score_scenes,
    scores_by_terrain,
)
from glacier_core.training.material import pair_files
from glacier_core.training.patches import scaled_inputs


@pytest.fixture
def network(tiny_recipe):
    torch.manual_seed(0)
    return GlaViTU(tiny_recipe.network).eval()


def scored(surface, glacier, predicted, *, ndsi=None, shadow=None, procedural=True):
    count = len(surface)
    return ScoredScene(
        probability=np.where(predicted, 0.9, 0.1).astype(np.float32),
        baselines={NDSI: np.asarray(predicted if ndsi is None else ndsi, bool)},
        glacier=np.asarray(glacier, bool),
        shadow=np.zeros(count, bool) if shadow is None else np.asarray(shadow, bool),
        surface=np.asarray(surface, np.uint8),
        procedural=procedural,
    )


def test_metrics_by_hand():
    ice, debris, pond, snow, water, rock = (
        SurfaceClass.ICE,
        SurfaceClass.DEBRIS,
        SurfaceClass.POND,
        SurfaceClass.SEASONAL_SNOW,
        SurfaceClass.WATER,
        SurfaceClass.ROCK,
    )
    scene = scored(
        surface=[ice, ice] + [debris] * 3 + [pond, snow, snow, water] + [rock] * 4 + [debris],
        glacier=[1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        predicted=[1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1],  # the last: debris without ice
        shadow=[1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0],
    )
    assert metrics([scene], NETWORK) == pytest.approx(
        {
            "IoU": 3 / 10,
            "IoU of clean ice": 2 / 6,
            "IoU in shadow": 1 / 3,
            "IoU without seasonal snow": np.nan,
            "recall of debris-covered ice": 1 / 4,
            "off-glacier snow called glacier": 1 / 2,
            "water called glacier": 1.0,
            "other ground called glacier": 2 / 5,
            "background called glacier": 4 / 8,
        },
        nan_ok=True,
    )


def test_scenes_with_snow_are_left_out_where_asked():
    ice, snow, rock = SurfaceClass.ICE, SurfaceClass.PERENNIAL_SNOW, SurfaceClass.ROCK
    bare = scored([ice, ice, rock], [1, 1, 0], [1, 0, 0])
    snowy = scored([ice, snow, rock], [1, 0, 0], [1, 1, 1])
    almost = scored([ice] * 100 + [snow] + [rock] * 100, [1] * 100 + [0] * 101, [1] * 201)
    result = metrics([bare, snowy, almost], NETWORK)
    assert result["IoU without seasonal snow"] == pytest.approx(101 / 203)
    assert result["IoU"] == pytest.approx(102 / 206)


def test_baselines_are_scored_beside_the_network_on_the_same_pixels(network, make_scene, tmp_path):
    make_scene(0, 32).save(tmp_path / "scene.npz")
    rules = {"steep ground": lambda scene: scene.slope > 30.0}
    scenes = list(score_scenes(network, [tmp_path / "scene.npz"], 32, rules))
    table = scores_by_terrain(scenes)
    assert {method for _, method in table} == {NETWORK, NDSI, "steep ground"}
    assert table["all", "steep ground"]["IoU"] == 0.0
    assert table["all", NDSI]["IoU"] == 1.0


def test_what_does_not_occur_is_not_scored():
    result = metrics([scored([SurfaceClass.ROCK], [0], [0])], NETWORK)
    assert np.isnan(result["recall of debris-covered ice"])
    assert np.isnan(result["water called glacier"])
    assert result["other ground called glacier"] == 0.0


def test_real_and_procedural_are_told_apart_and_pooled():
    real = scored([SurfaceClass.ICE] * 2, [1, 1], [1, 0], ndsi=[1, 1], procedural=False)
    made_up = scored([SurfaceClass.ICE] * 4, [1] * 4, [1] * 4, ndsi=[0] * 4)
    table = scores_by_terrain([real, made_up])
    iou = {key: row["IoU"] for key, row in table.items()}
    assert iou == pytest.approx(
        {
            ("all", NETWORK): 5 / 6,
            ("all", NDSI): 2 / 6,
            ("real", NETWORK): 1 / 2,
            ("real", NDSI): 1.0,
            ("procedural", NETWORK): 1.0,
            ("procedural", NDSI): 0.0,
        }
    )
    assert ("real", NETWORK) not in scores_by_terrain([made_up])


def test_ndsi_by_hand_and_over_corrected_shadow():
    optical = np.zeros((6, 1, 4), np.float32)
    optical[1] = [0.70, 0.20, -0.02, 0.69]  # green
    optical[4] = [0.20, 0.10, -0.01, 0.31]  # SWIR1: NDSI .56, .33, undefined, .38
    assert ndsi_glacier(optical).tolist() == [[True, False, False, False]]


def test_one_window_is_the_network_itself(network, make_scene):
    scene = make_scene(0, 32)
    inputs = {name: torch.from_numpy(x)[None] for name, x in scaled_inputs(scene).items()}
    expected = torch.softmax(network(inputs), dim=1)[0, 1].detach().numpy()
    assert map_scene(network, scene, 32) == pytest.approx(expected, abs=1e-6)


def test_larger_scenes_are_covered_and_the_unseen_stays_unmapped(network, make_scene):
    scene = make_scene(0, 48)
    scene.optical[3, 10, 20] = np.nan
    scene.elevation[30, 5] = np.nan
    mapped = np.isfinite(map_scene(network, scene, 32))
    assert not mapped[10, 20]
    assert not mapped[30, 5]
    assert mapped.sum() == 48 * 48 - 2


def test_only_pixels_that_count_are_scored(network, make_scene, tmp_path):
    scene = make_scene(0, 32)
    scene.weight[:, :4] = 0.0
    scene.optical[:, 31, 31] = np.nan
    scene.save(tmp_path / "scene.npz")
    (result,) = score_scenes(network, [tmp_path / "scene.npz"], 32)
    assert len(result.probability) == 32 * 28 - 1
    assert result.glacier.sum() == 32 * 12
    assert result.procedural


def test_confidence_and_correctness_follow_the_probability():
    scene = scored([SurfaceClass.ICE] * 2, [1, 0], [1, 1])
    # 1 - H2(0.9) = 0.531
    assert scene.confidence == pytest.approx([0.531, 0.531], abs=1e-3)
    assert scene.correct.tolist() == [True, False]


def test_agreement_counts_where_both_images_see(network, make_scene, tmp_path):
    scene = make_scene(0, 32)
    scene.save(tmp_path / "a.npz")
    holed = replace(scene, optical=scene.optical.copy())
    holed.optical[:, :16] = np.nan
    holed.save(tmp_path / "b.npz")
    pair = (tmp_path / "a.npz", tmp_path / "a.npz")
    glacier = map_scene(network, scene, 32) > 0.5
    assert glacier.any()
    assert agreement(network, pair_files([pair]), 32) == 1.0
    different = agreement(network, pair_files([(tmp_path / "a.npz", tmp_path / "b.npz")]), 32)
    other = map_scene(network, holed, 32)
    both = np.isfinite(other)
    union = (glacier | (other > 0.5)) & both
    assert different == pytest.approx((glacier & (other > 0.5) & both).sum() / union.sum())
