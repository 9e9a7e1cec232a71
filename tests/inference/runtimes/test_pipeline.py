import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.errors import JobCancelled
from glacier_core.inference.runtimes.pipeline import (
    PIECES,
    find_piece,
    piece_of,
    run_in_pieces,
)


class FakeSlot:
    """Doubles what it is given, and writes down what happened."""

    def __init__(self, name, log):
        self.name, self.log, self.held = name, log, None

    def submit(self, arrays):
        assert self.held is None, "what was there before is lost"
        self.held = 2 * arrays["x"][:, 0]
        self.log.append(f"submit {self.name}")

    def collect(self):
        found, self.held = self.held, None
        self.log.append(f"collect {self.name}")
        return found


def slots(number=2):
    log = []
    return [FakeSlot("abc"[i], log) for i in range(number)], log


def batch(number):
    return {"x": np.arange(number * 4, dtype=np.float32).reshape(number, 1, 2, 2)}


@given(number=st.integers(1, 40), piece=st.integers(1, 9), there=st.integers(1, 3))
def test_every_window_comes_back_in_its_place(number, piece, there):
    pair, _ = slots(there)
    arrays = batch(number)
    found = run_in_pieces(arrays, piece, pair, None)
    np.testing.assert_array_equal(found, 2 * arrays["x"][:, 0])
    assert all(slot.held is None for slot in pair)


def test_the_next_piece_is_on_its_way_before_one_is_waited_for():
    pair, log = slots()
    run_in_pieces(batch(8), 2, pair, None)
    assert log == [
        *("submit a", "submit b", "collect a", "submit a", "collect b", "submit b"),
        *("collect a", "collect b"),
    ]


def test_every_piece_has_the_full_size():
    seen = []

    class Strict(FakeSlot):
        def submit(self, arrays):
            seen.append(arrays["x"].shape)
            super().submit(arrays)

    run_in_pieces(batch(7), 3, [Strict("a", []), Strict("b", [])], None)
    assert seen == [(3, 1, 2, 2)] * 3


def test_cancel_is_asked_before_each_piece_and_leaves_the_slots_free():
    pair, log = slots()
    with pytest.raises(JobCancelled):
        run_in_pieces(batch(8), 2, pair, lambda: len(log) >= 2)
    assert log == ["submit a", "submit b", "collect a", "collect b"]
    assert all(slot.held is None for slot in pair)


@pytest.mark.parametrize(("number", "piece"), [(1, 1), (4, 1), (5, 2), (64, 16)])
def test_a_batch_is_cut_into_pieces(number, piece):
    assert piece_of(number) == piece
    assert piece_of(number) * PIECES >= number


def pace(seconds_by_number, short_at=None):
    def seconds_of(number):
        if short_at is not None and number >= short_at:
            raise torch.OutOfMemoryError("CUDA out of memory (test)")
        return seconds_by_number(number)

    return seconds_of


@pytest.mark.parametrize(
    ("seconds_of", "largest", "expected", "why"),
    [
        # Fixed cost and a share that grows: 11, 12, 14, 18, 26 … ms.
        (pace(lambda n: 1.0 * n), 64, 1, "2 give no more a second"),
        (pace(lambda n: 1.0), 64, 64, "more is not tried"),
        (pace(lambda n: 1.0), 48, 32, "more is not tried"),
        (pace(lambda n: 1.0, short_at=8), 64, 4, "memory is too short for 8"),
        (pace(lambda n: max(n, 8.0)), 64, 8, "16 give no more a second"),
    ],
)
def test_doubling_ends_where_it_gives_no_more(seconds_of, largest, expected, why):
    found, sentence = find_piece(seconds_of, largest)
    assert found == expected
    assert sentence.startswith(f"{expected} windows at once on the GPU, ")
    assert sentence.endswith(f"; {why}.")


def test_memory_too_short_for_one_is_passed_on():
    with pytest.raises(torch.OutOfMemoryError):
        find_piece(pace(lambda n: 1.0, short_at=1), 64)
