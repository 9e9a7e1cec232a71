import torch
from tiny_networks import RESUNET, inputs_of

from glacier_core.models.architectures import build_network
from glacier_core.models.config import ResUNetConfig


def test_one_halving_a_step():
    assert ResUNetConfig().size_multiple == 16
    assert RESUNET.size_multiple == 4
    network = build_network(RESUNET)
    widths = [unit.shortcut.out_channels for unit in network.resunet.encoder]
    assert widths == [4, 8, 16]


def test_output_follows_the_last_unit_directly():
    network = build_network(RESUNET).eval()
    seen = []
    network.resunet.decoder[-1].register_forward_hook(lambda *given: seen.append(given[2]))
    logits = network(inputs_of(RESUNET, 8, 8))
    torch.testing.assert_close(logits, network.output(seen[0]))
