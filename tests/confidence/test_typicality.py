import numpy as np
import pytest

from glacier_core.confidence import typicality as fitting
from glacier_core.confidence.typicality import fit_typicality
from glacier_core.errors import ModelError

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


def test_a_large_scene_is_judged_in_parts_as_in_one(limit, monkeypatch):
    optical, slope = landscape(103)
    whole = limit.density_map(optical, slope)
    monkeypatch.setattr("glacier_core.models.typicality.ROWS", 10)
    np.testing.assert_allclose(limit.density_map(optical, slope), whole, atol=1e-2)


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
