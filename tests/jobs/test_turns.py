"""Whose turn it is: round the sessions, the oldest first within one."""

from hypothesis import given
from hypothesis import strategies as st

from glacier_core.jobs import turns
from glacier_core.jobs.turns import Turns

SESSIONS = st.sampled_from("abcd")
WAITING = st.lists(st.frozensets(SESSIONS, min_size=1, max_size=3), max_size=12)


def own(*names):
    return [{name} for name in names]


def test_one_session_is_served_in_the_order_of_asking():
    assert Turns().order(own("a", "a", "a")) == [0, 1, 2]


def test_turns_go_round_the_sessions():
    assert Turns().order(own("a", "a", "a", "b", "c", "b")) == [0, 3, 4, 1, 5, 2]


def test_who_was_served_longest_ago_is_next():
    turns = Turns()
    for session in "abc":
        turns.served({session})
    assert turns.order(own("c", "b", "a")) == [2, 1, 0]
    turns.served({"a"})
    assert turns.order(own("c", "b", "a")) == [1, 0, 2]


def test_a_newcomer_comes_before_who_was_served():
    turns = Turns()
    turns.served({"a"})
    assert turns.order(own("a", "a", "b")) == [2, 0, 1]


def test_asking_one_by_one_gives_no_advantage():
    turns = Turns()
    turns.served({"patient"})
    turns.served({"eager"})  # asks for the next only when the last is done
    assert turns.order(own("patient", "patient", "eager")) == [0, 2, 1]


def test_shared_work_has_its_turn_with_the_first_of_its_sessions():
    turns = Turns()
    turns.served({"a"})
    assert turns.order([{"a"}, {"a", "b"}, {"c"}]) == [1, 2, 0]


def test_old_sessions_are_forgotten(monkeypatch):
    monkeypatch.setattr(turns, "REMEMBERED", 2)
    queue = Turns()
    for session in "abc":
        queue.served({session})
    assert queue.order(own("b", "a")) == [1, 0]


@given(WAITING, st.lists(SESSIONS, max_size=6))
def test_the_order_told_is_the_order_kept(waiting, before):
    turns = Turns()
    for session in before:
        turns.served({session})
    told = turns.order(waiting)
    assert sorted(told) == list(range(len(waiting)))
    left, kept = list(range(len(waiting))), []
    while left:
        following = left[turns.order([waiting[index] for index in left])[0]]
        turns.served(waiting[following])
        left.remove(following)
        kept.append(following)
    assert kept == told


@given(st.lists(SESSIONS, max_size=16))
def test_nobody_waits_for_more_than_one_job_of_each_other_session(names):
    """The k-th work of a session waits for at most k of every other session."""
    order = Turns().order(own(*names))
    for place, index in enumerate(order):
        mine = [i for i in order[: place + 1] if names[i] == names[index]]
        for other in set(names):
            before = sum(names[i] == other for i in order[:place])
            assert before <= len(mine)
        assert mine == sorted(mine)
