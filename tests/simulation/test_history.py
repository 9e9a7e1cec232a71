from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from glacier_core.errors import SceneError
from glacier_core.simulation.balance import MassBalance
from glacier_core.simulation.history import (
    STEADY_CHANGE,
    advance,
    follow_climate,
    simulate_history,
    steady_state,
)
from glacier_core.simulation.ice import flow
from glacier_core.simulation.terrain import CELL, REFINEMENT, GlaciatedGround, draw_style
from glacier_core.simulation.windows import PreparedTerrain, cut_north_up

from .grounds import random

YEARS = (1960, 1990, 2020)


@pytest.fixture(scope="module")
def ground():
    """Return two valleys that join above a hollow in the valley floor."""
    rows, columns = np.mgrid[:64, :48].astype(np.float64)
    apart = np.maximum(30.0 - rows, 0.0) * 0.45
    beside = np.minimum(np.abs(columns - 24.0 - apart), np.abs(columns - 24.0 + apart))
    hollow = 200.0 * np.exp(-0.5 * ((rows - 34.0) ** 2 + (columns - 24.0) ** 2) / 3.5**2)
    bed = 3000.0 - 26.0 * rows + np.minimum(5.0 * beside**2, 400.0) - hollow
    style = replace(draw_style(random()), open_sides=(False, False, True, False))
    return GlaciatedGround(
        seed=0,
        style=replace(style, gradient=0.009, accumulation_cap=1.5),
        bed=bed,
        thickness=np.zeros_like(bed),
        equilibrium_line=np.full_like(bed, 2750.0),
        unevenness=random().standard_normal((192, 144)).astype(np.float32),
    )


@pytest.fixture(scope="module")
def warming(ground):
    return follow_climate(ground, YEARS, 4.0)


def cone():
    """Return a mountain with symmetry in all eight directions, and its balance."""
    axis = np.abs(np.arange(33) - 16.0)
    bed = 1200.0 - 28.0 * np.hypot(axis[:, None], axis[None, :])
    return bed, MassBalance(950.0, 0.01, 1.5)


@pytest.fixture(scope="module")
def balanced_cone():
    bed, balance = cone()
    return steady_state(bed, np.zeros_like(bed), balance, cell=100.0, change=1e-5)


def test_warming_shrinks_every_date_and_bares_what_ice_covered(warming):
    areas = [state.area_km2 for state in warming.states]
    volumes = [state.volume_km3 for state in warming.states]
    assert areas[0] > areas[1] > areas[2] > 0.2
    assert volumes[0] > volumes[1] > volumes[2] > 0.0
    first, _, last = (state.labels > 0 for state in warming.states)
    assert (last & ~first).sum() < 0.01 * last.sum()


def test_cooling_grows(ground, warming):
    start = replace(ground, thickness=warming.start.thickness)
    cooling = follow_climate(start, (0.0, 40.0), lambda years: -3.0 * years)
    assert cooling.states[1].equilibrium_line_rise == pytest.approx(-120.0)
    assert cooling.states[1].area_km2 > 1.02 * cooling.states[0].area_km2
    assert cooling.states[1].volume_km3 > 1.02 * cooling.states[0].volume_km3


def test_without_a_change_of_climate_little_changes(ground, warming):
    start = replace(ground, thickness=warming.start.thickness)
    same = follow_climate(start, (0.0, 20.0), 0.0)
    change = same.states[1].volume_km3 / same.states[0].volume_km3 - 1.0
    assert abs(change) < 20.0 * STEADY_CHANGE


def test_states_are_ground_to_stand_scenes_on(warming):
    for state in warming.states:
        terrain = state.terrain
        assert terrain.elevation.shape == (64 * REFINEMENT, 48 * REFINEMENT)
        assert np.isfinite(terrain.elevation).all()
        assert terrain.procedural
        assert terrain.complete
        assert state.thickness.min() >= 0.0
        assert (terrain.elevation >= state.bed).all()
        window = cut_north_up(PreparedTerrain(terrain), random(), (90.0, 70.0), 64, 30.0)
        assert set(np.unique(window.labels)) <= set(warming.parents) | {0}


def test_ground_that_never_saw_ice_stays_as_it_is(warming):
    never = ~np.any([state.thickness > 0.5 for state in warming.states], axis=0)
    # The surface is refined by cubic splines, which carry a margin two cells further.
    far = ndimage.binary_erosion(never, iterations=2, border_value=1)
    fine = np.kron(far, np.ones((REFINEMENT, REFINEMENT))) > 0
    first, last = warming.states[0].terrain.elevation, warming.states[-1].terrain.elevation
    assert fine.mean() > 0.05
    assert np.abs(first - last)[fine].max() < 2.0


def test_lakes_lie_level_in_hollows_that_ice_has_left(warming):
    lakes = [state.lakes for state in warming.states]
    assert lakes[-1].sum() > lakes[0].sum()
    last = warming.states[-1]
    assert not (last.lakes & (last.labels > 0)).any()
    assert (last.terrain.elevation[last.lakes] > last.bed[last.lakes]).all()
    once = warming.states[0].thickness > 5.0
    around = np.kron(once, np.ones((REFINEMENT, REFINEMENT))) > 0
    assert around[last.lakes].mean() > 0.9
    window = cut_north_up(PreparedTerrain(last.terrain), random(), (90.0, 70.0), 120, CELL / 3)
    assert window.lakes.any()
    assert not (window.lakes & window.glacier).any()


def test_numbers_last_and_children_are_named_after_their_parents(warming):
    table = warming.areas()
    assert warming.children
    for child, parent in warming.parents.items():
        assert parent < child
        if parent:
            assert child in warming.children[parent]
            assert warming.name(child).startswith(warming.name(parent) + ".")
            born = table[table["glacier"] == child]["year"].min()
            assert born > YEARS[0]
    assert table["name"].nunique() == table["glacier"].nunique()
    for state in warming.states:
        total = table[table["year"] == state.year]["area_km2"].sum()
        assert total == pytest.approx(state.area_km2)


def test_nunataks_are_ground_inside_ice(warming):
    for state in warming.states:
        assert not (state.nunataks & (state.labels > 0)).any()
    hollow = warming.states[0]
    labels = np.zeros((9, 9), dtype=np.int32)
    labels[2:7, 2:7] = 1
    labels[4, 4] = 0
    ring = replace(hollow, terrain=replace(hollow.terrain, labels=labels))
    assert np.argwhere(ring.nunataks).tolist() == [[4, 4]]


def test_balance_is_reached_and_kept(balanced_cone):
    bed, balance = cone()
    assert balanced_cone.change <= 1e-5
    ice = balanced_cone.thickness
    later = advance(bed, ice, balance, lambda _: 0.0, (0.0, 100.0), cell=100.0)
    assert later.sum() == pytest.approx(ice.sum(), rel=0.002)


def test_balanced_ice_gains_where_it_lies_high_what_it_loses_below(balanced_cone):
    """Ice that flows off the margin and melts there within a step leaves no thickness behind."""
    bed, balance = cone()
    ice = balanced_cone.thickness
    rate = balance.rate(bed + ice, 100.0)
    gain = rate[rate > 0.0].sum()
    melting = np.where(rate < 0.0, -rate, 0.0)
    assert gain > 50.0
    assert melting[ice > 0.0].sum() < gain < melting[ndimage.binary_dilation(ice > 0.0)].sum()


def test_balance_does_not_depend_on_the_step(balanced_cone, monkeypatch):
    bed, balance = cone()
    monkeypatch.setattr("glacier_core.simulation.ice.STABLE_FRACTION", 0.07)
    monkeypatch.setattr("glacier_core.simulation.ice.STEPS_PER_BALANCE", 3)
    other = steady_state(bed, np.zeros_like(bed), balance, cell=100.0, change=1e-5).thickness
    assert other.sum() == pytest.approx(balanced_cone.thickness.sum(), rel=2e-4)
    assert np.abs(other - balanced_cone.thickness).max() < 0.005 * other.max()


def test_balance_hardly_depends_on_the_start(balanced_cone):
    """Higher ice melts less, so a glacier that comes from a larger one stays a little larger."""
    bed, balance = cone()
    ice = balanced_cone.thickness
    from_above = steady_state(bed, 1.6 * ice + 10.0, balance, cell=100.0, change=1e-5).thickness
    assert 1.0 - 1e-3 < from_above.sum() / ice.sum() < 1.04


def test_symmetry_and_volume_survive(balanced_cone):
    bed, balance = cone()
    ice = advance(bed, balanced_cone.thickness, balance, lambda t: 2.0 * t, (0.0, 30.0), cell=100.0)
    assert ice.max() > 5.0
    for turned in (ice[::-1], ice[:, ::-1], ice.T):
        assert np.allclose(ice, turned, atol=1e-9)
    kept = flow(bed, ice, np.zeros_like, cell=100.0, years=30.0)
    assert kept.sum() == pytest.approx(ice.sum(), rel=1e-12)


def test_climate_counts_from_the_middle_of_each_year(balanced_cone):
    bed, balance = cone()
    seen = []

    def rise(elapsed):
        seen.append(elapsed)
        return 0.0

    advance(bed, balanced_cone.thickness, balance, rise, (10.0, 13.0), cell=100.0)
    assert seen == pytest.approx([10.5, 11.5, 12.5])


@pytest.mark.parametrize("years", [(), (2000, 1990), (2000, 2000)])
def test_dates_that_do_not_rise_are_refused(years):
    with pytest.raises(SceneError, match="dates that rise"):
        simulate_history(1, years, 3.0)


def test_ice_without_an_end_is_refused(monkeypatch):
    bed, _ = cone()
    monkeypatch.setattr("glacier_core.simulation.history.LONGEST_SPIN_UP", 40.0)
    with pytest.raises(SceneError, match="higher equilibrium line"):
        steady_state(bed, np.zeros_like(bed), MassBalance(-5000.0, 0.01, 2.0), cell=100.0)
