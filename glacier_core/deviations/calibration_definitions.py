"""What every number about the choice of a calibration means."""

from glacier_core.deviations.definitions import Definition

_MURPHY = (
    "Murphy (1973), A new vector partition of the probability score, Journal of Applied "
    "Meteorology 12"
)
_BINS = "100 bins of equal width"

CALIBRATION_DEFINITIONS: dict[str, Definition] = {
    "method": Definition(
        "Method of calibration",
        "",
        "isotonic: closest curve that never falls; temperature scaling: 1 / (1 + exp(-z / T)); "
        "Platt scaling: 1 / (1 + exp(-a z - b)), z the logit of the chosen class; kernel ridge: "
        "sum of kernels exp(-|c - x|)",
        "Zadrozny and Elkan (2002); Guo et al. (2017); Platt (1999); Maslov et al. (2025), Nature "
        "Communications 16:43",
        "What turns the network's confidence into the share of such pixels that is right.",
    ),
    "monotone": Definition(
        "Monotone",
        "",
        "",
        "own rule",
        "Whether a surer pixel is never given a lower calibrated confidence. Others are not "
        "chosen.",
    ),
    "ece": Definition(
        "ECE, bins of equal width",
        "",
        f"sum over {_BINS} of (pixels of the bin / all pixels) |confidence - share right|",
        "Guo et al. (2017), On calibration of modern neural networks",
        "Mean gap between how sure a pixel is and how often such pixels are right. The lowest "
        "one decides.",
    ),
    "ece_equal_mass": Definition(
        "ECE, bins of equally many pixels",
        "",
        "as ECE, over 100 bins of equally many pixels",
        "Nixon et al. (2019), Measuring calibration in deep learning",
        "The same gap where every bin counts alike, so that it does not hang on empty bins.",
    ),
    "maximum_error": Definition(
        "Largest calibration error",
        "",
        f"largest |confidence - share right| of {_BINS} with 100 pixels or more each",
        "Guo et al. (2017), On calibration of modern neural networks; the least number is our own",
        "The gap in the worst bin.",
    ),
    "brier": Definition(
        "Brier score",
        "",
        "mean of (confidence - 1 if right, else 0)²",
        "Brier (1950), Verification of forecasts expressed in terms of probability, Monthly "
        "Weather Review 78",
        "How far confidence is from what came true, pixel by pixel. 0 is perfect foresight.",
    ),
    "reliability": Definition(
        "Reliability (part of the Brier score)",
        "",
        f"mean over {_BINS}, by pixels, of (confidence - share right)²",
        _MURPHY,
        "What calibration can mend. 0 is perfect.",
    ),
    "resolution": Definition(
        "Resolution (part of the Brier score)",
        "",
        f"mean over {_BINS}, by pixels, of (share right of the bin - share right of all)²",
        _MURPHY,
        "How well confidence tells easy pixels from hard ones. The higher the better.",
    ),
    "uncertainty": Definition(
        "Uncertainty (part of the Brier score)",
        "",
        "a (1 - a), a the share right of all",
        _MURPHY,
        "What is due to the map's accuracy alone, the same for every calibration.",
    ),
    "within_bin": Definition(
        "Within bins (part of the Brier score)",
        "",
        "mean over pixels of d² - 2 d e, d the confidence and e the outcome less their means in "
        "the bin",
        "Stephenson, Coelho, Jolliffe (2008), Two extra components in the Brier score "
        "decomposition, Weather and Forecasting 23",
        "What bins of a finite width leave out: Brier score = reliability - resolution + "
        "uncertainty + within bins.",
    ),
    "like_pixels": Definition(
        "Share right of pixels like it",
        "",
        "pixels right / pixels, of the tenth of confidence that the pixel lies in; Wilson's "
        "interval (1927) at 95 %",
        "common",
        "How many pixels of like confidence proved right where the truth is known. The interval "
        "takes pixels as independent; neighbours are alike, so it is too narrow.",
    ),
}
"""Every number about the choice of a calibration, by its name in tables."""
