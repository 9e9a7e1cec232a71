"""Pixel scores against scikit-learn and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from glacier_core.deviations.pixels import PixelScores, ceiling, score_pixels

masks = hnp.arrays(bool, (6, 7))


def test_counts_by_hand():
    predicted = np.array([[1, 1, 0, 0, 1]], dtype=bool)
    expert = np.array([[1, 0, 1, 0, 1]], dtype=bool)
    mapped = np.array([[1, 1, 1, 1, 0]], dtype=bool)
    found = score_pixels(predicted, expert, mapped)
    assert found == PixelScores(1, 1, 1, 1, unmapped=1)
    assert (found.pixels, found.iou, found.f1) == (4, 1 / 3, 1 / 2)
    assert found.unmapped_percent == 20


def test_only_the_domain_counts():
    everything = np.ones((2, 2), dtype=bool)
    domain = np.array([[1, 0], [0, 0]], dtype=bool)
    assert score_pixels(everything, everything, everything, domain) == PixelScores(1, 0, 0, 0)


@settings(deadline=None)
@given(masks, masks, masks, masks)
def test_agrees_with_scikit_learn(predicted, expert, mapped, domain):
    found = score_pixels(predicted, expert, mapped, domain)
    counted = mapped & domain
    ours, theirs = predicted[counted], expert[counted]
    assert found.pixels == counted.sum()
    assert found.unmapped == (domain & ~mapped).sum()
    if (ours | theirs).any():
        assert found.iou == pytest.approx(metrics.jaccard_score(theirs, ours))
        assert found.f1 == pytest.approx(metrics.f1_score(theirs, ours))
    if ours.any():
        assert found.precision == pytest.approx(metrics.precision_score(theirs, ours))
    if theirs.any():
        assert found.recall == pytest.approx(metrics.recall_score(theirs, ours))


def test_undefined_scores_are_nan_without_a_warning():
    nothing = np.zeros((2, 2), dtype=bool)
    found = score_pixels(nothing, nothing, nothing)
    undefined = (found.iou, found.f1, found.precision, found.recall)
    assert all(math.isnan(score) for score in undefined)
    assert found.unmapped_percent == 100


def test_a_domain_without_pixels_is_undefined():
    nothing = np.zeros((2, 2), dtype=bool)
    assert math.isnan(score_pixels(nothing, nothing, ~nothing, nothing).unmapped_percent)


def test_ceiling_is_the_score_of_a_truthful_map():
    expert = np.array([[1, 1, 1, 0, 0, 0]], dtype=bool)
    neighbour = np.array([[0, 0, 0, 1, 1, 0]], dtype=bool)
    scored = np.array([[1, 1, 1, 1, 0, 1]], dtype=bool)
    assert ceiling(expert, neighbour, scored) == 3 / 4
    assert (
        ceiling(expert, neighbour, scored) == score_pixels(expert | neighbour, expert, scored).iou
    )
    assert ceiling(expert, np.zeros_like(expert), scored) == 1


@given(masks, masks, masks)
def test_no_truthful_map_beats_the_ceiling(expert, other, scored):
    """Calling less of the neighbour ice is the only way above it."""
    neighbour = other & ~expert
    best = ceiling(expert, neighbour, scored)
    if not math.isnan(best):
        for predicted in (expert & other | neighbour, neighbour):
            assert score_pixels(predicted, expert, scored).iou <= best
