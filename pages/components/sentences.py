"""Words that pages share, written from numbers; nothing here draws or computes."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from glacier_core.reporting.wording import (
    ANOTHER_YEAR,
    UNKNOWN,
    comparison_sentence,
    continuing_sentence,
    deviation,
    elsewhere_sentence,
    human_sentence,
    km2,
    metres,
    percent,
    unknown_date_sentence,
    unmapped_sentence,
    when,
    years,
    years_apart_sentence,
)

if TYPE_CHECKING:
    import glacier_core as gc
    from glacier_core.models.card import ModelCard, Reliability

__all__ = [
    "ANOTHER_YEAR",
    "INPUTS",
    "OLD_OUTLINES",
    "UNKNOWN",
    "WHAT_CONFIDENCE_MEANS",
    "WHERE_DOUBT_LIES",
    "baseline_sentence",
    "calibration_sentence",
    "comparison_sentence",
    "continuing_sentence",
    "definition_lines",
    "deviation",
    "doubt_sentence",
    "elsewhere_sentence",
    "expert_line",
    "help_text",
    "human_sentence",
    "inputs",
    "km2",
    "metres",
    "percent",
    "plain",
    "reliability_sentence",
    "scene_line",
    "unknown_date_sentence",
    "unmapped_sentence",
    "when",
    "years",
    "years_apart_sentence",
]

INPUTS = {
    "optical": "six optical bands",
    "dem": "elevation and slope",
    "co_pol_sar": "co-polarised radar backscatter",
    "cross_pol_sar": "cross-polarised radar backscatter",
    "in_sar": "interferometric coherence",
    "thermal": "thermal infrared",
}
"""Feature groups that a model may take, in words."""

WHAT_CONFIDENCE_MEANS = (
    "Confidence is the chance that a pixel is classed right, glacier or not: of all pixels marked "
    "90 %, about nine in ten should be right."
)

WHERE_DOUBT_LIES = (
    "It was learnt from scenes where the truth is known, by how often the network was right when "
    "it was this sure. Solid rock can be as certain as solid ice; doubt lies along margins, in "
    "shadow, under debris and in old snow."
)

OLD_OUTLINES = (
    "Every fault of the outlines counts as an error of the map here: ice that has melted since "
    "they were drawn, and neighbouring ice that nobody drew."
)


def plain(text: str) -> str:
    """Return a text out of a file so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:])", r"\\\1", text)


def inputs(card: "ModelCard") -> str:
    """Return what a model takes, in words."""
    return ", ".join(INPUTS[name] for name in card.inputs)


def doubt_sentence(shares: Any, doubtful: float) -> str:
    """Say how much of the mapped glacier is less sure than a confidence.

    Parameters
    ----------
    shares : DataFrame
        ``confidence_below``, ``of_glacier`` and ``of_mapped_area``, 0..1.
    """
    row = shares[shares["confidence_below"] == doubtful].iloc[0]
    if not row["of_mapped_area"] >= 0:
        return "Nothing could be mapped here: there is no data."
    mapped = f"{percent(row['of_mapped_area'])} of the whole mapped area"
    if not row["of_glacier"] >= 0:
        return f"No glacier is mapped; {mapped} is less than {percent(doubtful)} sure."
    return (
        f"The network is less than {percent(doubtful)} sure of {percent(row['of_glacier'])} of the "
        f"glacier it maps, and of {mapped}."
    )


def calibration_sentence(card: "ModelCard") -> str:
    """Say on what the confidence of a model was calibrated, and whether at all."""
    if card.calibration is None:
        return (
            "**This model is not calibrated**: its confidence only says how far the probability "
            "is from a half."
        )
    told = plain(card.calibration.fitted_on)
    if not told:
        return "It is calibrated; its card does not say on which pixels."
    return f"It was calibrated on: {told}."


def reliability_sentence(found: "Reliability") -> str:
    """Say on how many pixels the reliability was measured, and what calibration did."""
    pixels = sum(bin_.count for bin_ in found.calibrated)
    kind = ", simulated" if found.simulated else ""
    return (
        f"{plain(found.dataset)}{kind}: {pixels:,} pixels. ECE {found.raw_error:.3f} before and "
        f"{found.calibrated_error:.3f} after calibration: how sure and how right differ by that "
        "much on average."
    )


def baseline_sentence(found: Any) -> str:
    """Say how the network does beside the NDSI rule, and how well anything could do.

    Parameters
    ----------
    found : glacier_core.deviations.sample_score.SampleScore
    """
    network, rule = found.table["iou"]
    said = (
        f"On the same {found.pixels:,} pixels, within {found.buffer_m:g} m of the outlines, the "
        f"network reaches an IoU of {network:.3f}, the rule {found.table.index[1]} one of "
        f"{rule:.3f}."
    )
    if not found.neighbouring_ice_pixels:
        return said
    return (
        f"{said} The outlines leave out {found.neighbouring_ice_pixels:,} pixels of neighbouring "
        f"ice there, so that even a map without fault would score {found.ceiling:.3f}."
    )


def definition_lines(definitions: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return definitions as Markdown, a paragraph each: name, meaning, formula, source."""
    return "\n\n".join(_definition(definitions[name]) for name in names if name in definitions)


def _definition(meant: Any) -> str:
    unit = f" ({meant.unit})" if meant.unit else ""
    formula = f"  \nFormula: `{meant.formula}`" if meant.formula else ""
    return f"**{meant.name}**{unit}: {meant.meaning}{formula}  \nSource: {meant.source}."


def help_text(meant: Any) -> str:
    """Return a definition for a small help window."""
    formula = f" — `{meant.formula}`" if meant.formula else ""
    return f"{meant.meaning}{formula} ({meant.source})"


def scene_line(scene: "gc.Scene") -> str:
    """Return what a scene is, in a line: date, sensor, kind of reflectance."""
    facts = scene.attributes
    dated = facts.acquired.isoformat() if facts.acquired else "" if facts.simulated else UNKNOWN
    kind = {"toa": "top-of-atmosphere", "surface": "surface"}[facts.reflectance]
    told = filter(None, (dated, plain(facts.sensor), f"{kind} reflectance"))
    return f"Image: {', '.join(told)}"


def expert_line(outlines: Any, *, simulated: bool) -> str:
    """Return whose outlines they are and of when, in a line; a simulated scene has no date."""
    sources = sorted(set(outlines["source"]) - {""}) or ["source unknown"]
    named = ", ".join(sources[:3]) + (" and others" if len(sources) > 3 else "")
    dated = when(outlines["date"])
    if simulated and dated == UNKNOWN:
        return f"Expert: {plain(named)}"
    return f"Expert: {plain(named)}, {dated}"
