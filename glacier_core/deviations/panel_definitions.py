"""What every number about several experts of one glacier means."""

from glacier_core.deviations.area import HUMAN_BAND
from glacier_core.deviations.definitions import DEFINITIONS, Definition

_OWN = "own definition"
_OUTLINES = "the experts' outlines"
_MEAN = (
    "½ (mean distance along one boundary to the other + the reverse), sampled every 10 m or "
    "closer, by length"
)
_CUT = (
    "Where an outline ends for another reason than ice ending there (an ice divide, the scene's "
    "edge, no data) nothing is compared."
)
_T = (
    "Student's t with experts - 1 degrees of freedom: two-sided probability of "
    "|x - mean| / (s sqrt(1 + 1 / experts))"
)
_HAHN = "prediction interval of one further value, Hahn and Meeker (1991), Statistical Intervals"

PANEL_DEFINITIONS: dict[str, Definition] = {
    "glacier_id": Definition(
        "Glacier", "", "", _OUTLINES, "Id of the glacier: the one that most experts use."
    ),
    "name": Definition("Name", "", "", _OUTLINES, "Name of the glacier, if known."),
    "expert": Definition("Who", "", "", _OUTLINES, "An expert, or the model."),
    "model": Definition("Model", "", "", _OWN, "Whether the row is the model's."),
    "experts": Definition(
        "Experts",
        "",
        "experts who outlined this glacier",
        _OWN,
        "An expert who did not outline it has no say about it: nobody knows whether they took it "
        "for none or did not look.",
    ),
    "area_km2": Definition(
        "Area",
        "km²",
        "area of the mapped part of the outline, in an equal-area projection (ESRI:54034)",
        _OWN,
        "What this expert drew, or the model maps, where the scene could be mapped.",
    ),
    "expert_area_min_km2": Definition(
        "Smallest expert area",
        "km²",
        "smallest area of the mapped part of the experts' outlines (ESRI:54034)",
        _OWN,
        "The least that any of the experts drew.",
    ),
    "expert_area_mean_km2": Definition(
        "Mean expert area",
        "km²",
        "mean area of the mapped part of the experts' outlines (ESRI:54034)",
        _OWN,
        "What the experts drew on average.",
    ),
    "expert_area_max_km2": Definition(
        "Largest expert area",
        "km²",
        "largest area of the mapped part of the experts' outlines (ESRI:54034)",
        _OWN,
        "The most that any of the experts drew.",
    ),
    "spread_percent": Definition(
        "Spread of the experts' areas",
        "%",
        "100 (largest - smallest) / mean",
        f"own reading of {HUMAN_BAND.source}",
        "By how much experts differ in area. It grows with their number: of five who err "
        "normally it is 2.3 standard deviations on average.",
    ),
    "pairwise_distance_m": Definition(
        "Distance between experts",
        "m",
        f"mean over all pairs of experts of {_MEAN}",
        _OWN,
        f"How far two experts' outlines lie apart on average. {_CUT}",
    ),
    "fleiss_kappa": Definition(
        "Fleiss' kappa of the experts",
        "",
        "(P - Pe) / (1 - Pe): P the share of agreeing pairs of experts, Pe that of chance, over "
        "the mapped pixels within the buffer of any of the outlines",
        "Fleiss (1971), Psychological Bulletin 76(5), 378-382",
        "How far experts agree pixel by pixel beyond chance: 1 wholly, 0 no more than chance. "
        "It depends on how much sure ground around the glacier is counted.",
    ),
    "leave_one_out_area_percent": Definition(
        "Expert against the others, area",
        "%",
        "mean over experts of |100 (area - consensus area of the others) / consensus area of the "
        "others|; of one row, with its sign",
        _OWN,
        "How much one expert differs in area from what the others agree on. The consensus is "
        "what more than half of them drew; where just half did, the middle between them.",
    ),
    "leave_one_out_distance_m": Definition(
        "Expert against the others, distance",
        "m",
        f"mean over experts of their distance to the consensus of the others: {_MEAN}",
        _OWN,
        f"How far one expert lies from what the others agree on. {_CUT}",
    ),
    "predicted_area_km2": Definition(
        "Predicted area",
        "km²",
        "area of the mapped ice that lies in any expert's outline, or within the buffer and nearer "
        "to this glacier than to any other",
        _OWN,
        "How much ice the network mapped for this glacier.",
    ),
    "continuing_area_km2": DEFINITIONS["continuing_area_km2"],
    "consensus_area_km2": Definition(
        "Consensus area",
        "km²",
        "area of the mapped part of the consensus of all experts (ESRI:54034)",
        _OWN,
        "What more than half of the experts drew.",
    ),
    "consensus_area_deviation_percent": Definition(
        "Model against the consensus, area",
        "%",
        "100 (predicted area - consensus area) / consensus area",
        _OWN,
        "By how much the map shows more or less glacier than what the experts agree on: the "
        "measure of an expert against the others, for the model.",
    ),
    "consensus_distance_m": Definition(
        "Model against the consensus, distance",
        "m",
        _MEAN,
        _OWN,
        f"How far the map's outline lies from what the experts agree on. {_CUT}",
    ),
    "distance_to_experts_m": Definition(
        "Model to experts",
        "m",
        f"mean over experts of {_MEAN}",
        _OWN,
        "How far the map's outline lies from an expert's on average, to be held against the "
        f"distance between experts. {_CUT}",
    ),
    "area_probability": Definition(
        "Probability of such an area",
        "",
        f"{_T}, x the logarithm of the area",
        _HAHN,
        "How likely one further expert's area is as far from the experts' or farther.",
    ),
    "distance_probability": Definition(
        "Probability of such a distance",
        "",
        f"{_T}, x the logarithm of the mean distance to all others, expert or model; 1 below the "
        "mean",
        _HAHN,
        "How likely one further expert lies as far from the others or farther.",
    ),
    "probability": Definition(
        "Probability",
        "",
        "twice the smaller of the probabilities of area and distance, at most 1 (Bonferroni)",
        _OWN,
        "How likely one further expert of the same kind would lie as far from the others as the "
        "model does. Below 0.05 the model lies outside the experts' spread. None where fewer "
        "than three experts outlined the glacier.",
    ),
    "within_spread": Definition(
        "Within the experts' spread",
        "",
        "probability at least 0.05; with fewer than three experts: deviation of the predicted "
        f"area from their mean at most {HUMAN_BAND.clean:.0f} % (yes), above "
        f"{HUMAN_BAND.debris_covered:.0f} % (no), else unknown",
        f"own definition; published band: {HUMAN_BAND.source}",
        "Whether the model differs from the experts no more than one further expert would.",
    ),
    "judged_by": Definition(
        "Judged by",
        "",
        "",
        _OWN,
        "The spread of this glacier's own experts, or the published band where they are fewer "
        "than three.",
    ),
    "simulated": DEFINITIONS["simulated"],
}
"""Every column of every table of a panel, by its name in the table."""
