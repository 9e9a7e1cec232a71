"""What sources add, measured on networks and scenes whose answer is known."""

import numpy as np
import pandas as pd
import pytest
import torch

from glacier_core.benchmark import uncertainty
from glacier_core.errors import ModelError
from glacier_core.models.blocks import Network
from glacier_core.models.config import EnsembleConfig, GlaViTUConfig
from glacier_core.models.ensemble import Ensemble
from glacier_core.training.training_scene import TrainingScene

TINY = GlaViTUConfig(
    width=4,
    token_patch=8,
    token_width=8,
    positional_grid=2,
    transformer_blocks=1,
    heads=2,
    mlp_width=8,
    resunet_width=4,
)
SIDE = 32


class Member(Network):
    """Sees a pixel by its first band, and one of two disturbances only."""

    def __init__(self, band):
        super().__init__()
        self.config, self.band = TINY, band
        self.output = torch.nn.Conv2d(1, 2, 1)
        with torch.no_grad():
            self.output.weight.copy_(torch.tensor([0.0, 40.0]).reshape(2, 1, 1, 1))
            self.output.bias.copy_(torch.tensor([0.0, -4.0]))

    def forward(self, inputs, location=None):
        seen = inputs["optical"][:, 0] + inputs["optical"][:, self.band]
        return self.output(seen[:, None])


def ensemble(*members):
    network = Ensemble(EnsembleConfig((TINY, TINY)))
    network.members = torch.nn.ModuleList(members)
    return network.eval()


def scene(seed):
    """Bright ice in half of the scene; bands 2 and 3 disturb, each for one member alone."""
    random = np.random.default_rng(seed)
    glacier = np.zeros((SIDE, SIDE), bool)
    glacier[:, SIDE // 2 :] = True
    optical = np.zeros((6, SIDE, SIDE), np.float32)
    optical[0] = np.where(glacier, 0.35, 0.05)
    optical[1:3] = random.normal(0, 0.2, (2, SIDE, SIDE))
    flat = np.zeros((SIDE, SIDE), np.float32)
    return TrainingScene(
        optical=optical,
        elevation=flat + 1000,
        slope=flat + 5,
        glacier=glacier,
        surface=np.zeros((SIDE, SIDE), np.uint8),
        weight=flat + 1,
        shadow=np.zeros((SIDE, SIDE), bool),
    )


@pytest.fixture(scope="module")
def tables():
    network = ensemble(Member(1), Member(2))
    return list(uncertainty.compare_sources(network, map(scene, range(3)), SIDE))


def test_a_table_comes_after_every_scene_from_the_second_on(tables):
    assert [set(table["scenes"]) for table in tables] == [{2}, {3}]
    for table in tables:
        assert list(table["source"]) == list(uncertainty.ASKED)
        assert set(uncertainty.SOURCE_DEFINITIONS) <= set(table.columns)
        assert table["simulated"].all()


def test_opinions_are_counted_and_cost_is_held_against_the_map(tables):
    table = tables[-1].set_index("source")
    assert table["opinions"].to_list() == [1, 1, 2, 8, 8]
    assert table.loc["the map as it is", "cost_ratio"] == 1.0
    assert (table["seconds_per_scene"] > 0).all()


def test_independent_members_tell_by_their_spread_where_they_err(tables):
    table = tables[-1].set_index("source")
    plain, apart = table.loc["the map as it is"], table.loc["members of the ensemble"]
    assert plain["auroc_spread"] == 0.5
    assert apart["auroc_spread"] > 0.65
    assert apart["iou"] == plain["iou"]
    assert apart["auroc_confidence"] == pytest.approx(plain["auroc_confidence"], abs=1e-3)
    assert plain["iou"] > table.loc["one member of the ensemble", "iou"]


def test_turns_add_nothing_to_a_network_that_knows_no_directions_but_light(tables):
    table = tables[-1].set_index("source")
    plain, turned = table.loc["the map as it is"], table.loc["turned and relit views"]
    assert turned["iou"] == pytest.approx(plain["iou"], abs=0.03)


@pytest.mark.parametrize("number", [0, 1])
def test_too_few_scenes_are_refused(number):
    with pytest.raises(ModelError, match="two or more are needed"):
        list(
            uncertainty.compare_sources(
                ensemble(Member(1), Member(2)), map(scene, range(number)), SIDE
            )
        )


def test_a_single_network_is_refused():
    with pytest.raises(ModelError, match="no members to disagree"):
        list(uncertainty.compare_sources(Member(1).eval(), map(scene, range(2)), SIDE))


def test_the_shipped_table_is_of_this_kind(tables):
    shipped = uncertainty.shipped_sources()
    assert set(tables[-1].columns) <= set(shipped.columns)
    assert list(shipped["source"]) == list(uncertainty.ASKED)
    assert shipped["simulated"].all()
    assert isinstance(shipped, pd.DataFrame)
