"""What was drawn, checked and kept."""

import math
from datetime import UTC, datetime

import pytest
import shapely
from pyproj import Geod

from glacier_core.errors import OutlineError
from glacier_core.outlines.edits import MAX_POINTS, draw_edit, edits_from_records, projected

TRIANGLE = [(7.0, 46.0), (7.01, 46.0), (7.0, 46.01)]
AT = datetime(2026, 8, 1, 12, 30, tzinfo=UTC)


def test_an_area_is_a_polygon_and_a_margin_a_line():
    assert draw_edit("add", TRIANGLE).geometry.equals(shapely.Polygon(TRIANGLE))
    assert draw_edit("cut", [*TRIANGLE, TRIANGLE[0]]).geometry.equals(shapely.Polygon(TRIANGLE))
    assert draw_edit("reshape", TRIANGLE).geometry.equals(shapely.LineString(TRIANGLE))


def test_the_time_is_now_in_utc_unless_told():
    before = datetime.now(UTC).replace(microsecond=0)
    assert before <= draw_edit("add", TRIANGLE).at <= datetime.now(UTC)
    assert draw_edit("add", TRIANGLE, at=AT).at == AT


def test_edits_come_back_from_their_records():
    edits = (
        draw_edit("add", TRIANGLE, at=AT),
        draw_edit("reshape", TRIANGLE, glacier_id="predicted-0001", at=AT),
    )
    assert edits_from_records([edit.as_record() for edit in edits]) == edits


def test_the_line_of_an_area_is_closed():
    assert draw_edit("cut", TRIANGLE).line().is_closed
    assert not draw_edit("reshape", TRIANGLE).line().is_closed


def test_projecting_puts_corners_where_they_lie():
    drawn = projected(draw_edit("reshape", [(9.0, 46.0), (9.0, 47.0)]), "EPSG:32632")
    (x0, y0), (x1, y1) = drawn.coords
    # On the central meridian of zone 32, at 500 km, the scale is 0.9996.
    _, _, metres = Geod(ellps="WGS84").inv(9.0, 46.0, 9.0, 47.0)
    assert x0 == x1 == pytest.approx(500_000)
    assert y1 - y0 == pytest.approx(0.9996 * metres, rel=1e-9)


@pytest.mark.parametrize(
    ("kind", "points", "sentence"),
    [
        ("paint", TRIANGLE, "no way to correct"),
        ("add", TRIANGLE[:2], "at least 3 different points; this drawing has 2"),
        ("add", [TRIANGLE[0]] * 5, "this drawing has 1"),
        ("cut", [], "this drawing has 0"),
        ("reshape", TRIANGLE[:1], "at least 2 different points"),
        ("add", [(0, 0), (1, 1), (1, 0), (0, 1)], "must not cross itself"),
        ("add", [(0, 0), (1, 1), (2, 2)], "must not cross itself"),
        ("reshape", [(0, 0), (2, 0), (2, 1), (1, -1)], "must not cross itself"),
        ("add", [(0, 0), (math.nan, 1), (1, 0)], "no place on Earth"),
        ("add", [(0, 0), (0, 91), (1, 0)], "no place on Earth"),
        ("add", [(0, 0), ("west", 1), (1, 0)], "draw it again"),
        ("add", [(0, 0), (0, 1, 2), (1, 0)], "draw it again"),
        ("reshape", [(at / MAX_POINTS, 0) for at in range(MAX_POINTS + 1)], "the limit is 10,000"),
    ],
)
def test_a_bad_drawing_is_a_sentence(kind, points, sentence):
    with pytest.raises(OutlineError, match=sentence):
        draw_edit(kind, points)


@pytest.mark.parametrize("damage", [{"at": "yesterday"}, {"coordinates": None}, {"kind": "x"}])
def test_a_damaged_record_is_a_sentence(damage):
    with pytest.raises(OutlineError):
        edits_from_records([draw_edit("add", TRIANGLE).as_record() | damage])
    with pytest.raises(OutlineError, match="damaged"):
        edits_from_records([{}])
