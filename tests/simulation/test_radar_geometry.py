import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glacier_core.simulation.fields import fractal_field
from glacier_core.simulation.light import Sun, sunlit
from glacier_core.simulation.radar_geometry import (
    Orbit,
    RangeLines,
    layover_and_shadow,
    local_incidence,
    sentinel_1,
    slope_along_range,
)

from .grounds import random

AZIMUTHS = [78.0, 282.0, 90.0, 15.0, 195.0, 130.0]
angles = st.floats(0.0, 359.9)
incidences = st.floats(25.0, 50.0)


def along_range(shape, resolution, azimuth):
    """Metres from the middle of the grid in the direction of the waves."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    rows, columns = rows - shape[0] // 2, columns - shape[1] // 2
    turn = np.radians(azimuth)
    return resolution * (columns * np.sin(turn) - rows * np.cos(turn))


def mountains(seed, shape=(64, 64)):
    return (600.0 * fractal_field(random(seed), shape, exponent=1.8)).astype(np.float32)


def test_orbits_look_right_of_a_track_that_crosses_the_equator_at_348_degrees():
    ascending, descending = (sentinel_1(way, 0.0, 38.0) for way in ("ascending", "descending"))
    assert ascending.look_azimuth == pytest.approx(348.0 + 90.0 - 360.0, abs=0.5)
    assert descending.look_azimuth == pytest.approx(192.0 + 90.0, abs=0.5)


@given(st.floats(-90.0, 90.0))
def test_the_two_orbits_mirror_each_other_and_turn_with_latitude(latitude):
    ascending, descending = (
        sentinel_1(way, latitude, 38.0).look_azimuth for way in ("ascending", "descending")
    )
    assert ascending + descending == pytest.approx(360.0)
    assert 25.0 < ascending < 78.1
    assert ascending <= sentinel_1("ascending", 0.0, 38.0).look_azimuth + 1e-9


@given(angles, incidences, st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
def test_incidence_on_a_plane(azimuth, incidence, east, north):
    rows, columns = np.mgrid[:5, :5].astype(np.float32)
    plane = (30.0 * (east * columns - north * rows)).astype(np.float32)
    found = local_incidence(plane, 30.0, Orbit(azimuth, incidence))[2, 2]
    turn, tilt = np.radians(azimuth), np.radians(incidence)
    waves = np.array([np.sin(tilt) * np.sin(turn), np.sin(tilt) * np.cos(turn), -np.cos(tilt)])
    normal = np.array([-east, -north, 1.0]) / np.sqrt(1 + east**2 + north**2)
    assert found == pytest.approx(np.degrees(np.arccos(-waves @ normal)), abs=0.05)


@pytest.mark.parametrize("azimuth", AZIMUTHS)
@pytest.mark.parametrize("tilt", [-70.0, -55.0, -45.0, 0.0, 30.0, 36.0, 40.0, 60.0])
def test_a_plane_is_in_layover_or_shadow_by_its_slope(azimuth, tilt):
    # Laid over if steeper than the incidence, in shadow if it falls away steeper than the waves.
    plane = np.tan(np.radians(tilt)) * along_range((40, 40), 10.0, azimuth)
    orbit = Orbit(azimuth, 38.0)
    layover, shadow = layover_and_shadow(plane.astype(np.float32), 10.0, orbit)
    inside = np.s_[12:-12, 12:-12]
    assert (layover[inside] == (tilt > 38.0)).all()
    assert (shadow[inside] == (tilt < -(90.0 - 38.0))).all()
    slope = slope_along_range(plane.astype(np.float32), 10.0, orbit)
    assert slope[inside] == pytest.approx(tilt, abs=0.05)


@pytest.mark.parametrize("azimuth", AZIMUTHS)
def test_a_wedge_is_laid_over_from_before_its_foot_to_behind_its_crest(azimuth):
    incidence, front, back, height, resolution = 35.0, 60.0, 20.0, 200.0, 5.0
    place = along_range((241, 241), resolution, azimuth)
    foot = -height / np.tan(np.radians(front))  # the crest is at 0
    rising = height + np.tan(np.radians(front)) * np.minimum(place, 0.0)
    falling = -np.tan(np.radians(back)) * np.maximum(place, 0.0)
    wedge = np.maximum(rising + falling, 0.0).astype(np.float32)
    layover, shadow = layover_and_shadow(wedge, resolution, Orbit(azimuth, incidence))
    sine, cosine = np.sin(np.radians(incidence)), np.cos(np.radians(incidence))
    # Flat ground as near as the crest, and the place on the far side as far as the foot.
    first = -height * cosine / sine
    last = (foot * sine + height * cosine) / (sine + np.tan(np.radians(back)) * cosine)
    middle = np.zeros_like(layover)
    middle[60:-60, 60:-60] = True
    slack = 2.0 * resolution
    assert layover[middle & (place > first + slack) & (place < last - slack)].all()
    assert not layover[middle & ((place < first - slack) | (place > last + slack))].any()
    assert not shadow[middle].any()


@pytest.mark.parametrize("azimuth", AZIMUTHS)
def test_a_cliff_throws_a_shadow_of_its_height_times_the_tangent(azimuth):
    height, incidence, resolution = 150.0, 40.0, 5.0
    place = along_range((161, 161), resolution, azimuth)
    cliff = np.where(place <= 0.0, height, 0.0).astype(np.float32)
    layover, shadow = layover_and_shadow(cliff, resolution, Orbit(azimuth, incidence))
    length = height * np.tan(np.radians(incidence))
    middle = np.zeros_like(shadow)
    middle[40:-40, 40:-40] = True
    assert shadow[middle & (place > 2 * resolution) & (place < length - 2 * resolution)].all()
    outside = (place < -2 * resolution) | (place > length + 2 * resolution)
    assert not shadow[middle & outside].any()
    assert not layover[middle & (place > length + 2 * resolution)].any()


@settings(max_examples=20)
@given(st.integers(0, 1000), angles, incidences)
def test_radar_shadow_is_that_of_a_sun_behind_the_radar(seed, azimuth, incidence):
    steep = 3.0 * mountains(seed)
    _, shadow = layover_and_shadow(steep, 30.0, Orbit(azimuth, incidence))
    lamp = Sun(incidence, (azimuth + 180.0) % 360.0, 1.0, 1.0)
    assert (shadow == (sunlit(steep, 30.0, lamp) < 0.5)).mean() > 0.93


@settings(max_examples=20)
@given(st.integers(0, 1000), st.floats(1.0, 179.0), incidences)
def test_mirrored_ground_under_a_mirrored_orbit_gives_mirrored_masks(seed, azimuth, incidence):
    ground = 2.0 * mountains(seed)
    here = layover_and_shadow(ground, 30.0, Orbit(azimuth, incidence))
    there = layover_and_shadow(ground[:, ::-1], 30.0, Orbit(360.0 - azimuth, incidence))
    for one, other in zip(here, there, strict=True):
        assert (one == other[:, ::-1]).mean() > 0.995


@given(angles, incidences)
def test_level_ground_is_seen_whole_however_high(azimuth, incidence):
    layover, shadow = layover_and_shadow(
        np.full((20, 30), 1234.5, dtype=np.float32), 15.0, Orbit(azimuth, incidence)
    )
    assert not layover.any()
    assert not shadow.any()


@given(angles, st.integers(8, 30), st.integers(8, 30))
def test_what_is_cut_into_lines_comes_back_within_half_a_cell(azimuth, rows, columns):
    row, column = np.mgrid[:rows, :columns].astype(np.float32)
    plane = 2.0 * row + 5.0 * column
    lines = RangeLines(plane, 10.0, Orbit(azimuth, 38.0))
    back = lines.lay_back(lines.cut(plane))
    assert back.shape == plane.shape
    # Half a cell across the lines, whose steps go over rows or over columns.
    assert np.abs(back - plane).max() <= 0.5 * 5.0 + 1e-3


def test_steeper_looks_see_more_layover_and_less_shadow():
    ground = 2.5 * mountains(3)
    steep = layover_and_shadow(ground, 30.0, Orbit(78.0, 28.0))
    flat = layover_and_shadow(ground, 30.0, Orbit(78.0, 48.0))
    assert steep[0].mean() > flat[0].mean() > 0.0
    assert flat[1].mean() > steep[1].mean()
