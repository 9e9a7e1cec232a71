"""The same acquisition processed twice comes once; halves of one stay two."""

from dataclasses import replace

import shapely

from archives.scenes import FOOTPRINT, found
from glacier_core.archives.duplicates import without_duplicates

OLD = "S2A_MSIL1C_20200820T103258_N0209_R108_T32TMS_20200820T133603.SAFE"
NEW = "S2A_MSIL1C_20200820T103258_N0500_R108_T32TMS_20230403T120000.SAFE"


def sentinel(name, uri, **more):
    return found(name, item={"properties": {"s2:product_uri": uri}}, **more)


def names(scenes):
    return [(scene.id, scene.replaces) for scene in scenes]


def test_newest_processing_stays_and_names_the_older():
    old, new = sentinel("old", OLD), sentinel("new", NEW)
    assert names(without_duplicates([old, new])) == [("new", ("old",))]
    assert names(without_duplicates([new, old])) == [("new", ("old",))]


def test_neighbouring_tiles_of_one_pass_stay():
    scenes = [sentinel("a", OLD), sentinel("b", OLD.replace("T32TMS", "T32TMT"))]
    assert names(without_duplicates(scenes)) == [("a", ()), ("b", ())]


def test_halves_of_a_cut_recording_stay():
    west, south, east, north = FOOTPRINT.bounds
    upper = sentinel("upper", OLD, footprint=shapely.box(west, 46.49, east, north))
    lower = sentinel(
        "lower", OLD.replace("133603", "140000"), footprint=shapely.box(west, south, east, 46.5)
    )
    assert names(without_duplicates([upper, lower])) == [("upper", ()), ("lower", ())]


def test_both_levels_stay():
    scenes = [sentinel("toa", OLD), sentinel("surface", OLD.replace("MSIL1C", "MSIL2A"))]
    assert len(without_duplicates(scenes)) == 2


def test_real_time_landsat_gives_way_to_the_final_one():
    early = found("LC08_L1TP_195028_20200821_20200822_02_RT", archive="landsat-c2-l1")
    final = replace(early, id="LC08_L1TP_195028_20200821_20200905_02_T1")
    assert names(without_duplicates([early, final])) == [(final.id, (early.id,))]


def test_neighbouring_rows_of_landsat_stay():
    row = found("LC08_L1TP_195028_20200821_20200905_02_T1", archive="landsat-c2-l1")
    next_row = replace(row, id="LC08_L1TP_195029_20200821_20200905_02_T1")
    assert names(without_duplicates([row, next_row])) == [(row.id, ()), (next_row.id, ())]


def test_names_that_tell_nothing_stay_and_equal_ones_come_once():
    scenes = [found("a"), found("b"), found("a")]
    assert names(without_duplicates(scenes)) == [("a", ()), ("b", ())]


def test_three_processings_leave_one():
    middle = NEW.replace("20230403", "20210403")
    scenes = [sentinel("1", OLD), sentinel("2", middle), sentinel("3", NEW)]
    assert names(without_duplicates(scenes)) == [("3", ("2", "1"))]
