"""Spreads of networks whose answer is known."""

import numpy as np
import pytest
import torch

from glacier_core.errors import JobCancelled, ModelError
from glacier_core.inference.engine import map_glaciers
from glacier_core.inference.spread import map_spread
from glacier_core.models.blocks import Network
from glacier_core.models.config import EnsembleConfig
from glacier_core.models.ensemble import Ensemble
from glacier_core.models.registry import Model

from .stubs import TINY, Brightness, make_card, make_scene, scaled_brightness, tiny_glavitu


class BrightNetwork(Brightness, Network):
    config = TINY


@pytest.fixture
def scene():
    valid = np.ones((20, 24), bool)
    valid[:4, :5] = False
    return make_scene(valid=valid, simulated=True)


@pytest.fixture
def ensemble():
    torch.manual_seed(0)
    config = EnsembleConfig((TINY, TINY))
    return Model(Ensemble(config).eval(), make_card(config, architecture="ensemble"))


def test_turns_of_a_network_without_directions_differ_by_the_light_alone(scene):
    """Three views as lit, three darker, two brighter, each pixel by itself."""
    spread = map_spread(scene, Model(BrightNetwork().eval(), make_card()), "augmentation")
    light = np.array([1, 0.9, 1.1, 1, 0.9, 1.1, 1, 0.9])[:, None, None]
    brightness = scaled_brightness(scene).mean(axis=0)
    p = 1 / (1 + np.exp(-40 * (brightness * light - 0.11)))
    seen = scene.valid
    found = spread.data
    np.testing.assert_allclose(found["probability"].values[seen], p.mean(0)[seen], atol=1e-4)
    np.testing.assert_allclose(found["standard_deviation"].values[seen], p.std(0)[seen], atol=1e-4)
    assert np.isnan(found["mutual_information"].values[~seen]).all()
    assert spread.opinions == 8
    assert spread.simulated


def test_members_of_an_ensemble_mean_what_the_ensemble_says(scene, ensemble):
    whole = map_glaciers(scene, ensemble, cache=False)
    spread = map_spread(scene, ensemble, "ensemble")
    assert spread.opinions == 2
    np.testing.assert_allclose(spread.data["probability"], whole.probability, atol=1e-5)
    assert float(spread.data["standard_deviation"].max()) > 1e-4
    assert spread.data.rio.crs == scene.crs
    assert spread.data.rio.transform() == scene.transform


def test_dropout_spreads_and_repeats(scene):
    model = tiny_glavitu()
    one, other = (map_spread(scene, model, "dropout") for _ in range(2))
    assert one.opinions == 8
    assert float(one.data["standard_deviation"].max()) > 1e-4
    assert one.data.identical(other.data)


def test_the_network_asked_stays_as_it_was(scene):
    model = tiny_glavitu()
    before = map_glaciers(scene, model, cache=False)
    map_spread(scene, model, "dropout")
    after = map_glaciers(scene, model, cache=False)
    np.testing.assert_array_equal(before.probability, after.probability)


def test_options_reach_the_mapping(scene):
    with pytest.raises(ModelError, match="The stride is 99"):
        map_spread(scene, tiny_glavitu(), stride=99)


def test_it_can_be_cancelled(scene):
    with pytest.raises(JobCancelled):
        map_spread(scene, tiny_glavitu(), cancel=lambda: True)


def test_an_unknown_source_is_refused(scene):
    with pytest.raises(ModelError, match="no source 'magic': choose augmentation, dropout"):
        map_spread(scene, tiny_glavitu(), "magic")


def test_a_single_network_has_no_members(scene):
    with pytest.raises(ModelError, match="no members to disagree"):
        map_spread(scene, tiny_glavitu(), "ensemble")
