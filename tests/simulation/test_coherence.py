from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln

from glacier_core.simulation import coherence
from glacier_core.simulation.coherence import (
    GLEN_RATE,
    ICE_WEIGHT,
    WAVELENGTH,
    YEAR,
    YIELD_STRESS,
    CoherenceStyle,
    baseline_coherence,
    draw_coherence_style,
    estimate_coherence,
    ice_velocity,
    motion_coherence,
    noise_coherence,
    simulate_coherence,
    time_coherence,
    true_coherence,
)
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.radar import RadarStyle
from glacier_core.simulation.radar_geometry import Orbit, layover_and_shadow
from glacier_core.simulation.weather import Weather

from .grounds import make_ground, random

EAST = Orbit(90.0, 38.0)
RADAR = RadarStyle(EAST, Orbit(270.0, 38.0), 5.0, 1e-3, Weather(9000.0))
STYLE = CoherenceStyle(RADAR, days=12.0, baseline=50.0, window=60.0, sliding=3.0)


def expected_magnitude(truth, looks):
    """Mean of the sample coherence by the series of Touzi et al. 1999, equation 5."""
    k = np.arange(3000)
    # Gamma(L) Gamma(3/2) / Gamma(L + 1/2) x 3F2(3/2, L, L; L + 1/2, 1; g²) x (1 - g²)^L
    terms = gammaln(1.5 + k) - gammaln(1.5) + 2 * (gammaln(looks + k) - gammaln(looks))
    terms -= gammaln(looks + 0.5 + k) - gammaln(looks + 0.5) + 2 * gammaln(1.0 + k)
    front = gammaln(looks) + gammaln(1.5) - gammaln(looks + 0.5)
    powers = 2 * k * np.log(truth) if truth > 0 else np.where(k == 0, 0.0, -np.inf)
    return float(np.exp(front + looks * np.log(1 - truth**2) + terms + powers).sum())


def constant(value, side=200):
    return np.full((side, side), value, dtype=np.float32)


@pytest.mark.parametrize("looks", [1.0, 2.5, 4.0, 16.0])
@pytest.mark.parametrize("truth", [0.0, 0.3, 0.7, 0.95])
def test_the_estimate_has_the_mean_of_the_closed_form(looks, truth):
    found = estimate_coherence(constant(truth), random(), looks=looks)
    assert found.mean() == pytest.approx(expected_magnitude(truth, looks), abs=0.006)


def test_one_look_is_always_fully_coherent():
    assert estimate_coherence(constant(0.2), random(), looks=1.0) == pytest.approx(1.0, abs=1e-4)


def test_a_window_adds_the_looks_of_its_pixels():
    found = estimate_coherence(constant(0.5, 300), random(), looks=2.0, window=3)
    assert found.mean() == pytest.approx(expected_magnitude(0.5, 18.0), abs=0.006)


@settings(max_examples=30)
@given(st.floats(0.0, 1.0), st.floats(1.0, 60.0), st.sampled_from([1, 3, 5]))
def test_estimates_stay_between_0_and_1_and_are_not_biased_down(truth, looks, window):
    found = estimate_coherence(constant(truth, 60), random(1), looks=looks, window=window)
    assert found.dtype == np.float32
    assert found.min() >= 0.0
    assert found.max() <= 1.0
    assert found.mean() > truth - 0.02


def slab(tangent, side=161, resolution=100.0):
    """Wide glacier on an even slope that falls to the east."""
    _, columns = np.mgrid[:side, :side].astype(np.float64)
    labels = np.zeros((side, side), dtype=np.int32)
    labels[5:-5, 5:-5] = 1
    return make_ground(9000.0 - tangent * resolution * columns, labels, resolution=resolution)


@pytest.mark.parametrize("tangent", [0.05, 0.15, 0.3])
def test_a_wide_slab_moves_by_plastic_thickness_and_the_flow_law(tangent):
    east, north = ice_velocity(slab(tangent), 3.0)
    sine = tangent / np.hypot(1.0, tangent)
    thickness = YIELD_STRESS / (ICE_WEIGHT * sine)
    expected = 3.0 * 0.5 * GLEN_RATE * YIELD_STRESS**3 * thickness * YEAR
    assert east[80, 80] == pytest.approx(expected, rel=0.01)
    assert north[80, 80] == pytest.approx(0.0, abs=1e-3)
    assert east[2, 2] == 0.0
    # Slower towards the margin, and in the right order: metres to hundreds of metres a year.
    assert east[80, 80] >= east[10, 80] > east[5, 80] > 0.0
    assert 1.0 < expected < 200.0


def test_ice_moves_downhill(tongue):
    east, north = ice_velocity(tongue, 2.0)
    assert (north[tongue.glacier] < 0.0).mean() > 0.95  # the tongue falls to the south
    assert (east[~tongue.glacier] == 0.0).all()
    assert (north[~tongue.glacier] == 0.0).all()


@pytest.mark.parametrize("gradient", [0.0, 0.02, 0.05])  # metres a year per metre
def test_an_even_strain_leaves_a_sinc(monkeypatch, gradient):
    ground = make_ground(np.zeros((20, 20)), np.ones((20, 20)), resolution=20.0)
    _, columns = np.mgrid[:20, :20]
    moving = (gradient * 20.0 * columns).astype(np.float32)
    monkeypatch.setattr(coherence, "ice_velocity", lambda *_: (moving, 0.0 * moving))
    found = motion_coherence(ground, EAST, STYLE)
    assert STYLE.window_pixels(20.0) == 3
    sight = gradient * 60.0 * np.sin(np.radians(38.0)) * 12.0 / 365.25
    turns = 2.0 * sight / WAVELENGTH
    assert found[10, 10] == pytest.approx(abs(np.sinc(turns)), abs=1e-3)
    # Seen along the line of flow only: the other way round in azimuth nothing moves.
    across = motion_coherence(ground, Orbit(0.0, 38.0), STYLE)
    assert across[10, 10] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("resolution", [10.0, 20.0, 30.0, 90.0])
def test_windows_are_odd_and_about_as_wide_as_asked(resolution):
    pixels = STYLE.window_pixels(resolution)
    assert pixels % 2 == 1
    assert abs(pixels * resolution - 60.0) <= max(resolution, 30.0)


def test_baselines_cost_most_where_the_ground_faces_the_radar():
    _, columns = np.mgrid[:9, :9].astype(np.float32)
    # 38 degrees, flat: 0.0555 x 850000 x tan(38°) / (2 x 2.65) = 6954 m
    flat = baseline_coherence(0.0 * columns, 10.0, EAST, 695.4)
    assert flat == pytest.approx(0.9, abs=1e-3)
    facing = baseline_coherence(10.0 * 0.6 * columns, 10.0, EAST, 695.4)
    away = baseline_coherence(-10.0 * 0.3 * columns, 10.0, EAST, 695.4)
    assert facing[4, 4] < flat[4, 4] < away[4, 4]
    assert (baseline_coherence(10.0 * columns, 10.0, EAST, 50.0) == 0.0).all()
    assert (baseline_coherence(0.0 * columns, 10.0, EAST, 0.0) == 1.0).all()


def test_noise_takes_the_share_of_the_noise():
    sigma = np.array([[0.0, 1e-3, 9e-3]], dtype=np.float32)
    assert noise_coherence(sigma, 1e-3)[0] == pytest.approx([0.0, 0.5, 0.9])


@given(st.sampled_from(list(SurfaceClass)), st.floats(0.0, 1.0), st.floats(0.0, 60.0))
def test_coherence_falls_with_time_from_one(surface, wet, days):
    classes = np.full((1, 1), surface, dtype=np.uint8)
    wetness = np.full((1, 1), wet, dtype=np.float32)
    first, now, later = (time_coherence(classes, wetness, d)[0, 0] for d in (0.0, days, days + 1))
    assert first == pytest.approx(1.0)
    assert 1.0 >= now >= later >= 0.0


def test_surfaces_rank_as_they_do_in_summer():
    order = ["ROCK", "FORELAND", "VEGETATION", "DEBRIS", "ICE", "SNOW", "WATER"]
    classes = np.array([[SurfaceClass[name] for name in order]], dtype=np.uint8)
    melting = time_coherence(classes, np.ones((1, 7), dtype=np.float32), 12.0)[0]
    assert (np.diff(melting) < 0.0).all()
    assert melting[0] > 0.75
    assert melting[4] < 0.05
    frozen = time_coherence(classes, np.zeros((1, 7), dtype=np.float32), 12.0)[0]
    assert (frozen[4:6] > melting[4:6] + 0.3).all()


def test_a_scene_tells_rock_from_melting_ice_and_leaves_out_the_unknown(tongue):
    known = np.ones(tongue.shape, dtype=np.bool_)
    known[:4] = False
    ground = replace(tongue, known=known)
    classes = np.where(ground.glacier, SurfaceClass.ICE, SurfaceClass.ROCK).astype(np.uint8)
    found = simulate_coherence(ground, classes, random(), STYLE)
    assert found.shape == (2, 120, 120)
    assert found.dtype == np.float32
    assert (np.isnan(found) == ~known).all()
    # 9 looks a pixel of 30 m: what is lost looks like 0.3.
    assert STYLE.window_pixels(30.0) in (1, 3)
    on, off = ground.glacier & known, (ground.distance_to_ice > 200) & known
    assert np.nanmedian(found[:, off]) > np.nanmedian(found[:, on]) + 0.3
    assert (simulate_coherence(ground, classes, random(), STYLE)[:, 4:] == found[:, 4:]).all()


def test_layover_and_shadow_are_less_coherent_than_open_ground():
    _, columns = np.mgrid[:100, :100].astype(np.float64)
    ground = make_ground(
        np.maximum(600.0 - 1.6 * 20.0 * np.abs(columns - 50), 0.0), resolution=20.0
    )
    rock = np.full(ground.shape, SurfaceClass.ROCK, dtype=np.uint8)
    truth = true_coherence(ground, rock, EAST, STYLE)
    layover, shadow = layover_and_shadow(ground.smooth, 20.0, EAST)
    assert layover.any()
    assert shadow.any()
    open_ground = ~layover & ~shadow
    assert truth[layover].max() < 0.5 * np.median(truth[open_ground])
    assert (truth[shadow] == 0.0).all()
    masked = replace(STYLE, radar=replace(RADAR, mask_unseen=True))
    found = simulate_coherence(ground, rock, random(), masked)
    assert (np.isnan(found[0]) == ~open_ground).all()


def test_styles_stay_in_range():
    for seed in range(30):
        style = draw_coherence_style(random(seed), RADAR)
        assert style.days in (6.0, 12.0, 24.0)
        assert 0.0 <= style.baseline <= 150.0
        assert 1.0 <= style.sliding <= 12.0
        assert style.radar is RADAR
