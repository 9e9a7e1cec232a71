import logging
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from glacier_core.simulation import training_scenes
from glacier_core.simulation.regional import region_of_terrain
from glacier_core.simulation.regions import REGIONS
from glacier_core.simulation.training_scenes import (
    FIRST_SCENE_SEED,
    FIRST_TERRAIN,
    PROCEDURAL_TERRAINS,
    TerrainSources,
    draw_training_pair,
    draw_training_scene,
    load_sources,
)
from glacier_core.simulation.windows import PreparedTerrain


@pytest.fixture(scope="module")
def sources(terrain):
    return TerrainSources(real=(), procedural=(PreparedTerrain(replace(terrain, region="AWA")),))


def test_splits_share_no_seed():
    first, last = FIRST_TERRAIN["training"], PROCEDURAL_TERRAINS["training"]
    assert first + last <= FIRST_TERRAIN["held-out"]
    assert FIRST_SCENE_SEED["held-out"] - FIRST_SCENE_SEED["training"] >= 1_000_000


def test_scenes_follow_their_seed_and_split(sources):
    first = draw_training_scene(3, sources, "training", size=96)
    again = draw_training_scene(3, sources, "training", size=96)
    assert np.array_equal(first.optical, again.optical, equal_nan=True)
    assert np.array_equal(first.glacier, again.glacier)
    other = draw_training_scene(3, sources, "held-out", size=96)
    assert not np.array_equal(first.glacier, other.glacier)


def test_scenes_are_finite_where_valid_and_within_reach(sources):
    for seed in range(6):
        world = draw_training_scene(seed, sources, "training", size=96)
        assert world.optical.shape == (6, 96, 96)
        assert np.isfinite(world.optical[:, world.valid]).all()
        assert world.optical[:, world.valid].max() < 2.5
        assert world.optical[:, world.valid].min() > -0.4
        assert 10.0 <= world.resolution <= 36.0
        assert -1.0 < np.nanmin(world.elevation) < 3600.0


def test_held_out_scenes_have_every_difficulty(sources):
    worlds = [draw_training_scene(seed, sources, "held-out", size=128) for seed in range(24)]
    seen = np.unique(np.concatenate([np.unique(world.surface) for world in worlds]))
    assert {0, 2, 3, 4, 5, 6, 7, 8} <= set(seen.tolist())
    assert max(np.mean(world.shadow) for world in worlds) > 0.1
    assert {world.reflectance for world in worlds} == {"toa", "surface"}


def test_pairs_share_their_truth(sources):
    first, second = draw_training_pair(2, sources, "held-out", size=96)
    assert np.array_equal(first.glacier, second.glacier)
    assert first.reflectance != second.reflectance


def test_all_regions_take_part():
    for split, first in FIRST_TERRAIN.items():
        numbers = range(first, first + PROCEDURAL_TERRAINS[split])
        counts = Counter(region_of_terrain(number).code for number in numbers)
        assert set(counts) == set(REGIONS)
        assert len(set(counts.values())) == 1


def test_without_samples_a_line_says_so(tmp_path, monkeypatch, terrain, caplog):
    monkeypatch.setattr(training_scenes, "regional_terrain", lambda number, cache: terrain)
    with caplog.at_level(logging.WARNING):
        found = load_sources("training", tmp_path, None, procedural=2)
    assert "procedural terrain only" in caplog.text
    assert found.real == ()
    assert len(found.procedural) == 2


@pytest.mark.samples
def test_half_of_the_scenes_stand_on_real_ground(tmp_path, monkeypatch, terrain, samples_mirror):
    terrain = replace(terrain, region="ALP")
    monkeypatch.setattr(training_scenes, "regional_terrain", lambda number, cache: terrain)
    found = load_sources("held-out", tmp_path, samples_mirror, procedural=1)
    worlds = [draw_training_scene(seed, found, "held-out", size=48) for seed in range(60)]
    assert np.mean([world.procedural for world in worlds]) == pytest.approx(0.5, abs=0.2)
    assert {world.source for world in worlds if not world.procedural} == {
        "south-glacier",
        "oetztal",
    }
