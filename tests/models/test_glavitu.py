import math

import pytest
import torch
import torch.nn.functional as F

from glacier_core.errors import ModelError
from glacier_core.models.glavitu import (
    GLAVITU_SMALL,
    SETR,
    Attention,
    GlaViTU,
    GlaViTUConfig,
    LocationEncodingBlock,
    TransformerBlock,
    UpConvolution,
)
from glacier_core.models.inputs import FEATURE_CHANNELS

OPTICAL_DEM = ("optical", "dem")
BACKSCATTER = (*OPTICAL_DEM, "co_pol_sar", "cross_pol_sar")

# Parameters of the training model, of the test model (without the deep-supervision head), and
# those that are not trained: table 1.6 of the reference notes.
VARIANTS = [
    (GlaViTUConfig(), 10_032_068, 10_031_938, 7_552),
    (GlaViTUConfig(location="region"), 10_037_572, 10_037_442, 7_808),
    (GlaViTUConfig(location="coordinates"), 10_037_060, 10_036_930, 7_808),
    (GlaViTUConfig((*OPTICAL_DEM, "in_sar")), 10_079_044, 10_078_914, 7_808),
    (GlaViTUConfig((*OPTICAL_DEM, "thermal")), 10_078_468, 10_078_338, 7_808),
    (GlaViTUConfig(BACKSCATTER), 10_126_020, 10_125_890, 8_064),
    (GlaViTUConfig((*BACKSCATTER, "in_sar")), 10_172_996, 10_172_866, 8_320),
    (GlaViTUConfig((*BACKSCATTER, "in_sar", "thermal")), 10_219_396, 10_219_266, 8_576),
]


def inputs_of(config, size=32, number=1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(number, FEATURE_CHANNELS[name], size, size, generator=generator)
        for name in config.features
    }


def count(module):
    return sum(t.numel() for t in module.state_dict().values() if t.is_floating_point())


@pytest.mark.parametrize(("config", "train", "test", "fixed"), VARIANTS)
def test_parameter_counts(config, train, test, fixed):
    with torch.device("meta"):
        network = GlaViTU(config)
    trainable = sum(parameter.numel() for parameter in network.parameters())
    assert count(network) == train
    assert count(network) - count(network.deep_supervision) == test
    assert count(network) - trainable == fixed


def test_parameter_counts_of_blocks():
    with torch.device("meta"):
        network = GlaViTU()
    assert count(network.fusion_block) == 96_256
    assert count(network.setr.patch_embedding) == 1_048_640
    assert [count(block) for block in network.setr.blocks] == [49_984] * 12
    assert count(network.setr) == 1_838_208
    assert [count(unit) for unit in network.resunet.encoder] == [
        78_464,
        230_656,
        920_064,
        3_675_136,
    ]
    assert [count(up) for up in network.resunet.upsampling] == [525_312, 131_584, 33_024]
    assert [count(unit) for unit in network.resunet.decoder] == [1_903_104, 476_416, 119_424]
    assert count(network.resunet) == 8_097_344


def test_small_has_a_ninth_of_the_parameters():
    assert count(GlaViTU(GLAVITU_SMALL)) == 1_113_540


def test_training_gives_both_heads_and_evaluation_one(tiny_network, tiny_config):
    inputs = inputs_of(tiny_config, number=2)
    output, deep_supervision = tiny_network.train()(inputs)
    assert output.shape == deep_supervision.shape == (2, 2, 32, 32)
    assert not torch.equal(output, deep_supervision)
    assert tiny_network.eval()(inputs).shape == (2, 2, 32, 32)


def test_heads_see_context_and_detail(tiny_network, tiny_config):
    inputs = inputs_of(tiny_config, number=2)
    tiny_network.train()
    context, detail = tiny_network.features(inputs, None)
    output, deep_supervision = tiny_network(inputs)
    torch.testing.assert_close(output, tiny_network.output(detail))
    torch.testing.assert_close(deep_supervision, tiny_network.deep_supervision(context))


def test_images_of_a_batch_do_not_influence_each_other(tiny_network, tiny_config):
    inputs = inputs_of(tiny_config, number=3)
    with torch.inference_mode():
        together = tiny_network.eval()(inputs)
        alone = tiny_network({name: tensor[1:2] for name, tensor in inputs.items()})
    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-5)


def test_features_the_network_does_not_take_are_ignored(tiny_network, tiny_config):
    inputs = inputs_of(tiny_config)
    more = inputs | {"thermal": torch.rand(1, 1, 8, 8)}
    tiny_network.eval()
    assert torch.equal(tiny_network(inputs), tiny_network(more))


def test_sides_may_differ(tiny_network):
    inputs = {"optical": torch.rand(1, 6, 32, 80), "dem": torch.rand(1, 2, 32, 80)}
    assert tiny_network.eval()(inputs).shape == (1, 2, 32, 80)


@pytest.mark.parametrize("kind", ["region", "coordinates"])
def test_location_shifts_every_pixel_alike(kind):
    config = GlaViTUConfig(OPTICAL_DEM, location=kind, width=4, resunet_width=4, positional_grid=2)
    network = GlaViTU(config).eval()
    fused = []
    network.setr.register_forward_pre_hook(lambda _, arguments: fused.append(arguments[0]))
    for vector in torch.eye(config.location_length)[:2]:
        network(inputs_of(config), vector[None])
    shift = fused[1] - fused[0]  # (1, 4, 32, 32)
    assert shift.abs().max() > 1e-3
    torch.testing.assert_close(shift, shift[:, :, :1, :1].expand_as(shift), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"dem": None}, "needs the features dem"),
        ({"optical": torch.zeros(1, 4, 32, 32)}, r"expected \(N, 6, H, W\)"),
        ({"optical": torch.zeros(6, 32, 32)}, r"expected \(N, 6, H, W\)"),
        ({"dem": torch.zeros(1, 2, 16, 32)}, "differ"),
        ({"dem": torch.zeros(2, 2, 32, 32)}, "differ"),
    ],
)
def test_unfit_inputs_are_refused(tiny_network, tiny_config, change, told):
    inputs = {k: v for k, v in (inputs_of(tiny_config) | change).items() if v is not None}
    with pytest.raises(ModelError, match=told):
        tiny_network(inputs)


@pytest.mark.parametrize("size", [0, 8, 40])
def test_sizes_off_the_grid_are_refused(tiny_network, tiny_config, size):
    with pytest.raises(ModelError, match="multiples of 16"):
        tiny_network(inputs_of(tiny_config, size))


def test_location_must_be_given_exactly_where_it_is_taken(tiny_network, tiny_config):
    with pytest.raises(ModelError, match="takes no location"):
        tiny_network(inputs_of(tiny_config), torch.zeros(1, 4))
    with torch.device("meta"):
        located = GlaViTU(GlaViTUConfig(location="region"))
    with pytest.raises(ModelError, match="region_vector"):
        located(inputs_of(tiny_config))
    with pytest.raises(ModelError, match=r"\(1, 12\)"):
        located(inputs_of(tiny_config), torch.zeros(1, 4))


def test_positions_are_exact_at_the_native_size(tiny_config):
    setr = SETR(tiny_config)
    assert setr.positions(2, 2) is setr.positional_embedding


def test_positions_of_as_many_tokens_in_another_shape_are_not_native():
    setr = SETR(GlaViTUConfig(width=4, positional_grid=4))
    rows = torch.arange(4.0)[:, None, None].expand(4, 4, 64)
    setr.positional_embedding.data = rows.reshape(1, 16, 64).clone()
    stretched = setr.positions(2, 8).reshape(2, 8, 64)
    torch.testing.assert_close(stretched[..., 0], torch.tensor([[0.5], [2.5]]).expand(2, 8))


def test_positions_off_the_native_size_are_bilinear():
    setr = SETR(GlaViTUConfig(width=4, positional_grid=4))
    rows, columns = torch.meshgrid(torch.arange(4.0), torch.arange(4.0), indexing="ij")
    plane = (10 * rows + columns)[..., None].expand(4, 4, 64)
    setr.positional_embedding.data = plane.reshape(1, 16, 64).clone()
    stretched = setr.positions(8, 4).reshape(8, 4, 64)
    # Half-pixel centres: row k of 8 lies at (k + 1/2) / 2 - 1/2 of 4, held at the border.
    expected_rows = ((torch.arange(8.0) + 0.5) / 2 - 0.5).clamp(0, 3)
    expected = 10 * expected_rows[:, None] + torch.arange(4.0)
    torch.testing.assert_close(stretched[..., 7], expected)


def test_attention_is_scaled_softmax_of_dot_products(tiny_config):
    attention = Attention(tiny_config)
    x = torch.rand(1, 5, 8)
    heads = []
    for part in (slice(0, 4), slice(4, 8)):  # two heads, four wide
        query, key, value = (
            dense(x)[0, :, part] for dense in (attention.query, attention.key, attention.value)
        )
        heads.append(torch.softmax(query @ key.T / math.sqrt(4), dim=1) @ value)
    torch.testing.assert_close(attention(x)[0], attention.out(torch.cat(heads, dim=1)))


def test_perceptron_of_a_transformer_ends_in_exact_gelu(tiny_config):
    mlp = TransformerBlock(tiny_config).mlp
    x = torch.randn(3, 8)

    def gelu(v):
        return v * 0.5 * (1 + torch.erf(v / math.sqrt(2)))

    torch.testing.assert_close(mlp(x), gelu(mlp[2](gelu(mlp[0](x)))))


def test_up_convolution_pads_at_the_bottom_and_right(tiny_config):
    up = UpConvolution(1, 1, tiny_config).eval()
    torch.nn.init.ones_(up.convolution.weight)
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])[None, None]
    expected = torch.tensor(
        [[4.0, 6, 8, 4], [8, 10, 12, 6], [12, 14, 16, 8], [6, 7, 8, 4]]
    ) / math.sqrt(1 + 1e-3)
    torch.testing.assert_close(up(x)[0, 0], expected)


def test_slopes_of_location_and_fusion_differ():
    config = GlaViTUConfig(location="coordinates", width=4, positional_grid=1, resunet_width=1)
    network = GlaViTU(config)
    assert network.location_encoding_block.layers[2].negative_slope == 0.3
    assert network.fusion_block.branches["dem"].convolutions[2].negative_slope == 0.2


def test_location_block_is_dense_norm_leaky_twice():
    block = LocationEncodingBlock(GlaViTUConfig(location="coordinates", width=3)).eval()
    x = torch.randn(2, 4)
    expected = x
    for dense in (block.layers[0], block.layers[3]):
        expected = F.leaky_relu(dense(expected) / math.sqrt(1 + 1e-3), 0.3)
    torch.testing.assert_close(block(x), expected)


def test_training_step_in_bfloat16_channels_last_reaches_every_parameter():
    torch.manual_seed(0)
    network = GlaViTU(GLAVITU_SMALL).to(memory_format=torch.channels_last).train()
    inputs = inputs_of(GLAVITU_SMALL, size=64, number=2)
    with torch.autocast("cpu", torch.bfloat16):
        output, deep_supervision = network(inputs)
    loss = F.cross_entropy(output.float(), torch.ones(2, 64, 64, dtype=torch.long))
    loss += deep_supervision.float().square().mean()
    loss.backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_network_learns_a_bright_square():
    torch.manual_seed(0)
    config = GlaViTUConfig(width=4, positional_grid=2, transformer_blocks=1, resunet_width=4)
    network = GlaViTU(config).train()
    truth = torch.zeros(1, 32, 32, dtype=torch.long)
    truth[:, 8:24, 4:20] = 1
    inputs = {
        "optical": truth[:, None].expand(1, 6, 32, 32).float(),
        "dem": torch.zeros(1, 2, 32, 32),
    }
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        output, deep_supervision = network(inputs)
        loss = F.cross_entropy(output, truth) + F.cross_entropy(deep_supervision, truth)
        loss.backward()
        optimiser.step()
    assert (output.argmax(1) == truth).float().mean() > 0.99
