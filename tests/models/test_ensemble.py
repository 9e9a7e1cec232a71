import pytest
import torch
from tiny_networks import GLAVITU, RESUNET, TINY_CONFIGS, inputs_of

from glacier_core.errors import ModelError
from glacier_core.models.architectures import build_network
from glacier_core.models.config import EnsembleConfig, GlaViTUConfig


@pytest.fixture
def ensemble():
    torch.manual_seed(0)
    return build_network(TINY_CONFIGS["ensemble"]).eval()


def test_probability_is_the_mean_of_the_members(ensemble):
    inputs = inputs_of(GLAVITU, 32, 32, number=2)
    with torch.inference_mode():
        logs = ensemble(inputs)
        members = torch.stack([member(inputs).softmax(1) for member in ensemble.members])
    assert (members[0] - members[1]).abs().max() > 1e-3
    torch.testing.assert_close(logs.exp(), members.mean(0))
    torch.testing.assert_close(logs.softmax(1), members.mean(0))


def test_sure_members_stay_finite(ensemble):
    with torch.no_grad():
        for member, bias in zip(ensemble.members, (-200.0, 200.0), strict=True):
            member.output.bias.copy_(torch.tensor([0.0, bias]))
        logs = ensemble(inputs_of(GLAVITU, 16, 16))
    torch.testing.assert_close(logs.exp(), torch.full_like(logs, 0.5))


def test_training_it_as_a_whole_is_refused(ensemble):
    with pytest.raises(ModelError, match="one by one"):
        ensemble.train()(inputs_of(GLAVITU, 16, 16))


def test_facts_are_those_of_the_members():
    located = GlaViTUConfig(("dem", "optical"), location="region", regions=3, expanded_inputs=True)
    config = EnsembleConfig((located, GlaViTUConfig(("dem", "optical"), "region", 3)))
    assert config.features == ("dem", "optical")
    assert (config.location, config.regions, config.location_length) == ("region", 3, 3)
    assert config.expanded_inputs
    assert TINY_CONFIGS["ensemble"].size_multiple == 16  # of 16 and 4
    assert TINY_CONFIGS["ensemble"].native_size == 32  # of 32 and any
    assert EnsembleConfig((RESUNET, RESUNET)).native_size == 384


def test_location_reaches_the_members():
    located = GlaViTUConfig(location="coordinates", width=4, positional_grid=1, resunet_width=1)
    network = build_network(EnsembleConfig((located, located))).eval()
    inputs = inputs_of(located, 16, 16)
    here, there = (network(inputs, torch.eye(4)[i : i + 1]) for i in range(2))
    assert not torch.equal(here, there)
    with pytest.raises(ModelError, match="coordinate_vector"):
        network(inputs)
