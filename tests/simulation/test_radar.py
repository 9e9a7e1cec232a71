from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glacier_core.simulation import radar
from glacier_core.simulation.fields import fractal_field
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.radar import (
    ECHOES,
    RadarStyle,
    class_backscatter,
    draw_radar_style,
    muhleman,
    simulate_backscatter,
    speckle,
    through_slant_range,
    volume_echo,
)
from glacier_core.simulation.radar_geometry import Orbit, RangeLines, layover_and_shadow
from glacier_core.simulation.weather import Weather

from .grounds import make_ground, random

WARM, COLD = Weather(9000.0), Weather(-9000.0)
SNOWS = [SurfaceClass.SEASONAL_SNOW, SurfaceClass.FIRN, SurfaceClass.SNOW]


def make_style(**changes):
    style = RadarStyle(Orbit(78.0, 38.0), Orbit(282.0, 38.0), 5.0, 1e-3, WARM)
    return replace(style, **changes)


def classes_of(shape, code):
    return np.full(shape, code, dtype=np.uint8)


@pytest.fixture
def even(monkeypatch):
    """Take texture and offsets away, so that only speckle is left."""
    monkeypatch.setattr(radar, "TEXTURE_SPREAD", 0.0)
    monkeypatch.setattr(radar, "OFFSET_SPREAD", 0.0)


def echo(code, *, wet=0.0, incidence=38.0, polarisation="co"):
    ones = np.ones((1, 1), dtype=np.float32)
    values = class_backscatter(classes_of((1, 1), code), wet * ones, incidence * ones, polarisation)
    return float(values[0, 0])


@pytest.mark.parametrize("surface", list(SurfaceClass))
def test_at_the_reference_angle_a_class_has_the_echo_of_the_table(surface):
    entry = ECHOES.get(surface.name, ECHOES["ROCK"])
    assert 10 * np.log10(echo(surface)) == pytest.approx(entry.dry, abs=1e-4)
    assert 10 * np.log10(echo(surface, wet=1.0)) == pytest.approx(entry.wet, abs=1e-4)
    cross = 10 * np.log10(echo(surface, polarisation="cross"))
    assert cross == pytest.approx(entry.dry + entry.cross, abs=1e-4)


@pytest.mark.parametrize("snow", SNOWS)
@pytest.mark.parametrize("polarisation", ["co", "cross"])
def test_wet_snow_is_darker_by_the_three_decibels_that_map_it(snow, polarisation):
    dry = echo(snow, wet=0.0, polarisation=polarisation)
    assert echo(snow, wet=1.0, polarisation=polarisation) < dry / 2.0
    assert echo(SurfaceClass.ROCK, wet=1.0) == echo(SurfaceClass.ROCK, wet=0.0)


def test_angular_laws_at_their_ends():
    # cos(0) / (0 + 0.4)³ against cos(38°) / (sin(38°) + 0.4 cos(38°))³
    assert muhleman(np.array(0.0)) == pytest.approx(15.9865, rel=1e-3)
    assert muhleman(np.array(38.0)) == pytest.approx(1.0)
    assert volume_echo(np.array(0.0)) == pytest.approx(0.78801**-1.5, rel=1e-4)
    for law in (muhleman, volume_echo):
        assert law(np.array([90.0, 120.0, 180.0])) == pytest.approx(0.0, abs=1e-9)


@given(
    st.sampled_from(list(SurfaceClass)),
    st.floats(0.0, 1.0),
    st.floats(0.0, 88.0),
    st.floats(0.1, 2.0),
)
def test_echoes_fall_with_incidence_and_cross_is_the_weaker(surface, wet, incidence, more):
    near, far = (echo(surface, wet=wet, incidence=a) for a in (incidence, incidence + more))
    assert near > far >= 0.0
    assert echo(surface, wet=wet, incidence=incidence, polarisation="cross") < near


@settings(max_examples=10)
@given(st.floats(1.0, 50.0), st.integers(0, 100))
def test_speckle_has_its_number_of_looks(looks, seed):
    grains = speckle(random(seed), (40_000,), looks).astype(np.float64)
    assert grains.mean() == pytest.approx(1.0, abs=0.03)
    assert grains.mean() ** 2 / grains.var() == pytest.approx(looks, rel=0.10)


@pytest.mark.parametrize("azimuth", [78.0, 282.0, 20.0])
@pytest.mark.parametrize("tilt", [-30.0, -10.0, 0.0, 15.0, 30.0])
def test_a_slope_is_as_bright_as_the_area_in_its_range_cell(azimuth, tilt):
    turn = np.radians(azimuth)
    rows, columns = np.mgrid[:60, :60].astype(np.float64)
    along = columns * np.sin(turn) - rows * np.cos(turn)
    plane = (10.0 * np.tan(np.radians(tilt)) * along).astype(np.float32)
    lines = RangeLines(plane, 10.0, Orbit(azimuth, 38.0))
    power, cell = through_slant_range(lines, np.ones_like(plane))
    image = lines.lay_back(np.take_along_axis(power, cell, axis=1))
    expected = np.sin(np.radians(38.0)) / np.sin(np.radians(38.0 - tilt))
    assert image[20:40, 20:40] == pytest.approx(expected, rel=1e-3)


@settings(max_examples=30)
@given(st.integers(0, 1000))
def test_power_is_spread_over_slant_range_without_loss(seed):
    generator = random(seed)
    position = 1.0 + np.cumsum(generator.normal(0.7, 1.5, (3, 25)), axis=1)
    position -= min(position.min() - 0.2, 0.0)
    power = generator.random((3, 25))
    count = int(position.max()) + 2
    found = radar._spread(position, power, count)
    stretches = 0.5 * (power[:, 1:] + power[:, :-1])
    assert found.sum(axis=1) == pytest.approx(stretches.sum(axis=1), rel=1e-9)
    # Independent: each stretch as ten thousand equal grains.
    grains = np.zeros_like(found)
    shares = (np.arange(2000) + 0.5) / 2000
    for line in range(3):
        ends = position[line, :-1, None], position[line, 1:, None]
        at = np.floor(ends[0] + shares * (ends[1] - ends[0])).astype(int)
        np.add.at(grains[line], at, np.broadcast_to(stretches[line][:, None], at.shape) / 2000)
    assert found == pytest.approx(grains, abs=5e-3)


def test_even_ground_shows_the_looks_asked_for(even):
    ground = make_ground(np.zeros((150, 150)))
    rock = classes_of(ground.shape, SurfaceClass.ROCK)
    co, cross = simulate_backscatter(ground, rock, random(), make_style(looks=6.0))
    for image, level in ((co, -9.0), (cross, -17.5)):
        assert image.shape == (2, 150, 150)
        assert image.dtype == np.float32
        expected = 10.0 ** (level / 10.0) + 1e-3
        assert image.mean(axis=(1, 2)) == pytest.approx(expected, rel=0.02)
        looks = image.mean(axis=(1, 2)) ** 2 / image.var(axis=(1, 2))
        assert looks == pytest.approx(6.0, rel=0.06)
    # Orbits and polarisations have speckle of their own.
    assert abs(np.corrcoef(co[0].ravel(), co[1].ravel())[0, 1]) < 0.05
    assert abs(np.corrcoef(co[0].ravel(), cross[0].ravel())[0, 1]) < 0.05


def ridge(height=250.0, side=120):
    """Ridge from north to south with flanks of 60 degrees, on a plain."""
    _, columns = np.mgrid[:side, :side].astype(np.float64)
    slope = np.tan(np.radians(60.0))
    return make_ground(np.maximum(height - slope * 10.0 * np.abs(columns - 60), 0.0), resolution=10)


def test_layover_is_bright_and_shadow_at_the_noise_floor(even):
    ground = ridge()
    rock = classes_of(ground.shape, SurfaceClass.ROCK)
    style = make_style(looks=40.0, ascending=Orbit(90.0, 38.0), descending=Orbit(270.0, 38.0))
    co, _ = simulate_backscatter(ground, rock, random(), style)
    plain = 10.0**-0.9
    for image, orbit in zip(co, style.orbits, strict=True):
        layover, shadow = layover_and_shadow(ground.smooth, 10.0, orbit)
        flank = np.zeros_like(layover)
        flank[10:-10, 30:90] = True
        assert np.median(image[layover & flank]) > 3.0 * plain
        assert np.median(image[shadow & flank & ~layover]) == pytest.approx(1e-3, rel=0.1)
    assert np.median(co[0][:, :10]) == pytest.approx(plain, rel=0.1)
    # What faces one orbit turns its back on the other.
    assert np.median(co[0][:, 45:55]) > 10 * np.median(co[1][:, 45:55])


def test_unseen_and_unknown_ground_is_left_out_when_asked():
    ground = ridge()
    known = np.ones(ground.shape, dtype=np.bool_)
    known[:5] = False
    ground = replace(ground, known=known)
    rock = classes_of(ground.shape, SurfaceClass.ROCK)
    co, cross = simulate_backscatter(ground, rock, random(), make_style())
    assert (np.isnan(co) == ~known).all()
    assert (np.isnan(cross) == ~known).all()
    masked, _ = simulate_backscatter(ground, rock, random(), make_style(mask_unseen=True))
    assert np.isnan(masked[:, 20:-20]).any(axis=1)[0, 45:55].all()
    seen = ~np.isnan(masked)
    assert (masked[seen] == co[seen]).all()
    assert 0.3 < seen.mean() < 0.95


def test_melt_darkens_the_snow_of_a_scene(tongue):
    snow = np.where(tongue.glacier, SurfaceClass.SNOW, SurfaceClass.ROCK).astype(np.uint8)
    wet, _ = simulate_backscatter(tongue, snow, random(), make_style(weather=WARM))
    dry, _ = simulate_backscatter(tongue, snow, random(), make_style(weather=COLD))
    on, off = tongue.glacier & (tongue.distance_to_margin > 200), tongue.distance_to_ice > 400
    assert dry[:, on].mean() > 4.0 * wet[:, on].mean()
    assert dry[:, off].mean() == pytest.approx(wet[:, off].mean(), rel=0.02)


def test_clouds_are_looked_through_and_a_seed_decides(tongue):
    style = draw_radar_style(tongue, random(4))
    clear = np.where(tongue.glacier, SurfaceClass.ICE, SurfaceClass.ROCK).astype(np.uint8)
    under = clear.copy()
    under[40:80] = SurfaceClass.CLOUD
    images = [simulate_backscatter(tongue, c, random(9), style)[0] for c in (clear, under)]
    assert (images[0] == images[1]).all()
    other = simulate_backscatter(tongue, clear, random(10), style)[0]
    assert (other != images[0]).mean() > 0.9


def test_rugged_ground_stays_in_the_range_of_the_official_data():
    heights = 900.0 * fractal_field(random(2), (96, 96), exponent=1.8)
    ground = make_ground(heights, resolution=20.0)
    classes = random(3).integers(0, len(SurfaceClass), ground.shape).astype(np.uint8)
    for seed in range(3):
        style = draw_radar_style(ground, random(seed), latitude=60.0 * (seed - 1))
        assert all(30.0 <= orbit.incidence <= 45.0 for orbit in style.orbits)
        assert 4.4 <= style.looks <= 40.0
        for image in simulate_backscatter(ground, classes, random(seed), style):
            assert np.isfinite(image).all()
            assert image.min() >= 0.0
            assert image.max() < 10.0**1.76  # largest co-polarised, ascending, of the tile data
