import csv

import pytest
import shapely

from glacier_core.errors import OutlineError
from glacier_core.inventories.regions import region, regions, regions_of


def test_the_regions_are_those_of_the_rgi(fixtures_dir):
    table = fixtures_dir / "metadata/glims_rgi/RGI2000-v7.0-G-o1region-summary.csv"
    with table.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["count"] not in ("", "0")]
    theirs = {row["o1region"]: (row["full_name"], row["long_code"]) for row in rows}
    theirs.pop("Global")
    assert {one.number: (one.name, one.code) for one in regions().values()} == theirs


def test_a_region_is_asked_for_by_number():
    assert region(1) is region("01") is region("1")
    with pytest.raises(OutlineError, match="01 to 19"):
        region("20")


@pytest.mark.parametrize(
    ("longitude", "latitude", "numbers"),
    [
        (10.75, 46.8, {"11"}),
        (-146.9, 61.2, {"01"}),
        (179.99, 68.5, {"10"}),
        (-179.99, 68.5, {"10"}),
        (-73.1, -50.5, {"17"}),
        (-25.0, 0.0, set()),
        (-19.0, 64.8, {"06"}),
    ],
)
def test_regions_of_a_place(longitude, latitude, numbers):
    assert {one.number for one in regions_of(shapely.Point(longitude, latitude))} == numbers
