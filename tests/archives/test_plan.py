"""Plans: named by what they hold, and through links."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from archives.scenes import found
from glacier_core.archives.areas import area_of
from glacier_core.archives.plan import MOST_SCENES, FetchPlan, plan_from_text
from glacier_core.archives.searching import scenes_by_id
from glacier_core.errors import MissingError, SourceError

ALPS = area_of((7.98, 46.48, 8.02, 46.52), name="Testgletscher")
PLAN = FetchPlan(ALPS, (found(),), 10.0)


def test_id_names_place_archive_and_day():
    assert re.fullmatch(r"testgletscher-sentinel-2-l1c-20230820-[0-9a-f]{12}", PLAN.scene_id)


@hypothesis_settings(max_examples=30)
@given(st.text(max_size=60), st.text(min_size=1, max_size=60))
def test_any_name_gives_an_id_of_a_scene(name, scene_name):
    area = replace(ALPS, name=name)
    plan = FetchPlan(area, (found(scene_name),), 10.0)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,79}", plan.scene_id)


def test_accents_are_taken_off():
    plan = replace(PLAN, area=replace(ALPS, name="Große Ødegård–Zunge (Süd)"))
    assert plan.scene_id.startswith("grosse-degard-zunge-sud-")


def test_same_pixels_same_id():
    nearly = area_of((7.9801, 46.48, 8.02, 46.52), name="Testgletscher")
    assert replace(PLAN, area=nearly).scene_id == PLAN.scene_id
    assert replace(PLAN, allow_surface=True).scene_id == PLAN.scene_id


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, resolution=20.0),
        replace(PLAN, scenes=(found("S2B_32TMS_20230820_0_L1C"),)),
        replace(PLAN, scenes=(found(archive="sentinel-2-l2a"),)),
        replace(PLAN, radar=(found("S1A_x", archive="sentinel-1-rtc"),)),
        replace(PLAN, composite=True),
        replace(PLAN, area=area_of((7.9, 46.4, 8.1, 46.6), name="Testgletscher")),
    ],
)
def test_other_pixels_other_id(other):
    assert other.scene_id != PLAN.scene_id


def test_plans_without_a_scene_are_refused():
    with pytest.raises(SourceError, match="no scene"):
        FetchPlan(ALPS, (), 10.0)


def test_several_days_need_a_composite():
    days = (found(), found("S2B_32TMS_20230825_0_L1C", day="2023-08-25"))
    with pytest.raises(SourceError, match="2023-08-20, 2023-08-25"):
        FetchPlan(ALPS, days, 10.0)
    plan = FetchPlan(ALPS, days, 10.0, composite=True)
    assert [day.day for day in plan.dates] == [20, 25]
    assert "-20230825-" in plan.scene_id


def test_too_many_scenes_are_refused():
    many = tuple(found(f"S2A_{number}") for number in range(MOST_SCENES + 1))
    with pytest.raises(SourceError, match="at most 60"):
        FetchPlan(ALPS, many, 10.0)


def test_link_brings_the_very_same_plan(archive_world):
    ids = ["S2A_32TMS_20230820_0_L1C", "S2B_32TMS_20230825_0_L1C"]
    scenes = scenes_by_id("sentinel-2-l1c", ids, ALPS)
    for plan in (
        FetchPlan(ALPS, scenes[:1], 10.0),
        FetchPlan(ALPS, scenes, 30.0, composite=True, allow_surface=True),
    ):
        again = plan_from_text(plan.to_text())
        assert again == plan
        assert again.scene_id == plan.scene_id
        assert len(plan.to_text()) < 250


def test_link_to_a_scene_that_is_gone(archive_world):
    with pytest.raises(MissingError, match="S2A_gone"):
        plan_from_text(replace(PLAN, scenes=(found("S2A_gone"),)).to_text())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a!b",
        PLAN.to_text().replace("!10!", "!ten!"),
        "x!10!a!b!c!d",
        "a~~8,46,9,47!10!no-colon!!",
        "a~~8,46,9,47!10!" + ",".join(["sentinel-2-l1c:x"] * 61) + "!!",
        "a~~8,46,9,47!10!modis:x!!",
        "a~~8,46,9,47!10!!!",
    ],
)
def test_broken_links_say_so(text):
    with pytest.raises(SourceError):
        plan_from_text(text)
