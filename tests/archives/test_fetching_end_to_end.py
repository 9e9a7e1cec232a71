"""Whole fetches against the test archive, over the real protocols, at places of every kind."""

import subprocess
import sys
import time
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from glacier_core.archives.areas import area_of
from glacier_core.archives.fetching import fetch_scene
from glacier_core.archives.plan import FetchPlan
from glacier_core.archives.searching import search_scenes
from glacier_core.archives.sentinel2_metadata import BAND_OF
from glacier_core.baselines import ndsi
from glacier_core.errors import JobCancelled, SourceError
from glacier_core.pace import pace
from glacier_core.scene import BANDS
from glacier_core.sources import scene_folder

from .world.places import PLACES

ALPS = PLACES["alps"]


def around(place, half=0.004):
    """Return a small area around a place."""
    wide = half / np.cos(np.radians(place.latitude))
    west, east = place.longitude - wide, place.longitude + wide
    east = east - 360 if east > 180 else east
    return area_of((west, place.latitude - half, east, place.latitude + half), name=place.name)


def scenes_of(place, year, archive="sentinel-2-l1c"):
    """Return what the archive finds of a year, all of one day."""
    found = search_scenes(
        around(place), archives=[archive], start=date(year, 1, 1), end=date(year, 12, 31)
    )
    summer = [scene for scene in found if f"{scene.acquired:%m-%d}" >= "01-10"]
    return tuple(scene for scene in summer if scene.acquired.date() == summer[0].acquired.date())


def pixels_of(product, scene):
    """Return rows and columns of a product under a scene of 10 m, where they overlap."""
    shift = ~product.raster.transform @ scene.transform
    top, left = round(shift.f), round(shift.c)
    rows = slice(max(top, 0), min(top + scene.shape[0], product.raster.shape[0]))
    columns = slice(max(left, 0), min(left + scene.shape[1], product.raster.shape[1]))
    here = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    return (rows, columns), here


def test_sentinel_2_is_fetched_to_the_last_digit(archive_world):
    product = archive_world.sentinel2["alps", "clear"]
    plan = FetchPlan(around(ALPS), scenes_of(ALPS, product.sensed.year), 10.0)
    scene = fetch_scene(plan)
    theirs, here = pixels_of(product, scene)
    valid = scene.valid[here]
    assert valid.mean() > 0.9
    for band in ("blue", "green", "red", "nir"):
        expected = (product.numbers(BAND_OF[band])[theirs].astype(float) + product.offset) / 10_000
        found = scene.data["optical"].to_numpy()[BANDS.index(band)][here]
        np.testing.assert_allclose(found[valid], expected[valid], atol=1e-6)
    assert scene.attributes.facts["product"] == product.uri.removesuffix(".SAFE")
    assert scene.attributes.facts["elevation from Copernicus DEM GLO-30"] == "N46E007, N46E008"
    archive_world.requests.clear()
    assert fetch_scene(plan).fingerprint() == scene.fingerprint()
    assert archive_world.requests == []


@pytest.mark.parametrize("key", ["border", "antimeridian", "north", "south", "antarctica"])
def test_awkward_places_are_fetched_like_any_other(archive_world, key):
    place = PLACES[key]
    scenes = scenes_of(place, archive_world.sentinel2[key, "clear"].sensed.year)
    assert len(scenes) == len(place.utm)
    scene = fetch_scene(FetchPlan(around(place), scenes, 20.0))
    assert scene.valid.mean() > 0.3
    assert (ndsi(scene)[scene.valid] > 0.4).mean() > 0.1
    assert np.ptp(scene.data["elevation"].to_numpy()) > 100
    assert np.isfinite(scene.data["slope"].to_numpy()).all()


def test_landsat_comes_with_its_temperature(archive_world):
    scenes = scenes_of(ALPS, 2023, "landsat-c2-l1")
    scene = fetch_scene(FetchPlan(around(ALPS), scenes, 30.0))
    heat = scene.data["thermal"].to_numpy()[scene.valid]
    assert 230 < heat.min() < heat.max() < 320
    assert scene.attributes.facts["reflectance"] == "toa"


def test_surface_reflectance_comes_only_to_who_insists_and_says_so(archive_world):
    found = search_scenes(
        around(ALPS),
        archives=["sentinel-2-l2a"],
        start=date(2015, 1, 1),
        end=date(2025, 12, 31),
    )
    plan = FetchPlan(around(ALPS), tuple(found[:1]), 20.0)
    with pytest.raises(SourceError, match="insist"):
        fetch_scene(plan)
    scene = fetch_scene(replace(plan, allow_surface=True))
    assert scene.attributes.reflectance == "surface"
    assert scene.title.endswith("(surface reflectance)")
    assert any("urface reflectance" in note for note in scene.attributes.notes)


def test_backscatter_goes_with_it(archive_world):
    radar = search_scenes(
        around(ALPS),
        archives=["sentinel-1-rtc"],
        start=date(2015, 1, 1),
        end=date(2025, 12, 31),
    )
    plan = FetchPlan(around(ALPS), scenes_of(ALPS, 2023), 20.0, radar=tuple(radar[:1]))
    scene = fetch_scene(plan)
    assert 0 < np.nanmedian(scene.data["co_pol_sar"]) < 1
    assert any("Gamma nought" in note for note in scene.attributes.notes)


def test_a_composite_of_the_archive_knows_its_dates(archive_world):
    scenes = (*scenes_of(ALPS, 2020), *scenes_of(ALPS, 2021))
    scene = fetch_scene(FetchPlan(around(ALPS), scenes, 20.0, composite=True))
    days = {int(f"{each.acquired:%Y%m%d}") for each in scenes}
    observed = scene.data["observed"].to_numpy()
    assert set(np.unique(observed[scene.valid])) <= days
    assert (observed[~scene.valid] == 0).all()
    single = fetch_scene(FetchPlan(around(ALPS), scenes[-1:], 20.0))
    assert scene.valid.sum() > single.valid.sum()


def test_a_stopped_fetch_goes_on_where_it_was(archive_world):
    plan = FetchPlan(around(ALPS), scenes_of(ALPS, 2023), 20.0)
    told = []

    def stop_after_the_images():
        return bool(told) and told[-1].message == "Reading elevation"

    with pytest.raises(JobCancelled):
        fetch_scene(plan, report=told.append, cancelled=stop_after_the_images)
    assert not scene_folder(plan.scene_id).exists()
    first = ranges_asked_for(archive_world)
    archive_world.requests.clear()
    scene = fetch_scene(plan)
    again = first & ranges_asked_for(archive_world)
    assert first
    assert not again
    assert scene.valid.any()


FETCHING = """
import sys
from glacier_core.archives.fetching import fetch_scene
from glacier_core.archives.plan import plan_from_text
fetch_scene(plan_from_text(sys.argv[1]))
"""


def test_a_killed_fetch_goes_on_where_it_was(archive_world, own_data_dir):
    plan = FetchPlan(around(ALPS), scenes_of(ALPS, 2023), 20.0)
    archive_world.requests.clear()
    archive_world.misbehave("B12.jp2", "slow")
    process = subprocess.Popen([sys.executable, "-c", FETCHING, plan.to_text()])
    try:
        while len(kept := list((own_data_dir / "blocks").rglob("*"))) < 8:
            assert process.poll() is None, f"it ended before it was killed, with {len(kept)} pieces"
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    first = ranges_asked_for(archive_world)
    archive_world.reset()
    killed = fetch_scene(plan)
    again = first & ranges_asked_for(archive_world)
    assert len(again) < len(first)
    assert killed.valid.any()


def ranges_asked_for(world):
    """Return the parts of files that were asked for."""
    return {(path, headers["range"]) for _, path, headers in world.requests if "range" in headers}


def test_passing_trouble_changes_no_pixel(archive_world):
    plan = FetchPlan(around(ALPS), scenes_of(ALPS, 2023), 20.0)
    archive_world.misbehave("B03.jp2", "cut", times=1)
    assert fetch_scene(plan).fingerprint() == _undisturbed(archive_world, plan)


def _undisturbed(archive_world, plan):
    folder = scene_folder(plan.scene_id)
    folder.rename(folder.with_name("aside"))
    archive_world.reset()
    return fetch_scene(plan).fingerprint()


def test_lasting_trouble_leaves_no_scene(archive_world):
    plan = FetchPlan(around(ALPS), scenes_of(ALPS, 2023), 20.0)
    archive_world.misbehave("B11.jp2", "wrong bytes")
    with pytest.raises(SourceError):
        fetch_scene(plan)
    assert not scene_folder(plan.scene_id).exists()


def test_the_pace_is_remembered(archive_world):
    assert pace("fetching") is None
    fetch_scene(FetchPlan(around(ALPS), scenes_of(ALPS, 2023), 20.0))
    assert pace("fetching") > 0
