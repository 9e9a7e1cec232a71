import numpy as np
import pytest

from glacier_core.benchmark.strata import CALVING, SMALL, domains, pixel_size
from glacier_core.simulation.ground import SurfaceClass
from tests.benchmark.tiles import figure, flat_tile, score_tiles


def zone(tile, stratum):
    return next(domain for domain in domains(tile) if domain.stratum == stratum)


def test_a_pixel_is_as_large_as_on_the_ellipsoid():
    height, width = pixel_size(flat_tile(np.zeros((100, 50))))
    assert height == pytest.approx(10, rel=0.01)
    assert width == pytest.approx(10, rel=0.01)


def test_a_glacier_is_small_below_a_square_kilometre_and_not_when_cut_by_the_tile():
    glacier = np.zeros((60, 90), bool)  # pixels of 100 m
    glacier[5:14, 5:14] = True  # 0.81 km²
    glacier[30:41, 30:41] = True  # 1.21 km²
    glacier[50:53, 88:90] = True  # 0.06 km², but who knows beyond the edge
    small = zone(flat_tile(glacier, metres=100), SMALL)
    assert small.glaciers == 1
    assert small.pixels[5:14, 5:14].all()
    assert small.pixels[9, 15]  # within 300 m of it
    assert not small.pixels[9, 17]
    assert not small.pixels[30:41, 30:41].any()


def test_background_belongs_to_the_nearer_glacier():
    glacier = np.zeros((40, 60), bool)
    glacier[2:12, 2:4] = True  # small
    glacier[1:30, 8:30] = True  # 6 km²
    small = zone(flat_tile(glacier, metres=100), SMALL)
    assert small.pixels[6, 5]
    assert not small.pixels[6, 6]


def test_small_glaciers_are_scored_in_their_zones_and_counted():
    glacier = np.zeros((60, 90), bool)
    glacier[10:14, 10:14] = glacier[40:44, 60:64] = True
    mapped = glacier.astype(np.float32)
    mapped[40:44, 60:62] = 0  # half of one is missed
    mapped[30, 30] = 1  # far from any: no business of theirs
    table = score_tiles([(flat_tile(glacier, metres=100), mapped)])
    assert figure(table, "IoU", stratum=SMALL) == 24 / 32
    assert figure(table, "IoU", stratum=SMALL, column="count") == 2
    assert figure(table, "IoU") == 24 / 33


def test_glaciers_that_end_in_water_touch_it():
    glacier = np.zeros((20, 30), bool)
    glacier[5:8, 5:8] = glacier[5:8, 20:23] = True
    surface = np.full(glacier.shape, SurfaceClass.ROCK, np.uint8)
    surface[8, 8] = SurfaceClass.WATER  # a corner suffices
    calving = zone(flat_tile(glacier, metres=100, surface=surface), CALVING)
    assert calving.glaciers == 1
    assert calving.pixels[5:8, 5:8].all()
    assert not calving.pixels[:, 20:].any()


def test_no_tile_without_glaciers_has_a_figure_of_them():
    table = score_tiles([(flat_tile(np.zeros((5, 5))), np.zeros((5, 5), np.float32))])
    assert SMALL not in set(table["stratum"])
    assert "IoU" not in set(table["metric"])  # nothing over nothing
    assert figure(table, "accuracy") == 1
