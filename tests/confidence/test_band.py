"""Bands of maps whose areas are known in closed form."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from glacier_core.confidence.band import outline_band
from glacier_core.errors import ModelError, OutlineError
from glacier_core.outlines.rasterizing import rasterize
from glacier_core.outlines.schema import COLUMNS, to_schema

from .maps import GROUND_KM2, SIDE, TRANSFORM, UTM, map_of

RAMP = np.tile((np.arange(100) + 0.5) / 100, (10, 1))
"""Probability 0.005, 0.015 … 0.995 from west to east, ten rows."""


def km2(pixels):
    return pytest.approx(pixels * GROUND_KM2, rel=1e-4)


def box(rows, columns):
    west, north = TRANSFORM @ (columns[0], rows[0])
    east, south = TRANSFORM @ (columns[1], rows[1])
    return shapely.box(west, south, east, north)


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_areas_on_a_ramp_follow_from_the_level(level):
    """Ice is sure beyond the level, possible beyond its complement: level x 100 columns of ten."""
    band = outline_band(map_of(RAMP), level)
    sure = 10 * round((1 - level) * 100)
    assert band.low_km2 == km2(sure)
    assert band.central_km2 == km2(500)
    assert band.high_km2 == km2(1000 - sure)
    assert band.band_km2 == km2(1000 - 2 * sure)
    assert band.zone.sum() == 1000 - 2 * sure


def test_polygons_cover_just_the_zone():
    band = outline_band(map_of(RAMP), 0.9)
    np.testing.assert_array_equal(rasterize(band.outlines, TRANSFORM, (10, 100), UTM), band.zone)
    assert list(band.outlines.columns) == [*COLUMNS, "level", "at_outline", "simulated"]
    (row,) = band.outlines.to_dict("records")
    assert row["at_outline"]
    assert row["simulated"]
    assert row["level"] == 0.9
    assert row["area_km2"] == km2(800)
    assert row["source"] == "by-hand, simulated scene"
    assert row["date"] == "2020-08-16"


def test_doubt_apart_from_the_outline_is_marked():
    """A doubtful block touches the outline, another lies amid sure ground, a third at a corner."""
    probability = np.full((30, 40), 0.01)
    probability[:, :10] = 0.99
    probability[5:10, 8:12] = 0.4  # over the outline
    probability[20:25, 20:25] = 0.3
    probability[4, 12] = 0.3  # meets the first block at a corner only
    outlines = outline_band(map_of(probability)).outlines.set_index("glacier_id")
    assert outlines["at_outline"].to_dict() == {
        "band-0001": True,
        "apart-0001": False,
        "apart-0002": False,
    }
    assert outlines.loc["apart-0001", "area_km2"] == km2(25)


def test_the_edge_of_what_could_be_mapped_is_no_outline():
    probability = np.full((20, 20), 0.01)
    probability[:, 10:] = np.nan
    probability[5:10, 8:10] = 0.3
    assert not outline_band(map_of(probability)).outlines["at_outline"].any()


def test_small_polygons_are_left_out_but_counted():
    probability = np.full((20, 20), 0.01)
    probability[3, 3] = probability[10:14, 10:14] = 0.3
    whole, large = (
        outline_band(map_of(probability), min_area_km2=km2_) for km2_ in (0.0, 2 * GROUND_KM2)
    )
    assert len(whole.outlines) == 2
    assert len(large.outlines) == 1
    assert large.high_km2 == whole.high_km2 == km2(17)


def test_every_glacier_has_its_own_areas():
    """Two glaciers share a bridge of doubt, whose pixels go to the nearer; a third is apart."""
    probability = np.full((9, 41), 0.01)
    probability[2:7, 2:10] = probability[2:7, 20:30] = 0.99
    probability[4, 10:20] = 0.4  # ten doubtful pixels between them, five each
    probability[2:4, 2:4] = 0.6  # four doubtful pixels within the first
    probability[0:2, 38:41] = 0.4  # hangs together with none
    outlines = to_schema(
        [box((2, 7), (2, 10)), box((2, 7), (20, 30))], UTM, glacier_id=["a", "b"], name=["A", ""]
    )
    table = outline_band(map_of(probability), outlines=outlines).glaciers.set_index("glacier_id")
    assert table.loc["a", "low_km2"] == km2(36)
    assert table.loc["a", "central_km2"] == km2(40)
    assert table.loc["a", "high_km2"] == km2(45)
    assert table.loc["b", "low_km2"] == table.loc["b", "central_km2"] == km2(50)
    assert table.loc["b", "high_km2"] == km2(55)
    assert list(table["name"]) == ["A", ""]
    assert (table["level"] == 0.95).all()
    assert table["simulated"].all()


def test_the_maps_own_outlines_add_up_to_the_map():
    probability = np.random.default_rng(3).uniform(size=(40, 40))
    probability = np.repeat(np.repeat(probability, 3, axis=0), 3, axis=1)
    result = map_of(probability)
    band = outline_band(result, 0.9, result.outlines(min_area_km2=0.0))
    assert band.glaciers["low_km2"].sum() == pytest.approx(band.low_km2)
    assert band.glaciers["central_km2"].sum() == pytest.approx(band.central_km2)
    assert band.central_km2 == pytest.approx(result.area_km2())


probabilities = arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.one_of(st.floats(0, 1, width=32), st.just(float("nan"))),
)
levels = st.floats(0.51, 0.99)


@settings(max_examples=15, deadline=None)
@given(probabilities, levels, levels)
def test_the_band_grows_with_the_level_around_the_map(probability, one, other):
    result = map_of(probability)
    if result.unmapped.all():
        return
    narrow, wide = (outline_band(result, level) for level in sorted((one, other)))
    assert narrow.low_km2 <= narrow.central_km2 <= narrow.high_km2
    rounding = 1e-12  # of sums in another order
    assert wide.low_km2 <= narrow.low_km2 + rounding
    assert wide.high_km2 >= narrow.high_km2 - rounding
    assert (narrow.zone <= wide.zone).all()
    assert narrow.central_km2 == pytest.approx(wide.central_km2)
    assert narrow.outlines["area_km2"].sum() == pytest.approx(narrow.band_km2, abs=1e-6, rel=1e-3)


def test_nothing_and_everything_glacier_are_sensible():
    nothing, everything = (outline_band(map_of(np.full((5, 5), p))) for p in (0.01, 0.99))
    assert (nothing.low_km2, nothing.central_km2, nothing.high_km2) == (0, 0, 0)
    assert everything.low_km2 == everything.high_km2 == km2(25)
    assert nothing.outlines.empty
    assert everything.outlines.empty
    assert "0.00 km² are mapped as simulated glacier" in nothing.sentence


def test_a_scene_without_data_says_so():
    band = outline_band(map_of(np.full((5, 5), np.nan)))
    assert np.isnan([band.low_km2, band.central_km2, band.high_km2]).all()
    assert band.outlines.empty
    assert "Nothing of this scene could be mapped" in band.sentence


@pytest.mark.parametrize("level", [0.5, 1.0, 95, -0.1, float("nan")])
def test_a_level_that_tells_nothing_is_refused(level):
    with pytest.raises(ModelError, match=r"must lie above 0\.5"):
        outline_band(map_of(RAMP), level)


def test_outlines_without_a_place_are_refused():
    lost = gpd.GeoDataFrame(
        {"glacier_id": ["a"], "name": [""]}, geometry=[shapely.box(0, 0, SIDE, SIDE)]
    )
    with pytest.raises(OutlineError, match="no coordinate system"):
        outline_band(map_of(RAMP), outlines=lost)


def test_the_sentence_says_all_three_areas():
    band = outline_band(map_of(RAMP, simulated=False), 0.9)
    assert band.sentence == (
        "0.45 km² are mapped as glacier. Counting only what the network is 90 % sure of leaves "
        "0.09 km²; counting all that may be glacier at that level gives 0.81 km²."
    )
