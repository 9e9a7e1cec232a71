"""What a plan costs: pixels counted, bytes and seconds estimated, what is missing said."""

from dataclasses import replace

import pytest
import shapely

from archives.scenes import found
from glacier_core.archives.areas import area_of
from glacier_core.archives.catalogue import ARCHIVES
from glacier_core.archives.cost import LAYERS, estimate
from glacier_core.archives.plan import FetchPlan
from glacier_core.errors import SourceError
from glacier_core.pace import keep_pace
from glacier_core.settings import settings

ALPS = area_of((7.98, 46.48, 8.02, 46.52), name="Testgletscher")
CLEAR = found(area_cloud_percent=0.0)
PLAN = FetchPlan(ALPS, (CLEAR,), 10.0)
NO_RADAR = "No radar: networks that need backscatter cannot map the scene."


def test_pixels_are_those_of_the_grid():
    rows, columns = PLAN.grid.shape
    assert estimate(PLAN).pixels == rows * columns


def test_bytes_of_a_whole_tile_are_about_those_of_its_bands():
    """Six bands of a tile: 4 of 121 and 2 of 30 million pixels of 0.9 bytes, half a GB."""
    tile = area_of((7.69, 46.0, 9.06, 46.93))
    count = estimate(FetchPlan(tile, (CLEAR,), 10.0)).bytes
    assert count == pytest.approx(0.9 * (4 * 120.6e6 + 2 * 30.1e6), rel=0.35)


def test_more_scenes_more_bytes_coarser_pixels_fewer():
    one = estimate(PLAN)
    two = estimate(replace(PLAN, scenes=(CLEAR, found("S2A_2", area_cloud_percent=0.0))))
    assert one.bytes < two.bytes < 2 * one.bytes  # the elevation is fetched once
    wide = replace(PLAN, area=area_of((7.5, 46.2, 8.5, 46.8)))
    assert estimate(replace(wide, resolution=60.0)).bytes < estimate(wide).bytes / 4


@pytest.mark.parametrize("archive", ARCHIVES)
def test_every_archive_can_be_estimated(archive):
    assert archive in LAYERS
    scene = found(archive=archive)
    plan = FetchPlan(ALPS, (CLEAR,), 10.0, radar=(scene,))
    if not ARCHIVES[archive].is_radar:
        plan = FetchPlan(ALPS, (scene,), 30.0, allow_surface=True)
    assert estimate(plan).bytes > 1_000_000


def test_seconds_are_those_of_this_device():
    assert estimate(PLAN).seconds is None
    assert estimate(PLAN).mapping_seconds is None
    keep_pace("fetching", 20e6, 10.0)
    keep_pace("mapping", 1e6, 20.0)
    cost = estimate(PLAN)
    assert cost.seconds == pytest.approx(cost.bytes / 2e6)
    assert cost.mapping_seconds == pytest.approx(cost.pixels / 5e4)


def test_limit_of_megabytes(monkeypatch):
    monkeypatch.setenv("GLACIER_MAX_FETCH_MEGABYTES", "5")
    settings.cache_clear()
    with pytest.raises(SourceError, match=r"the limit is 5 MB \(GLACIER_MAX_FETCH_MEGABYTES\)"):
        estimate(PLAN)


def test_limit_of_pixels():
    with pytest.raises(SourceError, match="GLACIER_MAX_SCENE_PIXELS"):
        estimate(replace(PLAN, area=area_of((6, 45, 9, 47))))


def test_nothing_is_missing_but_what_there_never_is():
    assert estimate(PLAN).missing == (NO_RADAR,)
    radar = (found("S1A_x", archive="sentinel-1-rtc"),)
    assert estimate(replace(PLAN, radar=radar)).missing == ()


def test_half_of_the_area_is_missing_and_the_neighbour_mends_it():
    west = replace(CLEAR, footprint=shapely.box(7, 46, 8, 47))
    east = replace(CLEAR, id="east", footprint=shapely.box(8, 46, 9, 47))
    assert "cover 50 % of the area" in estimate(replace(PLAN, scenes=(west,))).missing[0]
    assert estimate(replace(PLAN, scenes=(west, east))).missing == (NO_RADAR,)


def test_clouds_are_named_where_they_are_known():
    cloudy = replace(CLEAR, area_cloud_percent=23.4)
    assert "hide 23 % of the area" in estimate(replace(PLAN, scenes=(cloudy,))).missing[0]
    unknown = replace(CLEAR, area_cloud_percent=None)
    assert "not known" in estimate(replace(PLAN, scenes=(unknown,))).missing[0]
    composite = replace(PLAN, scenes=(cloudy, unknown), composite=True)
    assert estimate(composite).missing == (NO_RADAR,)


def test_surface_reflectance_is_said_to_be_refused():
    plan = replace(PLAN, scenes=(replace(CLEAR, archive="sentinel-2-l2a"),))
    assert "will be refused" in estimate(plan).missing[0]
    assert estimate(replace(plan, allow_surface=True)).missing == (NO_RADAR,)


def test_missing_accounts_name_the_variables(monkeypatch):
    plan = replace(PLAN, scenes=(replace(CLEAR, archive="landsat-c2-l1"),), resolution=30.0)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert "AWS_ACCESS_KEY_ID" in estimate(plan).missing[0]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    assert estimate(plan).missing == (NO_RADAR,)
