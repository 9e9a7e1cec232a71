"""How sure a map is, as it leaves the program."""

from dataclasses import replace

import numpy as np
import pytest

import glacier_core as gc
from glacier_core.confidence.band import outline_band
from glacier_core.reporting.doubt import doubt_facts, measure_doubt
from tests.tiny_world import tiny_map, tiny_scene


@pytest.fixture(scope="module")
def world():
    scene = tiny_scene(simulated=True)
    result = tiny_map(scene)
    return scene, result, gc.compare(result, scene.outlines)


def test_areas_are_those_of_the_band_and_of_the_interval(world):
    scene, result, _ = world
    areas = measure_doubt(result, scene, None).areas.set_index("quantity")["area_km2"]
    band, interval = outline_band(result), gc.mapped_area_interval(result)
    assert areas["sure"] == band.low_km2
    assert areas["mapped"] == pytest.approx(result.area_km2(), rel=1e-6)
    assert areas["possible"] == band.high_km2
    assert areas["interval, low"] == interval.low_km2
    assert areas["interval, high"] == interval.high_km2


def test_with_experts_the_distances_and_the_errors_are_told_too(world):
    scene, result, comparison = world
    doubt = measure_doubt(result, scene, comparison)
    assert [name for name, _ in doubt.tables()] == [
        "area-uncertainty",
        "look-here-first",
        "distance-intervals",
        "strata",
    ]
    assert list(doubt.band.glaciers["glacier_id"]) == list(comparison.expert["glacier_id"])
    told = doubt_facts(doubt)["doubt"]
    shares = next(table for table in told["tables"] if "disagree" in table["title"])["rows"]
    assert shares
    for division in {row[0].split(":")[0] for row in shares}:
        parts = [float(row[2].split()[0]) for row in shares if row[0].startswith(f"{division}:")]
        assert len(parts) > 1
        assert sum(parts) == pytest.approx(100, abs=len(parts))


def test_every_table_says_whether_it_is_simulated(world):
    scene, result, comparison = world
    for name, table in measure_doubt(result, scene, comparison).tables():
        assert table["simulated"].all(), name


def test_of_a_map_without_a_mapped_pixel_nothing_is_told(world):
    scene, result, _ = world
    empty = replace(result, data=result.data.assign(unmapped=result.data["unmapped"] | True))
    assert np.all(empty.unmapped)
    assert measure_doubt(empty, scene, None) is None
    assert doubt_facts(None) == {"doubt": None}
