from dataclasses import replace

import numpy as np
import pytest

from glacier_core.errors import SceneError
from glacier_core.outlines.rasterizing import rasterize
from glacier_core.simulation.demonstrations import RECIPES
from glacier_core.simulation.series import simulate_series

YEARS = (1980, 2020)


SIZE = 200  # px


@pytest.fixture(scope="module")
def series():
    """Return a series of small scenes of a small ice cap."""
    recipe = RECIPES["ice-cap"]
    small = replace(recipe, terrain=replace(recipe.terrain, cells=64))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, "ice-cap", small)
        patch.setattr("glacier_core.simulation.series.SIZE", SIZE)
        return simulate_series(7, "ice-cap", YEARS, equilibrium_line_rise=4.0)


def test_scenes_are_dated_simulated_and_of_one_place(series):
    assert [scene.attributes.acquired.year for scene in series] == list(YEARS)
    assert len({scene.id for scene in series}) == 2
    for scene in series:
        assert scene.simulated
        assert scene.title.startswith("Simulated")
        assert scene.shape == (SIZE, SIZE)
        assert scene.transform == series[0].transform
        assert scene.crs == series[0].crs
        assert any("fictitious" in note for note in scene.attributes.notes)


def test_glaciers_shrink_under_their_lasting_names(series):
    first, last = (scene.outlines.set_index("glacier_id")["area_km2"] for scene in series)
    assert last.sum() < 0.95 * first.sum()
    assert first.index.is_unique
    assert last.index.is_unique
    for name in last.index:
        root = name.split(".")[0]
        assert root in first.index
        remains = last[last.index.str.split(".").str[0] == root].sum()
        assert remains < 1.15 * first[root] + 0.2
    assert (series[1].outlines["date"] == "2020").all()


def test_only_what_melted_looks_different(series):
    drawn = [rasterize(s.outlines, s.transform, s.shape, s.crs) for s in series]
    first, last = (scene.data["optical"].to_numpy() for scene in series)
    heights = [scene.data["elevation"].to_numpy() for scene in series]
    never = ~drawn[0] & ~drawn[1]
    melted = drawn[0] & ~drawn[1]
    assert melted.sum() * 0.0009 > 0.3
    change = np.abs(last - first)[0]
    assert np.median(change[melted]) > 3.0 * np.median(change[never])
    assert np.median(np.abs(heights[1] - heights[0])[never]) < 1.0
    assert np.median((heights[1] - heights[0])[melted]) < -5.0


def test_unknown_styles_seeds_and_years_are_refused():
    with pytest.raises(SceneError, match="valley, debris, ice-cap"):
        simulate_series(1, "moon")
    with pytest.raises(SceneError, match="from 0 up"):
        simulate_series(-1)
    with pytest.raises(SceneError, match="dates that rise"):
        simulate_series(1, "valley", (2000, 1990))
