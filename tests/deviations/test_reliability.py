import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS
from shapely import box

from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.deviations.comparison import compare
from glacier_core.deviations.reliability import scene_reliability
from glacier_core.inference.result import make_map
from glacier_core.outlines.schema import to_schema

SIDE = 30.0
SHAPE = (60, 80)
TRANSFORM = Affine(SIDE, 0, 500_000, 0, -SIDE, 5_100_000)
TRUTH = np.zeros(SHAPE, dtype=bool)
TRUTH[20:40, 30:50] = True


@pytest.fixture
def result():
    random = np.random.default_rng(3)
    probability = np.where(TRUTH, 0.8, 0.2) + random.uniform(-0.4, 0.19, SHAPE)
    probability = np.clip(probability, 0.01, 0.99).astype(np.float32)
    probability[:5] = np.nan
    confidence = np.clip(0.6 + 0.4 * entropy_confidence(probability), 0, 1).astype(np.float32)
    attributes = {"id": "made", "title": "Made for a test", "simulated": True}
    provenance = {
        "key": "0" * 64,
        "scene": {"attributes": attributes},
        "model": {"name": "none"},
        "notes": [],
    }
    return make_map(
        probability,
        confidence,
        transform=TRANSFORM,
        crs=CRS.from_epsg(32611),
        provenance=provenance,
    )


@pytest.fixture
def expert():
    west, north = TRANSFORM @ (30, 20)
    east, south = TRANSFORM @ (50, 40)
    return to_schema([box(west, south, east, north)], "EPSG:32611", glacier_id=["one"])


def expected_bins(confidence, right, bins=10):
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        (int((place == k).sum()), right[place == k].mean())
        for k in range(bins)
        if (place == k).any()
    ]


def within(distance_px):
    rows, columns = np.indices(SHAPE)
    away_y = np.maximum(np.maximum(20 - rows, rows - 39), 0)
    away_x = np.maximum(np.maximum(30 - columns, columns - 49), 0)
    return np.hypot(away_x, away_y) <= distance_px


@pytest.mark.parametrize("everywhere", [True, False])
def test_bins_hold_the_pixels_where_map_and_expert_agree(result, expert, everywhere):
    found = scene_reliability(result, compare(result, expert, buffer_m=150), everywhere=everywhere)
    probability = result.probability.to_numpy()
    counted = np.isfinite(probability) & (everywhere | within(5))
    right = ((probability > 0.5) == TRUTH)[counted]
    for bins, confidence in (
        (found.raw, entropy_confidence(probability)),
        (found.calibrated, result.confidence.to_numpy()),
    ):
        expected = expected_bins(confidence[counted].astype(float), right)
        assert [bin_.count for bin_ in bins] == [count for count, _ in expected]
        np.testing.assert_allclose(
            [bin_.accuracy for bin_ in bins], [share for _, share in expected]
        )
    assert sum(bin_.count for bin_ in found.raw) == counted.sum()


def test_errors_are_mean_gaps_between_confidence_and_accuracy(result, expert):
    found = scene_reliability(result, compare(result, expert), everywhere=True)
    probability = result.probability.to_numpy()
    counted = np.isfinite(probability)
    right = ((probability > 0.5) == TRUTH)[counted]
    confidence = result.confidence.to_numpy()[counted].astype(float)
    place = np.minimum((confidence * 100).astype(int), 99)
    gaps = [
        abs(confidence[place == k].sum() - right[place == k].sum())
        for k in range(100)
        if (place == k).any()
    ]
    assert found.calibrated_error == pytest.approx(sum(gaps) / counted.sum(), abs=1e-6)


def test_it_says_what_it_was_measured_on(result, expert):
    comparison = compare(result, expert, buffer_m=90)
    assert scene_reliability(result, comparison).dataset == (
        "Made for a test, within 90 m of the expert outlines"
    )
    assert "every mapped pixel" in scene_reliability(result, comparison, everywhere=True).dataset
    assert scene_reliability(result, comparison).simulated
