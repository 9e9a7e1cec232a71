import numpy as np

from glacier_core.simulation.habits import Habits, draw_habits

from .grounds import random


def test_habits_of_one_seed_are_the_same_and_of_two_are_not():
    assert draw_habits(random(1)) == draw_habits(random(1))
    assert draw_habits(random(1)) != draw_habits(random(2))


def test_analysts_differ_around_the_truth():
    generator = random(0)
    drawn = [draw_habits(generator) for _ in range(400)]
    assert abs(np.mean([habits.lean for habits in drawn])) < 0.05
    shares = [habits.debris_share for habits in drawn]
    assert 0.8 < np.mean(shares) < 0.95
    assert 0.1 < np.mean([share > 1 for share in shares]) < 0.4
    assert 0.3 < np.mean([habits.snow_patches > 0 for habits in drawn]) < 0.7
    assert min(habits.smallest_part for habits in drawn) > 0
    assert Habits().debris_share == 1
