import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from glacier_core.errors import OutlineError
from glacier_core.outlines.labels import fill_gaps, labelled_outlines, merge_slivers
from glacier_core.outlines.rasterizing import label_glaciers
from glacier_core.outlines.schema import COLUMNS, to_schema

CRS = "EPSG:32632"
GRID = Affine(100, 0, 500_000, 0, -100, 5_200_000)


def board(*rectangles, shape=(40, 40)):
    """Draw rectangles (label, top, left, bottom, right), later over earlier ones."""
    labels = np.zeros(shape, dtype=np.int32)
    for label, top, left, bottom, right in rectangles:
        labels[top:bottom, left:right] = label
    return labels


def test_a_small_piece_goes_to_the_neighbour_of_the_longest_border():
    # Two pixels of 1 ha between glaciers: three sides with 2, one with 3.
    labels = board((1, 30, 0, 40, 10), (2, 0, 0, 10, 20), (3, 10, 0, 20, 20), (1, 9, 4, 10, 6))
    merged = merge_slivers(labels, 100.0, whole=False)
    assert (merged[9, 4:6] == 2).all()
    assert (merged == 1).sum() == 100


def test_a_piece_without_neighbour_stays():
    labels = board((1, 0, 0, 10, 10), (1, 20, 20, 21, 22))
    assert (merge_slivers(labels, 100.0, whole=True) == labels).all()


@pytest.mark.parametrize(
    ("height", "width", "goes"),
    [
        (3, 3, True),  # 0.09 km²: always
        (3, 4, False),  # 0.12 km², compact
        (1, 14, True),  # 0.14 km², 2 sqrt(pi 14) / 30 = 0.44: thin
        (2, 9, False),  # 0.18 km², 2 sqrt(pi 18) / 22 = 0.68
        (1, 21, False),  # 0.21 km²: however thin
    ],
)
def test_what_a_sliver_is(height, width, goes):
    labels = board((1, 0, 0, 20, 40), (2, 20, 0, 20 + height, width))
    assert (2 not in merge_slivers(labels, 100.0, whole=True)) == goes


def test_small_glaciers_of_an_inventory_are_no_slivers():
    labels = board((1, 0, 0, 20, 40), (2, 20, 0, 22, 2))
    assert 2 in merge_slivers(labels, 100.0, whole=False)
    assert 2 not in merge_slivers(labels, 100.0, whole=True)


def test_slivers_that_grow_together_may_stay():
    # Three of 0.06 km² in a row beside nothing else: the first joins, what they make is compact.
    labels = board((1, 0, 0, 2, 3), (2, 0, 3, 2, 6), (3, 0, 6, 2, 9))
    merged = merge_slivers(labels, 100.0, whole=True)
    assert len(set(merged[merged > 0])) == 1


def test_slivers_that_make_something_compact_are_none_any_more():
    """Two rows of nine pixels: 0.09 km² each, 2 sqrt(pi 18) / 22 = 0.68 together."""
    labels = board((1, 0, 0, 40, 10), (2, 10, 10, 11, 19), (3, 11, 10, 12, 19))
    merged = merge_slivers(labels, 100.0, whole=True)
    assert len(set(merged[10:12, 10:19].ravel())) == 1
    assert merged[10, 10] != 1


@settings(max_examples=30)
@given(arrays.arrays(np.int32, (9, 11), elements=st.integers(0, 4)), st.booleans())
def test_merging_keeps_the_ice_and_invents_no_label(labels, whole):
    merged = merge_slivers(labels, 100.0, whole=whole)
    assert ((merged > 0) == (labels > 0)).all()
    assert set(np.unique(merged)) <= set(np.unique(labels))
    if not whole:
        assert set(np.unique(merged)) == set(np.unique(labels))


@settings(max_examples=30)
@given(arrays.arrays(np.int32, (9, 11), elements=st.integers(0, 4)))
def test_outlines_drawn_from_labels_give_the_labels_again(labels):
    names = [f"G{number}" for number in range(1, 5)]
    known = to_schema([shapely.box(0, 0, 1, 1)] * 4, CRS, glacier_id=names)
    drawn = labelled_outlines(labels, GRID, CRS, inventory=known, min_area_km2=0)
    assert tuple(drawn.columns) == COLUMNS
    assert drawn["glacier_id"].is_unique
    assert drawn.geometry.is_valid.all()
    again = label_glaciers(drawn, GRID, labels.shape, CRS)
    numbers = np.array([0, *(int(text[1:]) for text in drawn["glacier_id"])])
    assert (numbers[again] == labels).all()


def test_outlines_are_sorted_named_and_measured():
    labels = board((1, 0, 0, 2, 2), (2, 10, 0, 20, 10), (3, 30, 0, 31, 1), (5, 20, 20, 30, 40))
    drawn = labelled_outlines(
        labels, GRID, CRS, id_prefix="ice", source="a model", date="2020", min_area_km2=0.02
    )
    assert list(drawn["glacier_id"]) == ["ice-0001", "ice-0002", "ice-0003"]
    assert drawn["area_km2"].to_numpy() == pytest.approx([2.0, 1.0, 0.04], rel=2e-3)
    assert set(drawn["source"]) == {"a model"}
    assert len(labelled_outlines(np.zeros((3, 3), np.int32), GRID, CRS)) == 0


def test_a_glacier_in_two_parts_is_one_row():
    labels = board((1, 0, 0, 5, 5), (1, 10, 10, 15, 15))
    drawn = labelled_outlines(labels, GRID, CRS)
    assert list(drawn.geom_type) == ["MultiPolygon"]
    assert isinstance(drawn, gpd.GeoDataFrame)


def test_gaps_take_the_nearest_elevation():
    heights = np.array([[1.0, np.nan, np.nan, 4.0]])
    assert fill_gaps(heights).tolist() == [[1.0, 1.0, 4.0, 4.0]]
    assert np.isnan(heights[0, 1])
    with pytest.raises(OutlineError, match="no elevation"):
        fill_gaps(np.full((2, 2), np.nan))
