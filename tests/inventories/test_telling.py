import shapely

from glacier_core.inventories.telling import drawn_sentence
from glacier_core.outlines.reading import read_outlines
from glacier_core.outlines.schema import empty_outlines, to_schema


def outlines(*dates, **more):
    boxes = [shapely.box(row, 0, row + 1, 1) for row in range(len(dates))]
    ids = [str(row) for row in range(len(dates))]
    return to_schema(boxes, "EPSG:32632", glacier_id=ids, date=list(dates), **more)


def test_nothing_to_tell():
    assert drawn_sentence(empty_outlines("EPSG:32632")) == ""
    assert drawn_sentence(outlines("2003")) == ""


def test_hands_and_stated_uncertainty(fixtures_dir):
    found = read_outlines(fixtures_dir / "metadata/glims_rgi/baker_glims.geojson")
    assert drawn_sentence(found) == (
        "GLIMS; drawn by Fountain, Andrew G.; Glenn, Bryce; McNeil, Christopher; "
        "stated uncertainty 50 m on the image, 80 m in the world."
    )


def test_many_hands_are_counted():
    many = outlines(*["2003"] * 6, analyst=list("abcdef"))
    assert drawn_sentence(many) == "drawn by a; b; c; d and 2 more."
