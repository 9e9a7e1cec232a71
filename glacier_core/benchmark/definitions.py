"""What every number of the benchmark means: one place for the page and the documentation."""

from typing import Final

from glacier_core.benchmark.strata import (
    BUFFER_M,
    CALVING,
    DEBRIS,
    SHADOW,
    SMALL,
    SMALL_KM2,
    SNOW,
    UNLABELLED,
    WATER,
)
from glacier_core.deviations.definitions import Definition

_OWN: Final = "own definition"
_AUTHORS: Final = "as the authors of GlaViTU evaluate (Maslov et al. 2025)"

BENCHMARK_DEFINITIONS: Final[dict[str, Definition]] = {
    "IoU": Definition(
        "IoU",
        "",
        "TP / (TP + FP + FN) over the pooled pixels of all tiles of a region",
        _AUTHORS,
        "Of all pixels that map or truth call glacier, the share that both do: 1 is perfect.",
    ),
    "accuracy": Definition(
        "Accuracy", "", "(TP + TN) / all pixels", _AUTHORS, "Share of all pixels that are right."
    ),
    "precision": Definition(
        "Precision", "", "TP / (TP + FP)", _AUTHORS, "Share of the mapped glacier that is glacier."
    ),
    "recall": Definition(
        "Recall", "", "TP / (TP + FN)", _AUTHORS, "Share of the glacier that is found."
    ),
    "F1": Definition(
        "F1",
        "",
        "2 TP / (2 TP + FP + FN)",
        _AUTHORS,
        "Harmonic mean of precision and recall.",
    ),
    "mean": Definition(
        "Mean and standard deviation over regions",
        "",
        "unweighted mean of the regions' figures; population standard deviation",
        _AUTHORS,
        "Every region counts the same, however much ice it has.",
    ),
    "unlabelled": Definition(
        UNLABELLED.capitalize(),
        "",
        "",
        _AUTHORS,
        "Some pixels carry no label. Usually they are left out; the authors' evaluation scores "
        "them as background, and this figure does so too.",
    ),
    "debris": Definition(
        DEBRIS.capitalize(),
        "",
        "recall over the glacier pixels under debris",
        _OWN,
        "In simulated tiles the surface is known. In the authors' tiles it is the class of dark "
        "ice, which is debris by presumption: their files do not say.",
    ),
    "shadow": Definition(
        SHADOW.capitalize(),
        "",
        "IoU over the pixels in cast or own shadow",
        _OWN,
        "Known in simulated tiles only.",
    ),
    "small": Definition(
        SMALL.capitalize(),
        "",
        f"IoU over connected glaciers below {SMALL_KM2:g} km² that the tile does not cut, and the "
        f"background within {BUFFER_M:g} m that is nearer to them than to others",
        _OWN,
        "Small glaciers are the most and the hardest; large ones hide them in pooled pixels.",
    ),
    "calving": Definition(
        CALVING.capitalize(),
        "",
        f"IoU over connected glaciers that touch water, with {BUFFER_M:g} m of background",
        _OWN,
        "Sea or lake, known in simulated tiles only.",
    ),
    "snow": Definition(
        f"{SNOW}, {WATER}".capitalize(),
        "",
        "share called glacier",
        _OWN,
        "None of it is glacier, so that less is better. Known in simulated tiles only.",
    ),
    "distance": Definition(
        "Mean distance",
        "m",
        "½ (mean distance of the mapped boundary pixels to the true boundary + the reverse)",
        _OWN,
        "By an Euclidean distance transform on the raster. The edge of a tile is no boundary; "
        "boundaries in tiles where the other has none are left out and their share is told.",
    ),
    "ECE": Definition(
        "Expected calibration error (ECE)",
        "",
        "sum over 100 bins of n |confidence − accuracy| / N",
        "Guo et al. (2017), On calibration of modern neural networks",
        "How far confidence is from the share that is right, on tiles that the calibration was "
        "not fitted on.",
    ),
    "gain": Definition(
        "Gain",
        "",
        "IoU with the data − IoU of the same network on imagery and terrain alone",
        _OWN,
        "Compared only where both saw equally many pixels of the same file and region.",
    ),
    "seconds": Definition(
        "Seconds a patch",
        "s",
        "median over all batches of the time in the network, by patch",
        _OWN,
        "On the processor that ran the benchmark; reading and scaling are not counted.",
    ),
}
