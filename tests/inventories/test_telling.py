import pytest
import shapely

from glacier_core.inventories.telling import age_sentence, drawn_sentence
from glacier_core.outlines.reading import read_outlines
from glacier_core.outlines.schema import empty_outlines, to_schema


def outlines(*dates, **more):
    boxes = [shapely.box(row, 0, row + 1, 1) for row in range(len(dates))]
    ids = [str(row) for row in range(len(dates))]
    return to_schema(boxes, "EPSG:32632", glacier_id=ids, date=list(dates), **more)


@pytest.mark.parametrize(
    ("dates", "acquired", "told"),
    [
        (["2003-07-30"], "2020-08-16",
         "are 17 years older than the image (2003-07-30; image 2020-08-16)."),
        (["2003-07-30"], "2020-08-16T10:20:21Z",
         "are 17 years older than the image (2003-07-30; image 2020-08-16)."),
        (["2019-08-16"], "2020-08-16", "are 1 year older than the image (2019-08-16; image"),
        (["2003", "1985-08"], "2020-08-16", "are 17 to 35 years older than the image (1985-08 to"),
        (["2021-08-16"], "2020-02-16", "are 1.5 years younger than the image"),
        (["2020-08-01", "2020-09-01"], "2020-08-16", "are of the same season as the image"),
        (["2018-08-16", "2022-08-16"], "2020-08-16",
         "are from 2 years older to 2 years younger than the image"),
    ],
)  # fmt: skip
def test_how_old_outlines_are_beside_an_image(dates, acquired, told):
    assert age_sentence(outlines(*dates), acquired).startswith(f"The expert outlines {told}")


def test_missing_dates_are_told():
    told = age_sentence(outlines("2003-07-30", ""), "2020-08-16")
    assert told.endswith("1 of 2 have no date.")
    assert "have no date; the image is of 2020-08-16" in age_sentence(outlines(""), "2020-08-16")


def test_nothing_to_tell():
    assert age_sentence(empty_outlines("EPSG:32632"), "2020-08-16") == ""
    assert age_sentence(outlines("2003"), "") == ""
    assert drawn_sentence(outlines("2003")) == ""


def test_hands_and_stated_uncertainty(fixtures_dir):
    found = read_outlines(fixtures_dir / "metadata/glims_rgi/baker_glims.geojson")
    assert drawn_sentence(found) == (
        "GLIMS; drawn by Fountain, Andrew G.; Glenn, Bryce; McNeil, Christopher; "
        "stated uncertainty 50 m on the image, 80 m in the world."
    )
    assert "are 5 years older" in age_sentence(found, "2020-09-01")


def test_many_hands_are_counted():
    many = outlines(*["2003"] * 6, analyst=list("abcdef"))
    assert drawn_sentence(many) == "drawn by a; b; c; d and 2 more."
