from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyproj import Transformer

from glacier_core.deviations.comparison import compare
from glacier_core.deviations.strata import (
    NOT_KNOWN,
    STRATA_DEFINITIONS,
    comparison_masks,
    describe_profile,
    stratify,
)
from glacier_core.deviations.surfaces import Surfaces
from glacier_core.errors import OutlineError, SceneError

from .maps import NORTH, SIDE, UTM, WEST, block, box, experts, glacier_map
from .scenes import make_scene

SHAPE = (60, 80)
EXPERT = ((20, 40), (20, 60))
PREDICTED = ((20, 40), (20, 50))
SUMS = ("pixels", "false_positives", "false_negatives", "expert_area_km2", "predicted_area_km2")
SHARES = ("share_of_pixels_percent", "share_of_errors_percent")


def halves(water=None):
    """Return surfaces: clean ice in the west, debris from column 40 on, shadow in the north."""
    rows, columns = np.indices(SHAPE)
    return Surfaces(
        names=("clean ice", "debris-covered ice"),
        codes=(columns >= 40).astype(np.int16),
        basis="made up",
        shadow=rows < 30,
        shadow_basis="made up",
        water=water,
        water_basis="made up",
    )


def ramp():
    rows, columns = np.indices(SHAPE)
    return 1000.0 + 8 * rows + 3 * columns


def stratified(**facts):
    result = glacier_map(block(SHAPE, *PREDICTED), **facts)
    scene = make_scene(SHAPE, elevation=ramp())
    return stratify(result, scene, experts(box(*EXPERT)), surfaces=halves())


def row(table, stratum, name):
    return table[(table["stratum"] == stratum) & (table["class"] == name)].iloc[0]


def test_two_surfaces_by_hand():
    """The expert drew 20 x 20 pixels on each surface; the map lacks 20 x 10 under debris."""
    table = stratified()
    clean, debris = (row(table, "surface", name) for name in ("clean ice", "debris-covered ice"))
    assert clean["iou"] == clean["precision"] == clean["recall"] == 1
    assert clean["area_deviation_percent"] == pytest.approx(0)
    assert clean["share_of_errors_percent"] == 0
    assert debris["recall"] == debris["iou"] == pytest.approx(0.5)
    assert debris["precision"] == 1
    assert debris["area_deviation_percent"] == pytest.approx(-50)
    assert debris["share_of_errors_percent"] == 100
    assert debris["false_negatives"] == 200
    assert debris["false_positives"] == 0
    # 400 pixels of 900 m², which UTM draws up to 0.04 % too small
    assert debris["expert_area_km2"] == pytest.approx(0.36, rel=1e-3)
    assert debris["predicted_area_km2"] == pytest.approx(0.18, rel=1e-3)


def test_a_shadow_holds_its_share_of_the_errors():
    table = stratified()
    assert row(table, "shadow", "in shadow")["share_of_errors_percent"] == 50
    assert row(table, "shadow", "lit")["share_of_errors_percent"] == 50


def sums_agree(table):
    whole = table.iloc[0]
    for _, part in table[table["missing_because"] == ""].groupby("stratum"):
        for column in SUMS:
            assert part[column].sum() == pytest.approx(whole[column], rel=1e-12)
        for column in SHARES:
            if not np.isnan(whole[column]):
                assert part[column].sum() == pytest.approx(100)


@hypothesis_settings(max_examples=12)
@given(st.integers(0, 2**32 - 1))
def test_the_classes_of_every_stratum_add_up_to_the_whole(seed):
    random = np.random.default_rng(seed)
    glacier, gap = random.random(SHAPE) < 0.4, random.random(SHAPE) < 0.1
    confidence = random.random(SHAPE).astype(np.float32)
    result = glacier_map(glacier, gap, confidence)
    scene = make_scene(SHAPE, elevation=ramp() + 200 * random.random(SHAPE))
    water = random.random(SHAPE) < 0.01
    surfaces = replace(
        halves(water), codes=random.integers(-1, 2, SHAPE).astype(np.int16), names=("a", "b")
    )
    outlines = experts(box((5, 20), (5, 60)), box((30, 33), (10, 13)))
    table = stratify(result, scene, outlines, surfaces=surfaces)
    sums_agree(table)
    assert set(table["stratum"]) >= {"surface", "front in water", "confidence", "glacier size"}
    assert (table["missing_because"] == "").all()
    assert NOT_KNOWN in set(table.loc[table["stratum"] == "surface", "class"])


def test_the_whole_is_the_comparison():
    glacier = block(SHAPE, (10, 45), (15, 50))
    result = glacier_map(glacier, block(SHAPE, (0, 25), (30, 33)))
    outlines = experts(box(*EXPERT))
    whole = stratify(result, make_scene(SHAPE), outlines, buffer_m=150).iloc[0]
    compared = compare(result, outlines, buffer_m=150)
    scores = compared.pixels.iloc[1]
    for column in ("pixels", "iou", "precision", "recall"):
        assert whole[column] == pytest.approx(scores[column])
    assert whole["expert_area_km2"] == pytest.approx(compared.total["expert_area_km2"], rel=1e-4)
    masks = comparison_masks(result, compared)
    assert masks["predicted"].sum() == scores["true_positives"] + scores["false_positives"]
    assert masks["expert"].sum() == scores["true_positives"] + scores["false_negatives"]


def test_masks_of_one_glacier():
    result = glacier_map(np.ones(SHAPE, bool), block(SHAPE, (0, 60), (9, 12)))
    outlines = experts(box((10, 20), (10, 30)), box((40, 50), (10, 30)), ids=["upper", "lower"])
    compared = compare(result, outlines, buffer_m=60)
    masks = comparison_masks(result, compared, "lower")
    assert masks["expert"].sum() == 10 * 18
    assert not masks["predicted"][:35].any()
    assert masks["predicted"][45, 31]
    with pytest.raises(OutlineError, match="middle"):
        comparison_masks(result, compared, "middle")


def test_what_cannot_be_known_is_listed_with_the_reason():
    table = stratify(
        glacier_map(block(SHAPE, *PREDICTED)), make_scene(SHAPE), experts(box(*EXPERT))
    )
    missing = table[table["missing_because"] != ""].set_index("stratum")
    assert set(missing.index) == {"shadow", "front in water"}
    assert missing["pixels"].eq(0).all()
    assert missing["iou"].isna().all()
    assert "estimate" in table.loc[table["stratum"] == "surface", "basis"].iloc[0]


def test_every_column_has_a_definition():
    assert list(stratified()) == list(STRATA_DEFINITIONS)


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_maps_are_called_so(simulated):
    assert stratified(simulated=simulated)["simulated"].eq(simulated).all()


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_map_of_nothing_or_of_everything_is_scored(everywhere):
    result = glacier_map(np.full(SHAPE, everywhere))
    table = stratify(result, make_scene(SHAPE), experts(box(*EXPERT)), surfaces=halves())
    sums_agree(table)
    clean = row(table, "surface", "clean ice")
    assert clean["recall"] == float(everywhere)
    assert np.isnan(clean["precision"]) == (not everywhere)


def test_a_faultless_map_has_no_errors_to_share():
    result = glacier_map(block(SHAPE, *EXPERT))
    table = stratify(result, make_scene(SHAPE), experts(box(*EXPERT)), surfaces=halves())
    assert table["share_of_errors_percent"].isna().all()


def test_where_nothing_was_mapped_there_is_a_sentence():
    result = glacier_map(np.zeros(SHAPE, bool), np.ones(SHAPE, bool))
    table = stratify(result, make_scene(SHAPE), experts(box(*EXPERT)), surfaces=halves())
    assert table.iloc[0]["pixels"] == 0
    assert table["missing_because"].iloc[1:].str.len().gt(20).all()


def test_a_scene_of_another_grid_is_refused():
    result = glacier_map(block(SHAPE, *PREDICTED))
    with pytest.raises(SceneError, match="different grids"):
        stratify(result, make_scene((60, 81)), experts(box(*EXPERT)))


@pytest.mark.parametrize("buffer", [-1.0, float("nan"), float("inf")])
def test_a_senseless_buffer_is_refused(buffer):
    result = glacier_map(block(SHAPE, *PREDICTED))
    with pytest.raises(OutlineError, match="buffer"):
        stratify(result, make_scene(SHAPE), experts(box(*EXPERT)), buffer_m=buffer)


def test_a_profile_is_told_where_it_runs():
    columns, rows = np.array([25.5, 45.5, 200.0]), np.array([35.5, 25.5, 30.0])
    lon, lat = Transformer.from_crs(UTM, 4326, always_xy=True).transform(
        WEST + SIDE * columns, NORTH - SIDE * rows
    )
    profile = pd.DataFrame({"glacier_id": "g1", "lon": lon, "lat": lat})
    result = glacier_map(block(SHAPE, *PREDICTED))
    scene = make_scene(SHAPE, elevation=ramp())
    told = describe_profile(profile, result, scene, experts(box(*EXPERT)), surfaces=halves())
    assert list(told["surface"]) == ["clean ice", "debris-covered ice", ""]
    assert list(told["shadow"]) == ["lit", "in shadow", ""]
    assert list(told["glacier_size"]) == ["0.5 to 1 km²", "0.5 to 1 km²", ""]
    assert "front_in_water" not in told  # nothing is known of water
    assert list(profile) == ["glacier_id", "lon", "lat"]


def test_an_empty_profile_stays_empty():
    profile = pd.DataFrame({"glacier_id": [], "lon": [], "lat": []})
    result = glacier_map(block(SHAPE, *PREDICTED))
    told = describe_profile(profile, result, make_scene(SHAPE), experts(box(*EXPERT)))
    assert told.empty
    assert "surface" in told
