from dataclasses import replace

import pytest
import torch

from glacier_core.errors import ModelError
from glacier_core.models.architectures import ARCHITECTURES, build_network
from glacier_core.models.registry import save_model
from glacier_core.training.networks import first_network, join, shift_glacier_logit
from tests.inference.stubs import make_card


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    return {name: torch.rand(1, c, 32, 32, generator=generator) for name, c in (("optical", 6), ("dem", 2))}  # fmt: skip  # noqa: E501


def random_networks(recipe, count):
    networks = []
    for seed in range(count):
        torch.manual_seed(seed)
        networks.append(build_network(recipe.network).eval())
    return networks


def test_an_ensemble_gives_the_mean_of_its_members(tiny_recipe, inputs):
    members = random_networks(tiny_recipe, 3)
    ensemble = join(members)
    expected = torch.stack([member(inputs).softmax(1) for member in members]).mean(0)
    assert torch.allclose(ensemble(inputs).exp(), expected, atol=1e-6)
    assert not any(p.requires_grad for p in ensemble.parameters())


def test_every_member_is_shifted_alike(tiny_recipe, inputs):
    members = random_networks(tiny_recipe, 2)
    ensemble = join(members)
    shift_glacier_logit(ensemble, 0.5)
    bias = torch.tensor([0.0, 0.5])[:, None, None]
    expected = torch.stack([(m(inputs) + bias).softmax(1) for m in members]).mean(0)
    assert torch.allclose(ensemble(inputs).exp(), expected, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name != "ensemble"])
def test_every_architecture_has_a_line_to_shift(name):
    network = build_network(ARCHITECTURES[name].small)
    before = network.output.bias.detach().clone()
    shift_glacier_logit(network, 0.25)
    assert (network.output.bias - before).tolist() == pytest.approx([0.0, 0.25], abs=1e-6)


def test_a_network_without_a_bias_cannot_be_shifted():
    with pytest.raises(ModelError, match="no output layer with a bias"):
        shift_glacier_logit(torch.nn.Conv2d(1, 1, 1), 0.1)


def test_training_on_starts_with_the_weights_of_the_model(tiny_recipe, tmp_path):
    (start,) = random_networks(tiny_recipe, 1)
    card = save_model(start, make_card(tiny_recipe.network), tmp_path / "model")
    recipe = replace(
        tiny_recipe,
        strategy="finetuning",
        regions=("ALP",),
        start_from=str(tmp_path / "model"),
        start_sha256=card.sha256,
    )
    network = first_network(recipe)
    assert all(value.equal(start.state_dict()[n]) for n, value in network.state_dict().items())
    with pytest.raises(ModelError, match="was changed since"):
        first_network(replace(recipe, start_sha256="0" * 64))
