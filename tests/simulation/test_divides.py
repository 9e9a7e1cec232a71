import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glacier_core.simulation.divides import label_ice_bodies, relative_height


@pytest.fixture
def ridge():
    """A roof with its ridge along column 50: ice on both sides within 40 cells."""
    columns = np.abs(np.arange(100.0) - 49.5)
    surface = np.tile(2000.0 - 10.0 * columns, (60, 1)).astype(np.float32)
    return surface, np.tile(columns < 40, (60, 1))


def test_a_ridge_parts_two_glaciers(ridge):
    labels = label_ice_bodies(*ridge, 50.0, smallest_km2=0.05)
    left, right = labels[:, 10:50], labels[:, 50:90]
    assert sorted({int(left[0, 0]), int(right[0, 0])}) == [1, 2]
    assert (left == left[0, 0]).mean() > 0.95
    assert (right == right[0, 0]).mean() > 0.95
    assert np.array_equal(labels > 0, ridge[1])


def test_a_low_ridge_parts_nothing(ridge):
    surface, ice = ridge
    low = 0.1 * surface + 0.01 * np.arange(100.0, dtype=np.float32)
    labels = label_ice_bodies(low, ice, 50.0, smallest_km2=0.05)
    assert labels.max() == 1


@pytest.mark.parametrize("angle", [0.0, 0.2, 0.4, 0.6, 0.78])
def test_an_inclined_field_parts_along_its_flow_lines(angle):
    rows, columns = np.mgrid[:140, :140] - 70.0
    along = rows * np.cos(angle) + columns * np.sin(angle)
    across = columns * np.cos(angle) - rows * np.sin(angle)
    gap = (np.abs(across) < 6) & (along > 20)
    ice = (np.abs(across) < 40) & (np.abs(along) < 60) & ~gap
    surface = (2000.0 - 12.0 * along).astype(np.float32)
    labels = label_ice_bodies(surface, ice, 40.0, smallest_km2=0.05)
    field = ice & (along < 20) & (np.abs(across) > 6)
    agreement = ((labels == 1) == (across > 0))[field].mean()
    assert labels.max() == 2
    assert max(agreement, 1.0 - agreement) > 0.99


def test_small_ice_is_dropped():
    surface = np.full((40, 40), 100.0, dtype=np.float32)
    ice = np.zeros((40, 40), dtype=bool)
    ice[2:5, 2:5] = True
    ice[20:35, 20:35] = True
    labels = label_ice_bodies(surface, ice, 50.0, smallest_km2=0.05)
    assert labels[3, 3] == 0
    assert (labels[20:35, 20:35] == 1).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.05, 0.9))
def test_labels_cover_the_kept_ice_and_count_from_one(seed, share):
    generator = np.random.Generator(np.random.PCG64(seed))
    surface = (3000.0 * generator.random((24, 24))).astype(np.float32)
    ice = generator.random((24, 24)) < share
    labels = label_ice_bodies(surface, ice, 100.0, smallest_km2=0.0)
    assert np.array_equal(labels > 0, ice)
    assert set(np.unique(labels)) - {0} == set(range(1, labels.max() + 1))
    sizes = np.bincount(labels.ravel())[1:]
    assert (np.diff(sizes) <= 0).all()


def test_relative_height_is_per_glacier():
    elevation = np.array([[0.0, 50.0, 100.0, 7.0, 500.0, np.nan, 700.0]], dtype=np.float32)
    labels = np.array([[1, 1, 1, 0, 2, 0, 2]], dtype=np.int32)
    expected = [[0.0, 0.5, 1.0, 0.0, 0.0, 0.0, 1.0]]
    assert relative_height(elevation, labels).tolist() == expected
