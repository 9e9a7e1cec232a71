import datetime

import numpy as np
import pytest

from glacier_core.models.inputs import PUBLISHED_REGIONS
from glacier_core.simulation import regional
from glacier_core.simulation.instruments import INSTRUMENTS
from glacier_core.simulation.regional import (
    CODES,
    draw_regional_world,
    draw_season,
    draw_terrain_style,
    mirrored,
    region_of_terrain,
    regional_sun,
    regional_terrain,
    surface_odds,
    terrain_number,
)
from glacier_core.simulation.regions import REGIONS

from .grounds import random


@pytest.fixture
def ground(monkeypatch, terrain):
    """Let every region stand on the one terrain that the tests share."""
    monkeypatch.setattr(regional, "procedural_terrain", lambda number, style: terrain)
    regional._prepared.cache_clear()
    yield
    regional._prepared.cache_clear()


def test_regions_are_those_of_the_published_models():
    assert tuple(sorted(REGIONS)) == PUBLISHED_REGIONS[:-1]
    assert sum(len(region.subregions) for region in REGIONS.values()) == 23
    assert all(name in INSTRUMENTS for r in REGIONS.values() for name, _ in r.instruments)


@pytest.mark.parametrize("code", CODES)
def test_odds_are_shares(code):
    odds = surface_odds(REGIONS[code])
    for shares in (odds.debris, odds.snow, odds.water):
        assert sum(shares) == pytest.approx(1.0)
        assert min(shares) >= 0.0


def test_debris_and_sea_follow_the_published_shares():
    by_debris = sorted(CODES, key=lambda code: REGIONS[code].debris_share)
    heavy = [surface_odds(REGIONS[code]).debris[2] for code in by_debris]
    assert heavy == sorted(heavy)
    assert surface_odds(REGIONS["ALP"]).water[2] == 0.0
    assert surface_odds(REGIONS["SVAL"]).water[2] > 0.7


@pytest.mark.parametrize("code", CODES)
def test_terrain_styles_stay_in_their_region(code):
    region = REGIONS[code]
    for place in range(5):
        number = terrain_number(code, place, 11_000)
        assert region_of_terrain(number) is region
        style = draw_terrain_style(number, region)
        assert region.relief[0] <= style.relief <= region.relief[1]
        assert region.talus[0] <= style.talus <= region.talus[1]
        assert region.equilibrium[0] <= style.equilibrium_quantile <= region.equilibrium[1]


def test_places_never_share_ground():
    numbers = [terrain_number(code, place, 0) for code in CODES for place in range(50)]
    assert len(set(numbers)) == len(numbers)


def test_terrain_is_made_once(tmp_path, monkeypatch, terrain):
    number = terrain_number("AWA", 2, 11_000)
    monkeypatch.setattr(regional, "procedural_terrain", lambda number, style: terrain)
    made = regional_terrain(number, tmp_path / "new")
    monkeypatch.setattr(regional, "procedural_terrain", None)
    kept = regional_terrain(number, tmp_path / "new")
    assert np.array_equal(made.elevation, kept.elevation)
    assert np.array_equal(made.labels, kept.labels)
    assert kept.resolution == terrain.resolution
    assert made.region == kept.region == "AWA"
    assert made.name == kept.name


@pytest.mark.parametrize("code", [code for code in CODES if code != "LL"])
def test_the_sun_of_late_summer_at_the_overpass(code):
    region = REGIONS[code]
    for seed in range(10):
        generator = random(seed)
        sun = regional_sun(generator, region, draw_season(generator, region))
        assert abs(region.latitude) - 25.0 < sun.zenith <= 72.0
        assert 90.0 < sun.azimuth < 185.0


def test_a_world_has_a_place_and_a_date(ground):
    world = draw_regional_world("SVAL", 3, size=64, resolution=20.0)
    assert world.region == "SVAL"
    assert world.latitude == pytest.approx(REGIONS["SVAL"].latitude, abs=3.0)
    assert world.reflectance == "toa"
    assert world.sensor == "Sentinel-2"
    date = datetime.date.fromisoformat(world.acquired)
    assert date.month in (8, 9)
    assert 2015 <= date.year <= 2025


def test_another_date_or_sensor_shows_the_same_ground(ground):
    one = draw_regional_world("HMA", 3, size=64, resolution=30.0)
    later = draw_regional_world("HMA", 3, size=64, resolution=30.0, date=1)
    other = draw_regional_world("HMA", 3, size=64, resolution=30.0, sensor="Landsat 5")
    assert np.array_equal(one.labels, later.labels)
    assert np.array_equal(one.labels, other.labels)
    assert (one.acquired, one.sun_zenith) != (later.acquired, later.sun_zenith)
    assert other.sensor == "Landsat 5"
    assert int(other.acquired[:4]) <= 2011
    elsewhere = draw_regional_world("HMA", 4, size=64, resolution=30.0)
    assert not np.array_equal(one.labels, elsewhere.labels)


def test_the_south_is_the_north_mirrored(ground):
    world = draw_regional_world("NZ", 3, size=64, resolution=30.0)
    assert world.latitude < 0.0
    assert datetime.date.fromisoformat(world.acquired).month in (1, 2, 3)
    assert min(world.sun_azimuth, 360.0 - world.sun_azimuth) < 90.0  # the sun stands in the north
    back = mirrored(mirrored(world))
    assert np.array_equal(back.optical, world.optical, equal_nan=True)
    assert np.array_equal(back.weight, world.weight)
    assert back.sun_azimuth == pytest.approx(world.sun_azimuth)


def test_features_are_those_of_the_region(ground):
    world = draw_regional_world("SA", 3, size=48, resolution=30.0, features=True)
    assert set(world.features) == {"co_pol_sar", "in_sar", "thermal"}
    assert world.features["co_pol_sar"].shape == world.features["in_sar"].shape == (2, 48, 48)
    plain = draw_regional_world("SA", 3, size=48, resolution=30.0)
    assert plain.features == {}
    assert np.array_equal(plain.optical, world.optical, equal_nan=True)
    # South of the equator everything is mirrored alike: warm rock stays where the rock is.
    rock = world.valid & ~world.glacier & (world.surface == 0)
    if rock.any() and world.glacier.any():
        temperature = world.features["thermal"]
        assert np.nanmean(temperature[rock]) > np.nanmean(temperature[world.glacier])
