from dataclasses import replace

import numpy as np
import pytest

from glacier_core.training.published_augmentation import PublishedAugmentation

NOTHING = PublishedAugmentation(
    crop_share=0.0, contrast_share=0.0, occlusion_share=0.0, shift_share=0.0, noise_share=0.0
)


@pytest.fixture
def generator():
    return np.random.default_rng(4)


def inputs(value=0.25, size=64):
    return {name: np.full((c, size, size), value, np.float32) for name, c in (("a", 6), ("b", 2))}


def changed(generator, times, **only):
    for _ in range(times):
        yield replace(NOTHING, **only).change_scaled(inputs(), generator)


def test_nothing_asked_nothing_done(generator, make_scene):
    scene = make_scene()
    assert NOTHING.change_image(scene, generator) is scene
    assert NOTHING.draw_side(generator, 384) == 384
    after = NOTHING.change_scaled(inputs(), generator)
    assert all(np.array_equal(after[name], value) for name, value in inputs().items())


def test_crops_are_between_four_fifths_and_the_whole(generator):
    sides = [replace(NOTHING, crop_share=1.0).draw_side(generator, 384) for _ in range(300)]
    assert min(sides) == pytest.approx(0.8 * 384, abs=3)
    assert max(sides) == pytest.approx(384, abs=3)
    assert np.mean(sides) == pytest.approx(0.9 * 384, rel=0.01)


def test_each_group_is_changed_in_half_of_the_patches(generator):
    shares = {"contrast_share": 0.5, "shift_share": 0.5, "noise_share": 0.5, "occlusion_share": 0.5}
    for name, share in shares.items():
        rows = [
            [not np.array_equal(patch[group], inputs()[group]) for group in ("a", "b")]
            for patch in changed(generator, 200, **{name: share})
        ]
        a, b = np.array(rows).T
        # Occluded rectangles may be empty, with sides from 0.
        assert a.mean() == pytest.approx(0.5, abs=0.12)
        assert 0.15 < (a & b).mean() < 0.36


def test_contrast_is_a_power_of_each_channel_and_negative_becomes_zero(generator):
    only = replace(NOTHING, contrast_share=1.0)
    for patch in changed(generator, 20, contrast_share=1.0):
        assert np.ptp(patch["a"], axis=(1, 2)).max() == 0
        assert len(np.unique(patch["a"][:, 0, 0])) == 6
        assert (patch["a"] >= 0.25**1.2).all()
        assert (patch["a"] <= 0.25**0.8 + 1e-6).all()
    assert (only.change_scaled(inputs(-0.1), generator)["a"] == 0).all()


def test_shift_and_noise_have_the_published_size(generator):
    shifts = [p["a"][:, 0, 0] - 0.25 for p in changed(generator, 200, shift_share=1.0)]
    assert np.std(shifts) == pytest.approx(0.025, rel=0.1)
    (noisy,) = changed(generator, 1, noise_share=1.0)
    assert (noisy["a"] - 0.25).std() == pytest.approx(0.005, rel=0.05)


def test_occlusion_is_one_rectangle_in_all_channels_of_a_group(generator):
    for patch in changed(generator, 40, occlusion_share=1.0):
        hole = patch["a"][0] == 0
        assert np.array_equal(patch["a"] == 0, np.broadcast_to(hole, (6, 64, 64)))
        rows, columns = np.nonzero(hole)
        if len(rows):
            height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
            assert hole.sum() == height * width
            assert max(height, width) < 32


def test_shift_comes_after_occlusion_and_moves_its_zeros(generator):
    only = replace(NOTHING, occlusion_share=1.0, shift_share=1.0)
    assert not any((only.change_scaled(inputs(), generator)["a"] == 0).any() for _ in range(10))
