import pytest
import shapely

from glacier_core.errors import OutlineError, SourceError
from glacier_core.inventories.building import build_index
from glacier_core.inventories.fetching import fetch_outlines
from glacier_core.outlines.schema import COLUMNS
from glacier_core.settings import settings

BOX = shapely.box(7.9, 46.4, 8.1, 46.6)


def test_rgi7_with_its_analysts(archive_world):
    found = fetch_outlines(BOX, "rgi7")
    assert tuple(found.columns) == COLUMNS
    assert set(found["glacier_id"]) == {"RGI2000-v7.0-G-11-00001", "RGI2000-v7.0-G-11-00002"}
    main = found[found["name"] == "Testgletscher"].iloc[0]
    assert (main["source"], main["analyst"]) == ("RGI 7.0", "Muster, Erika")
    assert main["date"] != ""


def test_rgi6(archive_world):
    found = fetch_outlines(BOX, "rgi6")
    assert set(found["glacier_id"]) == {"RGI60-11.00001", "RGI60-11.00002"}
    assert set(found["source"]) == {"RGI 6.2"}


def test_glims(archive_world):
    assert len(fetch_outlines(BOX, "glims")) == 8


def test_a_regional_file_is_fetched_once_and_its_archive_not_kept(archive_world):
    fetch_outlines(BOX)
    asked = len(archive_world.requests)
    fetch_outlines(BOX)
    assert len(archive_world.requests) == asked
    kept = settings().data_dir / "inventories" / "rgi7"
    assert not list(kept.glob("*.zip"))
    assert len(list(kept.glob("*.gpkg"))) == 1


def test_only_glaciers_that_reach_into_the_area_come_and_they_come_whole(archive_world):
    both = fetch_outlines(BOX).set_index("glacier_id").geometry
    corner = shapely.Point(both.iloc[0].representative_point()).buffer(1e-4)
    one = fetch_outlines(corner)
    assert list(one["glacier_id"]) == [both.index[0]]
    assert one.geometry[0].equals(both.iloc[0])
    assert len(fetch_outlines(shapely.box(9.0, 46.0, 9.1, 46.1))) == 0


def test_an_area_without_glacier_regions_needs_no_archive():
    found = fetch_outlines(shapely.box(-30, 0, -29, 1))
    assert len(found) == 0
    assert tuple(found.columns) == COLUMNS


def test_both_sides_of_the_antimeridian(archive_world):
    area = shapely.MultiPolygon(
        [shapely.box(179.8, 68.4, 180, 68.6), shapely.box(-180, 68.4, -179.8, 68.6)]
    )
    found = fetch_outlines(area)
    assert "Dateline Glacier" in set(found["name"])
    assert found["glacier_id"].is_unique


def test_the_index_tells_which_of_overlapping_regions_to_look_in(archive_world, monkeypatch):
    # 40 E, 43 N lies in the rectangles of no other region; pretend Central Europe reaches there.
    from glacier_core.inventories import fetching
    from glacier_core.inventories.regions import region

    monkeypatch.setattr(fetching, "regions_of", lambda area: [region("11"), region("12")])
    assert fetching._regions_of(BOX) == [region("11"), region("12")]
    build_index(fetch=True, numbers=["11", "12"])
    assert fetching._regions_of(BOX) == [region("11")]


def test_an_unknown_inventory_is_refused():
    with pytest.raises(OutlineError, match="rgi7, rgi6, glims"):
        fetch_outlines(BOX, "rgi8")


def test_a_damaged_archive_is_told_and_nothing_is_kept(archive_world):
    archive_world.misbehave("rgi2000-v7", "wrong bytes")
    with pytest.raises((SourceError, OutlineError)):
        fetch_outlines(BOX)
    archive_world.reset()
    assert len(fetch_outlines(BOX)) == 2
