import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.simulation.balance import (
    LARGEST_SHIFT,
    SOLAR_CONSTANT,
    MassBalance,
    potential_radiation,
    radiation_shift,
    sun_positions,
)


def test_balance_is_linear_capped_and_poor_on_cliffs():
    surface = np.tile(np.array([0.0, 100.0, 200.0, 1000.0]), (4, 1)).T
    rate = MassBalance(100.0, 0.01, 2.0, avalanche_slope=1e9).rate(surface, 50.0)
    assert rate[:, 0] == pytest.approx([-1.0, 0.0, 1.0, 2.0])
    steep = MassBalance(100.0, 0.01, 2.0, avalanche_slope=0.5).rate(surface, 50.0)
    assert steep[0, 0] == pytest.approx(-1.0 - 6.0 * (100.0 / 50.0 - 0.5))


def test_snowfall_may_grow_slower_with_height_than_melt():
    surface = np.tile(np.array([0.0, 100.0, 200.0, 1000.0]), (4, 1)).T
    balance = MassBalance(100.0, 0.01, 2.0, avalanche_slope=1e9, accumulation_gradient=0.002)
    assert balance.rate(surface, 50.0)[:, 0] == pytest.approx([-1.0, 0.0, 0.2, 1.8])


def test_a_risen_line_acts_as_a_lowered_surface():
    surface = np.tile(np.linspace(0.0, 900.0, 10), (4, 1))
    line = np.linspace(300.0, 500.0, 40).reshape(4, 10)
    balance = MassBalance(line, 0.008, 1.5)
    assert balance.risen(75.0).rate(surface, 200.0) == pytest.approx(
        balance.rate(surface - 75.0, 200.0)
    )


def test_the_sun_culminates_where_almanacs_say():
    noon = {s.azimuth: s for s in sun_positions(46.5, 172)}
    highest = min(noon.values(), key=lambda sun: sun.zenith)
    assert highest.zenith == pytest.approx(46.5 - 23.45, abs=0.02)
    assert highest.azimuth == pytest.approx(180.0)
    assert min(sun_positions(-44.0, 355), key=lambda sun: sun.zenith).azimuth % 360.0 in (
        pytest.approx(0.0, abs=1e-6),
        pytest.approx(360.0, abs=1e-6),
    )
    assert len(sun_positions(80.0, 172)) == 24
    assert sun_positions(80.0, 355) == []


@given(st.floats(-89.0, 89.0), st.integers(1, 365))
def test_mornings_mirror_afternoons(latitude, day):
    suns = sun_positions(latitude, day)
    mirrored = sorted((sun.zenith, (360.0 - sun.azimuth) % 360.0) for sun in suns)
    here = sorted((sun.zenith, sun.azimuth) for sun in suns)
    zenith, azimuth = (np.array(side).reshape(-1, 2) for side in (here, mirrored))
    assert zenith[:, 0] == pytest.approx(azimuth[:, 0], abs=1e-6)
    assert sum(np.sin(np.radians(sun.azimuth)) for sun in suns) == pytest.approx(0.0, abs=1e-6)


def test_flat_ground_gets_the_beam_of_every_hour():
    flat = np.zeros((20, 20))
    suns = sun_positions(47.0, 196)
    cosines = np.cos(np.radians([sun.zenith for sun in suns]))
    expected = SOLAR_CONSTANT * np.sum(0.75 ** (1.0 / cosines) * cosines) / 24.0
    light = potential_radiation(flat, 100.0, latitude=47.0)
    assert light == pytest.approx(expected, rel=1e-3)
    assert 250.0 < light[0, 0] < 340.0


def test_slopes_to_the_pole_and_ground_behind_a_wall_get_less():
    rows = np.arange(40.0)[:, None] * np.ones((1, 40))
    facing_north = potential_radiation(40.0 * rows, 100.0, latitude=47.0)
    facing_south = potential_radiation(-40.0 * rows, 100.0, latitude=47.0)
    assert facing_north[20, 20] < 0.85 * facing_south[20, 20]
    assert potential_radiation(40.0 * rows, 100.0, latitude=-47.0)[20, 20] > facing_north[20, 20]
    wall = np.where(rows > 25, 2500.0, 0.0)
    light = potential_radiation(wall, 100.0, latitude=47.0)
    assert light[22, 20] < 0.7 * light[5, 20]


def test_more_light_lifts_the_line_as_far_as_the_gradient_makes_up_for():
    generator = np.random.Generator(np.random.PCG64(2))
    ground = 900.0 * np.cumsum(generator.standard_normal((40, 40)), axis=0) / 6.0
    steep, gentle = (
        radiation_shift(ground, 100.0, latitude=47.0, gradient=gradient)
        for gradient in (0.02, 0.01)
    )
    assert np.abs(gentle).max() <= LARGEST_SHIFT
    free = np.abs(gentle) < LARGEST_SHIFT
    assert gentle[free] == pytest.approx(2.0 * steep[free], rel=1e-6)
    assert steep.min() < 0.0 < steep.max()
