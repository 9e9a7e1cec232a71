"""Words that pages share, written from numbers; nothing here draws or computes."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import glacier_core as gc
    from glacier_core.models.card import ModelCard, Reliability

UNKNOWN = "date unknown"

ANOTHER_YEAR = 2
"""Years between image and outline from which readers are warned."""

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


def km2(area: float) -> str:
    """Return an area with three figures or so, ``16.1 km²``."""
    digits = 1 if area >= 10 else 2 if area >= 1 else 3
    return f"{area:,.{digits}f} km²"


def metres(distance: float) -> str:
    """Return a distance, ``98 m``, or that there is none."""
    return f"{distance:,.0f} m" if distance >= 0 else "undefined"


def percent(share: float) -> str:
    """Return a share (0 to 1) as percent, with a digit more where it is small."""
    return f"{100 * share:.{0 if share >= 0.1 or share == 0 else 1}f} %"


def deviation(value: float) -> str:
    """Return a deviation in percent with its sign, ``+2.3 %``."""
    return f"{value:+.1f} %".replace("-", "−")


def comparison_sentence(comparison: "gc.Comparison") -> str:
    """Say in one sentence by how much the map and the expert differ, and what is human."""
    total = comparison.total
    predicted, expert = total["predicted_area_km2"], total["expert_area_km2"]
    glaciers = int(total["glaciers"])
    if not expert > 0:
        return "Nothing inside the expert's outlines could be mapped: there is no data."
    kind = (
        "The predicted outline shows"
        if glaciers == 1
        else f"In {glaciers} glaciers together the predicted outlines show"
    )
    if not predicted > 0:
        return f"The network found no ice here; the expert's outlines hold {km2(expert)}."
    return f"{kind} {km2(predicted)}, {_against(total['area_deviation_percent'])} {km2(expert)}."


def _against(percents: float) -> str:
    if abs(percents) < 0.5:
        return "as much as the expert's"
    size = f"{abs(percents):.0f} %" if abs(percents) >= 1 else f"{abs(percents):.1f} %"
    return f"{size} {'more' if percents > 0 else 'less'} than the expert's"


def human_sentence() -> str:
    """Say by how much experts differ among themselves."""
    from glacier_core.deviations.area import HUMAN_BAND

    return (
        f"Experts themselves differ by about {HUMAN_BAND.clean:.0f} % on clean ice and by up to "
        f"{HUMAN_BAND.debris_covered:.0f} % under debris (Paul et al. 2013)."
    )


def continuing_sentence(comparison: "gc.Comparison", *, complete: bool) -> str:
    """Say how much mapped ice runs on past the buffer, empty where it matters to nobody."""
    total = comparison.total
    continuing = total["continuing_area_km2"]
    if complete or not continuing > 0.005 * total["expert_area_km2"]:
        return ""
    return (
        f"Of the predicted area, {km2(continuing)} runs on more than {comparison.buffer_m:g} m "
        "past the outlines and may be a neighbour's that nobody outlined; without it the "
        f"difference is {deviation(total['area_deviation_without_continuing_percent'])}."
    )


def elsewhere_sentence(comparison: "gc.Comparison", *, complete: bool) -> str:
    """Say how much ice the network mapped far from every outline, empty where there is none."""
    elsewhere = comparison.total["predicted_elsewhere_km2"]
    if not elsewhere > 0:
        return ""
    meaning = (
        "The outlines hold every glacier of this scene, so that it is wrong."
        if complete
        else "The outlines do not hold every glacier of this scene, so nobody can say whether "
        "it is right."
    )
    return (
        f"Another {km2(elsewhere)} of ice is mapped more than {comparison.buffer_m:g} m away "
        f"from every outline. {meaning}"
    )


def unmapped_sentence(comparison: "gc.Comparison") -> str:
    """Say how much of the outlines could not be mapped, empty where all could."""
    share = comparison.total["unmapped_percent"] / 100
    if share < 0.001:
        return ""
    return (
        f"{percent(share)} of the outlined area could not be mapped (no data, or outside the "
        "scene) and counts neither as glacier nor as no glacier."
    )


def years(dates: Iterable[str]) -> list[int]:
    """Return the years that dates of outlines tell, sorted; unknown ones are left out."""
    found = (re.match(r"\d{4}", text) for text in dates)
    return sorted({int(year.group()) for year in found if year})


def when(dates: Iterable[str]) -> str:
    """Return when outlines were drawn, ``1984``, ``1984 to 2003`` or ``date unknown``."""
    told = sorted({text for text in dates if text})
    known = years(told)
    if not known:
        return UNKNOWN
    return told[0] if len(told) == 1 else f"{known[0]} to {known[-1]}"


def years_apart_sentence(scene: "gc.Scene", dates: Iterable[str]) -> str:
    """Warn where image and outlines are years apart; else empty."""
    known, acquired = years(dates), scene.attributes.acquired
    if acquired is None or not known:
        return ""
    gap = max(abs(acquired.year - year) for year in known)
    if gap < ANOTHER_YEAR:
        return ""
    return (
        f"The outlines are of {when(dates)}, the image of {acquired.year}: {gap} years apart. Ice "
        "gained or lost in between counts as a difference, although neither is wrong."
    )


def unknown_date_sentence(scene: "gc.Scene", dates: Iterable[str]) -> str:
    """Say so where nobody knows how far image and outlines are apart; else empty."""
    acquired = scene.attributes.acquired
    if acquired is not None and years(dates):
        return ""
    which = "image" if acquired is None else "outlines"
    return (
        f"The date of the {which} is not known: ice gained or lost between image and outlines "
        "counts as a difference, although neither is wrong."
    )


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
