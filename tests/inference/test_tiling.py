import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.errors import ModelError
from glacier_core.inference.tiling import Blend, gaussian_weights, grid_corner, windows


@st.composite
def tilings(draw):
    patch = draw(st.integers(1, 24))
    shape = draw(st.tuples(st.integers(1, 90), st.integers(1, 90)))
    return shape, patch, draw(st.integers(1, patch))


@given(tilings())
def test_every_pixel_is_covered(tiling):
    shape, patch, stride = tiling
    covered = np.zeros(shape, int)
    for window in windows(shape, patch, stride):
        covered[window.inside(shape)] += 1
    assert covered.min() >= 1


@given(tilings())
def test_only_a_raster_smaller_than_a_patch_is_padded(tiling):
    shape, patch, stride = tiling
    for window in windows(shape, patch, stride):
        for start, length in ((window.row, shape[0]), (window.column, shape[1])):
            if length >= patch:
                assert 0 <= start <= length - patch
            else:
                after = patch - length + start
                assert 0 <= after + start <= 1  # as much before as after, the odd pixel after


@given(tilings())
def test_the_two_slices_of_a_window_show_the_same_pixels(tiling):
    shape, patch, stride = tiling
    numbered = np.arange(np.prod(shape)).reshape(shape)
    padded = np.pad(numbered, patch, constant_values=-1)
    for window in windows(shape, patch, stride):
        top, left = window.row + patch, window.column + patch
        seen = padded[top : top + patch, left : left + patch]
        assert np.array_equal(seen[window.within_patch(shape)], numbered[window.inside(shape)])
        assert (seen >= 0).sum() == numbered[window.inside(shape)].size


@given(tilings(), st.floats(0, 1, width=32))
def test_blending_a_constant_gives_the_constant(tiling, constant):
    shape, patch, stride = tiling
    blend = Blend(shape, patch)
    for window in windows(shape, patch, stride):
        blend.add(window, np.full((patch, patch), constant, np.float32))
    blended = blend.mean()
    assert blended.dtype == np.float32
    np.testing.assert_allclose(blended, constant, rtol=2e-5, atol=1e-30)


@given(tilings(), st.randoms(use_true_random=False))
def test_the_blend_lies_between_its_windows(tiling, random):
    shape, patch, stride = tiling
    low, high = np.full(shape, np.inf), np.full(shape, -np.inf)
    blend = Blend(shape, patch)
    for window in windows(shape, patch, stride):
        value = random.random()
        blend.add(window, np.full((patch, patch), value, np.float32))
        inside = window.inside(shape)
        low[inside], high[inside] = np.minimum(low[inside], value), np.maximum(high[inside], value)
    blended = blend.mean()
    assert (blended >= low - 1e-5).all()
    assert (blended <= high + 1e-5).all()


@pytest.mark.parametrize(
    ("shape", "patch", "stride", "number"),
    [
        ((1, 1), 256, 128, 1),
        ((3, 4000), 256, 128, 31),  # 0, 128 … 3712 and the last at 3744
        ((256, 256), 256, 128, 1),
        ((257, 256), 256, 128, 2),
        ((768, 768), 256, 128, 25),
        ((768, 768), 384, 192, 9),
    ],
)
def test_number_of_windows(shape, patch, stride, number):
    assert len(windows(shape, patch, stride)) == number


def test_the_last_window_ends_with_the_raster():
    assert [window.column for window in windows((4, 11), 4, 3)] == [0, 3, 6, 7]


def test_weights_are_those_of_the_reference():
    weights = gaussian_weights(385)
    assert weights[192, 192] == 1.0
    assert weights[0, 192] == pytest.approx(np.exp(-0.5), rel=1e-6)  # 0.607
    assert weights[384, 384] == pytest.approx(np.exp(-1.0), rel=1e-6)  # 0.368
    assert np.array_equal(weights, weights.T)
    assert np.array_equal(weights, weights[::-1, ::-1])


def test_two_windows_blend_by_their_weights():
    first, second = windows((4, 6), 4, 2)
    blend = Blend((4, 6), 4)
    blend.add(first, np.zeros((4, 4), np.float32))
    blend.add(second, np.ones((4, 4), np.float32))
    outer, inner = np.exp(-0.5 * 1.0), np.exp(-0.5 / 9)  # r = 1 and 1/3 along the row
    expected = [0, 0, outer / (outer + inner), inner / (outer + inner), 1, 1]
    np.testing.assert_allclose(blend.mean(), np.tile(expected, (4, 1)), rtol=1e-6)


def test_where_no_window_came_there_is_nothing():
    blend = Blend((4, 6), 4)
    blend.add(windows((4, 6), 4, 2)[0], np.ones((4, 4), np.float32))
    blended = blend.mean()
    assert np.isnan(blended[:, 4:]).all()
    assert (blended[:, :4] == 1).all()


@pytest.mark.parametrize("stride", [0, -4, 17])
def test_a_stride_that_leaves_gaps_is_refused(stride):
    with pytest.raises(ModelError, match=f"stride is {stride} pixels; possible are 1 to 16"):
        windows((40, 40), 16, stride)


def test_a_window_is_cut_with_zeros_beyond_the_raster():
    values = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4) + 1.0
    (window,) = windows((3, 4), 6, 3)
    patch = window.cut(values)
    assert patch.shape == (2, 6, 6)
    np.testing.assert_array_equal(patch[:, *window.within_patch((3, 4))], values)
    assert patch.sum() == values.sum()


@st.composite
def cuttings(draw):
    """A raster on the fixed grid, and a part of it."""
    patch = draw(st.integers(2, 12))
    whole = [draw(st.integers(1, 90)) for _ in range(2)]
    corner = tuple(draw(st.integers(-200, 200)) for _ in range(2))
    first = tuple(draw(st.integers(0, length - 1)) for length in whole)
    shape = tuple(draw(st.integers(1, n - at)) for n, at in zip(whole, first, strict=True))
    return tuple(whole), corner, first, shape, patch, draw(st.integers(1, patch))


def covering(shape, patch, stride, corner, place):
    """Windows over a pixel, named by their place on the fixed grid."""
    return {
        (window.row + corner[0], window.column + corner[1])
        for window in windows(shape, patch, stride, corner)
        if window.row <= place[0] < window.row + patch
        and window.column <= place[1] < window.column + patch
    }


@given(cuttings())
def test_beyond_a_patch_from_its_edges_a_part_is_seen_as_in_the_whole(cutting):
    whole, corner, first, shape, patch, stride = cutting
    moved = (corner[0] + first[0], corner[1] + first[1])
    for row in {patch, shape[0] // 2, shape[0] - patch - 1}:
        for column in {patch, shape[1] // 2, shape[1] - patch - 1}:
            if patch <= row < shape[0] - patch and patch <= column < shape[1] - patch:
                place = (row + first[0], column + first[1])
                of_whole = covering(whole, patch, stride, corner, place)
                assert covering(shape, patch, stride, moved, (row, column)) == of_whole


def test_the_corner_counts_pixels_from_the_origin_to_the_south_east():
    assert grid_corner(Affine(30, 0, 600, 0, -30, 900)) == (-30, 20)
    assert grid_corner(Affine(30, 0, 614, 0, -30, 886)) == (-30, 20)
    assert grid_corner(Affine(30, 0, 616, 0, -30, 884)) == (-29, 21)


@given(tilings(), st.data())
def test_rows_given_up_one_after_another_are_those_of_the_whole(tiling, data):
    shape, patch, stride = tiling
    plan = windows(shape, patch, stride)
    random = np.random.default_rng(0)
    answers = [random.random((patch, patch), np.float32) for _ in plan]
    whole, bit_by_bit = Blend(shape, patch), Blend(shape, patch)
    first = data.draw(st.integers(0, shape[0]))
    continued = Blend(shape, patch, first)
    taken = []
    for number, (window, answer) in enumerate(zip(plan, answers, strict=True)):
        for blend in (whole, bit_by_bit, continued):
            blend.add(window, answer)
        following = plan[number + 1].row if number + 1 < len(plan) else shape[0]
        taken.append(bit_by_bit.take(max(following, sum(map(len, taken)))))
    expected = whole.mean()
    assert np.array_equal(np.concatenate(taken), expected)
    assert np.array_equal(continued.mean(), expected[first:])
