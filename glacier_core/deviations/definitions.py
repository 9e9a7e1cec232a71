"""What every number of a comparison means: one place for tables, pages and documentation."""

from dataclasses import dataclass

from glacier_core.deviations.area import HUMAN_BAND

_OWN = "own definition"
_POLIS = (
    "Avbelj, Müller, Bamler (2015), A metric for polygon comparison and building extraction "
    "evaluation, IEEE Geoscience and Remote Sensing Letters 12(1)"
)
_GROUND = "Measured on the ground, in an azimuthal equidistant projection centred on the glacier."
_CUT = (
    "Where the mapped ice was cut off (at an ice divide, the buffer, the scene's edge or no "
    "data) there is no margin to compare, nor at a border that two expert outlines share (within "
    "half a pixel); those stretches are left out and their share is told."
)


@dataclass(frozen=True)
class Definition:
    """Name, unit, formula, source and plain meaning of one number.

    Attributes
    ----------
    name : str
        What people read above a column.
    unit : str
        Empty for a text or a number without one.
    formula : str
        Empty where nothing is computed.
    source : str
        Where the definition comes from.
    meaning : str
        One or two sentences in plain words.
    """

    name: str
    unit: str
    formula: str
    source: str
    meaning: str


DEFINITIONS: dict[str, Definition] = {
    "glacier_id": Definition("Glacier", "", "", "the expert's outlines", "Id of the outline."),
    "name": Definition("Name", "", "", "the expert's outlines", "Name of the glacier, if known."),
    "expert_date": Definition(
        "Date of the outline",
        "",
        "",
        "the expert's outlines",
        "When the outlined ice was seen. Glaciers change: an outline of another year differs "
        "from the map without either being wrong.",
    ),
    "outline_area_km2": Definition(
        "Area of the whole outline",
        "km²",
        "area in an equal-area projection (ESRI:54034)",
        "the expert's outlines",
        "The whole outline, also where the scene could not be mapped.",
    ),
    "expert_area_km2": Definition(
        "Expert area",
        "km²",
        "area of the mapped part of the outline, in an equal-area projection (ESRI:54034)",
        _OWN,
        "The part of the outline that could be mapped. What could not be mapped counts neither "
        "as glacier nor as no glacier.",
    ),
    "predicted_area_km2": Definition(
        "Predicted area",
        "km²",
        "area of the mapped ice that lies in the outline, or within the buffer and nearer to "
        "this outline than to any other",
        _OWN,
        "How much ice the network mapped for this glacier.",
    ),
    "continuing_area_km2": Definition(
        "Of it, going on past the buffer",
        "km²",
        "predicted area outside every outline and connected to mapped ice beyond the buffer",
        _OWN,
        "Ice that may belong to a neighbour nobody outlined. It is part of the predicted area.",
    ),
    "area_deviation_percent": Definition(
        "Area deviation",
        "%",
        "100 (predicted area - expert area) / expert area",
        f"Human band: {HUMAN_BAND.source}",
        "By how much the map shows more (positive) or less (negative) glacier than the expert. "
        f"Experts themselves differ by about {HUMAN_BAND.clean:.0f} % on clean ice and up to "
        f"{HUMAN_BAND.debris_covered:.0f} % under debris.",
    ),
    "area_deviation_without_continuing_percent": Definition(
        "Area deviation without ice that goes on",
        "%",
        "100 (predicted area - continuing area - expert area) / expert area",
        _OWN,
        "The same, if all ice that goes on past the buffer is another glacier's. "
        "The two figures bracket the truth where only some glaciers are outlined.",
    ),
    "unmapped_percent": Definition(
        "Not mapped",
        "%",
        "100 (area of the whole outline - expert area) / area of the whole outline; "
        "for pixels, 100 unmapped / (pixels + unmapped)",
        _OWN,
        "Share that could not be mapped: no data, or outside the scene.",
    ),
    "cut_by_scene": Definition(
        "Cut by the scene's edge", "", "", _OWN, "Whether the outline reaches beyond the scene."
    ),
    "polis_m": Definition(
        "PoLiS distance",
        "m",
        "½ (mean distance of the predicted vertices to the expert boundary + "
        "mean distance of the expert vertices to the predicted boundary)",
        _POLIS,
        f"How far the corners of each outline lie from the other outline. {_GROUND} {_CUT}",
    ),
    "mean_m": Definition(
        "Mean distance",
        "m",
        "½ (mean distance along the predicted boundary to the expert's + the reverse), "
        "sampled every 10 m or closer, by length",
        _OWN,
        f"How far the two outlines lie apart on average. {_GROUND} {_CUT}",
    ),
    "median_m": Definition(
        "Median distance",
        "m",
        "median of the distances of both boundaries, by length, each direction with half the "
        "weight",
        _OWN,
        f"Along half of the boundaries the outlines are closer than this. {_GROUND} {_CUT}",
    ),
    "p95_m": Definition(
        "95th percentile of distance",
        "m",
        "95 % quantile of the distances of both boundaries, by length, each direction with half "
        "the weight",
        _OWN,
        f"Along 95 % of the boundaries the outlines are closer than this. {_GROUND} {_CUT}",
    ),
    "hausdorff_m": Definition(
        "Hausdorff distance",
        "m",
        "largest distance of any place on one boundary to the other boundary, either direction",
        "Hausdorff (1914), Grundzüge der Mengenlehre",
        f"The worst place, found to the millimetre. {_GROUND} {_CUT}",
    ),
    "largest_deviation_lon": Definition(
        "Longitude of the largest deviation",
        "°",
        "WGS 84; of the place on either boundary whose distance to the other is the Hausdorff "
        "distance",
        _OWN,
        "Where the worst place is, to show it on the map. One of them where there are several.",
    ),
    "largest_deviation_lat": Definition(
        "Latitude of the largest deviation",
        "°",
        "WGS 84; of the place on either boundary whose distance to the other is the Hausdorff "
        "distance",
        _OWN,
        "Where the worst place is, to show it on the map. One of them where there are several.",
    ),
    "signed_mean_m": Definition(
        "Signed mean distance",
        "m",
        "mean along the predicted boundary of the distance to the expert's, "
        "positive outside the expert outline, negative inside",
        _OWN,
        "Whether the map lies outside (positive) or inside (negative) the expert outline on "
        f"average. {_GROUND} {_CUT}",
    ),
    "boundary_left_out_percent": Definition(
        "Boundary left out",
        "%",
        "share of both boundaries, by length, where the mapped ice was cut off or two expert "
        "outlines share a border, and what is nearer to such a place than to any margin",
        _OWN,
        "Stretches without a margin to compare: ice divides, ice that goes on past the buffer, "
        "the scene's edge, no data.",
    ),
    "iou": Definition(
        "IoU",
        "",
        "TP / (TP + FP + FN)",
        "Jaccard (1912), New Phytologist 11(2)",
        "Pixels both call glacier, as a share of the pixels either does. 1 is perfect.",
    ),
    "f1": Definition(
        "F1",
        "",
        "2 TP / (2 TP + FP + FN)",
        "Dice (1945), Ecology 26(3)",
        "Another measure of agreement, kinder than IoU. 1 is perfect.",
    ),
    "precision": Definition(
        "Precision", "", "TP / (TP + FP)", "common", "Share of the predicted ice that is right."
    ),
    "recall": Definition(
        "Recall", "", "TP / (TP + FN)", "common", "Share of the expert's ice that was found."
    ),
    "mean_confidence": Definition(
        "Mean confidence",
        "",
        "mean calibrated confidence over the pixels that the map or the expert gives this glacier",
        _OWN,
        "How sure the network is: the share of such pixels expected to be right.",
    ),
    "true_positives": Definition("Both", "pixels", "TP", "common", "Both call it glacier."),
    "false_positives": Definition(
        "Only predicted", "pixels", "FP", "common", "Only the network calls it glacier."
    ),
    "false_negatives": Definition(
        "Only expert", "pixels", "FN", "common", "Only the expert calls it glacier."
    ),
    "true_negatives": Definition("Neither", "pixels", "TN", "common", "Nobody calls it glacier."),
    "pixels": Definition(
        "Pixels", "pixels", "TP + FP + FN + TN", "common", "Mapped pixels that are scored."
    ),
    "unmapped": Definition(
        "Unmapped pixels", "pixels", "", _OWN, "Pixels left out because they could not be mapped."
    ),
    "domain": Definition(
        "Where",
        "",
        "",
        _OWN,
        "Which pixels are scored. Where only some glaciers of a scene are outlined, only the "
        "surroundings of the outlines can be judged: the rest may hold glaciers too.",
    ),
    "glaciers": Definition("Glaciers", "", "", _OWN, "How many expert outlines were compared."),
    "predicted_elsewhere_km2": Definition(
        "Mapped ice elsewhere",
        "km²",
        "mapped ice farther than the buffer from every expert outline",
        _OWN,
        "Ice that belongs to no compared glacier: right where the outlines are incomplete, "
        "wrong where they hold every glacier.",
    ),
    "simulated": Definition(
        "Simulated", "", "", _OWN, "Whether the scene was simulated rather than observed."
    ),
}
"""Every column of every table of a comparison, by its name in the table."""
