import pytest
import torch
from tiny_networks import GLAVITU, RESUNET, TINY_CONFIGS, inputs_of

from glacier_core.errors import ModelError
from glacier_core.models.architectures import build_network
from glacier_core.models.blocks import Network
from glacier_core.models.config import EnsembleConfig, GlaViTUConfig
from glacier_core.models.ensemble import averaged


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


class Constant(Network):
    """Gives every pixel the same probability of glacier."""

    def __init__(self, probability, config=GLAVITU):
        super().__init__()
        self.config = config
        self.probability = probability

    def forward(self, inputs, location=None):
        glacier = torch.full_like(inputs["dem"][:, :1], self.probability)
        return torch.cat([1 - glacier, glacier], 1).log()


def test_averaged_networks_give_the_mean_of_their_probabilities():
    network = averaged(Constant(p) for p in (0.1, 0.2, 0.9))
    found = network(inputs_of(GLAVITU, 4, 4)).exp()
    torch.testing.assert_close(found[:, 1], torch.full((1, 4, 4), 0.4))
    assert network.config == GLAVITU
    assert not network.training


def test_networks_of_different_configs_are_not_averaged():
    with pytest.raises(ModelError, match="EnsembleConfig"):
        averaged([Constant(0.5), Constant(0.5, RESUNET)])


def test_nothing_cannot_be_averaged():
    with pytest.raises(ModelError, match="one or more"):
        averaged([])
