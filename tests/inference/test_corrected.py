"""A corrected map: outlines as drawn, pixels as the network has them but where they changed."""

from dataclasses import replace

import numpy as np
import pyproj
import pytest
import shapely
from tiny_world import PREDICTED, SHAPE, SIDE, TRANSFORM, UTM, outline, pixels, tiny_map, tiny_scene

from glacier_core.errors import OutlineError
from glacier_core.inference.corrected import CORRECTED_FILE, correct_map
from glacier_core.inference.result import open_map
from glacier_core.outlines.edits import draw_edit
from glacier_core.outlines.lineage import read_edits
from glacier_core.outlines.schema import COLUMNS

TO_DEGREES = pyproj.Transformer.from_crs(UTM, "EPSG:4326", always_xy=True)


def drawn(kind, rows, columns):
    """Return an edit along a block of pixels, fractions allowed."""
    ring = outline(rows, columns).exterior.coords
    return draw_edit(kind, [TO_DEGREES.transform(*point) for point in ring])


@pytest.fixture
def result():
    return tiny_map(tiny_scene())


def test_pixels_change_where_their_centres_changed_sides(result):
    made = correct_map(result, [drawn("add", (10, 20), (40, 50.4))])
    expected = pixels(PREDICTED | {"more": ((10, 20), (43, 50))})
    assert np.array_equal(made.glacier, expected)
    assert np.array_equal(made.probability, result.probability)
    assert made.outlines()["area_km2"].sum() == pytest.approx(
        result.outlines()["area_km2"].sum() + 10 * 7.4 * SIDE**2 / 1e6, rel=1e-3
    )
    assert made.area_km2() == pytest.approx(result.area_km2() + 10 * 7 * SIDE**2 / 1e6, rel=1e-3)
    assert list(made.outlines().columns) == list(COLUMNS)


def test_without_edits_nothing_changes(result):
    made = correct_map(result, [])
    assert np.array_equal(made.glacier, result.glacier)
    assert made.outlines().equals(result.outlines())


def test_small_outlines_stay_out_unless_a_person_drew_them(result):
    made = correct_map(result, [drawn("add", (55, 57), (80, 82))])
    assert made.outlines()["glacier_id"].iloc[-1] == "added-0001"
    assert made.outlines()["area_km2"].iloc[-1] < 0.01


def test_provenance_tells_parent_and_edits_and_the_key_is_another(result):
    made = correct_map(result, [drawn("cut", (10, 12), (10, 43))], analyst="A. Person")
    about = made.provenance["correction"]
    assert about["parent_map"] == result.key
    assert about["analyst"] == "A. Person"
    assert [edit["kind"] for edit in about["edits"]] == ["cut"]
    assert made.key != result.key
    assert "correction" not in result.provenance
    assert made.provenance["model"] == result.provenance["model"]


def test_nothing_is_mapped_where_there_is_no_data(result):
    hidden = np.zeros(SHAPE, dtype=bool)
    hidden[10:20, 45:50] = True
    partly = replace(result, data=result.data.assign(unmapped=(("y", "x"), hidden)))
    corrected = correct_map(partly, [drawn("add", (10, 20), (40, 50))])
    assert not (corrected.glacier.to_numpy() & hidden).any()
    assert corrected.beyond_mapped_km2() == pytest.approx(50 * SIDE**2 / 1e6, rel=1e-3)
    assert corrected.outlines().geometry[0].area == pytest.approx(
        (20 * 33 + 10 * 7) * SIDE**2, rel=1e-6
    )


def test_a_saved_one_opens_as_the_parent_and_can_be_corrected_again(result, tmp_path):
    made = correct_map(result, [drawn("add", (10, 20), (40, 50))], analyst="A. Person")
    folder = made.save(tmp_path / "kept")
    parent = open_map(folder)
    again = correct_map(parent, read_edits(folder / CORRECTED_FILE), analyst="A. Person")
    assert np.array_equal(parent.glacier, result.glacier)
    assert again.key == made.key
    assert again.outlines().geometry.geom_equals(made.outlines().geometry).all()


def test_what_cannot_be_made_is_a_sentence(result):
    with pytest.raises(OutlineError, match="outside the scene"):
        correct_map(result, [drawn("add", (200, 210), (10, 20))])


def test_nothing_lies_beyond_the_scene(result):
    made = correct_map(result, [drawn("add", (-20, 20), (40, 50))])
    rows, columns = SHAPE
    west, north = TRANSFORM @ (0, 0)
    frame = shapely.box(west, north - rows * SIDE, west + columns * SIDE, north)
    assert made.outlines().geometry.within(frame.buffer(1e-3)).all()
