"""Glaciers split and merged: who belongs together, and how large they are together."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glacier_core as gc
from glacier_core.deviations.groups import GROUP_DEFINITIONS, group_glaciers, kind_of_group
from glacier_core.errors import OutlineError
from glacier_core.outlines.schema import empty_outlines

from .maps import UTM, block, box, experts, glacier_map

SHAPE = (60, 80)


def predicted(*geometries):
    return experts(*geometries, ids=[f"p{number}" for number in range(1, len(geometries) + 1)])


def only(table):
    assert len(table) == 1
    return table.iloc[0]


def test_one_to_one():
    found = only(group_glaciers(predicted(box((0, 10), (0, 12))), experts(box((0, 10), (0, 10)))))
    assert (found["kind"], found["expert_ids"], found["predicted_ids"]) == (
        "one to one",
        "g1",
        "p1",
    )
    assert found["area_deviation_percent"] == pytest.approx(20, rel=1e-6)


def test_split_and_merged_are_compared_as_wholes():
    whole, halves = box((0, 10), (0, 20)), [box((0, 10), (0, 9)), box((0, 10), (11, 20))]
    split = only(group_glaciers(predicted(*halves), experts(whole)))
    assert (split["kind"], split["predicted_ids"]) == ("split", "p1, p2")
    assert split["area_deviation_percent"] == pytest.approx(-10, rel=1e-6)
    merged = only(group_glaciers(predicted(whole), experts(*halves)))
    assert (merged["kind"], merged["expert_ids"]) == ("merged", "g1, g2")
    assert merged["area_deviation_percent"] == pytest.approx(100 / 9, rel=1e-6)


def test_a_chain_is_one_group():
    """Each predicted glacier bridges two of the expert's or the reverse: all hang together."""
    ours = [box((0, 10), (0, 15)), box((0, 10), (15, 40))]
    theirs = [box((0, 10), (0, 10)), box((0, 10), (10, 30)), box((0, 10), (30, 40))]
    found = only(group_glaciers(predicted(*ours), experts(*theirs)))
    assert found["kind"] == "many to many"
    assert (found["predicted_glaciers"], found["expert_glaciers"]) == (2, 3)
    assert found["area_deviation_percent"] == pytest.approx(0, abs=1e-6)


def test_missed_and_extra_in_the_experts_order():
    found = group_glaciers(
        predicted(box((50, 60), (0, 10)), box((0, 10), (40, 50))),
        experts(box((0, 10), (0, 10)), box((0, 10), (40, 50))),
    )
    assert found["kind"].tolist() == ["missed", "one to one", "extra"]
    assert found["expert_ids"].tolist() == ["g1", "g2", ""]
    assert found["area_deviation_percent"].tolist()[:2] == pytest.approx([-100, 0], abs=1e-6)
    assert np.isnan(found["area_deviation_percent"].iloc[2])
    assert found["group"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(("columns", "kinds"), [(10, ["one to one", "missed"]), (11, ["merged"])])
def test_the_rule_is_more_than_the_stated_share_of_the_smaller(columns, kinds):
    """The second glacier is 100 pixels; the map reaches into it by 10 or by 20 of them."""
    ours = predicted(box((0, 10), (0, columns + 1)))
    found = group_glaciers(ours, experts(box((0, 10), (0, 10)), box((0, 10), (10, 20))))
    assert found["kind"].tolist() == kinds


def test_touching_is_not_overlapping():
    found = group_glaciers(
        predicted(box((0, 10), (0, 10))), experts(box((0, 10), (10, 20))), min_share=0
    )
    assert found["kind"].tolist() == ["missed", "extra"]


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [(0, 2, "missed"), (1, 0, "extra"), (3, 1, "split"), (1, 2, "merged"), (2, 2, "many to many")],
)
def test_kinds(ours, theirs, kind):
    assert kind_of_group(ours, theirs) == kind


def test_without_outlines_there_is_no_group():
    nothing = empty_outlines(UTM)
    assert group_glaciers(nothing, nothing).empty
    assert group_glaciers(nothing, experts(box((0, 9), (0, 9))))["kind"].tolist() == ["missed"]
    assert group_glaciers(predicted(box((0, 9), (0, 9))), nothing)["kind"].tolist() == ["extra"]


@pytest.mark.parametrize("share", [-0.1, 1, np.nan])
def test_a_share_that_is_none(share):
    with pytest.raises(OutlineError, match="share"):
        group_glaciers(empty_outlines(UTM), empty_outlines(UTM), min_share=share)


def test_different_coordinate_systems_are_refused():
    with pytest.raises(OutlineError, match="to_crs"):
        group_glaciers(empty_outlines(UTM), empty_outlines("EPSG:4326"))


cells = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), unique=True, max_size=12)


@settings(max_examples=25, deadline=None)
@given(cells, cells)
def test_every_glacier_is_in_one_group_and_areas_add_up(ours, theirs):
    def boxes(places, shift):
        return [box((10 * y, 10 * y + 7), (10 * x + shift, 10 * x + shift + 8)) for x, y in places]

    mapped, drawn = predicted(*boxes(ours, 4)), experts(*boxes(theirs, 0))
    found = group_glaciers(mapped, drawn, min_share=0.05)
    for ids, outlines in (("predicted_ids", mapped), ("expert_ids", drawn)):
        members = [name for text in found[ids] if text for name in text.split(", ")]
        assert sorted(members) == sorted(outlines["glacier_id"])
    assert found["expert_area_km2"].sum() == pytest.approx(drawn["area_km2"].sum())
    assert found["predicted_area_km2"].sum() == pytest.approx(mapped["area_km2"].sum())


def test_groups_of_a_comparison_account_for_all_mapped_ice():
    """One body over two expert glaciers that goes on past the buffer; another far away."""
    glacier = block(SHAPE, (20, 40), (20, 78)) | block(SHAPE, (55, 59), (5, 12))
    found = gc.compare(
        glacier_map(glacier, simulated=True),
        experts(box((20, 40), (20, 35)), box((20, 40), (35, 50))),
        buffer_m=300,
    )
    groups = found.groups
    assert set(groups.columns) == set(GROUP_DEFINITIONS)
    assert groups["kind"].tolist() == ["merged", "extra"]
    assert groups["simulated"].all()
    assert groups["predicted_area_km2"].sum() == pytest.approx(found.total["predicted_area_km2"])
    assert groups["predicted_beyond_km2"].sum() == pytest.approx(
        found.total["predicted_elsewhere_km2"]
    )
    assert groups["area_deviation_percent"].iloc[0] == pytest.approx(100 / 3, rel=1e-6)
    assert isinstance(found.mapped, gpd.GeoDataFrame)
