"""Outlines as they come: slivers, broken rings, other dates, a great many vertices."""

import time

import numpy as np
import pytest
import shapely

import glacier_core as gc
from glacier_core.deviations.distance import distance_deviation
from glacier_core.errors import OutlineError

from .maps import SIDE, block, box, experts, glacier_map

SHAPE = (60, 80)
RIGHT = block(SHAPE, (20, 40), (20, 50))


def wobbly(vertices, phase, x=0.0):
    """Return an outline of 125 km around with bays of every size."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radius = 20_000 + 200 * np.sin(9 * angle) + 40 * np.sin(300 * angle + phase)
    return shapely.Polygon(np.stack([x + radius * np.cos(angle), radius * np.sin(angle)], axis=1))


def test_a_sliver_beside_the_outline_changes_next_to_nothing():
    """A strip of a centimetre, left over where outlines were cut, holds no pixel."""
    _, south, east, north = box((20, 40), (20, 50)).bounds
    sliver = shapely.box(east + 100, south, east + 100.01, north)
    found = gc.compare(glacier_map(RIGHT), experts(box((20, 40), (20, 50)), sliver))
    glacier, strip = (row for _, row in found.glaciers.iterrows())
    assert glacier["area_deviation_percent"] == pytest.approx(0, abs=1e-6)
    assert glacier["hausdorff_m"] == pytest.approx(0, abs=1e-3)
    assert strip["expert_area_km2"] < 1e-5
    assert np.isnan(strip["hausdorff_m"])
    assert found.groups["kind"].tolist() == ["one to one", "missed"]


def test_everything_is_glacier():
    """No margin to profile, and one body that merges what the expert divided."""
    found = gc.compare(
        glacier_map(np.ones(SHAPE, dtype=bool)),
        experts(box((20, 40), (20, 35)), box((20, 40), (40, 50))),
    )
    assert found.profile.empty
    assert found.groups["kind"].tolist() == ["merged"]
    assert found.glaciers["boundary_left_out_percent"].tolist() == pytest.approx([100, 100])


def test_nothing_is_glacier():
    found = gc.compare(glacier_map(np.zeros(SHAPE, dtype=bool)), experts(box((20, 40), (20, 50))))
    assert found.groups["kind"].tolist() == ["missed"]
    assert found.groups["area_deviation_percent"].tolist() == [-100]


def test_one_glacier_at_two_dates_is_refused():
    """Both would be compared with the same ice."""
    outlines = experts(
        box((20, 40), (20, 50)), box((20, 40), (20, 54)), date=["2020", "1985"], ids=["new", "old"]
    )
    with pytest.raises(OutlineError, match=r"new and old.*one date"):
        gc.compare(glacier_map(RIGHT), outlines)


def test_two_glaciers_of_different_dates_keep_theirs():
    outlines = experts(box((20, 40), (20, 35)), box((20, 40), (35, 50)), date=["2020", "1985"])
    found = gc.compare(glacier_map(RIGHT), outlines)
    assert found.glaciers["expert_date"].tolist() == ["2020", "1985"]
    assert found.provenance["expert"]["dates"] == ["1985", "2020"]


def test_an_outline_that_crosses_itself_is_refused_by_name():
    bow = shapely.transform(
        shapely.Polygon([(0, 0), (20, 20), (20, 0), (0, 20)]),
        lambda places: np.array(box((20, 40), (20, 40)).bounds[:2]) + SIDE * places,
    )
    with pytest.raises(OutlineError, match=r"g1.*read_outlines"):
        gc.compare(glacier_map(RIGHT), experts(bow))


def test_a_quarter_of_a_million_vertices_take_seconds():
    """Both outlines together. The time grows with the number of vertices, not its square."""
    expert, predicted = wobbly(125_000, 0.0), wobbly(125_000, 1.0, x=30.0)
    start = time.process_time()
    found = distance_deviation(predicted, expert)
    assert time.process_time() - start < 10
    assert 0 < found.mean < found.hausdorff < 150
