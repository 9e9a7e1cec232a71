import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from glacier_core.outlines.schema import COLUMNS
from glacier_core.simulation.experts import SMALLEST_PART, expert_outlines, true_outlines

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
    assert shapely.Polygon(holes[0]).area > SMALLEST_PART * 1e6


def test_one_seed_one_hand(labels):
    first, again = (expert_outlines(labels, GRID, CRS, seed=4) for _ in range(2))
    assert first.equals(again)
    other = expert_outlines(labels, GRID, CRS, seed=5)
    assert not first.geometry.iloc[0].equals(other.geometry.iloc[0])


def test_no_ice_no_outlines():
    assert len(expert_outlines(np.zeros((9, 9), dtype=np.int32), GRID, CRS, seed=0)) == 0
