"""A map beside several experts, on scenes small enough to count by hand."""

import numpy as np
import pandas as pd
import pytest

import glacier_core as gc
from glacier_core.deviations.distance import distance_deviation
from glacier_core.deviations.ground import to_ground
from glacier_core.deviations.panel import MODEL, compare_panel
from glacier_core.deviations.panel_definitions import PANEL_DEFINITIONS
from glacier_core.deviations.verdict import EXPERTS, PUBLISHED
from glacier_core.errors import OutlineError
from glacier_core.outlines.schema import COLUMNS, empty_outlines
from glacier_core.simulation.spread import area_spread

from .maps import SIDE, UTM, block, box, experts, glacier_map

SHAPE = (60, 100)
ROWS, START = (20, 40), 20
ENDS = (58, 60, 61, 63, 60)
"""Where five experts end the same glacier."""


def drawn(end, analyst, *, rows=ROWS, ids=("g",), start=START, **more):
    return experts(box(rows, (start, end)), ids=list(ids), analyst=analyst, **more)


def panel(ends=ENDS, **more):
    return pd.concat(
        [drawn(end, f"expert {number}", **more) for number, end in enumerate(ends, start=1)],
        ignore_index=True,
    )


def a_map(end=60, **more):
    return glacier_map(block(SHAPE, ROWS, (START, end)), **more)


def only(found):
    assert len(found.glaciers) == 1
    return found.glaciers.iloc[0]


@pytest.fixture(scope="module")
def found():
    return compare_panel(a_map(61), panel())


def test_areas_and_spread_are_those_of_the_outlines(found):
    areas = panel()["area_km2"]
    row = only(found)
    assert row["experts"] == 5
    assert row["expert_area_min_km2"] == pytest.approx(areas.min())
    assert row["expert_area_mean_km2"] == pytest.approx(areas.mean())
    assert row["expert_area_max_km2"] == pytest.approx(areas.max())
    tables = [rows for _, rows in panel().groupby("analyst")]
    assert row["spread_percent"] == pytest.approx(area_spread(tables)["g"])
    assert row["predicted_area_km2"] == pytest.approx(areas[2])


def test_the_consensus_is_the_middle_expert(found):
    assert tuple(found.consensus.columns) == COLUMNS
    assert found.consensus.geometry[0].equals(box(ROWS, (START, 60)))
    assert found.consensus["analyst"][0] == "majority of 5 experts"
    row = only(found)
    assert row["consensus_area_deviation_percent"] == pytest.approx(100 / 40)
    assert row["consensus_distance_m"] == pytest.approx(apart(60, 61), rel=1e-3)


def apart(one, other):
    ground = to_ground([box(ROWS, (START, one)), box(ROWS, (START, other))], UTM)
    return distance_deviation(*ground).mean


def test_distances_are_those_of_all_pairs(found):
    row = only(found)
    pairs = [apart(one, other) for i, one in enumerate(ENDS) for other in ENDS[:i]]
    assert row["pairwise_distance_m"] == pytest.approx(np.mean(pairs), rel=1e-3)
    to_experts = np.mean([apart(61, end) for end in ENDS])
    assert row["distance_to_experts_m"] == pytest.approx(to_experts, rel=1e-3)


def test_everyone_is_held_against_the_others(found):
    members = found.members.set_index("expert")
    assert members.index.tolist() == [*(f"expert {n}" for n in range(1, 6)), MODEL]
    assert members["model"].sum() == 1
    # without expert 4 (63) half of the others end at 60 or before, half at 60 or beyond
    assert members["leave_one_out_area_percent"]["expert 4"] == pytest.approx(7.5, abs=0.5)
    assert members["leave_one_out_area_percent"][MODEL] == pytest.approx(2.5)
    row = only(found)
    each = members["leave_one_out_area_percent"][:5].abs()
    assert row["leave_one_out_area_percent"] == pytest.approx(each.mean())
    assert row["leave_one_out_distance_m"] > 0


def test_kappa_falls_as_experts_disagree():
    near, far = (
        only(compare_panel(a_map(), panel(ends)))["fleiss_kappa"]
        for ends in ((60, 60, 61), (50, 60, 70))
    )
    assert 0.5 < far < near < 1.0


def test_a_model_like_the_experts_is_within_and_others_are_not(found):
    assert only(found)["within_spread"]
    assert only(found)["judged_by"] == EXPERTS
    assert "within the experts' spread" in found.sentence
    for end in (70, 30, 20):
        other = compare_panel(a_map(end), panel())
        assert not only(other)["within_spread"]
        assert only(other)["probability"] < 0.05
        assert "outside the experts' spread" in other.sentence


def test_every_column_is_defined_and_nothing_else(found):
    shown = {*found.glaciers.columns, *found.members.columns}
    assert shown == set(PANEL_DEFINITIONS) == set(found.definitions)
    endings = {"_km2": "km²", "_percent": "%", "_m": "m"}
    for name, meant in PANEL_DEFINITIONS.items():
        assert meant.source
        assert meant.meaning.endswith(".")
        assert all(meant.unit == unit for end, unit in endings.items() if name.endswith(end))


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_scenes_are_labelled(simulated):
    found = compare_panel(a_map(simulated=simulated), panel())
    assert found.simulated is simulated
    assert set(found.glaciers["simulated"]) == set(found.members["simulated"]) == {simulated}
    assert found.provenance["simulated"] is simulated
    assert found.provenance["experts"] == [f"expert {number}" for number in range(1, 6)]


def test_divides_and_the_edge_of_the_scene_are_no_deviation():
    """Two glaciers share a divide that the map does not draw; both reach out of the scene."""
    tables = [
        experts(
            box((-20, 40), (20, 40)), box((-20, 40), (40, end)), ids=["a", "b"], analyst=f"e{end}"
        )
        for end in (69, 70, 72)
    ]
    ice = block(SHAPE, (0, 40), (20, 70))
    found = compare_panel(glacier_map(ice), pd.concat(tables, ignore_index=True))
    rows = found.glaciers.set_index("glacier_id")
    assert rows["predicted_area_km2"]["a"] == pytest.approx(0.72, rel=2e-3)
    assert rows["expert_area_max_km2"]["a"] == pytest.approx(0.72, rel=2e-3)
    assert rows["consensus_distance_m"]["a"] == pytest.approx(0.0, abs=0.1)
    assert rows["pairwise_distance_m"]["a"] == pytest.approx(0.0, abs=0.1)
    assert rows["pairwise_distance_m"]["b"] > 5.0


def test_what_could_not_be_mapped_counts_for_nobody():
    unmapped = block(SHAPE, (0, 60), (50, 100))
    ice = block(SHAPE, ROWS, (START, 60)) & ~unmapped
    row = only(compare_panel(glacier_map(ice, unmapped), panel()))
    assert row["expert_area_min_km2"] == pytest.approx(row["expert_area_max_km2"])
    assert row["predicted_area_km2"] == pytest.approx(row["expert_area_mean_km2"])
    assert row["judged_by"] == PUBLISHED  # where they differ, nothing is seen: all are alike


def test_a_glacier_wholly_unmapped_is_undefined():
    found = compare_panel(
        glacier_map(block(SHAPE, (0, 1), (0, 1)), block(SHAPE, (5, 60), (0, 100))), panel()
    )
    row = only(found)
    assert pd.isna(row["within_spread"])
    assert np.isnan(row["consensus_distance_m"])
    assert "no data" in found.sentence


@pytest.mark.parametrize(
    ("end", "within"), [(61, True), (66, None), (30, False)], ids=["yes", "unknown", "no"]
)
def test_one_expert_leaves_the_published_band(end, within):
    found = compare_panel(a_map(end), drawn(60, "Ada"))
    row = only(found)
    assert row["judged_by"] == PUBLISHED
    assert (None if pd.isna(row["within_spread"]) else row["within_spread"]) == within
    assert row[["spread_percent", "pairwise_distance_m", "fleiss_kappa"]].isna().all()
    assert "only one expert" in found.sentence
    assert "Paul et al. 2013" in found.sentence


def test_experts_of_different_glaciers_have_a_say_about_their_own():
    ice = block(SHAPE, ROWS, (START, 60)) | block(SHAPE, (48, 56), (20, 60))
    lower = drawn(60, "expert 1", rows=(48, 56), ids=("low",))
    found = compare_panel(glacier_map(ice), pd.concat([panel(), lower], ignore_index=True))
    rows = found.glaciers.set_index("glacier_id")
    assert rows["experts"].to_dict() == {"g": 5, "low": 1}
    assert rows["judged_by"].to_dict() == {"g": EXPERTS, "low": PUBLISHED}
    assert "within the experts' spread" in found.sentence
    assert "only one expert" in found.sentence


def test_glaciers_outside_the_scene_are_named():
    far = drawn(160, "expert 1", ids=("far",), start=150)
    found = compare_panel(a_map(), pd.concat([panel(), far], ignore_index=True))
    assert found.outside_scene == ("far",)
    assert only(found)["glacier_id"] == "g"


@pytest.mark.parametrize(
    ("outlines", "sentence"),
    [
        (None, "none was given"),
        (empty_outlines(UTM), "table is empty"),
        (panel(start=1000, ends=(1050, 1060)), "None of the"),
        (pd.concat([panel(), drawn(59, "expert 1")], ignore_index=True), "one expert"),
    ],
    ids=["none", "empty", "far away", "twice"],
)
def test_bad_input_is_a_sentence(outlines, sentence):
    with pytest.raises(OutlineError, match=sentence):
        compare_panel(a_map(), outlines)


@pytest.mark.parametrize("options", [{"buffer_m": -1.0}, {"level": 1.0}, {"level": 0.0}])
def test_senseless_options_are_a_sentence(options):
    with pytest.raises(OutlineError, match="must"):
        compare_panel(a_map(), panel(), **options)


def test_comparing_with_one_expert_names_the_way_to_compare_with_several():
    with pytest.raises(OutlineError, match=r"glacier_core.compare_panel\(result, outlines\)"):
        gc.compare(a_map(), panel())
    assert gc.compare_panel is compare_panel


def test_the_consensus_can_be_compared_with_as_one_expert(found):
    glaciers = gc.compare(a_map(61), found.consensus).glaciers
    assert glaciers["area_deviation_percent"][0] == pytest.approx(2.5)
    assert glaciers["hausdorff_m"][0] == pytest.approx(SIDE, rel=1e-2)
