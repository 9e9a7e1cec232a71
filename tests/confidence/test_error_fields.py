import numpy as np
import pytest

from glacier_core.confidence.error_fields import error_fields


def test_fields_are_standard_normal_and_correlate_as_asked():
    fields = np.concatenate(list(error_fields((24, 30), 30.0, 150.0, draws=600, seed=1)))
    assert fields.shape == (600, 24, 30)
    assert fields.mean() == pytest.approx(0, abs=0.05)
    assert fields.std(axis=0) == pytest.approx(np.ones((24, 30)), abs=0.15)
    for rows, columns in ((0, 5), (5, 0), (3, 4)):  # 150 m away: 1/e
        pairs = fields[:, : 24 - rows, : 30 - columns] * fields[:, rows:, columns:]
        assert pairs.mean() == pytest.approx(np.exp(-1), abs=0.05)


def test_consecutive_fields_are_independent():
    fields = np.concatenate(list(error_fields((16, 16), 1.0, 1.0, draws=400, seed=2)))
    assert (fields[:200] * fields[200:]).mean() == pytest.approx(0, abs=0.02)


def test_fields_are_seeded():
    one, again, other = (
        np.concatenate(list(error_fields((8, 8), 1.0, 3.0, draws=4, seed=seed)))
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_large_fields_come_a_few_at_a_time():
    batches = list(error_fields((300, 200), 30.0, 300.0, draws=7))
    assert len(batches) > 1
    assert sum(len(batch) for batch in batches) == 7
