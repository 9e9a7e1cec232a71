import pytest
import torch
from tiny_networks import TINY_CONFIGS, inputs_of

from glacier_core.errors import ModelError
from glacier_core.models.architectures import build_network
from glacier_core.models.config import SwinUNetConfig
from glacier_core.models.swin_unet import PatchExpanding, PatchMerging

TINY = TINY_CONFIGS["swin-unet"]


def test_windows_divide_the_native_size_at_every_level():
    config = SwinUNetConfig()
    assert config.native_size == 384
    assert [384 // (4 << level) % config.window for level in range(4)] == [0] * 4


def test_every_second_block_is_shifted():
    network = build_network(TINY)
    for level in [*network.encoder, *network.decoder]:
        assert [block.shifted for block in level] == [False, True]


def test_merging_takes_a_square_of_four():
    merging = PatchMerging(1)
    merging.norm = torch.nn.Identity()
    x = torch.arange(16.0).reshape(1, 4, 4, 1)
    merged = merging(x)
    assert merged.shape == (1, 2, 2, 2)
    square = torch.tensor([2.0, 3.0, 6.0, 7.0])
    torch.testing.assert_close(merged[0, 0, 1], merging.reduce(square))


def test_expanding_makes_a_square_of_every_token():
    expanding = PatchExpanding(3, 2, 4)
    x = torch.rand(1, 2, 3, 3)
    expanded = expanding(x)
    assert expanded.shape == (1, 8, 12, 2)
    alone = expanding(x[:, 1:2, 2:3])
    torch.testing.assert_close(expanded[:, 4:8, 8:12], alone)


def test_levels_meet_at_equal_size():
    network = build_network(TINY).eval()
    bottom, skips = network.descend(torch.rand(1, 8, 12, 4))
    assert bottom.shape == (1, 2, 3, 16)
    assert [tuple(skip.shape) for skip in skips] == [(1, 8, 12, 4), (1, 4, 6, 8)]
    assert network.ascend(bottom, skips).shape == (1, 8, 12, 4)
    assert network(inputs_of(TINY, 32, 48)).shape == (1, 2, 32, 48)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"depths": (2, 2)}, "2 depths, but 4"),
        ({"heads": (3, 6, 12, 25)}, "768 is no multiple of the 25"),
        ({"token_patch": 6}, "token patch 6"),
        ({"depths": (2, 2, 0, 2)}, "1 or more"),
    ],
)
def test_impossible_levels_are_refused(wrong, told):
    with pytest.raises(ModelError, match=told):
        SwinUNetConfig(**wrong)
