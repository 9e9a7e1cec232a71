from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glacier_core.confidence import typicality as fitting
from glacier_core.confidence.typicality import fit_typicality
from glacier_core.errors import ModelError
from glacier_core.models.typicality import DARKEST, FLATTEST, typicality_features

ICE = np.array([0.6, 0.6, 0.55, 0.5, 0.05, 0.04])
ROCK = np.array([0.1, 0.12, 0.14, 0.18, 0.25, 0.22])


def landscape(seed, size=64):
    """Smooth ice and rock under uneven light, on slopes of 5 to 35 degrees."""
    generator = np.random.default_rng(seed)
    column, row = np.meshgrid(np.linspace(0, 1, size), np.linspace(0, 1, size))
    ice = column < 0.3 + 0.4 * generator.random()
    light = 0.7 + 0.6 * row * generator.random() + 0.02 * generator.standard_normal((size, size))
    optical = np.where(ice, ICE[:, None, None], ROCK[:, None, None]) * light
    return optical.astype(np.float32), (5 + 30 * row).astype(np.float32)


@pytest.fixture(scope="module")
def limit():
    return fit_typicality(lambda: map(landscape, range(12)), window=32, fitted_on="Drawn.", seed=1)


def share(limit, optical, slope):
    return float(limit.untypical(np.asarray(optical, np.float32), slope).mean())


def test_what_is_like_training_is_typical(limit):
    shares = [share(limit, *landscape(seed)) for seed in range(100, 106)]
    assert np.mean(shares) <= 0.01
    assert limit.fitted_on == "Drawn."


def city(size=64):
    """Blocks of four roofs and a grid of streets, nearly flat."""
    generator = np.random.default_rng(0)
    roofs = np.array(
        [
            [0.12, 0.13, 0.14, 0.17, 0.2, 0.19],
            [0.07, 0.08, 0.11, 0.2, 0.26, 0.22],
            [0.25, 0.28, 0.3, 0.33, 0.34, 0.3],
            [0.04, 0.07, 0.05, 0.35, 0.18, 0.09],
        ]
    )
    blocks = np.kron(generator.integers(0, 4, (size // 4, size // 4)), np.ones((4, 4), int))
    image = np.moveaxis(roofs[blocks], -1, 0)
    image[:, ::12] = image[:, :, ::12] = 0.09
    return image


@pytest.mark.parametrize(
    "foreign",
    [
        np.zeros((6, 64, 64)),
        np.full((6, 64, 64), 0.9),
        np.random.default_rng(0).random((6, 64, 64)),
        np.repeat(np.random.default_rng(1).random((1, 64, 64)), 6, axis=0),
        city(),
        landscape(50)[0][::-1],
        landscape(50)[0] * 100,
        landscape(50)[0] / 100,
    ],
    ids=["zeros", "one value", "noise", "grey noise", "city", "reversed bands", "percent", "dark"],
)
def test_what_is_foreign_is_untypical(limit, foreign):
    assert share(limit, foreign, landscape(50)[1]) >= 0.9


def test_an_odd_patch_leaves_its_surroundings_alone(limit):
    optical, slope = landscape(101)
    before = limit.untypical(optical, slope)
    optical[:, 30:32, 30:32] = np.array([0.9, 0.01, 0.9, 0.01, 0.9, 0.01])[:, None, None]
    found = limit.untypical(optical, slope)
    assert found[30:32, 30:32].all()
    assert np.array_equal(found[:12], before[:12])  # farther away than half a window
    assert (found & ~before).mean() <= 0.05


def test_of_missing_pixels_nothing_is_said_and_neighbours_stay_typical(limit):
    optical, slope = landscape(102)
    before = limit.untypical(optical, slope)
    optical[:, 10:20] = np.nan
    slope[40, 40] = np.nan
    found = limit.untypical(optical, slope)
    assert not found[10:20].any()
    assert not found[40, 40]
    assert np.isnan(limit.density_map(optical, slope)[10:20]).all()
    assert found.mean() <= before.mean() + 0.02


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 139), max_size=5).map(sorted), st.integers(1, 33), st.integers(0, 999)
)
def test_blocks_of_rows_are_judged_as_in_the_whole_scene(limit, cuts, window, seed):
    """Bit by bit, however a scene with gaps is cut, given the margin that the limit asks for."""
    generator = np.random.default_rng(seed)
    optical, slope = (np.tile(layer, (3, 1))[..., :140, :50] for layer in landscape(seed))
    optical = optical + generator.normal(0, 0.01, optical.shape).astype(np.float32)
    optical[:, generator.random(slope.shape) < 0.02] = np.nan
    optical[:, 60:75, 10:40] = np.nan
    narrow = limit.model_copy(update={"window": window, "around": limit.pixel + 8.0})
    whole, density = narrow.untypical(optical, slope), narrow.density_map(optical, slope)
    for first, end in pairwise([0, *cuts, 140]):
        top, bottom = max(first - narrow.margin, 0), end + narrow.margin
        found = narrow.untypical(optical[:, top:bottom], slope[top:bottom])
        assert np.array_equal(found[first - top : end - top], whole[first:end])
        part = narrow.density_map(optical[:, top:bottom], slope[top:bottom])
        mean = narrow.mean_around(part)[first - top : end - top]
        assert np.array_equal(mean, narrow.mean_around(density)[first:end])
        part = part[first - top : end - top]
        assert np.array_equal(part, density[first:end], equal_nan=True)


def test_rows_at_once_decide_on_nothing(limit, monkeypatch):
    optical, slope = landscape(103)
    density = limit.density_map(optical, slope)
    around = limit.mean_around(density)
    monkeypatch.setattr("glacier_core.models.typicality.ROWS", 10)
    monkeypatch.setattr("glacier_core.models.typicality.WINDOW_ROWS", 7)
    assert np.array_equal(limit.density_map(optical, slope), density)
    assert np.array_equal(limit.mean_around(density), around)


def test_features_and_means_are_those_of_plain_boxes(limit):
    """Against loops over every pixel's box, in double precision."""
    optical, slope = (layer[..., :20, :17] for layer in landscape(104))
    optical = optical.copy()
    optical[2, 5:8, 5] = optical[:, 0, 0] = np.nan
    features, seen = typicality_features(optical, slope)
    assert np.array_equal(seen, np.isfinite(optical).all(axis=0))
    bands = np.log(np.maximum(optical.astype(float), 0) + DARKEST)
    brightness = bands.mean(axis=0)

    def boxes(layer, half):
        for row, column in np.argwhere(seen):
            box = np.s_[
                max(row - half, 0) : row + half + 1, max(column - half, 0) : column + half + 1
            ]
            yield layer[box][seen[box]]

    def contrast(layers, half):
        variances = [[box.var() for box in boxes(layer, half)] for layer in layers]
        return 0.5 * np.log(np.mean(variances, axis=0) + FLATTEST)

    expected = [
        contrast([brightness], 1),
        contrast([brightness], 4),
        contrast(bands - brightness, 1),
    ]
    assert features[6:9][:, seen] == pytest.approx(np.array(expected), abs=1e-4)
    assert features[:6][:, seen] == pytest.approx(bands[:, seen], abs=1e-5)
    assert features[9][seen] == pytest.approx(np.sqrt(slope[seen]), abs=1e-5)
    odd = limit.model_copy(update={"window": 9})
    density = odd.density_map(optical, slope)
    means = [box.mean() for box in boxes(np.maximum(density.astype(float), odd.lowest), 4)]
    assert odd.mean_around(density)[seen] == pytest.approx(np.array(means), abs=1e-5)


def test_the_density_is_that_of_the_mixture(limit):
    """Against scipy's normal distribution, written from the card's numbers."""
    from scipy.special import logsumexp
    from scipy.stats import multivariate_normal

    features = np.random.default_rng(2).normal(-1.5, 0.5, (len(limit.components[0].mean), 5))
    terms = [
        part.log_weight
        + multivariate_normal.logpdf(
            features.T,
            part.mean,
            np.linalg.inv(np.asarray(part.whitening) @ np.asarray(part.whitening).T),
        )
        for part in limit.components
    ]
    expected = logsumexp(terms, axis=0)
    assert limit.log_density(features) == pytest.approx(expected, rel=1e-3, abs=1e-2)


def test_the_same_images_give_the_same_limit_and_it_survives_json(limit):
    again = fit_typicality(lambda: map(landscape, range(12)), window=32, fitted_on="Drawn.", seed=1)
    assert again == limit
    assert type(limit).model_validate_json(limit.model_dump_json()) == limit


def test_without_pixels_nothing_can_be_fitted():
    nothing = np.full((6, 8, 8), np.nan, np.float32), np.zeros((8, 8), np.float32)
    with pytest.raises(ModelError, match="Typicality needs"):
        fit_typicality(lambda: [nothing], window=8)


def test_a_guess_between_two_classes_is_right_half_the_time():
    assert fitting.CAP == 0.5
