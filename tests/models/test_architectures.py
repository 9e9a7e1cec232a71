"""What every architecture must keep to; what is peculiar to one stands in its own file."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import get_args

import pytest
import torch
import torch.nn.functional as F
from tiny_networks import TINY_CONFIGS, inputs_of

from glacier_core.errors import ModelError
from glacier_core.models.architectures import (
    ARCHITECTURES,
    build_network,
    find_architecture,
    parse_config,
)
from glacier_core.models.card import ModelCard, read_card
from glacier_core.models.config import (
    ArchitectureName,
    DeepLabConfig,
    EnsembleConfig,
    GlaViTUConfig,
    NetworkConfig,
    ResUNetConfig,
    SETRConfig,
    TransUNetConfig,
)
from glacier_core.models.registry import load_model, save_model

NAMES = tuple(ARCHITECTURES)
TRAINABLE = tuple(name for name in NAMES if name != "ensemble")

# Section 1.9 of the reference notes: counted on the authors' networks, statistics included.
PUBLISHED_COUNTS = [
    (ResUNetConfig(), 32_586_370),
    (ResUNetConfig(width=32, resunet_width=32, steps=3), 2_052_930),
    (SETRConfig(), 101_721_346),
    (
        SETRConfig(
            width=32,
            token_width=64,
            mlp_width=256,
            transformer_blocks=24,
            heads=4,
            decoder_width=64,
        ),
        1_935_298,
    ),
    (TransUNetConfig(("optical", "dem", "co_pol_sar")), 8_918_530),
    (DeepLabConfig(), 51_097_314),
]


def count(config):
    with torch.device("meta"):
        network = build_network(config)
    return sum(t.numel() for t in network.state_dict().values() if t.is_floating_point())


def card_of(config, **changes):
    facts = {
        "name": "some",
        "title": "Some network",
        "config": config,
        "patch_size": config.size_multiple,
        "training": "None: random weights.",
        "licence": "BSD-3-Clause",
    }
    return ModelCard(**(facts | changes))


@pytest.mark.parametrize(
    ("config", "published"), PUBLISHED_COUNTS, ids=lambda v: getattr(v, "architecture", str(v))
)
def test_parameter_counts_are_the_published_ones(config, published):
    assert count(config) == published


def test_names_agree_everywhere():
    assert get_args(ArchitectureName) == NAMES
    for name, architecture in ARCHITECTURES.items():
        assert architecture.name == name
        assert architecture.full.architecture == architecture.small.architecture == name
        assert type(architecture.full) is type(architecture.small) is architecture.config


@pytest.mark.parametrize("name", TRAINABLE)
def test_small_is_small_takes_equal_inputs_and_full_is_not(name):
    small, full = ARCHITECTURES[name].small, ARCHITECTURES[name].full
    assert small.expanded_inputs
    assert small.features == full.features == ("optical", "dem")
    assert small.width == 16
    assert count(small) <= 1_500_000
    assert count(full) > 5 * count(small)


@pytest.mark.parametrize("name", NAMES)
def test_patches_fit_every_size(name):
    for config in (ARCHITECTURES[name].full, ARCHITECTURES[name].small):
        assert config.native_size % config.size_multiple == 0
        assert 256 % config.size_multiple == 0
        assert 384 % config.size_multiple == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("multiples", [(1, 1), (2, 5)])
def test_any_multiple_of_the_size_is_mapped(name, multiples):
    config = TINY_CONFIGS[name]
    height, width = (config.size_multiple * multiple for multiple in multiples)
    network = build_network(config).eval()
    with torch.inference_mode():
        logits = network(inputs_of(config, height, width, number=2))
    assert logits.shape == (2, 2, height, width)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("name", NAMES)
def test_other_sizes_are_refused(name):
    config = TINY_CONFIGS[name]
    size = 3 * config.size_multiple // 2
    with pytest.raises(ModelError, match=f"multiples of {config.size_multiple}"):
        build_network(config).eval()(inputs_of(config, size, size))


@pytest.mark.parametrize("name", NAMES)
def test_images_of_a_batch_do_not_influence_each_other(name):
    torch.manual_seed(0)
    config = TINY_CONFIGS[name]
    # In double precision, as random weights may amplify what float32 rounds away.
    inputs = {feature: x.double() for feature, x in inputs_of(config, 64, 32, number=3).items()}
    network = build_network(config).eval().double()
    with torch.inference_mode():
        together = network(inputs)
        alone = network({feature: tensor[1:2] for feature, tensor in inputs.items()})
    torch.testing.assert_close(together[1:2], alone, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", TRAINABLE)
def test_training_reaches_every_parameter(name):
    torch.manual_seed(0)
    config = TINY_CONFIGS[name]
    network = build_network(config).train()
    heads = network(inputs_of(config, 64, 64, number=2))
    assert isinstance(heads, tuple)
    assert len(heads) == (2 if name == "glavitu" else 1)
    assert {tuple(head.shape) for head in heads} == {(2, 2, 64, 64)}
    sum(head.square().mean() for head in heads).backward()
    for parameter_name, parameter in network.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all(), parameter_name
        # A bias before a normalisation, or of keys, rightly changes nothing.
        assert parameter_name.endswith("bias") or parameter.grad.any(), parameter_name


@pytest.mark.parametrize("name", TRAINABLE)
def test_bfloat16_channels_last_trains(name):
    config = TINY_CONFIGS[name]
    network = build_network(config).to(memory_format=torch.channels_last).train()
    with torch.autocast("cpu", torch.bfloat16):
        heads = network(inputs_of(config, 32, 32, number=2))
    truth = torch.ones(2, 32, 32, dtype=torch.long)
    sum(F.cross_entropy(head.float(), truth) for head in heads).backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in network.parameters())


@pytest.mark.parametrize("name", TRAINABLE)
def test_small_learns_a_bright_square(name):
    torch.manual_seed(0)
    config = ARCHITECTURES[name].small
    truth = torch.zeros(1, 64, 64, dtype=torch.long)
    truth[:, 16:48, 16:48] = 1
    inputs = {
        "optical": 0.1 + 0.4 * truth[:, None].expand(1, 6, 64, 64),
        "dem": torch.full((1, 2, 64, 64), 0.2),
    }
    network = build_network(config).train()
    optimiser = torch.optim.AdamW(network.parameters(), 4e-3)
    # SETR draws corners from tokens of 16 pixels without any activation, and takes longer.
    for _ in range(24 if name == "setr" else 12):
        optimiser.zero_grad()
        heads = network(inputs)
        sum(F.cross_entropy(head, truth) for head in heads).backward()
        optimiser.step()
    accuracy = (heads[0].argmax(1) == truth).float().mean()
    assert accuracy > 0.95  # all background would be 0.75


@pytest.mark.parametrize("name", TRAINABLE)
def test_output_is_a_convolution_with_a_bias_of_two(name):
    assert build_network(TINY_CONFIGS[name]).output.bias.shape == (2,)


@pytest.mark.parametrize("name", [name for name in TRAINABLE if name != "glavitu"])
def test_location_is_refused_where_it_is_not_encoded(name):
    config = TINY_CONFIGS[name]
    for location in ("region", "coordinates"):
        with pytest.raises(ModelError, match=f"'{name}' encodes no location"):
            replace(config, location=location)
    with pytest.raises(ModelError, match="takes no location"):
        build_network(config)(inputs_of(config, 32, 32), torch.zeros(1, 4))


@pytest.mark.parametrize("name", NAMES)
def test_model_folder_round_trip(name, tmp_path):
    config = TINY_CONFIGS[name]
    network = build_network(config).eval()
    card = save_model(network, card_of(config), tmp_path / name)
    model = load_model(tmp_path / name)
    assert model.card == card
    assert model.card.architecture == name
    assert model.network.config == config
    inputs = inputs_of(config, 32, 32)
    with torch.inference_mode():
        assert torch.equal(model.network(inputs), network(inputs))


@pytest.mark.parametrize("name", NAMES)
def test_full_and_small_round_trip_through_json(name, tmp_path):
    for config in (ARCHITECTURES[name].full, ARCHITECTURES[name].small):
        path = tmp_path / "card.json"
        path.write_text(card_of(config).model_dump_json())
        assert read_card(path).config == config


@pytest.mark.parametrize("name", NAMES)
def test_misspelt_number_in_a_card_is_refused(name, tmp_path):
    path = tmp_path / "card.json"
    facts = json.loads(card_of(TINY_CONFIGS[name]).model_dump_json())
    facts["config"]["breadth"] = 3
    path.write_text(json.dumps(facts))
    with pytest.raises(ModelError, match=r"not valid at config.breadth"):
        read_card(path)


def test_misspelt_number_of_a_member_is_refused(tmp_path):
    path = tmp_path / "card.json"
    facts = json.loads(card_of(TINY_CONFIGS["ensemble"]).model_dump_json())
    assert [member["architecture"] for member in facts["config"]["members"]] == [
        "glavitu",
        "resunet",
    ]
    facts["config"]["members"][1]["breadth"] = 3
    path.write_text(json.dumps(facts))
    with pytest.raises(ModelError, match=r"not valid at config.members.1.breadth"):
        read_card(path)
    del facts["config"]["members"][1]["breadth"], facts["config"]["members"][1]["architecture"]
    path.write_text(json.dumps(facts))
    with pytest.raises(ModelError, match=r"config.members.1: .*'architecture'"):
        read_card(path)


def test_card_and_config_must_name_one_architecture():
    with pytest.raises(ValueError, match=r"the architecture is 'glavitu', but .*'resunet'"):
        card_of(ResUNetConfig(), architecture="glavitu")


def test_weights_of_another_architecture_are_refused(tmp_path):
    config = TINY_CONFIGS["resunet"]
    save_model(build_network(config), card_of(config), tmp_path / "model")
    path = tmp_path / "model" / "card.json"
    facts = json.loads(path.read_text())
    other = json.loads(card_of(TINY_CONFIGS["gdgt"]).model_dump_json())
    facts |= {name: other[name] for name in ("architecture", "config", "patch_size")}
    path.write_text(json.dumps(facts))
    with pytest.raises(ModelError, match="of the architecture 'gdgt'"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize("name", NAMES)
def test_config_is_parsed_from_the_numbers_of_json(name):
    config = TINY_CONFIGS[name]
    numbers = json.loads(card_of(config).model_dump_json())["config"]
    assert parse_config(name, numbers) == config
    if name != "ensemble":
        del numbers["architecture"]
        assert parse_config(name, numbers) == config


def test_parsing_tells_what_is_wrong():
    with pytest.raises(ModelError, match=r"no architecture 'unet'\. Known are glavitu, resunet"):
        parse_config("unet", {})
    with pytest.raises(ModelError, match="'resunet' is not valid at stairs"):
        parse_config("resunet", {"stairs": 3})
    with pytest.raises(ModelError, match="'resunet' is not valid at architecture"):
        parse_config("resunet", {"architecture": "setr"})
    with pytest.raises(ModelError, match="1 or more"):
        parse_config("resunet", {"steps": 0})


def test_config_of_no_known_architecture_builds_nothing():
    class Strange(NetworkConfig):
        size_multiple = 1

    with pytest.raises(ModelError, match="no architecture 'strange'"):
        build_network(Strange(architecture="strange"))
    assert find_architecture("setr").title == "SETR-B/16"


def test_architectures_are_known_without_torch():
    code = "import sys, glacier_core.models.architectures; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_ensembles_of_what_differs_are_refused():
    optical, located = GlaViTUConfig(("optical",)), GlaViTUConfig(location="region")
    for members, told in [
        ((), "two members or more, not 0"),
        ((GlaViTUConfig(),), "two members or more, not 1"),
        ((GlaViTUConfig(), optical), "differ in their features"),
        ((GlaViTUConfig(), located), "differ in their location"),
        ((replace(located, regions=3), located), "differ in their location_length"),
        ((GlaViTUConfig(), EnsembleConfig((optical, optical))), "cannot be a member"),
    ]:
        with pytest.raises(ModelError, match=told):
            EnsembleConfig(members)
