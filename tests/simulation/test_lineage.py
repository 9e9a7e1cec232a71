import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from glacier_core.simulation.lineage import continue_lineage, found_lineage

CELL = 30.0
SMALLEST = 0.02  # km², about 22 cells


def two_valleys():
    """Return a ridge from which one valley falls to the north and one to the south."""
    rows, columns = np.mgrid[:121, :61].astype(np.float32)
    return 3000.0 - 10.0 * np.abs(rows - 60.0) + 0.5 * (columns - 30.0) ** 2


def tongue(first, last):
    ice = np.zeros((121, 61), dtype=bool)
    ice[first:last, 22:39] = True
    return ice


def found(surface, ice):
    return found_lineage(surface.astype(np.float32), ice, CELL, smallest_km2=SMALLEST)


def follow(lineage, surface, ice):
    return continue_lineage(lineage, surface.astype(np.float32), ice, CELL, smallest_km2=SMALLEST)


def test_glaciers_on_both_sides_of_a_ridge_are_two_and_have_no_parents():
    lineage = found(two_valleys(), tongue(20, 110))
    assert lineage.parents == {1: 0, 2: 0}
    assert lineage.labels[105, 30] == 1
    assert lineage.labels[25, 30] == 2
    assert np.abs(np.nonzero(np.diff(lineage.labels[:, 30]) > 0)[0][0] - 60) <= 61


def test_what_the_melt_cuts_off_is_a_child_and_the_larger_part_keeps_the_number():
    surface = 3000.0 - 10.0 * np.mgrid[:121, :61][0]
    whole = tongue(5, 115)
    first = found(surface, whole)
    assert first.parents == {1: 0}
    cut = whole.copy()
    cut[70:76] = False
    second = follow(first, surface, cut)
    assert second.parents == {1: 0, 2: 1}
    assert (second.labels[5:70, 30] == 1).all()
    assert (second.labels[76:115, 30] == 2).all()
    again = follow(second, surface, cut)
    assert again.parents == second.parents
    assert np.array_equal(again.labels, second.labels)


def test_a_number_is_never_used_twice():
    surface = 3000.0 - 10.0 * np.mgrid[:121, :61][0]
    lineage = found(surface, tongue(5, 115))
    cut = tongue(5, 60) | tongue(80, 115)
    lineage = follow(lineage, surface, cut)
    lineage = follow(lineage, surface, tongue(5, 60))
    lineage = follow(lineage, surface, tongue(5, 30) | tongue(36, 60))
    assert lineage.parents == {1: 0, 2: 1, 3: 1}
    assert set(np.unique(lineage.labels)) == {0, 1, 3}


def test_growing_ice_belongs_to_the_glacier_it_grew_from_and_new_ice_to_none():
    surface = two_valleys()
    first = found(surface, tongue(30, 50) | tongue(80, 100))
    grown = tongue(20, 58) | tongue(63, 110)
    elsewhere = np.zeros_like(grown)
    elsewhere[20:40, 2:12] = True
    second = follow(first, surface, grown | elsewhere)
    assert second.labels[40, 30] == first.labels[40, 30] == second.labels[22, 30]
    assert second.labels[90, 30] == first.labels[90, 30] == second.labels[108, 30]
    assert second.parents == {1: 0, 2: 0, 3: 0}
    assert (second.labels[elsewhere] == 3).all()


def test_glaciers_that_meet_keep_their_numbers():
    surface = two_valleys()
    first = found(surface, tongue(20, 50) | tongue(70, 110))
    second = follow(first, surface, tongue(20, 110))
    assert second.parents == first.parents
    assert set(np.unique(second.labels[20:110, 30])) == {1, 2}


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_lineage_is_sound_whatever_melts(seed):
    generator = np.random.Generator(np.random.PCG64(seed))
    shape = (48, 48)
    surface = 2500.0 + 900.0 * _smooth(generator, shape)
    strength = _smooth(generator, shape)
    lineage = found(surface, strength > -0.8)
    for limit in (-0.2, 0.4, 0.1):
        ice = strength > limit
        before, lineage = lineage, follow(lineage, surface, ice)
        numbers = set(np.unique(lineage.labels)) - {0}
        assert numbers <= set(lineage.parents)
        assert all(parent < child for child, parent in lineage.parents.items())
        assert before.parents.items() <= lineage.parents.items()
        born = set(lineage.parents) - set(before.parents)
        alive = set(np.unique(before.labels)) - {0}
        assert all(lineage.parents[child] in alive | born | {0} for child in born)
        parts, _ = ndimage.label(ice)
        large = np.bincount(parts.ravel()) >= SMALLEST * 1e6 / CELL**2
        large[0] = False
        assert np.array_equal(lineage.labels > 0, large[parts])


def _smooth(generator, shape):
    field = ndimage.gaussian_filter(generator.standard_normal(shape), 6.0)
    return (field - field.mean()) / field.std()


def test_no_ice_no_glaciers():
    surface = two_valleys()
    nothing = np.zeros((121, 61), dtype=bool)
    lineage = found(surface, nothing)
    assert lineage.parents == {}
    later = follow(lineage, surface, tongue(70, 100))
    assert later.parents == {1: 0}
    assert (follow(later, surface, nothing).labels == 0).all()
    assert pytest.approx(30 * 17) == (later.labels == 1).sum()
