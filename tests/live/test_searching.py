"""The archives of the world answer as the test archive does; around the Great Aletsch Glacier.

With GLACIER_SERVICES_ROOT set to a mirror, or to the test archive, the same is asked there.
"""

from datetime import date
from io import BytesIO

import pytest
from PIL import Image

from glacier_core.archives.area_clouds import area_cloud_percent
from glacier_core.archives.areas import area_of
from glacier_core.archives.catalogue import ARCHIVES
from glacier_core.archives.plan import FetchPlan, plan_from_text
from glacier_core.archives.searching import scenes_by_id, search_scenes
from glacier_core.archives.thumbnails import thumbnail

pytestmark = pytest.mark.live

ALETSCH = area_of((7.99, 46.49, 8.01, 46.51), name="Great Aletsch Glacier")
SUMMER = {"start": date(2023, 8, 1), "end": date(2023, 9, 30)}


@pytest.mark.parametrize("archive", ARCHIVES)
def test_every_archive_has_scenes_of_a_summer(archive):
    scenes = search_scenes(ALETSCH, archives=[archive], **SUMMER)
    assert scenes
    assert all(scene.acquired.year == 2023 for scene in scenes)
    assert all(scene.archive == archive for scene in scenes)
    assert scenes[0].coverage_percent > 90


def test_clouds_over_the_area_can_be_measured():
    clear = search_scenes(
        ALETSCH, archives=["sentinel-2-l1c"], most_cloud_percent=60, limit=1, **SUMMER
    )
    assert clear[0].area_cloud_percent is not None
    assert area_cloud_percent(clear[0], ALETSCH) == clear[0].area_cloud_percent


def test_scenes_have_pictures():
    scenes = search_scenes(ALETSCH, archives=["sentinel-2-l1c"], **SUMMER)
    assert Image.open(BytesIO(thumbnail(scenes[0]))).size[0] > 50


def test_links_bring_the_same_plan():
    best = search_scenes(ALETSCH, archives=["sentinel-2-l1c"], **SUMMER)[0]
    again = scenes_by_id("sentinel-2-l1c", [best.id], ALETSCH)
    plan = FetchPlan(ALETSCH, again, 10.0)
    assert plan_from_text(plan.to_text()).scene_id == plan.scene_id
