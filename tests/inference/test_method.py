"""Options that change a map: turns, dropout, smoothing, and what cannot be asked for."""

import numpy as np
import pytest
from scipy import ndimage

import glacier_core as gc
from glacier_core.errors import ModelError

from .stubs import Brightness, make_scene, stub_model, tiny_glavitu


def test_classes_are_smoothed_by_a_median_and_nothing_else_is(scene, model):
    plain = gc.map_glaciers(scene, model)
    smooth = gc.map_glaciers(scene, model, smoothing=3)
    window = np.lib.stride_tricks.sliding_window_view(
        np.pad(plain.glacier.to_numpy(), 1, mode="edge"), (3, 3)
    )
    expected = (window.sum(axis=(2, 3)) >= 5) & scene.valid
    assert np.array_equal(smooth.glacier, expected)
    assert not np.array_equal(smooth.glacier, plain.glacier)
    assert np.array_equal(smooth.probability, plain.probability, equal_nan=True)
    assert np.array_equal(smooth.confidence, plain.confidence, equal_nan=True)
    assert np.array_equal(smooth.unmapped, plain.unmapped)
    assert smooth.key != plain.key
    kept = gc.open_map(smooth.folder)
    assert np.array_equal(kept.glacier, expected)
    assert kept.area_km2() == pytest.approx(expected.sum() * 900 / 1e6, rel=0.01)


@pytest.mark.parametrize("size", [2, -3])
def test_a_median_without_a_middle_is_refused(scene, model, size):
    with pytest.raises(ModelError, match="must be odd"):
        gc.map_glaciers(scene, model, smoothing=size)


def test_the_eight_turns_are_averaged(scene):
    """Turning the whole scene turns such a map: no direction is left in it."""
    model = tiny_glavitu()
    scene = make_scene(16, 16)
    plain = gc.map_glaciers(scene, model, cache=False)
    turned = gc.map_glaciers(scene, model, augment=True, cache=False)
    assert not np.array_equal(turned.probability, plain.probability)
    quarter = turned_scene(scene)
    again = gc.map_glaciers(quarter, model, augment=True, cache=False)
    np.testing.assert_allclose(
        again.probability, np.rot90(turned.probability.to_numpy()), atol=1e-5
    )
    alone = gc.map_glaciers(quarter, model, cache=False)
    assert abs(alone.probability - np.rot90(plain.probability.to_numpy())).max() > 1e-3


def turned_scene(scene):
    from glacier_core.scene import build_scene

    turn = {name: np.rot90(scene.data[name].to_numpy(), axes=(-2, -1)) for name in scene.data}
    return build_scene(
        turn["optical"],
        turn["elevation"],
        slope=turn["slope"],
        transform=scene.transform,
        crs=scene.crs,
        attributes=scene.attributes,
    )


def test_dropout_is_drawn_once_and_repeats():
    scene, model = make_scene(40, 40), tiny_glavitu()
    plain = gc.map_glaciers(scene, model, cache=False)
    some = gc.map_glaciers(scene, model, dropout_passes=3, cache=False)
    again = gc.map_glaciers(scene, model, dropout_passes=3, batch_size=1, cache=False)
    np.testing.assert_allclose(some.probability, again.probability, atol=1e-6)
    assert abs(some.probability - plain.probability).max() > 1e-3
    assert some.provenance["options"]["dropout_passes"] == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dropout_passes": -1}, "cannot be -1 passes"),
        ({"compatibility": "theirs"}, "no way of mapping called 'theirs'"),
        ({"precision": "double"}, "no precision 'double'"),
        ({"compatibility": "authors", "lowest_ice": 500}, "looks at all ground"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(scene, options, words):
    with pytest.raises(ModelError, match=words):
        gc.map_glaciers(scene, stub_model(Brightness()), **options)


def test_the_median_of_classes_is_that_of_scipy():
    """Should scipy's filter of bools ever change its mind."""
    mask = np.random.default_rng(0).random((9, 9)) > 0.5
    counted = ndimage.uniform_filter(mask.astype(float), 3, mode="nearest") > 0.5
    assert np.array_equal(ndimage.median_filter(mask, 3, mode="nearest"), counted)
