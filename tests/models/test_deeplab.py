import pytest
import torch
import torch.nn.functional as F
from tiny_networks import TINY_CONFIGS
from torch import nn

from glacier_core.errors import ModelError
from glacier_core.models.architectures import build_network
from glacier_core.models.config import DeepLabConfig
from glacier_core.models.deeplab import AtrousPyramid, DeepLab, SplitAttentionBlock

TINY = TINY_CONFIGS["deeplab"]


def test_backbone_gives_a_4th_and_a_16th_of_the_size():
    with torch.device("meta"):
        low, high = DeepLab(DeepLabConfig()).backbone(torch.empty(1, 64, 384, 384))
    assert low.shape == (1, 512, 96, 96)
    assert high.shape == (1, 2048, 24, 24)


def test_splits_are_weighed_against_each_other():
    block = SplitAttentionBlock(8, 4, False, TINY).eval()
    x = torch.rand(1, 8, 6, 6)
    splits = block.split(block.narrow(x))  # (1, 8, 6, 6): first split, second split
    first, second = splits[:, :4], splits[:, 4:]
    hidden = F.leaky_relu(block.squeeze((first + second).mean((2, 3), keepdim=True)), 0.3)
    scores = block.excite(hidden)
    share = torch.sigmoid(scores[:, :4] - scores[:, 4:])  # softmax of two
    mixed = share * first + (1 - share) * second
    torch.testing.assert_close(block(x), block.expand(mixed) + block.shortcut(x))


def test_shortcut_is_projected_only_where_shapes_change():
    assert isinstance(SplitAttentionBlock(16, 4, False, TINY).shortcut, nn.Identity)
    assert isinstance(SplitAttentionBlock(8, 4, False, TINY).shortcut, nn.Conv2d)
    halving = SplitAttentionBlock(16, 4, True, TINY)
    assert isinstance(halving.shortcut, nn.Conv2d)
    assert halving(torch.rand(2, 16, 6, 8)).shape == (2, 16, 3, 4)


def test_pyramid_reaches_as_far_as_its_rates():
    pyramid = AtrousPyramid(2, TINY)
    assert [atrous[0][0].dilation for atrous in pyramid.atrous] == [(6, 6), (12, 12), (18, 18)]
    assert pyramid.eval()(torch.rand(1, 2, 5, 7)).shape == (1, 8, 5, 7)


def test_one_image_is_a_batch():
    inputs = {"optical": torch.rand(1, 6, 32, 32), "dem": torch.rand(1, 2, 32, 32)}
    (logits,) = build_network(TINY).train()(inputs)
    assert torch.isfinite(logits).all()


def test_nothing_is_dropped():
    assert not any(isinstance(module, nn.Dropout) for module in build_network(TINY).modules())


@pytest.mark.parametrize(
    "wrong", [{"layers": (1, 2, 1)}, {"layers": (3, 1, 3, 3)}, {"backbone_width": 5}]
)
def test_impossible_stages_are_refused(wrong):
    with pytest.raises(ModelError, match="four stages"):
        DeepLabConfig(**wrong)
