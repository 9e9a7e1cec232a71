"""The inventories as they answer today: asked only with ``pytest -m live``."""

import pytest
import shapely

from glacier_core.inventories.fetching import fetch_outlines

pytestmark = pytest.mark.live

HINTEREISFERNER = shapely.box(10.72, 46.78, 10.81, 46.82)


@pytest.mark.parametrize("inventory", ["glims", "rgi7", "rgi6"])
def test_hintereisferner_is_where_it_is(inventory):
    found = fetch_outlines(HINTEREISFERNER, inventory)
    named = found[found["name"].str.contains("Hintereis", case=False)]
    assert len(named) >= 1
    assert named["area_km2"].between(5, 12).any()
    assert named.intersects(shapely.Point(10.76, 46.80)).any()
    assert (named["date"] != "").any()


def test_glims_has_several_dates_of_one_glacier():
    found = fetch_outlines(HINTEREISFERNER, "glims")
    assert found["analysis_id"].is_unique
    assert found["glims_id"].duplicated().any()
