import numpy as np
import pytest

from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.confidence.temperature import fit_temperature
from glacier_core.errors import ModelError


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_it_finds_the_temperature_that_pixels_were_drawn_by(temperature):
    random = np.random.default_rng(1)
    logit = random.normal(0, 2, 200_000)
    glacier = random.random(len(logit)) < 1 / (1 + np.exp(-logit / temperature))
    p = 1 / (1 + np.exp(-logit))
    found = fit_temperature(entropy_confidence(p), (p > 0.5) == glacier)
    assert found.temperature == pytest.approx(temperature, rel=0.02)


def test_two_confidences_by_hand():
    # One confidence only is of use (the other is a coin): p = 0.8, of which 90 % are right.
    confidence = np.repeat(entropy_confidence([0.8, 0.5]), [10, 4]).astype(float)
    right = np.array([1] * 9 + [0] + [1, 1, 0, 0])
    found = fit_temperature(confidence, right)
    assert found.temperature == pytest.approx(np.log(4) / np.log(9), rel=1e-4)
    assert found.apply(confidence[0]) == pytest.approx(0.9, abs=1e-4)


@pytest.mark.parametrize("right", [[0, 0, 1], [0, 1, 0]])
def test_surer_and_wronger_has_no_temperature(right):
    with pytest.raises(ModelError, match="no temperature between"):
        fit_temperature([0.7, 0.8, 0.2], right)
