"""Several images made into one: against brute force, and the date of every pixel kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.archives import medoid
from glacier_core.archives.imagery import Imagery, Why
from glacier_core.archives.medoid import NO_IMAGE, clear_sky_composite, mosaic
from glacier_core.errors import SourceError


def drawn(count, shape=(5, 7), seed=0, hidden=0.3, gaps=0.1, thermal=True):
    """Return images of random reflectance, some pixels hidden, some missing."""
    random = np.random.default_rng(seed)
    images = []
    for number in range(count):
        optical = random.uniform(0, 1, (6, *shape)).astype(np.float32)
        why = np.where(random.random(shape) < hidden, random.integers(2, 5, shape), 0)
        optical[random.integers(6), random.random(shape) < gaps] = np.nan
        heat = random.uniform(250, 280, shape).astype(np.float32) if thermal else None
        facts = {"product": f"P{number}"}
        images.append(Imagery(optical, why.astype(np.uint8), heat, facts, ("same", f"n{number}")))
    return images


def medoid_by_brute_force(images, row, column):
    """Return the index of the medoid of one pixel, literally after its definition."""
    seen = [image.optical[:, row, column].astype(float) for image in images]
    clear = [
        index
        for index, image in enumerate(images)
        if image.why[row, column] == 0 and np.isfinite(seen[index]).all()
    ]
    sums = [sum(np.linalg.norm(seen[one] - seen[other]) for other in clear) for one in clear]
    return clear[int(np.argmin(np.round(sums, 9)))] if clear else None


@given(st.integers(1, 6), st.integers(0, 10_000))
def test_the_medoid_is_the_one_of_brute_force(count, seed):
    images = drawn(count, shape=(2, 3), seed=seed)
    composite, index = clear_sky_composite(images)
    for row in range(2):
        for column in range(3):
            expected = medoid_by_brute_force(images, row, column)
            if expected is None:
                assert index[row, column] == NO_IMAGE
                assert composite.why[row, column] != Why.CLEAR
            else:
                assert index[row, column] == expected
                assert composite.why[row, column] == Why.CLEAR
                np.testing.assert_array_equal(
                    composite.optical[:, row, column], images[expected].optical[:, row, column]
                )
                assert composite.thermal[row, column] == images[expected].thermal[row, column]


def test_an_outlier_is_not_chosen():
    values = [0.30, 0.31, 0.90, 0.32]
    images = [
        Imagery(np.full((6, 1, 1), value, np.float32), np.zeros((1, 1), np.uint8))
        for value in values
    ]
    assert clear_sky_composite(images)[1].item() == 1


def test_of_two_images_the_first_is_taken_where_it_is_clear():
    images = drawn(2, gaps=0)
    _, index = clear_sky_composite(images)
    clear = [image.why == 0 for image in images]
    np.testing.assert_array_equal(index == 0, clear[0])
    np.testing.assert_array_equal(index == 1, clear[1] & ~clear[0])
    np.testing.assert_array_equal(index == NO_IMAGE, ~clear[0] & ~clear[1])


def test_a_mosaic_takes_the_first_that_is_clear():
    images = drawn(4)
    composite, index = mosaic(images)
    clear = np.stack([(i.why == 0) & np.isfinite(i.optical).all(axis=0) for i in images])
    expected = np.where(clear.any(axis=0), clear.argmax(axis=0), NO_IMAGE)
    np.testing.assert_array_equal(index, expected)
    for number, image in enumerate(images):
        np.testing.assert_array_equal(
            composite.optical[:, index == number], image.optical[:, index == number]
        )


def test_what_nobody_saw_clearly_is_shown_but_not_mapped():
    shape = (6, 1, 3)
    first = np.full(shape, np.nan, np.float32)
    second = np.full(shape, 0.7, np.float32)
    second[:, 0, 2] = np.nan
    images = [
        Imagery(first, np.array([[0, 1, 1]], np.uint8)),
        Imagery(second, np.array([[Why.CLOUD, Why.CLOUD_SHADOW, Why.CLEAR]], np.uint8)),
    ]
    composite, index = clear_sky_composite(images)
    assert index.tolist() == [[NO_IMAGE] * 3]
    assert composite.why.tolist() == [[Why.CLOUD, Why.CLOUD_SHADOW, Why.NO_DATA]]
    np.testing.assert_array_equal(composite.optical, second)


def test_blocks_change_nothing(monkeypatch):
    images = drawn(5, shape=(11, 7))
    whole, index = clear_sky_composite(images)
    monkeypatch.setattr(medoid, "_BLOCK_PIXELS", 20)
    parts, parts_index = clear_sky_composite(images)
    np.testing.assert_array_equal(index, parts_index)
    for name in ("optical", "why", "thermal"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def test_where_one_image_has_no_heat_its_pixels_have_none():
    with_heat, without = drawn(1, gaps=0)[0], drawn(1, seed=1, gaps=0, thermal=False)[0]
    composite, index = mosaic([without, with_heat])
    assert np.isnan(composite.thermal[index == 0]).all()
    np.testing.assert_array_equal(composite.thermal[index == 1], with_heat.thermal[index == 1])
    assert clear_sky_composite([without, without])[0].thermal is None


def test_facts_and_notes_of_all_are_kept():
    composite, _ = clear_sky_composite(drawn(2))
    assert composite.facts == {"image 1: product": "P0", "image 2: product": "P1"}
    assert composite.notes == ("same", "n0", "n1")


def test_what_cannot_be_put_together_is_refused():
    with pytest.raises(SourceError, match="0 images"):
        clear_sky_composite([])
    with pytest.raises(SourceError, match="one grid"):
        clear_sky_composite([*drawn(1), *drawn(1, shape=(5, 8))])
    with pytest.raises(SourceError, match="256 images"):
        clear_sky_composite(drawn(1, shape=(1, 1)) * 256)
