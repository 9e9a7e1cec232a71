"""Disagreement in closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.confidence.disagreement import Disagreement
from glacier_core.errors import ModelError


def asked(*probabilities):
    gathered = Disagreement()
    for probability in probabilities:
        gathered.add(np.atleast_1d(np.float32(probability)))
    return gathered


def test_one_opinion_disagrees_with_none():
    gathered = asked([0.1, 0.5, 0.9])
    np.testing.assert_allclose(gathered.probability, [0.1, 0.5, 0.9], rtol=1e-6)
    np.testing.assert_allclose(gathered.standard_deviation, 0, atol=1e-6)
    np.testing.assert_allclose(gathered.mutual_information, 0, atol=1e-6)


def test_two_sure_opposites_share_no_information_at_all():
    gathered = asked([0.0], [1.0])
    assert gathered.probability == pytest.approx([0.5])
    assert gathered.standard_deviation == pytest.approx([0.5])
    assert gathered.mutual_information == pytest.approx([1.0], abs=1e-4)


def test_undecided_opinions_that_agree_are_no_disagreement():
    """Raw doubt is whole, disagreement none: what tells the two apart."""
    assert asked([0.5], [0.5], [0.5]).mutual_information == pytest.approx([0.0], abs=1e-6)


def test_mutual_information_of_two_probabilities():
    """H(1/2) - (H(1/4) + H(3/4)) / 2 = 1 - (2 - 3/4 log2 3)."""
    gathered = asked([0.25], [0.75])
    assert gathered.mutual_information == pytest.approx([0.75 * np.log2(3) - 1], abs=1e-6)
    assert gathered.standard_deviation == pytest.approx([0.25])


def test_what_was_not_mapped_stays_so():
    gathered = asked([np.nan, 0.2], [np.nan, 0.4])
    for layer in (
        gathered.probability,
        gathered.standard_deviation,
        gathered.mutual_information,
    ):
        assert list(np.isnan(layer)) == [True, False]
        assert layer.dtype == np.float32


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=9))
def test_against_numpy_in_any_number(values):
    gathered = asked(*([value] for value in values))
    assert gathered.opinions == len(values)
    assert gathered.probability[0] == pytest.approx(np.mean(values), abs=1e-6)
    assert gathered.standard_deviation[0] == pytest.approx(np.std(values), abs=1e-6)
    assert 0 <= gathered.mutual_information[0] <= 1


def test_nothing_asked_is_an_error():
    with pytest.raises(ModelError, match="add an opinion first"):
        _ = Disagreement().probability


def test_opinions_of_other_pixels_are_refused():
    gathered = asked([0.1, 0.2])
    with pytest.raises(ModelError, match="of the same pixels"):
        gathered.add(np.float32([0.1]))
