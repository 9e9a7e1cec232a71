import math
from dataclasses import replace

import pytest

from glacier_core.training.schedule import learning_rate


def test_one_cosine_falls_from_full_to_zero(tiny_recipe):
    recipe = replace(tiny_recipe, learning_rate=8e-4, steps=100)
    assert learning_rate(recipe, 0) == 8e-4
    assert learning_rate(recipe, 50) == pytest.approx(4e-4)
    assert learning_rate(recipe, 100) == 0.0


def test_published_restarts_begin_full_and_end_at_zero(tiny_recipe):
    recipe = replace(tiny_recipe, learning_rate=5e-4, cycles=(10, 20, 40, 80), steps=1500)
    for start, end in ((0, 100), (100, 300), (300, 700), (700, 1500)):
        assert learning_rate(recipe, start) == 5e-4
        assert learning_rate(recipe, (start + end) // 2) == pytest.approx(2.5e-4)
        assert 0 < learning_rate(recipe, end - 1) < 5e-4 * 3e-4
    assert learning_rate(recipe, 1500) == 0.0


def test_cycles_need_not_end_on_a_step(tiny_recipe):
    recipe = replace(tiny_recipe, learning_rate=1.0, cycles=(1, 2), steps=10)
    rates = [learning_rate(recipe, step) for step in range(11)]
    assert [step for step in range(1, 11) if rates[step] > rates[step - 1]] == [4]
    assert rates[4] == pytest.approx(0.5 * (1 + math.cos(math.pi / 10)))
