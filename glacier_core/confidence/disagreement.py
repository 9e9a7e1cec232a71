"""How far several opinions of one scene differ: what a single probability cannot tell."""

import numpy as np
from numpy.typing import NDArray

from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.errors import ModelError

FloatArray = NDArray[np.float32]


class Disagreement:
    """Gathers probabilities of the same pixels one by one; holds no more than three sums.

    Attributes
    ----------
    opinions : int
        How many were added.
    """

    def __init__(self) -> None:
        self.opinions = 0
        self._sum = self._squares = self._entropies = np.zeros(0)

    def add(self, probability: FloatArray) -> None:
        """Add one opinion: probability of glacier 0..1, NaN where nothing was mapped.

        Raises
        ------
        ModelError
            If it is of other pixels than those before.
        """
        p = probability.astype(np.float64)
        if self.opinions and p.shape != self._sum.shape:
            raise ModelError(
                f"Opinions must be of the same pixels: this one is of {p.shape}, those before "
                f"of {self._sum.shape}."
            )
        entropy = 1.0 - entropy_confidence(probability).astype(np.float64)
        new = (p, p**2, entropy)
        if self.opinions:
            old = (self._sum, self._squares, self._entropies)
            new = (old[0] + new[0], old[1] + new[1], old[2] + new[2])
        self._sum, self._squares, self._entropies = new
        self.opinions += 1

    @property
    def probability(self) -> FloatArray:
        """Mean of the opinions.

        Raises
        ------
        ModelError
            If there is none.
        """
        return np.asarray(self._sum / self._counted(), dtype=np.float32)

    @property
    def standard_deviation(self) -> FloatArray:
        """Spread of the opinions' probabilities, 0..0.5: the population's, as these are all."""
        count = self._counted()
        variance = self._squares / count - (self._sum / count) ** 2
        return np.sqrt(np.maximum(variance, 0.0)).astype(np.float32)

    @property
    def mutual_information(self) -> FloatArray:
        """Entropy of the mean less the mean entropy, bits, 0..1.

        What the opinions do not share: 0 where all say the same, however undecided, 1 where half
        are sure of one class and half of the other (Houlsby et al. 2011, "Bayesian active
        learning for classification and preference learning").
        """
        count = self._counted()
        of_mean = 1.0 - entropy_confidence(self._sum / count).astype(np.float64)
        return np.clip(of_mean - self._entropies / count, 0.0, 1.0).astype(np.float32)

    def _counted(self) -> int:
        if not self.opinions:
            raise ModelError("Nothing was asked yet: add an opinion first.")
        return self.opinions
