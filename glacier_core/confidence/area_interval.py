"""The interval of a mapped area, from calibrated probabilities whose errors hang together.

Were the pixels' errors independent, their sum would all but cancel, and the area of a scene of a
million pixels would be known to a tenth of a percent. They are not: debris that a network takes
for rock is missed by the square kilometre, and one scene's light shifts every outline of it to
one side. So masks are drawn, not pixels: a pixel is glacier where a normal field lies below the
normal quantile of its probability. Each pixel is then glacier as often as its probability says,
whatever the field; how alike pixels are is the field's:

    field = √s u + √(1 - s) f,   corr f = exp(-distance / correlation length)

with u one number for the whole scene (the share s of the variance is the scene's own error, of
one sign everywhere) and f a field. The interval is that of the areas of the masks; it is never
below 0 nor above what was mapped. `fit_area_errors` takes the correlation length and share with
which the intervals of calibration scenes score best; how the default was found is told in
docs/uncertainty.md.

Probabilities must be calibrated: an error of calibration that all scenes share shifts all
intervals. Neighbours that correlate more than the field allows, or less, widen or narrow them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from glacier_core.confidence.error_fields import error_fields
from glacier_core.errors import ModelError

FloatArray = NDArray[np.float64]

LEVEL: Final = 0.95
DRAWS: Final = 1000

MOST_BLOCKS: Final = 256 * 256
"""Blocks of pixels that share one number of the field."""

BLOCKS_A_LENGTH: Final = 4.0
"""Blocks to a correlation length, at least, where their number allows: within a block the field
correlates by more than exp(-1/4) anyway."""

STEPS: Final = 160
REACH: Final = 5.0
"""Probabilities are sorted into 160 steps of their normal quantile between -5 and 5."""


@dataclass(frozen=True)
class AreaErrors:
    """How alike the errors of a map's pixels are.

    Attributes
    ----------
    correlation_length_m : float
        Distance over which the errors' correlation falls to 1/e, m.
    scene_share : float
        Share of the errors' variance that a whole scene has in common, 0..1.
    fitted_on : str
        What it was fitted on, in words.
    """

    correlation_length_m: float
    scene_share: float
    fitted_on: str = ""

    def __post_init__(self) -> None:
        length, share = self.correlation_length_m, self.scene_share
        if not 0 < length < np.inf:
            raise ModelError(f"The correlation length is {length} m; it must be above 0.")
        if not 0 <= share <= 1:
            raise ModelError(f"The share of the scene's own error is {share}; it must be in 0..1.")


SIMULATED_ERRORS: Final = AreaErrors(
    correlation_length_m=2000.0,
    scene_share=0.2,
    fitted_on="144 simulated scenes mapped by an earlier glavitu-small, none trained on",
)
"""The default. Real scenes may hang together otherwise; nobody has measured it here."""


@dataclass(frozen=True)
class AreaInterval:
    """Between which areas the true one lies.

    Attributes
    ----------
    low_km2, high_km2 : float
        Ends of the interval.
    central_km2 : float
        Median of the drawn areas. Not the mapped area: where many pixels have a probability
        below a half, ice is expected that nobody can place.
    level : float
        Share of scenes whose true area lies in their interval.
    correlation_length_m, scene_share : float
        As in `AreaErrors`.
    draws : int
    """

    low_km2: float
    central_km2: float
    high_km2: float
    level: float
    correlation_length_m: float
    scene_share: float
    draws: int


def glacier_probability(confidence: ArrayLike, glacier: ArrayLike) -> FloatArray:
    """Calibrated probability of glacier from the calibrated chance that the class is right.

    Parameters
    ----------
    confidence : array
        0..1, NaN where unmapped.
    glacier : array of bool of the same shape
        The class.
    """
    sure = np.asarray(confidence, dtype=np.float64)
    return np.where(np.asarray(glacier, dtype=np.bool_), sure, 1.0 - sure)


def area_interval(
    probability: ArrayLike,
    pixel_km2: ArrayLike,
    level: float = LEVEL,
    *,
    pixel_m: float,
    errors: AreaErrors = SIMULATED_ERRORS,
    draws: int = DRAWS,
    seed: int = 0,
) -> AreaInterval:
    """Return the interval of the glacier area of a map.

    Parameters
    ----------
    probability : array, (rows, columns)
        Calibrated probability of glacier, 0..1; NaN where unmapped: what lies there counts
        neither way.
    pixel_km2 : float or array that broadcasts to the same shape
        Area of a pixel.
    level : float
        Above 0, below 1.
    pixel_m : float
        Side of a pixel, m.
    errors : AreaErrors
        Of the model; by default those of the shipped model on simulated scenes.
    draws : int
        100 or more.
    seed : int
        Of the draws; the same seed gives the same interval.

    Raises
    ------
    ModelError
        If nothing was mapped, a probability is not in 0..1, the array is not two-dimensional, or
        level, draws or pixels make no sense.
    """
    p = _checked(probability, level, draws, pixel_m)
    area = np.broadcast_to(np.asarray(pixel_km2, dtype=np.float64), p.shape)
    areas = _drawn_areas(p, area, pixel_m, errors, draws, seed)
    tail = (1 - level) / 2
    low, central, high = np.quantile(areas, [tail, 0.5, 1 - tail])
    return AreaInterval(
        low_km2=float(low),
        central_km2=float(central),
        high_km2=float(high),
        level=level,
        correlation_length_m=errors.correlation_length_m,
        scene_share=errors.scene_share,
        draws=draws,
    )


def _checked(probability: ArrayLike, level: float, draws: int, pixel_m: float) -> FloatArray:
    p = np.asarray(probability, dtype=np.float64)
    if p.ndim != 2:
        raise ModelError(f"Probabilities need rows and columns; these have the shape {p.shape}.")
    if not np.isfinite(p).any():
        raise ModelError("Nothing was mapped: there is no probability, hence no area.")
    if np.nanmin(p) < 0 or np.nanmax(p) > 1:
        raise ModelError("Probabilities must be in 0..1; they are shares, not per cent.")
    if not 0 < level < 1:
        raise ModelError(f"The level of an interval is {level}; it must lie between 0 and 1.")
    if draws < 100:
        raise ModelError(f"{draws} draws give no interval; take 100 or more.")
    if not 0 < pixel_m < np.inf:
        raise ModelError(f"The side of a pixel is {pixel_m} m; it must be above 0.")
    return p


def _drawn_areas(
    p: FloatArray, area: FloatArray, pixel_m: float, errors: AreaErrors, draws: int, seed: int
) -> FloatArray:
    """Area of each drawn mask, km²."""
    length = errors.correlation_length_m / pixel_m
    block = max(1, int(length / BLOCKS_A_LENGTH), int(np.ceil(np.sqrt(p.size / MOST_BLOCKS))))
    shape = (-(-p.shape[0] // block), -(-p.shape[1] // block))
    reached = _area_reached(p, area, block, shape)
    own = np.random.default_rng([seed, 1]).standard_normal(draws)
    fields = error_fields(
        shape, block * pixel_m, errors.correlation_length_m, draws=draws, seed=seed
    )
    shared, local = np.sqrt(errors.scene_share), np.sqrt(1 - errors.scene_share)
    blocks, areas = np.arange(len(reached)), np.empty(draws)
    done = 0
    for some in fields:
        some_own = own[done : done + len(some), None]
        step = _step(shared * some_own + local * some.reshape(len(some), -1), np.rint)
        areas[done : done + len(some)] = reached[blocks, step].sum(axis=1)
        done += len(some)
    return areas


def _area_reached(
    p: FloatArray, area: FloatArray, block: int, shape: tuple[int, int]
) -> FloatArray:
    """Area in each block (rows) whose quantile lies above each step (columns), km²."""
    row, column = np.nonzero(np.isfinite(p))
    place = (row // block) * shape[1] + column // block
    step = np.minimum(_step(ndtri(p[row, column]), np.floor), STEPS - 1)
    slots = shape[0] * shape[1]
    summed = np.bincount(place * STEPS + step, area[row, column], minlength=slots * STEPS)
    above = np.cumsum(summed.reshape(slots, STEPS)[:, ::-1], axis=1)[:, ::-1]
    return np.hstack([above, np.zeros((slots, 1))])


def _step(quantile: NDArray[Any], rounding: np.ufunc) -> NDArray[np.int64]:
    scaled = (np.clip(quantile, -REACH, REACH) + REACH) * (STEPS / (2 * REACH))
    return np.asarray(rounding(scaled), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class KnownScene:
    """A scene of which map and truth are known.

    Attributes
    ----------
    probability : ndarray, (rows, columns)
        Calibrated probability of glacier, NaN where unmapped or where the truth is unknown.
    glacier : ndarray of bool
        The truth.
    pixel_m : float
        Side of a pixel, m.
    """

    probability: FloatArray
    glacier: NDArray[np.bool_]
    pixel_m: float

    @property
    def true_km2(self) -> float:
        """True area where the map has a probability."""
        return float((self.glacier & np.isfinite(self.probability)).sum()) * self.pixel_km2

    @property
    def mapped_km2(self) -> float:
        """Area with a probability, of whatever class."""
        return float(np.isfinite(self.probability).sum()) * self.pixel_km2

    @property
    def pixel_km2(self) -> float:
        """Area of a pixel."""
        return self.pixel_m**2 / 1e6


LENGTHS: Final = (500.0, 1000.0, 2000.0, 4000.0)  # m
SHARES: Final = (0.0, 0.1, 0.2, 0.4)


def fit_area_errors(
    scenes: Sequence[KnownScene],
    *,
    fitted_on: str = "",
    draws: int = 300,
    seed: int = 0,
) -> AreaErrors:
    """Choose the correlation length and the scene's share whose 95 % intervals score best.

    The score is the interval score over the mapped area (Gneiting and Raftery 2007, "Strictly
    proper scoring rules, prediction, and estimation"): the width, and 40 times what the truth lies
    outside; its mean over scenes is lowest where intervals are as narrow as honest ones can be.

    Parameters
    ----------
    scenes : sequence of KnownScene
        None of which the network learnt from; 20 or more, better of several sizes, as only large
        scenes tell what a scene has in common from what hangs together over a distance.
    fitted_on : str
        The scenes in words.
    draws, seed : int
        As for `area_interval`.

    Raises
    ------
    ModelError
        If there are fewer than 20 scenes, or as `area_interval`.
    """
    if len(scenes) < 20:
        raise ModelError(f"Fitting how errors hang together needs 20 scenes, not {len(scenes)}.")
    choices = [AreaErrors(length, share, fitted_on) for length in LENGTHS for share in SHARES]
    scores = [
        np.mean([interval_score(scene, errors, draws=draws, seed=seed) for scene in scenes])
        for errors in choices
    ]
    return choices[int(np.argmin(scores))]


def interval_score(scene: KnownScene, errors: AreaErrors, *, draws: int, seed: int = 0) -> float:
    """Score the 95 % interval of one scene; see `fit_area_errors`. The lower, the better."""
    found = area_interval(
        scene.probability,
        scene.pixel_km2,
        pixel_m=scene.pixel_m,
        errors=errors,
        draws=draws,
        seed=seed,
    )
    true = scene.true_km2
    outside = max(found.low_km2 - true, 0.0) + max(true - found.high_km2, 0.0)
    width = found.high_km2 - found.low_km2
    return (width + 2 / (1 - LEVEL) * outside) / scene.mapped_km2
