import numpy as np
import pytest

from glacier_core.simulation.light import (
    DIFFUSE_SHARE,
    Sun,
    cosine_of_incidence,
    draw_sun,
    illuminate,
    sky_view,
    solar_position,
    sunlit,
)

from .grounds import make_ground, random

SUN = Sun(zenith=45.0, azimuth=180.0, incidence_power=1.0, haze=1.0)


def plane(east, north, side=40, resolution=30.0):
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    return resolution * (east * columns - north * rows)


@pytest.mark.parametrize("azimuth", [0.0, 90.0, 135.0, 270.0])
@pytest.mark.parametrize(("east", "north"), [(0.0, 0.0), (0.3, 0.0), (0.0, -0.5), (0.4, 0.2)])
def test_incidence_on_a_plane(azimuth, east, north):
    sun = Sun(50.0, azimuth, 1.0, 1.0)
    found = cosine_of_incidence(plane(east, north), 30.0, sun)[20, 20]
    normal = np.array([-east, -north, 1.0]) / np.sqrt(1 + east**2 + north**2)
    zenith, turn = np.radians(50.0), np.radians(azimuth)
    towards = [np.sin(zenith) * np.sin(turn), np.sin(zenith) * np.cos(turn), np.cos(zenith)]
    assert found == pytest.approx(max(float(normal @ towards), 0.0), abs=1e-5)


@pytest.mark.parametrize("azimuth", [0.0, 90.0, 180.0, 270.0, 45.0, 120.0])
def test_a_wall_throws_a_shadow_of_its_height_over_the_tangent(azimuth):
    resolution, height, zenith = 10.0, 60.0, 60.0
    turn = np.radians(azimuth)
    rows, columns = np.mgrid[:121, :121] - 60.0
    towards_sun = (columns * np.sin(turn) - rows * np.cos(turn)) * resolution
    wall = np.where(np.abs(towards_sun) < 12.0, height, 0.0).astype(np.float32)
    lit = sunlit(wall, resolution, Sun(zenith, azimuth, 1.0, 1.0))
    near = np.hypot(rows, columns) < 40
    behind = -towards_sun
    length = height * np.tan(np.radians(zenith))
    assert (lit[near & (behind > 30.0) & (behind < length - 10.0)] < 0.5).all()
    assert (lit[near & (behind > length + 25.0)] > 0.5).all()
    assert (lit[near & (towards_sun > 15.0)] > 0.5).all()


def test_flat_ground_sees_the_whole_sky_and_all_the_sun():
    ground = make_ground(np.zeros((30, 30)))
    assert (sky_view(ground.elevation, 30.0) == 1.0).all()
    reflectance = np.full((6, 30, 30), 0.4, dtype=np.float32)
    apparent, lit = illuminate(ground, reflectance, SUN)
    assert (lit == 1.0).all()
    assert apparent == pytest.approx(0.4, abs=1e-5)


def test_a_pit_sees_less_sky_than_a_peak():
    rows, columns = np.mgrid[:61, :61] - 30.0
    cone = 20.0 * np.hypot(rows, columns).astype(np.float32)
    # From the bottom of a cone of slope t every horizon stands at t: 1 / (1 + t²) of the sky.
    assert sky_view(cone, 30.0)[30, 30] == pytest.approx(1 / (1 + (20 / 30) ** 2), abs=0.02)
    assert sky_view(-cone, 30.0)[30, 30] == 1.0


def test_shadow_is_lit_by_the_sky_alone_and_bluer():
    rows, _ = np.mgrid[:80, :80].astype(np.float32)
    cliff = make_ground(np.where(rows > 40, 900.0, 0.0))
    apparent, lit = illuminate(cliff, np.full((6, 80, 80), 0.3, dtype=np.float32), SUN)
    dark = apparent[:, 30, 40]
    assert lit[30, 40] == 0.0
    assert dark[0] > 3.0 * dark[3] > 3.0 * dark[5]
    assert dark[0] < 0.3 * 2.0 * DIFFUSE_SHARE[0]


def test_suns_stay_in_range():
    suns = [draw_sun(random(seed)) for seed in range(50)]
    assert all(25 <= sun.zenith <= 68 and 100 <= sun.azimuth <= 220 for sun in suns)


@pytest.mark.parametrize(
    ("latitude", "day", "hour", "zenith", "azimuth"),
    [
        (0.0, 81, 6.0, 90.0, 90.0),  # equinox at the equator, sunrise in the east
        (0.0, 81, 18.0, 90.0, 270.0),
        (46.0, 172, 12.0, 22.55, 180.0),  # summer solstice, noon: latitude less 23.45
        (-46.0, 355, 12.0, 22.55, 0.0),  # the same in the south, the sun in the north
        (78.0, 172, 0.0, 78.55, 0.0),  # the sun at midnight
    ],
)
def test_the_sun_stands_where_geometry_puts_it(latitude, day, hour, zenith, azimuth):
    found = solar_position(latitude, day, hour)
    assert found[0] == pytest.approx(zenith, abs=0.05)
    turn = (found[1] - azimuth + 180.0) % 360.0 - 180.0
    assert turn == pytest.approx(0.0, abs=0.3)
