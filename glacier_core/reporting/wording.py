"""Words for numbers, the same in the app, in reports and in notebooks; nothing here computes."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from glacier_core.deviations.area import HUMAN_BAND

if TYPE_CHECKING:
    from glacier_core.deviations.comparison import Comparison
    from glacier_core.scene import Scene

UNKNOWN: Final = "date unknown"

ANOTHER_YEAR: Final = 2
"""Years between image and outline from which readers are warned."""


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


def comparison_sentence(comparison: "Comparison") -> str:
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
    return (
        f"Experts themselves differ by about {HUMAN_BAND.clean:.0f} % on clean ice and by up to "
        f"{HUMAN_BAND.debris_covered:.0f} % under debris (Paul et al. 2013)."
    )


def continuing_sentence(comparison: "Comparison", *, complete: bool) -> str:
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


def elsewhere_sentence(comparison: "Comparison", *, complete: bool) -> str:
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


def unmapped_sentence(comparison: "Comparison") -> str:
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


def years_apart_sentence(scene: "Scene", dates: Iterable[str]) -> str:
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


def unknown_date_sentence(scene: "Scene", dates: Iterable[str]) -> str:
    """Say so where nobody knows how far image and outlines are apart; else empty."""
    acquired = scene.attributes.acquired
    if acquired is not None and years(dates):
        return ""
    which = "image" if acquired is None else "outlines"
    return (
        f"The date of the {which} is not known: ice gained or lost between image and outlines "
        "counts as a difference, although neither is wrong."
    )


def glacier_sentence(row: Mapping[Any, Any]) -> str:
    """Say of one glacier by how much map and expert differ in area and in distance.

    Parameters
    ----------
    row : mapping
        A row of ``Comparison.glaciers``.
    """
    predicted, expert = row["predicted_area_km2"], row["expert_area_km2"]
    if not expert > 0:
        return "Nothing inside the expert's outline could be mapped: there is no data."
    if not predicted > 0:
        return f"The network found no ice here; the expert's outline holds {km2(expert)}."
    said = (
        f"The map shows {km2(predicted)}, {_against(row['area_deviation_percent'])} {km2(expert)}"
    )
    if not row["mean_m"] >= 0:
        return f"{said}."
    return (
        f"{said}. The outlines lie {metres(row['mean_m'])} apart on average, and within "
        f"{metres(row['p95_m'])} along 95 % of the way."
    )


def band_sentence(deviation_percent: float) -> str:
    """Say where an area deviation lies in the published bands of experts; empty if undefined."""
    if not abs(deviation_percent) >= 0:
        return ""
    size, band = abs(deviation_percent), HUMAN_BAND
    if size <= band.clean:
        return (
            f"{deviation(deviation_percent)} is within the ±{band.clean:.0f} % by which experts "
            "differ on clean ice."
        )
    if size <= band.debris_covered:
        return (
            f"{deviation(deviation_percent)} is more than the ±{band.clean:.0f} % by which experts "
            f"differ on clean ice, and within the ±{band.debris_covered:.0f} % under debris."
        )
    return (
        f"{deviation(deviation_percent)} is more than experts differ even under debris "
        f"(±{band.debris_covered:.0f} %)."
    )
