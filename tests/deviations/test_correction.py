"""Before and after a correction, in closed form."""

import numpy as np
import pytest
from pyproj import Transformer

from glacier_core.deviations.comparison import compare
from glacier_core.deviations.correction import CORRECTION_DEFINITIONS, MEASURES, before_and_after
from glacier_core.deviations.definitions import DEFINITIONS
from glacier_core.inference.corrected import correct_map
from glacier_core.outlines.edits import draw_edit

from .maps import SIDE, UTM, block, box, experts, glacier_map

SHAPE = (60, 60)
FIRST, SECOND = ((5, 15), (5, 15)), ((35, 45), (35, 45))
EXPERTS = experts(box(*FIRST), box(*SECOND))


def edit(kind, area):
    to_degrees = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True)
    return draw_edit(kind, [to_degrees.transform(*point) for point in area.exterior.coords])


@pytest.fixture(scope="module")
def table():
    """The first glacier is mapped five columns too large and corrected; the second stays."""
    result = glacier_map(block(SHAPE, (5, 15), (5, 20)) | block(SHAPE, *SECOND), simulated=True)
    made = correct_map(result, [edit("cut", box((5, 15), (15, 20)))])
    return before_and_after(compare(result, EXPERTS), compare(made, EXPERTS))


def test_the_corrected_glacier_is_told_and_the_other_is_not(table):
    assert list(table["changed"]) == [True, False]
    first = table.iloc[0]
    assert first["before_area_deviation_percent"] == pytest.approx(50, abs=0.01)
    assert first["after_area_deviation_percent"] == pytest.approx(0, abs=1e-3)
    assert first["area_change_percent"] == pytest.approx(-100 / 3, abs=0.01)
    assert first["before_hausdorff_m"] == pytest.approx(5 * SIDE, rel=1e-3)
    assert first["after_hausdorff_m"] == pytest.approx(0, abs=0.01)
    assert table["simulated"].all()


def test_ice_where_the_network_saw_none_has_no_change_in_percent():
    result = glacier_map(block(SHAPE, *FIRST))
    made = correct_map(result, [edit("add", box(*SECOND))])
    second = before_and_after(compare(result, EXPERTS), compare(made, EXPERTS)).iloc[1]
    assert np.isnan(second["area_change_percent"])
    assert second["changed"]
    assert second["after_mean_m"] == pytest.approx(0, abs=0.01)


def test_only_comparisons_with_the_same_experts_belong_together():
    result = glacier_map(block(SHAPE, *FIRST))
    with pytest.raises(ValueError, match="same expert outlines"):
        before_and_after(compare(result, EXPERTS), compare(result, EXPERTS.iloc[:1]))


def test_every_number_is_defined(table):
    meant = DEFINITIONS | CORRECTION_DEFINITIONS
    assert set(table.columns) <= set(meant)
    for name, definition in CORRECTION_DEFINITIONS.items():
        assert definition.meaning.endswith(".")
        assert definition.source
        assert not name.endswith("_percent") or definition.unit == "%"
        assert not name.endswith("_km2") or definition.unit == "km²"
    assert {f"after_{name}" for name in MEASURES} <= set(CORRECTION_DEFINITIONS)
