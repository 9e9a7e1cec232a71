"""What a fetched scene tells of itself, and that surface reflectance shows on every output."""

import zipfile
from datetime import UTC, date, datetime

import numpy as np
import pytest
import rasterio
import shapely

import glacier_core as gc
from glacier_core.archives.areas import area_of
from glacier_core.archives.describing import dates_of_pixels, describe, place_name
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import Why
from glacier_core.archives.medoid import NO_IMAGE
from glacier_core.archives.plan import FetchPlan
from tests.tiny_world import tiny_map, tiny_scene

AREA = area_of((7.99, 46.495, 8.01, 46.505), name="Testgletscher")


def found(name, day, archive="landsat-c2-l1", reflectance="toa"):
    return FoundScene(
        name,
        archive,
        "Landsat 8",
        datetime(2020, 8, day, 10, tzinfo=UTC),
        shapely.box(7, 46, 9, 47),
        100.0,
        reflectance=reflectance,
    )


def plan_of(*scenes, **more):
    return FetchPlan(AREA, scenes, 30.0, **more)


CLEAR = np.zeros((4, 5), dtype=np.uint8)


def test_notes_are_told_once_and_facts_are_kept():
    told = describe(plan_of(found("a", 16)), CLEAR, None, ["x", "y", "x"], {"product": "a"})
    assert told.notes == ("x", "y")
    assert told.facts["product"] == "a"
    assert told.acquired == date(2020, 8, 16)
    assert told.facts["grid"].startswith("EPSG:32632, 30 m, west ")


def test_what_stays_unmapped_is_told_with_its_shares():
    why = CLEAR.copy()
    why[0], why[1, 0] = Why.CLOUD, Why.NO_DATA
    told = describe(plan_of(found("a", 16)), why, None, [], {})
    assert told.notes == ("Not mapped: no data 5.0 %, cloud 25.0 % of the scene.",)


def test_dates_of_pixels_follow_the_images():
    plan = plan_of(found("a", 16), found("b", 2), composite=True)
    index = np.array([[0, 1, NO_IMAGE, 1]], dtype=np.uint8)
    assert dates_of_pixels(plan, index).tolist() == [[20200816, 20200802, 0, 20200802]]
    told = describe(plan, CLEAR[:1, :4], index, [], {})
    assert told.acquired == date(2020, 8, 2)
    assert "2020-08-02 67 %, 2020-08-16 33 %" in told.notes[0]


def test_images_of_one_day_need_no_dates():
    plan = plan_of(found("a", 16), found("b", 16))
    assert dates_of_pixels(plan, np.zeros((2, 2), dtype=np.uint8)) is None


@pytest.mark.parametrize(
    ("box", "name"),
    [
        ((7.9, 46.4, 8.1, 46.6), "46.50° N, 8.00° E"),
        ((-74.1, -49.1, -73.9, -48.9), "49.00° S, 74.00° W"),
        ((179.9, 68.4, -179.9, 68.6), "68.50° N, 180.00° W"),
    ],
)
def test_a_place_without_a_name_is_called_by_its_centre(box, name):
    assert place_name(area_of(box)) == name


def test_surface_reflectance_shows_on_every_file_of_a_map(tmp_path):
    plan = plan_of(found("SR", 16, "landsat-c2-l2", "surface"), allow_surface=True)
    told = describe(plan, CLEAR, None, [], {})
    assert told.reflectance == "surface"
    scene = tiny_scene(title=told.title, reflectance=told.reflectance, notes=told.notes)
    folder = gc.export_map(tiny_map(scene), scene, tmp_path / "exported")
    for path in folder.iterdir():
        if path.suffix == ".tif":
            with rasterio.open(path) as raster:
                assert raster.tags()["SCENE"].endswith("(surface reflectance)")
        elif path.suffix not in (".csv", ".png", ".svg"):
            assert b"surface reflectance" in unpacked(path), path.name


def unpacked(path):
    """Return the bytes of a file, of all members where it is an archive."""
    if path.suffix != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())
