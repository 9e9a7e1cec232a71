import numpy as np
import pytest
import shapely

from glacier_core.errors import OutlineError
from glacier_core.inference.complexes import divided_outlines
from glacier_core.outlines.schema import COLUMNS, to_schema

from .drawn import map_of

SHAPE = (120, 260)
COLUMN, ROW = np.meshgrid(np.arange(SHAPE[1]) + 0.5, np.arange(SHAPE[0]) + 0.5)
ROOF = 3000 - 12.0 * np.minimum(abs(COLUMN - 60), abs(COLUMN - 200))
"""Two roofs side by side, their ridges at columns 60 and 200, a valley between them at 130."""

WEST = (abs(ROW - 60) < 50) & (abs(COLUMN - 60) < 40)
EAST = (abs(ROW - 60) < 50) & (abs(COLUMN - 200) < 40)


def box(first, last, result):
    (left, top), (right, bottom) = result.transform @ (first, 10), result.transform @ (last, 110)
    return shapely.box(left, bottom, right, top)


def test_without_an_inventory_a_complex_is_divided_by_its_flow():
    result = map_of(WEST)
    assert len(result.outlines()) == 1
    found = divided_outlines(result, ROOF)
    assert tuple(found.columns) == COLUMNS
    assert list(found["glacier_id"]) == ["predicted-0001", "predicted-0002"]
    assert set(found["source"]) == {"drawn, divides by flowsheds"}
    assert set(found["date"]) == {"2020-08-01"}
    assert found["area_km2"].sum() == pytest.approx(result.outlines()["area_km2"].sum(), rel=1e-6)
    ridge = result.transform @ (60, 0)
    borders = found.geometry[0].intersection(found.geometry[1]).bounds
    assert borders[0] == pytest.approx(ridge[0], abs=31)
    assert borders[2] == pytest.approx(ridge[0], abs=31)


def test_an_inventory_names_what_it_has_and_the_rest_is_divided_by_flow():
    result = map_of(WEST | EAST)
    known = to_schema(
        [box(20, 40, result), box(40, 100, result)],
        result.crs,
        glacier_id=["A", "B"],
        name=["Alpha", ""],
        source="RGI 7.0",
    )
    found = divided_outlines(result, ROOF, inventory=known).set_index("glacier_id")
    assert set(found.index) == {"A", "B", "predicted-0001", "predicted-0002"}
    assert found.loc["A", "name"] == "Alpha"
    # The divide is the inventory's, though the ridge is elsewhere.
    assert found.geometry["A"].bounds[2] == pytest.approx((result.transform @ (40, 0))[0])
    assert set(found["source"]) == {"drawn, divides of RGI 7.0"}
    assert divided_outlines(result, ROOF, inventory=known[:0])["source"].str.contains("flow").all()


def test_elevation_of_another_grid_is_refused():
    with pytest.raises(OutlineError, match="Take that of the scene"):
        divided_outlines(map_of(WEST), ROOF[:-1])
