from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.errors import ModelError, SourceError
from glacier_core.models.inputs import PUBLISHED_REGIONS
from glacier_core.training.batches import drop_features, make_batch
from glacier_core.training.training_scene import UNKNOWN_SURFACE


def located(recipe, kind):
    strategy = {"region": "region-encoding", "coordinates": "coordinate-encoding"}[kind]
    return replace(recipe, strategy=strategy, network=replace(recipe.network, location=kind))


@given(
    share=st.floats(0.0, 1.0),
    present=st.lists(st.booleans(), min_size=1, max_size=6),
    seed=st.integers(0, 999),
)
def test_what_is_dropped_is_zero_and_something_always_stays(share, present, seed):
    inputs = {
        str(i): np.full((2, 3, 3), float(there), np.float32) for i, there in enumerate(present)
    }
    after = drop_features(inputs, share, np.random.default_rng(seed))
    assert list(after) == list(inputs)
    for name, values in after.items():
        assert np.array_equal(values, inputs[name]) or not values.any()
    assert any(values.any() for values in after.values()) == any(present)


def test_features_are_dropped_as_often_as_said():
    inputs = {name: np.ones((1, 2, 2), np.float32) for name in "abcd"}
    generator = np.random.default_rng(0)
    left = [
        sum(values.any() for values in drop_features(inputs, 0.3, generator).values())
        for _ in range(500)
    ]
    assert np.mean(left) == pytest.approx(4 * 0.7 + 0.3**4, abs=0.12)


def test_modality_dropout_needs_its_strategy(tiny_recipe, make_scene):
    with pytest.raises(ModelError, match=r"modality dropout of 0\.5"):
        replace(tiny_recipe, modality_dropout=0.5)
    recipe = replace(tiny_recipe, strategy="modality-dropout", modality_dropout=1.0)
    batch = make_batch(recipe, [make_scene(0, 32)] * 8, np.random.default_rng(0))
    there = np.array([[x[i].any() for x in batch.inputs.values()] for i in range(8)])
    assert (there.sum(axis=1) == 1).all()
    assert there.any(axis=0).all()
    assert make_batch(recipe, [make_scene(0, 32)]).inputs["dem"].any()


def test_regions_are_told_and_sometimes_hidden(tiny_recipe, make_scene):
    recipe = located(tiny_recipe, "region")
    patches = [replace(make_scene(0, 32), region="HMA")] * 400
    told = make_batch(recipe, patches, np.random.default_rng(0)).location.numpy()
    assert told.shape == (400, len(PUBLISHED_REGIONS))
    assert (told.sum(axis=1) == 1).all()
    assert told[:, PUBLISHED_REGIONS.index("unknown")].mean() == pytest.approx(0.1, abs=0.04)
    assert told[:, PUBLISHED_REGIONS.index("HMA")].mean() == pytest.approx(0.9, abs=0.04)
    assert make_batch(recipe, patches[:9]).location[:, PUBLISHED_REGIONS.index("HMA")].all()


def test_coordinates_are_turned_to_radians(tiny_recipe, make_scene):
    recipe = located(tiny_recipe, "coordinates")
    patch = replace(make_scene(0, 32), longitude=-90.0, latitude=30.0)
    told = make_batch(recipe, [patch]).location[0]
    assert told.tolist() == pytest.approx([0.5, 3**0.5 / 2, -1.0, 0.0], abs=1e-6)


def test_a_region_the_network_does_not_know_is_refused(tiny_recipe, make_scene):
    with pytest.raises(ModelError, match="does not know the region 'Mars'"):
        make_batch(located(tiny_recipe, "region"), [replace(make_scene(0, 32), region="Mars")])


def test_networks_without_location_are_told_nothing(tiny_recipe, make_scene):
    assert make_batch(tiny_recipe, [make_scene(0, 32)]).location is None


def test_every_feature_of_the_track_is_scaled(tiny_recipe, make_scene):
    features = ("optical", "dem", "co_pol_sar", "thermal")
    recipe = replace(tiny_recipe, network=replace(tiny_recipe.network, features=features))
    scene = make_scene(0, 32)
    with pytest.raises(SourceError, match="takes 'co_pol_sar', which its scenes do not hold"):
        make_batch(recipe, [scene])
    radar = np.full((2, 32, 32), 0.1, np.float32)
    heat = np.full((32, 32), 270.0, np.float32)
    inputs = make_batch(recipe, [replace(scene, co_pol_sar=radar, thermal=heat)]).inputs
    assert list(inputs) == list(features)
    assert inputs["thermal"][0, 0].numpy() == pytest.approx(270 / 322.08056641)
    assert inputs["co_pol_sar"][0, 0].numpy() == pytest.approx((-1 + 6) / 7.75761249, rel=1e-4)


def test_pixels_of_unknown_surface_count_once(tiny_recipe, make_scene):
    scene = make_scene(0, 32)
    scene.surface[:] = UNKNOWN_SURFACE
    recipe = replace(tiny_recipe, surface_weights=((UNKNOWN_SURFACE - 1, 5.0),))
    assert (make_batch(recipe, [scene]).weight == 1).all()
