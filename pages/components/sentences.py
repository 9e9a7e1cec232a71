"""Words that pages share, written from numbers; nothing here draws or computes."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import glacier_core as gc

ANOTHER_YEAR = 2
"""Years between image and outline from which readers are warned."""

WHAT_CONFIDENCE_MEANS = (
    "Confidence says how often the network was right on other scenes where it was this sure: "
    "of all pixels marked 90 %, about nine in ten should be right. It is about the class of a "
    "pixel, glacier or not, so solid rock can be as certain as solid ice; doubt lies along "
    "margins, in shadow, under debris and in old snow."
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
        return "date unknown"
    return told[0] if len(told) == 1 else f"{known[0]} to {known[-1]}"


def years_apart_sentence(acquired: date | None, dates: Iterable[str]) -> str:
    """Warn where image and outlines are years apart, or where nobody can tell; else empty."""
    known = years(dates)
    if acquired is None or not known:
        which = "image" if acquired is None else "outlines"
        return (
            f"The date of the {which} is not known. Glaciers change: ice gained or lost between "
            "image and outlines counts as a difference, although neither is wrong."
        )
    gap = max(abs(acquired.year - year) for year in known)
    if gap < ANOTHER_YEAR:
        return ""
    return (
        f"The outlines are of {when(dates)}, the image of {acquired.year}: {gap} years apart. Ice "
        "gained or lost in between counts as a difference, although neither is wrong."
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
    kind = {"toa": "top-of-atmosphere", "surface": "surface"}[facts.reflectance]
    taken = facts.acquired.isoformat() if facts.acquired else "date unknown"
    return f"Image: {taken}, {plain(facts.sensor)}, {kind} reflectance"


def expert_line(outlines: Any) -> str:
    """Return whose outlines they are and of when, in a line."""
    sources = sorted(set(outlines["source"]) - {""}) or ["source unknown"]
    named = ", ".join(sources[:3]) + (" and others" if len(sources) > 3 else "")
    return f"Expert: {plain(named)}, {when(outlines['date'])}"
