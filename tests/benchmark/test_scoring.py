"""Scores that can be counted by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from glacier_core.benchmark.scoring import over_regions
from glacier_core.benchmark.strata import DEBRIS, SHADOW, SNOW, UNLABELLED, WATER
from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.confidence.reliability import expected_calibration_error
from glacier_core.models.card import CalibrationCurve
from glacier_core.simulation.ground import SurfaceClass
from tests.benchmark.tiles import figure, flat_tile, score_tiles


def probabilities(shape):
    return arrays(np.float32, shape, elements=st.floats(0, 1, width=32))


def test_figures_by_hand_over_one_tile():
    tile = flat_tile([[1, 1, 1, 0], [0, 0, 0, 0]])
    mapped = np.array([[0.9, 0.9, 0.1, 0.9], [0.1, 0.1, 0.1, 0.5]], np.float32)
    table = score_tiles([(tile, mapped)])
    assert figure(table, "IoU") == 2 / 4  # two both see, one each alone; a half is no glacier
    assert figure(table, "accuracy") == 6 / 8
    assert figure(table, "precision") == figure(table, "recall") == figure(table, "F1") == 2 / 3
    assert figure(table, "IoU", column="count") == 8


def test_regions_are_pooled_and_their_mean_is_not_weighted():
    whole, half = np.ones((2, 2), np.float32), np.array([[1, 0], [0, 0]], np.float32)
    table = score_tiles(
        [
            (flat_tile(np.ones((2, 2)), subregion="ALP1"), whole),
            (flat_tile(np.ones((4, 4)), subregion="ALP2"), np.zeros((4, 4), np.float32)),
            (flat_tile(np.ones((2, 2)), region="NZ", subregion="NZ"), half),
        ]
    )
    assert figure(table, "IoU") == 4 / 20  # pooled pixels, not the mean of 1 and 0
    assert figure(table, "IoU", subregion="ALP1") == 1
    assert figure(table, "IoU", subregion="ALP2") == 0
    assert figure(table, "IoU", region="NZ") == 0.25
    assert figure(table, "IoU", region="all") == 5 / 24
    assert figure(table, "IoU", region="mean") == pytest.approx((0.2 + 0.25) / 2)
    assert figure(table, "IoU", region="standard deviation") == pytest.approx(0.025)


def test_unlabelled_pixels_are_ignored_or_background():
    tile = flat_tile([[1, 1, 0, 0]], labelled=np.array([[1, 1, 1, 0]], bool))
    table = score_tiles([(tile, np.array([[1, 1, 0, 1]], np.float32))])
    assert figure(table, "IoU") == 1
    assert figure(table, "IoU", column="count") == 3
    assert figure(table, "IoU", stratum=UNLABELLED) == 2 / 3
    assert figure(table, "IoU", stratum=UNLABELLED, column="count") == 4


def test_invalid_pixels_count_nowhere():
    tile = flat_tile([[1, 1, 0, 0]], valid=np.array([[1, 0, 1, 0]], bool))
    table = score_tiles([(tile, np.array([[1, 0, 0, 1]], np.float32))])
    for stratum in ("all", UNLABELLED):
        assert figure(table, "IoU", stratum=stratum) == 1
        assert figure(table, "IoU", stratum=stratum, column="count") == 2


def test_strata_of_a_simulated_tile():
    s = SurfaceClass
    surface = np.array([[s.DEBRIS, s.POND, s.ICE, s.SEASONAL_SNOW, s.PERENNIAL_SNOW, s.WATER]])
    tile = flat_tile(
        [[1, 1, 1, 0, 0, 0]],
        surface=surface.astype(np.uint8),
        shadow=np.array([[0, 1, 1, 1, 0, 0]], bool),
        debris=np.zeros((1, 6), bool),  # what the surface tells goes before
    )
    table = score_tiles([(tile, np.array([[1, 0, 1, 1, 0, 1]], np.float32))])
    assert figure(table, "recall", stratum=DEBRIS) == 0.5
    assert figure(table, "IoU", stratum=SHADOW) == 1 / 3
    assert figure(table, "called glacier", stratum=SNOW) == 0.5
    assert figure(table, "called glacier", stratum=WATER) == 1


def test_dark_ice_of_the_authors_tiles_is_debris():
    tile = flat_tile([[1, 1, 1, 0]], debris=np.array([[1, 1, 0, 1]], bool))
    table = score_tiles([(tile, np.array([[1, 0, 1, 1]], np.float32))])
    assert figure(table, "recall", stratum=DEBRIS) == 0.5


def test_what_a_tile_does_not_know_has_no_figure():
    table = score_tiles([(flat_tile(np.eye(4)), np.eye(4, dtype=np.float32))])
    assert not set(table["stratum"]) & {DEBRIS, SHADOW, SNOW, WATER}
    assert np.isfinite(table["value"]).all()


def test_a_rule_has_no_confidence_to_be_wrong_about():
    pair = (flat_tile(np.eye(4)), np.eye(4, dtype=np.float32))
    assert "ECE before calibration" in set(score_tiles([pair])["metric"])
    assert not any("ECE" in name for name in score_tiles([pair], confident=False)["metric"])


@settings(max_examples=30)
@given(probabilities((6, 8)), arrays(bool, (6, 8)), st.integers(1, 7))
def test_pooling_tile_by_tile_equals_all_at_once(mapped, glacier, cut):
    """Pixel figures do not depend on how the ground is cut into tiles; distances may."""
    curve = CalibrationCurve(x=(0.0, 1.0), y=(0.5, 1.0))
    whole = score_tiles([(flat_tile(glacier), mapped)], curve)
    parts = [
        (flat_tile(glacier[:, part], name=str(part)), mapped[:, part])
        for part in (slice(0, cut), slice(cut, None))
    ]
    pooled = score_tiles(parts, curve)
    key = ["region", "subregion", "stratum", "metric"]
    both = whole.merge(pooled, on=key, how="outer", suffixes=("_whole", "_parts"))
    both = both[
        ~both["stratum"].str.contains("glaciers") & ~both["metric"].str.contains("distance")
    ]
    assert len(both) >= 10
    pd.testing.assert_series_equal(both["value_whole"], both["value_parts"], check_names=False)
    assert (both["count_whole"] == both["count_parts"]).all()


@settings(max_examples=30)
@given(probabilities((5, 9)), arrays(bool, (5, 9)))
def test_calibration_error_is_that_of_the_reliability_floor(mapped, glacier):
    curve = CalibrationCurve(x=(0.0, 0.4, 1.0), y=(0.5, 0.9, 1.0))
    table = score_tiles([(flat_tile(glacier), mapped)], curve)
    raw, right = entropy_confidence(mapped), (mapped > 0.5) == glacier
    assert figure(table, "ECE") == pytest.approx(
        expected_calibration_error(curve.apply(raw), right), abs=1e-6
    )
    assert figure(table, "ECE before calibration") == pytest.approx(
        expected_calibration_error(raw, right), abs=1e-6
    )


def test_the_summary_over_regions_is_that_of_numpy():
    rows = [("ALP", "", 0.5, 2), ("NZ", "", 0.9, 3), ("ALP", "ALP1", 0.1, 1), ("all", "", 0.6, 5)]
    table = pd.DataFrame(rows, columns=["region", "subregion", "value", "count"])
    summary = over_regions(table.assign(stratum="all", metric="IoU")).set_index("region")
    assert summary.loc["mean", "value"] == pytest.approx(0.7)
    assert summary.loc["standard deviation", "value"] == pytest.approx(0.2)
    assert summary.loc["mean", "count"] == 5
