import datetime

import pytest
import shapely

from glacier_core.inventories.choosing import nearest_in_time
from glacier_core.inventories.fetching import fetch_outlines
from glacier_core.outlines.schema import to_schema


def analyses(*rows):
    """Make outlines of (glacier, analysis, date)."""
    frame = to_schema(
        [shapely.box(place, 0, place + 1, 1) for place in range(len(rows))],
        "EPSG:32632",
        glacier_id=[str(place) for place in range(len(rows))],
        date=[row[2] for row in rows],
    )
    return frame.assign(glims_id=[row[0] for row in rows], analysis_id=[row[1] for row in rows])


ALL = analyses(
    ("A", "1", "1985-08-12"),
    ("B", "2", "2003"),
    ("A", "3", "2003-08-13"),
    ("A", "4", "2015-08-29"),
    ("A", "5", "2015-08-29"),
    ("B", "6", ""),
    ("C", "7", ""),
)


@pytest.mark.parametrize(
    ("acquired", "kept"),
    [
        (datetime.date(1990, 8, 1), ["1", "2", "7"]),
        (datetime.date(2005, 8, 1), ["2", "3", "7"]),
        (datetime.date(2023, 8, 1), ["2", "5", "7"]),
        (None, ["2", "5", "7"]),
    ],
)
def test_of_every_glacier_the_outline_nearest_in_time_stays(acquired, kept):
    assert list(nearest_in_time(ALL, acquired)["analysis_id"]) == kept


def test_outlines_of_no_known_glacier_are_each_their_own():
    both = analyses(("", "1", "2003"), ("", "2", "2004"))
    assert len(nearest_in_time(both, datetime.date(2004, 1, 1))) == 2


def test_an_inventory_of_one_outline_a_glacier_is_left_alone():
    frame = ALL.drop(columns=["glims_id", "analysis_id"])
    assert nearest_in_time(frame, None) is frame
    assert len(nearest_in_time(ALL[:0], None)) == 0


def test_glims_for_an_image_of_2016(archive_world):
    every = fetch_outlines(shapely.box(7.9, 46.4, 8.1, 46.6), "glims")
    chosen = nearest_in_time(every, datetime.date(2016, 8, 20))
    assert chosen["glims_id"].is_unique
    assert set(chosen["glims_id"]) == set(every["glims_id"])
    assert set(chosen["date"]) == {"2015-08-29"}
