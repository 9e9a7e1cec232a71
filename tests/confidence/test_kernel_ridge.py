import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge

from glacier_core.confidence.kernel_ridge import fit_kernel_ridge
from glacier_core.errors import ModelError

CENTRES = np.array([0.055, 0.255, 0.505, 0.955])


def bins_of(counts, accuracies):
    """Pixels at the centres of four bins."""
    confidence = np.repeat(CENTRES, counts)
    right = np.concatenate(
        [
            np.arange(count) < round(count * accuracy)
            for count, accuracy in zip(counts, accuracies, strict=True)
        ]
    )
    return confidence, right


def test_equal_bins_have_no_penalty_and_are_met_exactly():
    curve = fit_kernel_ridge(*bins_of([100] * 4, [0.6, 0.8, 0.9, 0.99]))
    assert curve.apply(CENTRES) == pytest.approx([0.6, 0.8, 0.9, 0.99], abs=1e-6)
    assert curve.apply([0.0, 1.0]) == pytest.approx([0.0, 1.0], abs=1e-6)


def test_equal_penalties_give_the_kernel_ridge_of_scikit_learn():
    curve = fit_kernel_ridge(*bins_of([100] * 4, [0.6, 0.8, 0.9, 0.99]))
    x = np.concatenate([CENTRES, [0.0, 1.0]])
    y = [0.6, 0.8, 0.9, 0.99, 0.0, 1.0]
    # No bin has a penalty here; scikit-learn needs one that is not quite 0 to be stable.
    by_sklearn = KernelRidge(kernel="laplacian", gamma=1.0, alpha=1e-12).fit(x[:, None], y)
    grid = np.linspace(0, 1, 51)
    assert curve.x == pytest.approx(tuple(x))
    np.testing.assert_allclose(
        curve.apply(grid), np.clip(by_sklearn.predict(grid[:, None]), 0, 1), atol=1e-6
    )


def test_unequal_bins_are_penalised_as_by_weights_of_scikit_learn():
    counts, accuracies = [1000, 10, 100, 500], [0.6, 0.4, 0.9, 0.99]
    curve = fit_kernel_ridge(*bins_of(counts, accuracies))
    share = (np.array(counts) / 1000) ** 0.1
    penalty = 0.01 * (1 - np.append(share, [1.0, 1.0]))
    # A penalty 1 with the weight 1 / penalty is that penalty; no penalty, the greatest weight.
    weight = 1 / np.maximum(penalty, 1e-9)
    x = np.concatenate([CENTRES, [0.0, 1.0]])
    by_sklearn = KernelRidge(kernel="laplacian", gamma=1.0, alpha=1.0).fit(
        x[:, None], [*accuracies, 0.0, 1.0], sample_weight=weight
    )
    np.testing.assert_allclose(curve.dual, by_sklearn.dual_coef_, atol=1e-5)


def test_a_bin_of_a_few_wrong_pixels_makes_it_fall_and_it_says_so():
    curve = fit_kernel_ridge(*bins_of([1000, 1000, 1000, 10], [0.6, 0.8, 0.95, 0.2]))
    assert not curve.monotone
    assert curve.apply(0.955) < curve.apply(0.505)


def test_the_anchor_holds_the_lowest_confidences_down():
    curve = fit_kernel_ridge(*bins_of([1000] * 4, [0.6, 0.8, 0.95, 0.99]))
    assert curve.apply(0.0) == pytest.approx(0.0, abs=1e-6)
    assert curve.apply(0.02) < 0.5 < curve.apply(0.055)


def test_one_bin_is_not_enough():
    with pytest.raises(ModelError, match="2 of its 100 bins"):
        fit_kernel_ridge([0.501, 0.502], [0, 1])


@pytest.mark.parametrize("lowest", [0.0, 1e-17])
def test_a_bin_that_contradicts_an_anchor_is_told(lowest):
    with pytest.raises(ModelError, match="contradicts the anchor"):
        fit_kernel_ridge([lowest] * 9 + [0.5], [1] * 9 + [0])
