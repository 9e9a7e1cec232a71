"""Seasons by latitude: at every place one, and the right half of the year."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.archives.seasons import suggested_season
from glacier_core.errors import SourceError


@given(st.floats(-90, 90))
def test_every_latitude_has_a_season_of_months_in_a_row(latitude):
    months = suggested_season(latitude).months
    assert 2 <= len(months) <= 4
    assert all(1 <= month <= 12 for month in months)
    assert all(after % 12 == (before + 1) % 12 for before, after in itertools.pairwise(months))


@given(st.floats(24, 90))
def test_the_ends_of_summer_are_half_a_year_apart(latitude):
    north, south = suggested_season(latitude).months, suggested_season(-latitude).months
    assert not set(north) & set(south)
    assert set(north) <= {7, 8, 9, 10, 11}
    assert set(south) <= {1, 2, 3}


@pytest.mark.parametrize(
    ("latitude", "months", "word"),
    [
        (46.5, (8, 9), "summer"),
        (78.5, (7, 8), "Arctic"),
        (28.0, (9, 10, 11), "monsoon"),
        (0.5, (12, 1, 2), "equator"),
        (-9.0, (6, 7, 8, 9), "tropics"),
        (-43.5, (2, 3), "southern summer"),
        (-78.0, (1, 2), "Antarctic"),
    ],
)
def test_known_places(latitude, months, word):
    season = suggested_season(latitude)
    assert season.months == months
    assert word in season.sentence


@pytest.mark.parametrize("latitude", [91, -91, float("nan")])
def test_no_latitude(latitude):
    with pytest.raises(SourceError, match="between -90 and 90"):
        suggested_season(latitude)
