import pandas as pd
import pytest
import shapely

from glacier_core.deviations.panel_members import (
    NAMELESS,
    holds_several_experts,
    match_experts,
    split_experts,
)
from glacier_core.errors import OutlineError
from glacier_core.outlines.reading import read_outlines
from glacier_core.outlines.schema import empty_outlines
from glacier_core.outlines.writing import write_outlines

from .maps import UTM, box, experts

LEFT, RIGHT = box((10, 30), (10, 30)), box((10, 30), (30, 50))


def stack(*tables):
    return pd.concat(tables, ignore_index=True)


def matched(*tables):
    """Return which ids belong together, and who drew them."""
    drawn = match_experts(split_experts(stack(*tables)), UTM)
    return {glacier: sorted(rows["expert"]) for glacier, rows in drawn.groupby("glacier_id")}


def test_experts_are_told_apart_by_analyst():
    both = stack(experts(LEFT, RIGHT, analyst="Ada"), experts(LEFT, analyst="Bo", source="x"))
    assert holds_several_experts(both)
    found = split_experts(both)
    assert {name: len(rows) for name, rows in found.items()} == {"Ada": 2, "Bo": 1}


def test_one_analyst_with_two_dates_is_two():
    found = split_experts(
        stack(
            experts(LEFT, analyst="Ada", source="survey", date="1990"),
            experts(LEFT, analyst="Ada", source="survey", date="2010"),
        )
    )
    assert list(found) == ["survey, 1990", "survey, 2010"]


def test_two_analysts_with_two_dates_are_four():
    frames = [
        experts(LEFT, analyst=name, source="s", date=date)
        for name in ("Ada", "Bo")
        for date in ("1990", "2010")
    ]
    assert list(split_experts(stack(*frames))) == [
        "Ada, s, 1990",
        "Ada, s, 2010",
        "Bo, s, 1990",
        "Bo, s, 2010",
    ]


def test_an_inventory_by_many_hands_is_one_expert():
    """Analysts and dates differ from glacier to glacier, but nothing is drawn twice."""
    table = experts(LEFT, RIGHT, analyst=["Ada", "Bo"], date=["1990", "2010"])
    assert not holds_several_experts(table)
    assert list(split_experts(table)) == ["Ada, Bo"]


def test_the_nameless_are_one_expert_too():
    found = split_experts(stack(experts(LEFT), experts(LEFT, analyst="Bo")))
    assert list(found) == [NAMELESS, "Bo"]


def test_one_expert_who_drew_the_same_ice_twice_is_refused():
    table = stack(experts(LEFT, LEFT, analyst="Ada"), experts(LEFT, analyst="Bo"))
    with pytest.raises(OutlineError, match=r"one expert \(Ada.*\) lie on top .* 'analyst'"):
        split_experts(table)


@pytest.mark.parametrize("nothing", [None, empty_outlines(UTM)])
def test_no_outlines_are_a_sentence(nothing):
    with pytest.raises(OutlineError, match="no expert outline"):
        split_experts(nothing)


@pytest.mark.parametrize("ask", [split_experts, holds_several_experts])
def test_outlines_that_cross_themselves_are_a_sentence(ask):
    bow_tie = shapely.Polygon([(0, 0), (900, 900), (900, 0), (0, 900)])
    with pytest.raises(OutlineError, match="no valid polygon"):
        ask(stack(experts(bow_tie, analyst="Ada"), experts(LEFT, analyst="Bo")))


def test_the_same_id_is_the_same_glacier_however_little_is_shared():
    small = box((10, 30), (27, 33))
    assert matched(
        experts(LEFT, ids=["a"], analyst="Ada"), experts(small, ids=["a"], analyst="Bo")
    ) == {"a": ["Ada", "Bo"]}


def test_the_same_id_elsewhere_is_another_glacier():
    far = box((40, 50), (60, 70))
    assert matched(
        experts(LEFT, ids=["a"], analyst="Ada"),
        experts(LEFT, far, ids=["b", "a"], analyst="Bo"),
    ) == {"a": ["Ada", "Bo"], "a-2": ["Bo"]}


def test_other_ids_go_by_the_largest_overlap():
    assert matched(
        experts(LEFT, RIGHT, ids=["a", "b"], analyst="Ada"),
        experts(box((10, 30), (33, 50)), box((11, 30), (10, 33)), ids=["x", "y"], analyst="Bo"),
    ) == {"a": ["Ada", "Bo"], "b": ["Ada", "Bo"]}


def test_what_one_expert_divides_and_the_other_does_not_is_one_glacier():
    whole = box((10, 30), (10, 50))
    for one, other in (("Ada", "Bo"), ("Bo", "Ada")):
        drawn = match_experts(
            split_experts(
                stack(
                    experts(LEFT, RIGHT, ids=["a", "b"], analyst=one),
                    experts(whole, ids=["w"], analyst=other),
                )
            ),
            UTM,
        )
        assert drawn["glacier_id"].nunique() == 1
        assert drawn["expert"].tolist() == [one, other]
        assert drawn.area.tolist() == pytest.approx([whole.area] * 2)


def test_who_keeps_other_ids_joins_those_who_share_theirs():
    assert matched(
        experts(LEFT, RIGHT, ids=["a", "b"], analyst="Ada"),
        experts(LEFT, RIGHT, ids=["a", "b"], analyst="Bo"),
        experts(LEFT, ids=["z"], analyst="Cy"),
    ) == {"a": ["Ada", "Bo", "Cy"], "b": ["Ada", "Bo"]}


def test_ids_numbered_by_reading_a_file_are_known_again(tmp_path):
    panel = stack(
        experts(LEFT, RIGHT, ids=["RGI-1", "RGI-2"], analyst="Ada"),
        experts(box((10, 14), (10, 14)), RIGHT, ids=["RGI-1", "RGI-2"], analyst="Bo"),
    )
    again = read_outlines(write_outlines(panel, tmp_path / "panel.gpkg"))
    assert again["glacier_id"].is_unique
    assert matched(again) == {"RGI-1": ["Ada", "Bo"], "RGI-2": ["Ada", "Bo"]}


def test_a_glacier_only_one_expert_saw_stays():
    assert matched(
        experts(LEFT, ids=["a"], analyst="Ada"), experts(LEFT, RIGHT, ids=["a", "b"], analyst="Bo")
    ) == {"a": ["Ada", "Bo"], "b": ["Bo"]}
