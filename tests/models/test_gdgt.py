import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_networks import TINY_CONFIGS

from glacier_core.errors import ModelError
from glacier_core.models.config import GDGTConfig
from glacier_core.models.gdgt import (
    DetailGuide,
    PooledAttention,
    haar,
    inverse_haar,
)

TINY = TINY_CONFIGS["gdgt"]


@given(
    channels=st.integers(1, 3),
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_haar_comes_back_and_keeps_the_energy(channels, height, width, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, channels, 2 * height, 2 * width, generator=generator)
    low, detail = haar(x)
    assert low.shape == (2, channels, height, width)
    assert detail.shape == (2, 3 * channels, height, width)
    torch.testing.assert_close(inverse_haar(low, detail), x)
    torch.testing.assert_close(low.square().sum() + detail.square().sum(), x.square().sum())


def test_haar_of_one_square_by_hand():
    low, detail = haar(torch.tensor([[[[1.0, 2.0], [5.0, 10.0]]]]))
    assert low.item() == 9.0
    assert detail.flatten().tolist() == [-3.0, -6.0, 2.0]


def test_plain_image_has_no_detail():
    low, detail = haar(torch.full((1, 2, 4, 4), 3.0))
    assert not detail.any()
    assert torch.equal(low, torch.full((1, 2, 2, 2), 6.0))


def test_closed_gate_leaves_the_skip_and_a_smooth_feature():
    guide = DetailGuide(3, 2, TINY).eval()
    torch.nn.init.zeros_(guide.gate.weight)
    torch.nn.init.constant_(guide.gate.bias, -100.0)
    x, skip = torch.rand(1, 3, 2, 2), torch.rand(1, 2, 4, 4)
    with torch.inference_mode():
        smooth = guide(x, skip) - skip
        doubled = guide.norm(guide.project(x)).repeat_interleave(2, 2).repeat_interleave(2, 3) / 2
    torch.testing.assert_close(smooth, doubled)


def test_open_gate_brings_the_detail_of_the_skip():
    guide = DetailGuide(3, 2, TINY).eval()
    torch.nn.init.zeros_(guide.gate.weight)
    torch.nn.init.zeros_(guide.project.weight)
    torch.nn.init.constant_(guide.gate.bias, 100.0)
    skip = torch.rand(1, 2, 4, 4)
    added = guide(torch.rand(1, 3, 2, 2), skip) - skip
    means = torch.nn.functional.avg_pool2d(skip, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(added, skip - means)


def test_every_pixel_sees_the_whole_image():
    attention = PooledAttention(4, 2, 2)
    x = torch.rand(1, 4, 6, 8, requires_grad=True)
    attention(x)[0, :, 0, 0].sum().backward()
    assert (x.grad.abs().sum((0, 1)) > 0).all()


def test_heads_must_divide_the_width():
    with pytest.raises(ModelError, match="no multiple of the 3 heads"):
        GDGTConfig(heads=3)
