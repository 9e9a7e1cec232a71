"""Clouds over an area, measured in the archives' own masks."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from archives.scenes import found
from glacier_core.archives import area_clouds
from glacier_core.archives.area_clouds import (
    MOST_SIDE,
    area_cloud_percent,
    mask_grid,
    with_area_clouds,
)
from glacier_core.archives.areas import area_of
from glacier_core.archives.imagery import Why
from glacier_core.archives.searching import scenes_by_id, search_scenes
from glacier_core.errors import JobCancelled, SourceError

GLACIER = area_of((7.985, 46.49, 8.015, 46.51), name="Testgletscher")
CORNER = area_of((7.97, 46.48, 7.98, 46.487))


def sentinel(name, area=GLACIER):
    (scene,) = scenes_by_id("sentinel-2-l1c", [name], area)
    return scene


@pytest.fixture
def mask(monkeypatch):
    """Give a made-up mask to every scene of Sentinel-2."""

    def say(make):
        readers = {"sentinel-2-l1c": lambda scene, grid, cancelled: make(grid)}
        monkeypatch.setattr(area_clouds, "_READERS", readers)

    return say


def test_share_of_the_area_not_of_the_grid(mask):
    """The western half of the grid is clouded; of the area exactly the western half is too."""

    def western_half(grid):
        why = np.full(grid.shape, Why.CLEAR, dtype=np.uint8)
        x = grid.transform.c + grid.resolution * (np.arange(grid.shape[1]) + 0.5)
        why[:, x < 500_000] = Why.CLOUD  # 9 degrees east, the middle of zone 32
        return why

    mask(western_half)
    assert area_cloud_percent(found(), area_of((8.9, 46.4, 9.1, 46.6))) == pytest.approx(50, abs=1)
    assert area_cloud_percent(found(), area_of((8.7, 46.4, 8.8, 46.6))) == 100
    assert area_cloud_percent(found(), area_of((9.1, 46.4, 9.2, 46.6))) == 0


def test_shadow_counts_and_defects_do_not(mask):
    for reason, percent in ((Why.CLOUD_SHADOW, 100), (Why.DEFECTIVE, 0), (Why.CLEAR, 0)):
        mask(lambda grid, reason=reason: np.full(grid.shape, reason, dtype=np.uint8))
        assert area_cloud_percent(found(), GLACIER) == percent


def test_ground_that_is_not_shown_does_not_count(mask):
    mask(lambda grid: np.full(grid.shape, Why.NO_DATA, dtype=np.uint8))
    assert area_cloud_percent(found(), GLACIER) is None


def test_radar_has_no_clouds():
    assert area_cloud_percent(found(archive="sentinel-1-rtc"), GLACIER) is None


def test_masks_that_cannot_be_read_leave_it_unknown(mask, caplog):
    def fail(grid):
        raise SourceError("no account")

    mask(fail)
    with pytest.raises(SourceError):
        area_cloud_percent(found(), GLACIER)
    assert with_area_clouds([found()], GLACIER) == [found()]
    assert "no account" in caplog.text


@pytest.mark.parametrize(
    "box", [(7.985, 46.49, 8.015, 46.51), (6, 45, 9, 47), (-180, 88.5, 180, 90)]
)
def test_grids_of_masks_stay_small(box):
    for archive, finest in (("sentinel-2-l1c", 60), ("landsat-c2-l1", 30)):
        grid = mask_grid(area_of(box), archive)
        assert grid.resolution % finest == 0
        assert max(grid.shape) <= MOST_SIDE
    assert mask_grid(GLACIER, "landsat-c2-l1").resolution == 30


def test_clouds_over_the_glacier_and_beside_it(archive_world):
    """12.5 percent of the whole scene, but most of the glacier; 61 percent, but none of it."""
    clouded, open_sky = sentinel("S2B_32TMS_20210820_0_L1C"), sentinel("S2B_32TMS_20220820_0_L1C")
    assert area_cloud_percent(clouded, GLACIER) > 15
    assert area_cloud_percent(open_sky, GLACIER) < 5
    assert area_cloud_percent(open_sky, CORNER) > 20


def test_clouds_in_the_flags_of_landsat(archive_world):
    name = "LC08_L1TP_195028_20200821_20200905_02_T1"
    (scene,) = scenes_by_id("landsat-c2-l1", [name], GLACIER)
    assert area_cloud_percent(scene, GLACIER) == 0
    assert area_cloud_percent(scene, CORNER) > 50


def test_search_by_clouds_over_the_area(archive_world):
    question = {"start": date(2021, 1, 1), "end": date(2022, 12, 31)}
    (only,) = search_scenes(GLACIER, archives=["sentinel-2-l1c"], most_cloud_percent=10, **question)
    assert only.id == "S2B_32TMS_20220820_0_L1C"  # 61 percent of the scene
    assert only.area_cloud_percent < 5


def test_search_falls_back_on_the_scene_where_masks_are_lost(archive_world):
    archive_world.misbehave("/sentinel-2-google/", 404)
    question = {"start": date(2021, 1, 1), "end": date(2022, 12, 31)}
    (only,) = search_scenes(GLACIER, archives=["sentinel-2-l1c"], most_cloud_percent=20, **question)
    assert only.id == "S2B_32TMS_20210820_0_L1C"  # 12.5 percent of the scene
    assert only.area_cloud_percent is None


def test_measuring_can_be_stopped(archive_world):
    scene = sentinel("S2B_32TMS_20210820_0_L1C")
    with pytest.raises(JobCancelled):
        with_area_clouds([scene, replace(scene, id="again")], GLACIER, cancelled=lambda: True)
