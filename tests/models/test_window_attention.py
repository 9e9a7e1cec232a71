import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.models.window_attention import (
    WindowAttention,
    WindowBlock,
    join_windows,
    split_windows,
    visible,
)

SIZES = st.integers(1, 13)


@given(height=SIZES, width=SIZES, window=st.integers(1, 5), data=st.data())
def test_joining_undoes_splitting(height, width, window, data):
    shift = data.draw(st.tuples(*2 * [st.integers(0, window - 1)]))
    x = torch.arange(2 * height * width * 3.0).reshape(2, height, width, 3)
    windows = split_windows(x, window, shift)
    assert windows.shape[2] == window**2
    assert torch.equal(join_windows(windows, height, width, window, shift), x)


def test_windows_and_their_tokens_go_row_by_row():
    x = torch.arange(16.0).reshape(1, 4, 4, 1)
    windows = split_windows(x, 2, (0, 0))[0, :, :, 0].tolist()
    assert windows == [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
    shifted = split_windows(x, 2, (1, 1))[0, :, :, 0].tolist()
    assert shifted == [[5, 6, 9, 10], [7, 4, 11, 8], [13, 14, 1, 2], [15, 12, 3, 0]]


@given(height=SIZES, width=SIZES, window=st.integers(2, 5), shifted=st.booleans())
def test_tokens_see_those_of_the_image_beside_them_and_nothing_else(height, width, window, shifted):
    block = WindowBlock(1, 1, window, shifted=shifted)
    shift = block.shift(height), block.shift(width)
    seen = visible(height, width, window, shift, torch.device("cpu"))
    rows, columns = torch.meshgrid(
        torch.arange(1.0, height + 1), torch.arange(1.0, width + 1), indexing="ij"
    )
    places = split_windows(torch.stack([rows, columns], dim=2)[None], window, shift)[0]
    if seen is None:
        seen = torch.ones(len(places), window**2, window**2, dtype=torch.bool)
    real = places[..., 0] > 0  # padding is zero
    near = (places[:, :, None] - places[:, None, :]).abs().amax(3) < window
    both = real[:, :, None] & real[:, None, :]
    assert torch.equal(seen & both, near & both)
    assert not (seen & (real[:, :, None] ^ real[:, None, :])).any()
    assert seen.diagonal(dim1=1, dim2=2).all()


def test_attention_is_softmax_of_products_and_of_a_bias_by_offset():
    torch.manual_seed(0)
    attention = WindowAttention(4, 2, 2)
    torch.nn.init.normal_(attention.bias)
    x = torch.rand(1, 1, 4, 4)
    query, key, value = attention.query_key_value(x[0, 0]).split(4, dim=1)
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    heads = []
    for head in range(2):
        part = slice(2 * head, 2 * head + 2)
        scores = query[:, part] @ key[:, part].T / math.sqrt(2)
        for i, (row, column) in enumerate(places):
            for j, (other_row, other_column) in enumerate(places):
                entry = (row - other_row + 1) * 3 + column - other_column + 1
                scores[i, j] = scores[i, j] + attention.bias[entry, head]
        heads.append(torch.softmax(scores, dim=1) @ value[:, part])
    torch.testing.assert_close(attention(x, None)[0, 0], attention.out(torch.cat(heads, dim=1)))


@pytest.mark.parametrize("shifted", [False, True])
def test_nothing_reaches_beyond_a_window(shifted):
    block = WindowBlock(4, 2, 4, shifted=shifted).eval()
    x = torch.rand(1, 8, 8, 4, requires_grad=True)
    block(x)[0, 1, 1].sum().backward()
    reached = x.grad[0].abs().sum(2) > 0
    expected = torch.zeros(8, 8, dtype=torch.bool)
    side = 2 if shifted else 4  # the shifted window is cut by the border of the image
    expected[:side, :side] = True
    assert torch.equal(reached, expected)


def test_padding_changes_nothing():
    torch.manual_seed(0)
    block = WindowBlock(4, 2, 5, shifted=True).eval()
    x = torch.rand(1, 3, 4, 4)
    wide = WindowBlock(4, 2, 5, shifted=False).eval()
    wide.load_state_dict(block.state_dict())
    # One window covers all, so that shifting and padding make no difference to plain attention.
    tokens = x.flatten(1, 2)  # (1, 12, 4)
    torch.testing.assert_close(block(x), wide(x))
    query, key, value = (
        block.attention.query_key_value(block.norm_attention(tokens))
        .unflatten(2, (3, 2, 2))
        .permute(2, 0, 3, 1, 4)
    )
    places = torch.tensor([5 * row + column for row in range(3) for column in range(4)])
    bias = block.attention.bias[block.attention.offsets[places][:, places]].permute(2, 0, 1)
    scores = torch.softmax(query @ key.transpose(2, 3) / math.sqrt(2) + bias, dim=3)
    mixed = tokens + block.attention.out((scores @ value).transpose(1, 2).flatten(2))
    expected = mixed + block.mlp(block.norm_mlp(mixed))
    torch.testing.assert_close(block(x), expected.unflatten(1, (3, 4)))
