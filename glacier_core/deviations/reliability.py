"""How reliable a map's confidence is where experts drew outlines."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from glacier_core.confidence.reliability import (
    expected_calibration_error,
    reliability,
    reliability_bins,
)
from glacier_core.deviations.comparison import BOTH, NEITHER, UNMAPPED, Comparison
from glacier_core.deviations.definitions import Definition
from glacier_core.deviations.experts import place_experts
from glacier_core.deviations.matching import make_zones
from glacier_core.models.card import Reliability

if TYPE_CHECKING:
    from glacier_core.inference.result import GlacierMap

CONFIDENCE_DEFINITIONS: dict[str, Definition] = {
    "probability": Definition(
        "Probability of glacier",
        "",
        "softmax of the network's two outputs, averaged over overlapping windows",
        "Maslov et al. (2025), Nature Communications 16:43",
        "What the network gives each pixel, 0 to 1; above 0.5 it is mapped as glacier.",
    ),
    "raw_confidence": Definition(
        "Confidence before calibration",
        "",
        "1 + p log2 p + (1 - p) log2 (1 - p), p the probability of glacier",
        "one minus the entropy of two classes, as in Maslov et al. (2025)",
        "How far the probability is from a half: 0 undecided, 1 certain. It is no chance of "
        "being right.",
    ),
    "confidence": Definition(
        "Calibrated confidence",
        "",
        "monotone curve of the share of right pixels by confidence before calibration",
        "isotonic regression (Zadrozny and Elkan 2002) unless the model's card names another "
        "method, fitted on scenes apart from those scored",
        "The chance that the class of a pixel, glacier or not, is right, judged by other scenes.",
    ),
    "accuracy": Definition(
        "Share right",
        "",
        "pixels on which map and outlines agree / pixels of the bin",
        "common",
        "How many of the pixels of one confidence proved right.",
    ),
    "ece": Definition(
        "ECE, expected calibration error",
        "",
        "sum over 100 bins of (pixels of the bin / all pixels) |confidence - share right|",
        "Guo et al. (2017), On calibration of modern neural networks; 100 bins as in the "
        "published evaluation of GlaViTU",
        "Mean gap between how sure the network is and how often it is right. 0 is perfect.",
    ),
    "share_below": Definition(
        "Share below a confidence",
        "%",
        "pixels less confident than the threshold / all mapped pixels, or all mapped glacier",
        "own definition",
        "How much of the map one would leave out by trusting only what is this sure.",
    ),
}
"""Every number about confidence, by its name in tables."""


def scene_reliability(
    result: "GlacierMap", comparison: Comparison, *, everywhere: bool = False
) -> Reliability:
    """Hold the confidence of a map against an expert's outlines, before and after calibration.

    A pixel is right where map and expert agree on glacier or no glacier, so every fault of the
    outlines (another year, a neighbour nobody drew) counts as an error of the map.

    Parameters
    ----------
    result : GlacierMap
        The map that was compared.
    comparison : Comparison
        Of that map with the expert's outlines.
    everywhere : bool
        Whether to count every mapped pixel of the scene, right where the outlines hold every
        glacier; otherwise those within the buffer of the comparison.

    Returns
    -------
    Reliability
        Ten bins each; the expected calibration errors in 100 bins.
    """
    codes = comparison.agreement.to_numpy()
    counted = codes != UNMAPPED
    place = f"{result.title}, every mapped pixel"
    if not everywhere:
        counted &= _surroundings(result, comparison)
        place = f"{result.title}, within {comparison.buffer_m:g} m of the expert outlines"
    right = np.isin(codes[counted], (NEITHER, BOTH))
    raw = result.raw_confidence.to_numpy()[counted]
    calibrated = result.confidence.to_numpy()[counted]
    return Reliability(
        dataset=place,
        simulated=result.simulated,
        raw=reliability_bins(reliability(raw, right)),
        calibrated=reliability_bins(reliability(calibrated, right)),
        raw_error=expected_calibration_error(raw, right),
        calibrated_error=expected_calibration_error(calibrated, right),
    )


def _surroundings(result: "GlacierMap", comparison: Comparison) -> NDArray[np.bool_]:
    experts = place_experts(comparison.expert, result.transform, result.shape, result.crs)
    zones = make_zones(experts.labels, comparison.buffer_m, result.resolution)
    near: NDArray[np.bool_] = zones.nearest > 0
    return near
