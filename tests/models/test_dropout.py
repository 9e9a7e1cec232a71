"""Monte-Carlo dropout at the authors' places, against hooks on the untouched network."""

import warnings
from dataclasses import replace

import pytest
import torch
from tiny_networks import GLAVITU, RESUNET, TINY_CONFIGS, inputs_of
from torch import nn

from glacier_core.errors import ModelError
from glacier_core.models.architectures import build_network
from glacier_core.models.dropout import Mask, dropout_passes, dropped_out
from glacier_core.models.opinions import augmented

LOCATED = replace(GLAVITU, location="region", regions=3)
TOKENS = GLAVITU.positional_grid**2

PLACES = {
    "fusion_block.branches.optical.convolutions": (4, 1, 1),
    "fusion_block.branches.dem.convolutions": (4, 1, 1),
    "location_encoding_block.layers": (4,),
    "setr.blocks.0.mlp.1": (TOKENS, 8),
    "setr.blocks.0.mlp.3": (TOKENS, 8),
    "resunet.encoder.0.convolutions": (4, 1, 1),
    "resunet.encoder.1.convolutions": (8, 1, 1),
    "resunet.encoder.2.convolutions": (16, 1, 1),
    "resunet.encoder.3.convolutions": (32, 1, 1),
    "resunet.decoder.0.convolutions": (16, 1, 1),
    "resunet.decoder.1.convolutions": (8, 1, 1),
    "resunet.decoder.2.convolutions": (4, 1, 1),
}
"""Where the authors leave units out, and the shape of what is left out together."""


def built(config=GLAVITU):
    torch.manual_seed(0)
    return build_network(config).eval().requires_grad_(False)


def masks_of(network):
    """Masks by the name of what they follow."""
    return {
        name.rpartition(".")[0]: module
        for name, module in network.named_modules()
        if isinstance(module, Mask)
    }


@pytest.fixture
def inputs():
    return inputs_of(LOCATED, 32, 32, number=2)


@pytest.fixture
def location():
    return torch.eye(3)[:2]


def test_masks_stand_at_the_places_of_the_authors_and_nowhere_else():
    (drawn,) = dropout_passes(built(LOCATED), 1)
    assert {name: tuple(mask.factors.shape) for name, mask in masks_of(drawn).items()} == PLACES


def test_a_pass_is_the_network_with_units_left_out(inputs, location):
    network = built(LOCATED)
    (drawn,) = dropout_passes(network, 1, rate=0.4, seed=3)
    masks = masks_of(drawn)
    answer = drawn(inputs, location)
    assert not torch.allclose(answer, network(inputs, location))
    for name in PLACES:
        network.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, output, name=name: output * masks[name].factors
        )
    torch.testing.assert_close(answer, network(inputs, location))


def test_resunet_drops_in_every_residual_unit():
    (drawn,) = dropout_passes(built(RESUNET), 1)
    units = [name for name in masks_of(drawn) if name.startswith("resunet.")]
    assert len(units) == 2 * RESUNET.steps + 1
    assert len(masks_of(drawn)) == len(units) + 2  # and in the branches of optical and dem


def test_setr_drops_behind_both_activations():
    (drawn,) = dropout_passes(built(TINY_CONFIGS["setr"]), 1)
    ends = [name.partition("blocks.0.")[2] for name in masks_of(drawn)]
    assert ends.count("mlp.1") == ends.count("mlp.3") == 1


def test_members_of_an_ensemble_get_masks_of_their_own():
    twins = build_network(replace(TINY_CONFIGS["ensemble"], members=(RESUNET, RESUNET))).eval()
    (drawn,) = dropout_passes(twins, 1, rate=0.5)
    first, second = (
        torch.cat([mask.factors.flatten() for mask in masks_of(member).values()])
        for member in drawn.members
    )
    assert len(first) == len(second)
    assert not torch.equal(first, second)


def test_a_mask_keeps_the_mean():
    """Every factor is 0 or 1 / (1 - rate); the share of zeros is the rate."""
    factors = Mask((200, 500), 0.1, torch.Generator().manual_seed(0)).factors
    assert factors.unique().tolist() == pytest.approx([0.0, 1 / 0.9])
    # 100 000 draws: the standard deviation of their mean is 0.0011.
    assert factors.mean().item() == pytest.approx(1.0, abs=0.005)


def test_the_probability_is_the_mean_over_the_passes(inputs, location):
    network = built(LOCATED)
    passes = list(dropout_passes(network, 5, rate=0.3, seed=7))
    each = torch.stack([one(inputs, location).softmax(1) for one in passes])
    assert each.std(0).max() > 1e-3
    mean = dropped_out(network, 5, rate=0.3, seed=7)(inputs, location)
    torch.testing.assert_close(mean.exp(), each.mean(0))


def test_a_window_is_answered_alike_in_any_batch(inputs, location):
    network = dropped_out(built(LOCATED), 3, rate=0.3)
    together = network(inputs, location)
    for number in range(2):
        alone = {name: tensor[number : number + 1] for name, tensor in inputs.items()}
        answer = network(alone, location[number : number + 1])
        torch.testing.assert_close(answer[0], together[number])


def test_passes_repeat_by_seed_and_draw_nothing_later(inputs, location):
    network = built(LOCATED)
    state = torch.get_rng_state()
    once, again, other = (dropped_out(network, 2, 0.3, seed) for seed in (1, 1, 2))
    first = once(inputs, location)
    assert torch.equal(first, once(inputs, location))
    assert torch.equal(first, again(inputs, location))
    assert not torch.equal(first, other(inputs, location))
    assert torch.equal(state, torch.get_rng_state())


def test_the_weights_are_kept_once_and_stay_as_they_were(inputs, location):
    network = built(LOCATED)
    before = network(inputs, location)
    averaged = dropped_out(network, 4)
    kept = {tensor.data_ptr() for tensor in network.parameters()}
    assert {tensor.data_ptr() for tensor in averaged.parameters()} == kept
    assert torch.equal(before, network(inputs, location))
    assert not masks_of(network)


def test_a_pass_of_augmented_views_shares_its_masks(inputs, location):
    """Turned all together or one after the other, a pass lacks the same units."""
    network = built(LOCATED)
    turned_passes = dropped_out(augmented(network), 2, 0.3, seed=5)
    passes_turned = augmented(dropped_out(network, 2, 0.3, seed=5))
    torch.testing.assert_close(turned_passes(inputs, location), passes_turned(inputs, location))


def test_it_exports_as_a_plain_graph(inputs, location):
    network = dropped_out(built(LOCATED), 1, 0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # inside torch.export
        program = torch.export.export(network, (inputs, location))
    found = program.module()(inputs, location)
    torch.testing.assert_close(found, network(inputs, location))


def test_tokens_of_another_size_are_refused(location):
    (drawn,) = dropout_passes(built(LOCATED), 1)
    with pytest.raises(ModelError, match="windows of the network's native size"):
        drawn(inputs_of(LOCATED, 64, 64, number=2), location)


@pytest.mark.parametrize("name", ["transunet", "deeplab", "swin-unet", "gdgt"])
def test_networks_whose_places_nobody_knows_are_refused(name):
    with pytest.raises(ModelError, match=f"Where {name} drops units is not known"):
        dropped_out(built(TINY_CONFIGS[name]), 2)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_a_rate_that_makes_no_sense_is_refused(rate):
    with pytest.raises(ModelError, match="must lie between 0 and 1"):
        dropped_out(built(), 2, rate)


def test_no_passes_are_refused():
    with pytest.raises(ModelError, match="takes 1 or more"):
        dropped_out(built(), 0)


def test_masks_follow_the_numbers_they_multiply():
    mask = Mask((4, 1, 1), 0.5, torch.Generator().manual_seed(0))
    assert mask(torch.ones(1, 4, 2, 2, dtype=torch.bfloat16)).dtype == torch.bfloat16
    assert isinstance(mask, nn.Module)
    assert not mask.state_dict()  # a card's weights fit with and without masks
