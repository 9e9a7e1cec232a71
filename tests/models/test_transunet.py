import torch
from tiny_networks import TINY_CONFIGS, inputs_of
from torch import nn

from glacier_core.models.architectures import build_network

CONFIG = TINY_CONFIGS["transunet"]


def test_slope_is_that_of_the_comparison_and_fusion_has_no_gate():
    network = build_network(CONFIG)
    slopes = {m.negative_slope for m in network.modules() if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.3}
    assert not any("squeeze" in name for name, _ in network.named_parameters())


def test_nothing_passes_by_the_tokens_at_the_bottom():
    network = build_network(CONFIG).eval()
    nn.init.zeros_(network.widen.weight)
    bottoms = []
    network.resunet.upsampling[0].register_forward_pre_hook(
        lambda _, given: bottoms.append(given[0])
    )
    network(inputs_of(CONFIG, 32, 32))
    assert bottoms[0].shape == (1, 32, 4, 4)
    assert not bottoms[0].any()


def test_fused_features_are_added_to_the_detail():
    network = build_network(CONFIG).eval()
    inputs = inputs_of(CONFIG, 32, 32)
    nn.init.zeros_(network.resunet.last.weight)
    expected = network.output(network.fuse(inputs, None))
    torch.testing.assert_close(network(inputs), expected)
