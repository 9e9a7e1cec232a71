from dataclasses import replace

import numpy as np
import pytest

from glacier_core.simulation.ground import Layer, SurfaceClass
from glacier_core.simulation.reflectance import SPECTRA_OF, choose_spectra, paint
from glacier_core.simulation.spectra import groups_of
from glacier_core.simulation.surface import Surface

from .grounds import make_ground, random


def one_layer(material, share=1.0):
    ground = make_ground(np.zeros((96, 96)))
    layer = Layer(SurfaceClass.ROCK, material, np.full((96, 96), share, dtype=np.float32))
    return Surface(ground, (layer,), same_rock=False)


def test_painted_logs_have_the_mean_and_correlation_of_their_group():
    group = groups_of("ice", held_out=False)[1]
    painted = np.log(paint(one_layer("ice"), random(5), {"ice": group})).reshape(6, -1)
    rows = np.array(group.components)
    covariance = rows.T @ rows
    expected = covariance[:3, :3] / np.sqrt(np.outer(*[np.diag(covariance)[:3]] * 2))
    assert painted.mean(axis=1)[:4] == pytest.approx(group.mean[:4], abs=0.35)
    assert np.corrcoef(painted[:3]) == pytest.approx(expected, abs=0.12)


def test_a_layer_is_mixed_by_its_share():
    group = groups_of("snow", held_out=False)[0]
    still = replace(group, components=tuple((0.0,) * 6 for _ in range(6)))
    full = paint(one_layer("snow"), random(1), {"snow": still})
    half = paint(one_layer("snow", 0.5), random(1), {"snow": still})
    assert np.allclose(half, 0.5 * full, atol=2e-3)
    both = one_layer("snow", 0.25)
    both = replace(both, layers=(*one_layer("snow").layers, *both.layers))
    assert np.allclose(paint(both, random(1), {"snow": still}), full, atol=2e-3)


def test_spectra_keep_to_their_side_and_debris_can_be_the_rock():
    for seed in range(30):
        chosen = choose_spectra(random(seed), same_rock=True, held_out=False)
        assert set(chosen) == set(SPECTRA_OF)
        assert not any(group.held_out for group in chosen.values())
        assert chosen["debris"] == chosen["rock"]
    kept = [choose_spectra(random(s), same_rock=False, held_out=True) for s in range(30)]
    assert all(chosen["ice"].held_out and chosen["snow"].held_out for chosen in kept)
    assert any(chosen["debris"] != chosen["rock"] for chosen in kept)
