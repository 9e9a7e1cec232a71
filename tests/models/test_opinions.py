"""Networks out of one network, against their definitions."""

import warnings

import numpy as np
import pytest
import torch
from tiny_networks import GLAVITU, TINY_CONFIGS, inputs_of
from torch import nn

from glacier_core.errors import ModelError
from glacier_core.models import opinions
from glacier_core.models.architectures import build_network
from glacier_core.models.blocks import Network


class West(Network):
    """Says glacier by how bright the pixel to the west is, so it knows directions."""

    config = GLAVITU

    def forward(self, inputs, location=None):
        west = inputs["optical"].roll(1, -1).mean(1, keepdim=True)
        return torch.cat([torch.zeros_like(west), west], 1)


class Bright(Network):
    """Says glacier by the brightness of the pixel alone."""

    config = GLAVITU

    def forward(self, inputs, location=None):
        bright = inputs["optical"].mean(1, keepdim=True) + inputs["dem"].mean(1, keepdim=True)
        return torch.cat([torch.zeros_like(bright), bright], 1)


@pytest.fixture
def inputs():
    return inputs_of(GLAVITU, 6, 6)


def test_there_are_eight_different_views():
    square = np.arange(9).reshape(3, 3)
    seen = {
        (np.rot90(square, quarters)[:, ::-1] if mirrored else np.rot90(square, quarters)).tobytes()
        for quarters, mirrored in opinions.TURNS
    }
    assert len(seen) == 8


def test_turned_back_every_view_lies_as_the_scene(inputs):
    """A network without directions answers alike in every turn, but for the light."""
    for number, view in enumerate(opinions.views(Bright())):
        lit = inputs | {"optical": inputs["optical"] * opinions.GAINS[number % 3]}
        torch.testing.assert_close(view(inputs), Bright()(lit))


def test_a_view_shows_the_scene_turned(inputs):
    """West of a pixel in the turned picture is another direction on the ground."""
    ones = torch.ones_like(inputs["optical"])
    picture = ones * torch.arange(6.0)[:, None]  # brighter to the south
    north_is_west = opinions.TurnedNetwork(West(), quarters=1, mirrored=False, gain=1.0)
    found = north_is_west(inputs | {"optical": picture})[0, 1]
    np.testing.assert_allclose(found, picture.roll(1, -2)[0, 0])
    mirrored = opinions.TurnedNetwork(West(), quarters=0, mirrored=True, gain=1.0)
    east = mirrored(inputs)[0, 1]
    torch.testing.assert_close(east, inputs["optical"].roll(-1, -1).mean(1)[0])


def test_the_first_view_is_the_network_itself():
    torch.manual_seed(0)
    network = build_network(TINY_CONFIGS["ensemble"]).eval()
    inputs = inputs_of(GLAVITU, 32, 32)
    first, second, *_ = opinions.views(network)
    torch.testing.assert_close(first(inputs), network(inputs))
    assert not torch.allclose(second(inputs), network(inputs))
    assert first.config == network.config


def test_augmented_without_directions_is_the_network_itself(inputs):
    found = opinions.augmented(Bright())(inputs)
    torch.testing.assert_close(found, Bright()(inputs).log_softmax(1))


def test_augmented_is_the_mean_over_the_directions_in_unchanged_light(inputs):
    """What lies west of a pixel, in the eight turns, lies on each of its four sides twice."""
    light = inputs["optical"].mean(1, keepdim=True)
    sides = torch.cat([light.roll(step, axis) for step in (1, -1) for axis in (-1, -2)], 1)
    expected = sides.sigmoid().mean(1)
    torch.testing.assert_close(opinions.augmented(West())(inputs).exp()[:, 1], expected)


def test_augmented_exports_as_a_plain_graph(inputs):
    network = opinions.augmented(West())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # inside torch.export
        program = torch.export.export(network, (inputs,))
    torch.testing.assert_close(program.module()(inputs), network(inputs))


@pytest.mark.parametrize("name", sorted(TINY_CONFIGS))
def test_dropout_thins_the_last_layer_of_every_architecture(name):
    """A kept column is enlarged by 1 / (1 - rate), the others are zero; nothing else changes."""
    torch.manual_seed(0)
    network = build_network(TINY_CONFIGS[name]).eval()
    (drawn,) = opinions.thinned(network, passes=1, rate=0.5, seed=3)
    changed = {
        key: (before, after)
        for (key, before), after in zip(
            network.state_dict().items(), drawn.state_dict().values(), strict=True
        )
        if not torch.equal(before, after)
    }
    assert changed
    assert all(key.endswith("output.weight") for key in changed)
    for before, after in changed.values():
        factor = (after / before).mean(dim=(0, 2, 3))
        assert set(factor.round(decimals=4).tolist()) <= {0.0, 2.0}


def test_no_architecture_was_trained_with_dropout():
    """What the documentation says; were it otherwise, dropout should be put where it was."""
    for config in TINY_CONFIGS.values():
        network = build_network(config)
        kinds = {type(layer).__name__ for layer in network.modules()}
        assert not any("Dropout" in kind for kind in kinds)


def test_a_pass_is_what_dropout_makes_of_the_features():
    """Thinned weights on whole features equal whole weights on thinned features."""
    torch.manual_seed(0)
    network = build_network(GLAVITU).eval()
    (drawn,) = opinions.thinned(network, passes=1, rate=0.3, seed=1)
    inputs = inputs_of(GLAVITU, 32, 32)
    _, detail = network.features(inputs, None)
    kept = drawn.output.weight.abs().sum((0, 2, 3)) > 0
    assert 0 < kept.sum() < len(kept)
    expected = network.output(detail * kept[:, None, None] / 0.7)
    torch.testing.assert_close(drawn(inputs), expected)


def test_passes_differ_and_repeat_by_seed():
    torch.manual_seed(0)
    network = build_network(TINY_CONFIGS["deeplab"]).eval()

    def weights(seed):
        return [drawn.output.weight for drawn in opinions.thinned(network, 6, 0.5, seed)]

    once, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(once, other, strict=True))
    assert len({tuple(weight.flatten().tolist()) for weight in once}) > 1


def test_the_mean_over_many_passes_keeps_the_weights():
    network = Bright()
    network.output = nn.Conv2d(12, 2, 1)
    drawn = [one.output.weight for one in opinions.thinned(network, 1000, 0.2)]
    ratio = (torch.stack(drawn).mean(0) / network.output.weight).flatten()
    assert ratio.tolist() == pytest.approx([1.0] * len(ratio), abs=0.08)


def test_members_are_those_of_the_ensemble():
    network = build_network(TINY_CONFIGS["ensemble"]).eval()
    assert list(opinions.members(network)) == list(network.members)


def test_a_single_network_has_no_members():
    with pytest.raises(ModelError, match="no members to disagree"):
        list(opinions.members(Bright()))


@pytest.mark.parametrize("rate", [0.0, 1.0, float("nan")])
def test_a_rate_that_makes_no_sense_is_refused(rate):
    with pytest.raises(ModelError, match="must lie between 0 and 1"):
        list(opinions.thinned(Bright(), rate=rate))


def test_a_network_without_a_last_layer_is_refused():
    with pytest.raises(ModelError, match="no layer called 'output'"):
        list(opinions.thinned(Bright()))
