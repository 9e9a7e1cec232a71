"""Searches of the test archive, paged and ranked, and what a pass on a border needs."""

import math
from datetime import date

import pytest
import shapely

from archives.scenes import found
from archives.world.places import PLACES
from glacier_core.archives import searching
from glacier_core.archives.areas import area_of
from glacier_core.archives.searching import (
    best_first,
    scenes_by_id,
    search_scenes,
    stretches,
    whole_pass,
)
from glacier_core.archives.stac import search_items
from glacier_core.errors import JobCancelled, MissingError, SourceError

EVER = {"start": date(1990, 1, 1), "end": date(2026, 12, 31)}
SENTINEL = {"archives": ["sentinel-2-l1c"], **EVER}


def around(key, degrees=0.01):
    place = PLACES[key]
    aside = degrees / math.cos(math.radians(place.latitude))
    west, east = place.longitude - aside, place.longitude + aside
    return area_of((west, place.latitude - degrees, east, place.latitude + degrees))


def test_best_come_first_and_newest_of_the_equally_good(archive_world):
    scenes = search_scenes(around("alps"), **SENTINEL)
    days = [scene.acquired.date().isoformat() for scene in scenes]
    assert days == [
        "2025-08-20",
        "2024-02-16",
        "2023-08-20",
        "2020-08-20",
        "2021-08-20",  # 12.5 percent of cloud
        "2023-08-25",  # shows half of the area
        "2022-08-20",  # 61 percent of the whole scene is cloud
    ]
    assert scenes[-2].coverage_percent == pytest.approx(50, abs=2)
    assert all(scene.coverage_percent == 100 for scene in scenes if scene is not scenes[-2])


def test_reprocessed_acquisitions_come_once_and_say_so(archive_world):
    scenes = search_scenes(around("alps"), **SENTINEL)
    again = next(each for each in scenes if each.acquired.year == 2020)
    assert again.id == "S2A_32TMS_20200820_1_L1C"
    assert again.replaces == ("S2A_32TMS_20200820_0_L1C",)


def test_landsat_of_the_night_and_of_real_time_are_left_out(archive_world):
    scenes = search_scenes(around("alps"), archives=["landsat-c2-l1"], **EVER)
    assert {scene.sensor for scene in scenes} == {
        "Landsat 5",
        "Landsat 7",
        "Landsat 8",
        "Landsat 9",
    }
    assert not any("_RT" in scene.id or "195217" in scene.id for scene in scenes)


def test_both_usual_archives_are_asked(archive_world):
    scenes = search_scenes(around("alps"), **EVER)
    assert {scene.archive for scene in scenes} == {"sentinel-2-l1c", "landsat-c2-l1"}
    assert {scene.reflectance for scene in scenes} == {"toa"}


def test_months_and_dates(archive_world):
    august = search_scenes(around("alps"), months=[8], **SENTINEL)
    assert {scene.acquired.month for scene in august} == {8}
    one_day = {"start": date(2023, 8, 20), "end": date(2023, 8, 20)}
    (only,) = search_scenes(around("alps"), archives=["sentinel-2-l1c"], **one_day)
    assert only.acquired.date() == date(2023, 8, 20)


def test_catalogues_that_forget_the_dates_asked_for(archive_world, monkeypatch):
    def forgetful(service, asked, **more):
        return search_items(service, {**asked, "datetime": "1990-01-01T00:00:00Z/.."}, **more)

    monkeypatch.setattr(searching, "search_items", forgetful)
    one_day = {"start": date(2023, 8, 20), "end": date(2023, 8, 20)}
    assert len(search_scenes(around("alps"), archives=["sentinel-2-l1c"], **one_day)) == 1


def test_one_archive_one_season_one_request(archive_world):
    summer = {"start": date(1980, 1, 1), "end": date(2017, 12, 31), "months": [8, 9]}
    search_scenes(around("alps"), archives=["sentinel-2-l1c"], **summer)
    assert len(archive_world.requests) == 3  # its first summer was that of 2015


def test_limit_keeps_the_best(archive_world):
    best = search_scenes(around("alps"), limit=2, **SENTINEL)
    assert best == search_scenes(around("alps"), **SENTINEL)[:2]


@pytest.mark.parametrize("key", sorted(PLACES))
def test_every_awkward_place_is_found_and_covered(archive_world, key):
    scenes = search_scenes(around(key), **SENTINEL)
    assert scenes
    assert all(scene.coverage_percent > 48 for scene in scenes)
    assert max(scene.coverage_percent for scene in scenes) == 100


def test_nothing_is_found_where_there_is_nothing(archive_world):
    assert search_scenes(area_of((20, 10, 20.1, 10.1)), **EVER) == []


def test_native_zone_comes_first_of_two_tiles_of_one_pass(archive_world):
    """At 12 degrees east, a border of zones, the area belongs to zone 33."""
    scenes = search_scenes(around("border"), **SENTINEL)
    newest = [scene for scene in scenes if scene.acquired.year == 2023]
    assert [scene.item["properties"]["proj:epsg"] for scene in newest] == [32633, 32632]


def test_pages_of_two_find_the_same(archive_world, monkeypatch):
    usual = search_scenes(around("alps"), **EVER)
    monkeypatch.setattr("glacier_core.archives.stac.PAGE_ITEMS", 2)
    assert search_scenes(around("alps"), **EVER) == usual


@pytest.mark.parametrize("what", [429, 500])
def test_trouble_that_passes_is_not_noticed(archive_world, what, monkeypatch):
    monkeypatch.setattr("glacier_core.network.transport.LONGEST_PAUSE", 0.01)
    usual = search_scenes(around("alps"), **SENTINEL)
    archive_world.misbehave("/earth-search/search", what, times=2)
    assert search_scenes(around("alps"), **SENTINEL) == usual


def test_empty_answers_are_no_error(archive_world):
    archive_world.misbehave("/earth-search/search", "empty")
    assert search_scenes(around("alps"), **SENTINEL) == []


def test_searches_can_be_stopped(archive_world):
    with pytest.raises(JobCancelled):
        search_scenes(around("alps"), **SENTINEL, cancelled=lambda: True)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"start": date(2024, 1, 1), "end": date(2023, 1, 1)}, "end before"),
        ({**EVER, "months": [13]}, "1 to 12"),
        ({**EVER, "months": []}, "1 to 12"),
        ({**EVER, "most_cloud_percent": 120}, "0 to 100"),
        ({**EVER, "limit": 0}, "1 or more"),
        ({**EVER, "archives": ["modis"]}, "no archive"),
    ],
)
def test_questions_without_an_answer(question, message):
    with pytest.raises(SourceError, match=message):
        search_scenes(around("alps"), **question)


def test_stretches_join_months_and_wrap_around_the_year():
    assert stretches(date(2020, 12, 20), date(2022, 1, 31), [12, 1]) == [
        (date(2021, 12, 1), date(2022, 1, 31)),
        (date(2020, 12, 20), date(2021, 1, 31)),
    ]
    assert stretches(date(2020, 5, 1), date(2021, 5, 1), None) == [
        (date(2020, 5, 1), date(2021, 5, 1))
    ]
    assert stretches(date(2020, 5, 1), date(2020, 6, 1), [8]) == []


def test_chosen_scenes_are_found_again_in_order(archive_world):
    ids = ["S2A_32TMS_20230820_0_L1C", "S2C_32TMS_20250820_0_L1C"]
    scenes = scenes_by_id("sentinel-2-l1c", ids, around("alps"))
    assert [scene.id for scene in scenes] == ids
    assert scenes[0] in search_scenes(around("alps"), **SENTINEL)


def test_scenes_that_are_gone_are_named(archive_world):
    with pytest.raises(MissingError, match="S2A_gone"):
        scenes_by_id("sentinel-2-l1c", ["S2A_gone"], around("alps"))
    with pytest.raises(MissingError, match="20230820"):
        scenes_by_id("sentinel-2-l1c", ["S2A_32TMS_20230820_0_L1C"], around("south"))


def test_whole_pass_adds_what_the_area_needs_and_no_more():
    area = area_of((7.9, 46.4, 8.1, 46.6))
    west = found("west", footprint=shapely.box(7, 46, 8, 47))
    east = found("east", footprint=shapely.box(8, 46, 9, 47))
    sliver = found("sliver", footprint=shapely.box(7.99, 46, 8.01, 47))
    later = found("later", day="2023-08-25", footprint=shapely.box(7, 46, 9, 47))
    assert whole_pass(west, [sliver, later, west, east], area) == (west, east)
    assert whole_pass(later, [west, east, later], area) == (later,)


def test_answers_of_several_archives_are_put_together_as_each_was_ordered():
    clear = found("clear", day="2020-08-20")
    west, east = found("west", day="2023-08-25"), found("east", day="2023-08-25")
    cloudy = found("cloudy", day="2025-08-20", scene_cloud_percent=70.0)
    measured = found("measured", day="2021-08-20", scene_cloud_percent=70.0, area_cloud_percent=0.0)
    unknown = found("unknown", day="2026-08-20", scene_cloud_percent=None)
    assert best_first([clear, unknown, cloudy, west, east, measured]) == [
        *(west, east, measured, clear),
        *(unknown, cloudy),
    ]


def test_whole_pass_on_the_antimeridian_of_the_test_archive(archive_world):
    area = around("antimeridian")
    scenes = search_scenes(area, **SENTINEL)
    newest = next(each for each in scenes if each.acquired.year == 2023)
    chosen = whole_pass(newest, scenes, area)
    joined = shapely.union_all([scene.footprint for scene in chosen])
    assert joined.buffer(1e-4).covers(area.geometry)
