"""The pace of this device: the median of the last times, and never in anybody's way."""

import pytest

from glacier_core.pace import REMEMBERED, keep_pace, pace


def test_nothing_is_known_at_first():
    assert pace("fetching") is None
    assert pace("mapping") is None


def test_pace_is_the_median_and_kinds_are_apart():
    for amount in (100, 200, 30_000):
        keep_pace("fetching", amount, 10.0)
    keep_pace("mapping", 7, 1.0)
    assert pace("fetching") == 20
    assert pace("mapping") == 7


def test_what_is_long_ago_is_forgotten():
    keep_pace("mapping", 1, 1.0)
    for _ in range(REMEMBERED):
        keep_pace("mapping", 50, 1.0)
    assert pace("mapping") == 50


@pytest.mark.parametrize(("amount", "seconds"), [(100, 0.1), (0, 5.0), (-1, 5.0)])
def test_what_tells_nothing_is_not_kept(amount, seconds):
    keep_pace("fetching", amount, seconds)
    assert pace("fetching") is None


@pytest.mark.parametrize("content", ["", "[]", "3", '{"fetching": "fast"}', '{"fetching": [-1]}'])
def test_damaged_memory_is_forgotten_and_replaced(own_data_dir, content):
    own_data_dir.mkdir()
    (own_data_dir / "pace.json").write_text(content)
    assert pace("fetching") is None
    keep_pace("fetching", 100, 1.0)
    assert pace("fetching") == 100


def test_a_disk_that_refuses_is_no_matter(own_data_dir, caplog):
    own_data_dir.write_text("in the way")
    keep_pace("fetching", 100, 1.0)
    assert pace("fetching") is None
    assert "not kept" in caplog.text
