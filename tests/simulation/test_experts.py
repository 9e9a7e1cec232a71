import dataclasses
import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from glacier_core.errors import OutlineError
from glacier_core.outlines.schema import COLUMNS
from glacier_core.simulation.ambiguity import Ambiguity, find_ambiguity
from glacier_core.simulation.experts import (
    digitise,
    expert_outlines,
    interpret,
    panel_of_experts,
    true_outlines,
)
from glacier_core.simulation.fields import fractal_field
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.habits import Habits
from glacier_core.simulation.spread import area_spread
from glacier_core.simulation.world import World, simulate_world

from .grounds import make_ground, random

GRID = Affine(30.0, 0.0, 500_000.0, 0.0, -30.0, 5_200_000.0)
CRS = "EPSG:32624"


@pytest.fixture
def labels():
    rows, columns = np.mgrid[:200, :200]
    inside = np.hypot(rows - 100, columns - 100) < 70
    hole = np.hypot(rows - 70, columns - 60) < 12
    numbers = np.where(columns < 110, 1, 2) * (inside & ~hole)
    numbers[100, 40] = 0
    numbers[5:7, 5:7] = 3
    return numbers.astype(np.int32)


def test_outlines_come_in_the_schema_largest_first(labels):
    drawn = expert_outlines(labels, GRID, CRS, seed=1)
    assert tuple(drawn.columns) == COLUMNS
    assert drawn["name"].tolist() == ["Simulated glacier 1", "Simulated glacier 2"]
    assert drawn["glacier_id"].is_unique
    assert drawn.geometry.is_valid.all()
    assert drawn["area_km2"].is_monotonic_decreasing


def test_the_hand_strays_by_about_a_pixel(labels):
    exact = gpd.GeoSeries(true_outlines(labels, GRID)[:2], crs=CRS)
    drawn = expert_outlines(labels, GRID, CRS, seed=1)
    overlap = drawn.geometry.iloc[0].intersection(exact.iloc[0]).area
    union = drawn.geometry.iloc[0].union(exact.iloc[0]).area
    assert 0.9 < overlap / union < 0.995
    points = shapely.points(shapely.get_coordinates(drawn.geometry.iloc[0].exterior))
    distance = shapely.distance(points, exact.iloc[0].exterior)
    assert 0.2 * 30.0 < distance.mean() < 1.2 * 30.0


def test_neighbours_keep_their_common_divide(labels):
    first, second = expert_outlines(labels, GRID, CRS, seed=1).geometry
    assert first.intersection(second).area < 1e-3 * second.area
    exact = true_outlines(labels, GRID)
    between = (
        shapely.union_all(exact[:2]).buffer(-150.0).difference(shapely.union_all([first, second]))
    )
    assert between.area < 1e-3 * second.area


def test_small_parts_are_not_drawn_and_nunataks_are(labels):
    drawn = expert_outlines(labels, GRID, CRS, seed=1)
    assert len(drawn) == 2
    holes = list(drawn.geometry.iloc[0].interiors)
    assert len(holes) == 1
    assert shapely.Polygon(holes[0]).area > Habits().smallest_part * 1e6


def test_one_seed_one_hand(labels):
    first, again = (expert_outlines(labels, GRID, CRS, seed=4) for _ in range(2))
    assert first.equals(again)
    other = expert_outlines(labels, GRID, CRS, seed=5)
    assert not first.geometry.iloc[0].equals(other.geometry.iloc[0])


def test_no_ice_no_outlines():
    assert len(expert_outlines(np.zeros((9, 9), dtype=np.int32), GRID, CRS, seed=0)) == 0


@pytest.fixture(scope="module")
def any_world():
    """Return a world of which the tests replace what experts look at."""
    return simulate_world(make_ground(np.zeros((40, 40), dtype=np.float32)), 1)


def valleys(debris=0.0):
    """Return labels and surface of two joined valley glaciers of about 3 km² each."""
    rows, columns = np.mgrid[:140, :110].astype(np.float32)
    rough = fractal_field(random(3), (140, 110), exponent=2.2, longest=60.0)
    inside = (np.abs(columns - 55) < 28.0 + 4.0 * rough) & (np.abs(rows - 70) < 60 + 4 * rough)
    labels = np.where(columns < 55, 1, 2) * (inside & (np.hypot(rows - 30, columns - 40) > 5))
    surface = np.where(labels > 0, SurfaceClass.ICE, SurfaceClass.FORELAND)
    surface[(labels > 0) & (rows > 130 - 120 * debris)] = SurfaceClass.DEBRIS
    patches = fractal_field(random(4), (140, 110), exponent=1.2, longest=12.0) > 2.0
    surface[patches & (labels == 0) & (rows < 70)] = SurfaceClass.SEASONAL_SNOW
    return labels.astype(np.int32), surface.astype(np.uint8)


def dress(world: World, labels, surface, shadow=None) -> World:
    shadow = np.zeros(labels.shape, dtype=np.bool_) if shadow is None else shadow
    return dataclasses.replace(world, labels=labels, surface=surface, shadow=shadow)


def doubts(labels, surface, shadow=None) -> Ambiguity:
    shadow = np.zeros(labels.shape, dtype=np.bool_) if shadow is None else shadow
    return find_ambiguity(labels, surface, shadow, 30.0, seed=1)


def spreads(world, panels):
    return np.concatenate(
        [area_spread(panel_of_experts(world, GRID, CRS, seed=seed)) for seed in range(panels)]
    )


def test_areas_of_clean_glaciers_spread_by_the_published_five_percent(any_world):
    world = dress(any_world, *valleys())
    assert 3.0 < np.median(spreads(world, 8)) < 7.0


def test_areas_of_debris_covered_glaciers_spread_by_up_to_the_published_thirty(any_world):
    world = dress(any_world, *valleys(debris=0.6))
    assert 20.0 < np.median(spreads(world, 8)) < 35.0


def test_hands_of_a_panel_stray_about_a_pixel_from_each_other_on_clean_ice(any_world):
    world = dress(any_world, *valleys())
    margins = [
        table.union_all().boundary for table in panel_of_experts(world, GRID, CRS, count=4, seed=2)
    ]
    away = [
        shapely.distance(shapely.points(shapely.get_coordinates(one.segmentize(20.0))), other)
        for one, other in itertools.pairwise(margins)
    ]
    assert 0.5 * 30.0 < np.concatenate(away).mean() < 1.3 * 30.0


def test_a_panel_draws_the_same_glaciers_without_overlap_and_with_the_same_divides(any_world):
    panel = panel_of_experts(dress(any_world, *valleys(0.6)), GRID, CRS, count=3, seed=5)
    for number, table in enumerate(panel, start=1):
        assert tuple(table.columns) == COLUMNS
        assert set(table["analyst"]) == {f"simulated expert {number}"}
        assert table["glacier_id"].tolist() == ["simulated-001", "simulated-002"]
        assert table.geometry.is_valid.all()
        first, second = table.geometry
        assert first.intersection(second).area < 1e-3
    divides = [table.geometry.iloc[0].intersection(table.geometry.iloc[1]) for table in panel]
    middle = shapely.box(GRID.c, GRID.f - 70 * 30.0, GRID.c + 3300.0, GRID.f - 45 * 30.0)
    lines = [divide.intersection(middle) for divide in divides]
    assert lines[0].length > 500.0
    assert lines[0].hausdorff_distance(lines[1]) < 1.0
    assert not panel[0].geometry.iloc[0].equals(panel[1].geometry.iloc[0])


def test_glaciers_keep_their_ids_however_large_they_are_drawn():
    labels = np.zeros((60, 120), dtype=np.int32)
    labels[10:50, 5:50] = 2
    labels[10:50, 60:100] = 1
    surface = np.where(labels > 0, SurfaceClass.ICE, SurfaceClass.ROCK).astype(np.uint8)
    surface[10:45, 5:50] = SurfaceClass.DEBRIS
    table = digitise(
        doubts(labels, surface), GRID, CRS, habits=Habits(debris_share=0.5), seed=1, analyst="A"
    ).set_index("glacier_id")
    assert table.loc["simulated-001", "area_km2"] < table.loc["simulated-002", "area_km2"]
    assert table.loc["simulated-001"].geometry.centroid.x < GRID.c + 50 * 30.0


def test_who_knows_the_truth_takes_it_for_ice():
    labels, surface = valleys(debris=0.5)
    shadow = np.zeros(labels.shape, dtype=np.bool_)
    shadow[:, :50] = True
    taken = interpret(doubts(labels, surface, shadow), Habits(), random())
    assert (taken == (labels > 0)).all()


@pytest.mark.parametrize("share", [0.4, 0.7, 1.2])
def test_the_share_of_the_debris_that_is_drawn(share):
    labels, surface = valleys(debris=0.5)
    ambiguity = doubts(labels, surface)
    taken = interpret(ambiguity, Habits(debris_share=share), random())
    covered = (ambiguity.debris > 0) & (ambiguity.debris <= 1)
    added = taken & (labels == 0)
    drawn = ((taken & covered).sum() + added.sum()) / covered.sum()
    assert drawn == pytest.approx(share, abs=0.01)
    assert added.any() == (share > 1)


def test_less_debris_is_drawn_up_the_tongue_first():
    labels, surface = valleys(debris=0.5)
    taken = interpret(doubts(labels, surface), Habits(debris_share=0.6), random())
    lost = (labels > 0) & ~taken
    assert np.nonzero(lost)[0].mean() > np.nonzero(taken & (labels > 0))[0].mean() + 40


def test_snow_patches_up_to_the_habitual_size_are_drawn():
    labels, surface = valleys()
    labels[:] = 0
    labels[30:90, 30:90] = 1
    surface[:] = SurfaceClass.ROCK
    surface[labels > 0] = SurfaceClass.SNOW
    surface[40:50, 90:94] = SurfaceClass.SEASONAL_SNOW  # 0.036 km²
    surface[60:64, 90:94] = SurfaceClass.PERENNIAL_SNOW  # 0.0144 km²
    surface[100:104, 10:14] = SurfaceClass.SEASONAL_SNOW  # far off
    ambiguity = doubts(labels, surface)
    counts = [
        int((interpret(ambiguity, Habits(snow_patches=size), random()) & (labels == 0)).sum())
        for size in (0.0, 0.01, 0.02, 0.05)
    ]
    assert counts == [0, 0, 16, 56]


@pytest.mark.parametrize("pixels", [-3.0, 3.0])
def test_the_line_is_moved_in_shadow_only(pixels):
    labels = np.zeros((80, 80), dtype=np.int32)
    labels[20:60, 20:60] = 1
    surface = np.where(labels > 0, SurfaceClass.ICE, SurfaceClass.ROCK).astype(np.uint8)
    shadow = np.zeros((80, 80), dtype=np.bool_)
    shadow[:40] = True
    taken = interpret(doubts(labels, surface, shadow), Habits(shadow=pixels), random())
    changed = taken != (labels > 0)
    assert not changed[~shadow].any()
    assert taken.sum() - (labels > 0).sum() == pytest.approx(pixels * 80, rel=0.35)


def test_the_line_leans_outwards_by_its_pixels():
    labels = np.zeros((80, 80), dtype=np.int32)
    labels[20:60, 20:60] = 1
    surface = np.where(labels > 0, SurfaceClass.ICE, SurfaceClass.ROCK).astype(np.uint8)
    inner, outer = (
        digitise(doubts(labels, surface), GRID, CRS, habits=Habits(lean=lean), seed=1, analyst="A")
        for lean in (-0.5, 0.5)
    )
    between = outer.area.sum() - inner.area.sum()
    assert between == pytest.approx(inner.length.sum() * 30.0, rel=0.1)


def test_glaciers_end_with_the_scene():
    labels = np.ones((60, 60), dtype=np.int32)
    labels[:, 40:] = 0
    surface = np.where(labels > 0, SurfaceClass.ICE, SurfaceClass.ROCK).astype(np.uint8)
    drawn = digitise(doubts(labels, surface), GRID, CRS, habits=Habits(), seed=1, analyst="A")
    west, south, east, north = drawn.total_bounds
    assert (west, south, north) == pytest.approx((GRID.c, GRID.f - 1800.0, GRID.f))
    assert east == pytest.approx(GRID.c + 1200.0, abs=150.0)


def test_who_sees_no_ice_draws_nothing():
    labels = np.zeros((60, 60), dtype=np.int32)
    labels[10:50, 10:50] = 1
    surface = np.where(labels > 0, SurfaceClass.DEBRIS, SurfaceClass.ROCK).astype(np.uint8)
    habits = Habits(debris_share=-1.0)
    drawn = digitise(doubts(labels, surface), GRID, CRS, habits=habits, seed=1, analyst="A")
    assert len(drawn) == 0


def test_one_seed_one_panel(any_world):
    world = dress(any_world, *valleys(0.3))
    first, again, other = (
        panel_of_experts(world, GRID, CRS, count=1, seed=seed)[0] for seed in (4, 4, 5)
    )
    assert first.equals(again)
    assert not first.geometry.iloc[0].equals(other.geometry.iloc[0])


def test_a_panel_of_nobody_is_refused(any_world):
    with pytest.raises(OutlineError, match="one or more"):
        panel_of_experts(dress(any_world, *valleys()), GRID, CRS, count=0, seed=1)
