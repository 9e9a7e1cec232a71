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
from glacier_core.deviations.experts import place_experts
from glacier_core.deviations.matching import make_zones
from glacier_core.models.card import Reliability

if TYPE_CHECKING:
    from glacier_core.inference.result import GlacierMap


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
