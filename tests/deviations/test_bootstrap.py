import math

import numpy as np
import pandas as pd
import pytest

from glacier_core.deviations.bootstrap import (
    INTERVAL_DEFINITIONS,
    bootstrap_deviation,
    bootstrap_table,
)
from glacier_core.errors import OutlineError
from tests.deviations.boundary_processes import STEP, as_profile, exponential_rings

CASES = 200
FEWEST, MOST = 0.92, 0.98
"""Of 400 intervals that hold the truth 95 times in 100, fewer than 368 or more than 392 do so once
in 228 samples (binomial); the seeds are fixed, so that only a changed method can fall."""


def test_concentric_circles_have_closed_forms():
    radius, away, pieces = 1000.0, 30.0, 400
    profile = pd.DataFrame(
        {"distance_m": np.full(pieces, away), "length_m": 2 * math.pi * radius / pieces}
    )
    area = bootstrap_deviation(profile, "area")
    exact = math.pi * ((radius + away) ** 2 - radius**2) / 1e6
    assert area.central == pytest.approx(exact - math.pi * away**2 / 1e6)
    assert area.low == pytest.approx(area.central) == area.high
    mean = bootstrap_deviation(profile.assign(distance_m=-away), "mean")
    assert (mean.low, mean.central, mean.high) == pytest.approx((away, away, away))
    signed = bootstrap_deviation(profile.assign(distance_m=-away), "signed_mean")
    assert signed.central == pytest.approx(-away)


def test_an_interval_is_seeded_and_ordered():
    profile = as_profile(20 * exponential_rings(1, 500, 8, seed=1)[0])
    first, again = (bootstrap_deviation(profile, seed=3) for _ in range(2))
    assert first == again
    assert first != bootstrap_deviation(profile, seed=4)
    assert first.low < first.central < first.high
    wide = bootstrap_deviation(profile, level=0.99)
    assert wide.low < first.low < first.high < wide.high


def test_independent_deviations_have_the_interval_of_the_textbook():
    distance = np.random.default_rng(2).standard_normal(2000)
    found = bootstrap_deviation(as_profile(distance), "signed_mean", draws=2000)
    textbook = 1.96 * distance.std() / math.sqrt(2000)
    # The rule for the block cannot tell no correlation from that of two thirds of a cell.
    assert 0.97 * textbook < (found.high - found.low) / 2 < 1.25 * textbook


def test_area_is_the_signed_mean_times_the_length():
    profile = as_profile(20 * exponential_rings(1, 500, 8, seed=1)[0] + 3)
    area, signed = (bootstrap_deviation(profile, name) for name in ("area", "signed_mean"))
    scale = 500 * STEP / 1e6
    assert [area.low, area.central, area.high] == pytest.approx(
        [signed.low * scale, signed.central * scale, signed.high * scale]
    )


def test_rotating_a_ring_changes_little():
    distance = 20 * exponential_rings(1, 800, 8, seed=7)[0]
    one, turned = (
        bootstrap_deviation(as_profile(some), "signed_mean", draws=5000)
        for some in (distance, np.roll(distance, 300))
    )
    assert one.central == pytest.approx(turned.central)
    assert one.high - one.low == pytest.approx(turned.high - turned.low, rel=0.1)


def test_intervals_hold_the_mean_of_the_process():
    held = np.concatenate([held_means(stretches) for stretches in (12, 30)]).mean(axis=0)
    assert np.all((held >= FEWEST) & (held <= MOST)), held


def held_means(stretches):
    """Whether intervals of signed mean and mean hold those of normal deviations, (cases, 2)."""
    crossing, lean, spread = 6, 5.0, 20.0
    folded = lean / spread / math.sqrt(2)
    size = spread * math.sqrt(2 / math.pi) * math.exp(-(folded**2)) + lean * math.erf(folded)
    rings = exponential_rings(CASES, 2 * crossing * stretches, crossing, seed=stretches)
    held = np.zeros((CASES, 2))
    for case, ring in enumerate(rings):
        profile = as_profile(lean + spread * ring)
        for column, (name, truth) in enumerate([("signed_mean", lean), ("mean", size)]):
            found = bootstrap_deviation(profile, name, draws=300, seed=case)
            held[case, column] = found.low <= truth <= found.high
    return held


def test_a_short_boundary_calls_its_interval_rough():
    rings = 20 * exponential_rings(2, 1600, 40, seed=9)
    assert bootstrap_deviation(as_profile(rings[0][:150])).rough
    assert not bootstrap_deviation(as_profile(rings[1])).rough


def test_the_table_holds_a_row_a_glacier():
    rings = 20 * exponential_rings(2, 300, 5, seed=8)
    profile = pd.concat(
        [as_profile(rings[0], "first"), as_profile(rings[1], "second"), as_profile(np.ones(3), "x")]
    )
    table = bootstrap_table(profile, simulated=True, draws=300)
    assert table["glacier_id"].tolist() == ["first", "second", "x"]
    assert set(table.columns) == {"glacier_id", "simulated", *INTERVAL_DEFINITIONS}
    alone = bootstrap_deviation(as_profile(rings[1]), "mean", draws=300)
    assert table.loc[1, ["mean_low_m", "mean_high_m"]].tolist() == [alone.low, alone.high]
    assert table.loc[2, list(INTERVAL_DEFINITIONS)].isna().all()
    assert table["simulated"].all()


def test_an_empty_profile_gives_an_empty_table():
    empty = as_profile(np.ones(0))
    assert bootstrap_table(empty, simulated=False).empty


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"statistic": "median"}, "no interval of 'median'"),
        ({"level": 1.0}, "between 0 and 1"),
        ({"draws": 3}, "3 draws"),
    ],
)
def test_senseless_wishes_are_refused(wrong, words):
    with pytest.raises(OutlineError, match=words):
        bootstrap_deviation(as_profile(np.ones(20)), **wrong)


def test_a_boundary_without_an_owner_has_no_table():
    with pytest.raises(OutlineError, match="lacks glacier_id"):
        bootstrap_table(as_profile(np.ones(20)).drop(columns="glacier_id"), simulated=False)


def test_one_piece_gives_no_interval():
    with pytest.raises(OutlineError, match="1 pieces"):
        bootstrap_deviation(as_profile(np.ones(1)))
