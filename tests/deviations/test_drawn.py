"""Corrected outlines matched as drawn: the same as pixels where they follow pixels, else exact."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from pyproj import Transformer

from glacier_core.deviations.comparison import compare
from glacier_core.deviations.drawn import match_drawn
from glacier_core.deviations.matching import make_zones, match_glaciers
from glacier_core.inference.corrected import correct_map
from glacier_core.outlines.edits import draw_edit
from glacier_core.outlines.polygonizing import polygonize

from .maps import NORTH, SIDE, TRANSFORM, UTM, WEST, block, box, experts, glacier_map

SHAPE = (12, 24)


def corrected(*geometries, edits=1):
    return experts(*geometries).assign(edits=edits)


def matched(glacier, mapped, zones, count):
    return list(match_glaciers(glacier, mapped, zones, TRANSFORM, count))


def zones_of(*masks):
    labels = np.zeros(SHAPE, dtype=np.int32)
    for number, mask in enumerate(masks, start=1):
        labels[mask] = number
    return make_zones(labels, 90.0, SIDE)


TWO = zones_of(block(SHAPE, (3, 8), (3, 8)), block(SHAPE, (3, 8), (14, 20)))


@settings(max_examples=25)
@given(hnp.arrays(bool, SHAPE), hnp.arrays(bool, SHAPE))
def test_outlines_along_pixels_match_as_the_pixels_do(ice, hidden):
    mapped = ~hidden
    glacier = ice & mapped
    by_pixels = matched(glacier, mapped, TWO, 2)
    outlines = polygonize(glacier, TRANSFORM, UTM, min_area_km2=0).assign(edits=1)
    for exact, rough in zip(
        match_drawn(by_pixels, outlines, mapped, TWO, TRANSFORM), by_pixels, strict=True
    ):
        assert shapely.symmetric_difference(exact.predicted, rough.predicted).area < 1e-6
        assert shapely.union_all(exact.cut).length == pytest.approx(
            shapely.union_all(rough.cut).length, abs=1e-6
        )


def test_an_outline_between_pixels_keeps_its_course():
    drawn = shapely.box(WEST + 100, NORTH - 230, WEST + 215, NORTH - 100)
    mapped = np.ones(SHAPE, dtype=bool)
    by_pixels = matched(block(SHAPE, (3, 8), (3, 7)), mapped, TWO, 2)
    first, second = match_drawn(by_pixels, corrected(drawn), mapped, TWO, TRANSFORM)
    assert first.predicted.equals(drawn)
    assert first.cut.is_empty
    assert second.predicted.is_empty


def test_ice_that_goes_on_past_the_buffer_ends_there_without_a_margin():
    long = shapely.box(WEST + 3 * SIDE, NORTH - 200, WEST + 24 * SIDE, NORTH - 110)
    mapped = np.ones(SHAPE, dtype=bool)
    alone = zones_of(block(SHAPE, (3, 8), (3, 8)))
    by_pixels = matched(block(SHAPE, (4, 7), (3, 24)), mapped, alone, 1)
    (exact,) = match_drawn(by_pixels, corrected(long), mapped, alone, TRANSFORM)
    assert exact.predicted.bounds[2] == pytest.approx(WEST + 11 * SIDE)  # three pixels of buffer
    assert exact.cut.length >= 90
    assert exact.cut.within(exact.predicted.boundary.buffer(1e-6))


def test_a_glacier_no_edit_reaches_stays_as_it_is():
    mapped = np.ones(SHAPE, dtype=bool)
    glacier = block(SHAPE, (3, 8), (3, 7))
    by_pixels = matched(glacier, mapped, TWO, 2)
    outlines = polygonize(glacier, TRANSFORM, UTM, min_area_km2=0).assign(edits=0)
    assert match_drawn(by_pixels, outlines, mapped, TWO, TRANSFORM)[0] is by_pixels[0]


def traced(outline):
    """Return an edit that adds just this area."""
    to_degrees = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True)
    return draw_edit("add", [to_degrees.transform(*point) for point in outline.exterior.coords])


def test_who_traces_the_expert_exactly_deviates_by_nothing():
    """Between pixels, so that an outline rounded to them could not."""
    west, north = WEST + 100, NORTH - 100
    expert = experts(shapely.box(west, north - 200, west + 310, north), ids=["upper"])
    result = glacier_map(block((30, 40), (4, 9), (4, 8)))
    before = compare(result, expert).glaciers.iloc[0]
    after = compare(correct_map(result, [traced(expert.geometry[0])]), expert).glaciers.iloc[0]
    assert before["mean_m"] > 15
    assert after["hausdorff_m"] == pytest.approx(0, abs=0.01)
    assert after["area_deviation_percent"] == pytest.approx(0, abs=1e-3)


def test_a_corrected_comparison_says_what_was_corrected():
    result = glacier_map(block((30, 40), (4, 9), (4, 8)))
    expert = experts(box((4, 9), (4, 12)))
    found = compare(correct_map(result, [traced(box((4, 9), (8, 12)))], analyst="A"), expert)
    assert found.provenance["map"]["correction"]["analyst"] == "A"
    assert found.glaciers["area_deviation_percent"].iloc[0] == pytest.approx(0, abs=1e-3)
    assert found.pixels["iou"].to_numpy() == pytest.approx(1)
