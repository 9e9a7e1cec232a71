"""How sure the numbers of a map and of a comparison are, as tables that leave with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from glacier_core.confidence.band import LEVEL, OutlineBand, outline_band
from glacier_core.confidence.hints import look_here_first
from glacier_core.confidence.mapped_area import mapped_area_interval
from glacier_core.deviations.band_definitions import BAND_DEFINITIONS
from glacier_core.deviations.bootstrap import INTERVAL_DEFINITIONS, bootstrap_table
from glacier_core.deviations.comparison import Comparison
from glacier_core.deviations.definitions import Definition
from glacier_core.deviations.strata import STRATA_DEFINITIONS, stratify
from glacier_core.inference.result import GlacierMap
from glacier_core.scene import Scene

DRAWN_MASKS = "masks drawn from calibrated probabilities whose errors hang together"


@dataclass(frozen=True, eq=False)
class Doubt:
    """How sure a map is, and a comparison with it.

    Attributes
    ----------
    band : OutlineBand
        Where the outline may lie, glacier by glacier of the expert where there is one.
    areas : DataFrame
        Area of the whole map: ``quantity``, ``area_km2``, ``level``, ``method``, ``simulated``.
    places : DataFrame
        Where a look mends most, see ``look_here_first``.
    intervals, strata : DataFrame or None
        Intervals of the distances of every glacier, and where errors lie; None without experts.
    """

    band: OutlineBand
    areas: pd.DataFrame
    places: pd.DataFrame
    intervals: pd.DataFrame | None
    strata: pd.DataFrame | None

    def tables(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield every table with the name of its file, without suffix."""
        yield "area-uncertainty", self.areas
        yield "look-here-first", self.places
        if self.intervals is not None and self.strata is not None:
            yield "distance-intervals", self.intervals
            yield "strata", self.strata


def measure_doubt(result: GlacierMap, scene: Scene, comparison: Comparison | None) -> Doubt | None:
    """Measure how sure a map is; None where nothing was mapped.

    Parameters
    ----------
    result : GlacierMap
    scene : Scene
        The one that was mapped.
    comparison : Comparison, optional
        With expert outlines.
    """
    if bool(result.unmapped.all()):
        return None
    band = outline_band(result, outlines=None if comparison is None else comparison.expert)
    places, areas = look_here_first(result), _areas(result, band)
    if comparison is None:
        return Doubt(band, areas, places, None, None)
    intervals = bootstrap_table(comparison.profile, simulated=comparison.simulated)
    strata = stratify(result, scene, comparison.expert, buffer_m=comparison.buffer_m)
    return Doubt(band, areas, places, intervals, strata)


def _areas(result: GlacierMap, band: OutlineBand) -> pd.DataFrame:
    found = mapped_area_interval(result)
    bound = f"pixels by confidence of {100 * LEVEL:g} %"
    rows = [
        ("sure", band.low_km2, LEVEL, bound),
        ("mapped", band.central_km2, None, "probability above 0.5"),
        ("possible", band.high_km2, LEVEL, bound),
        ("interval, low", found.low_km2, found.level, DRAWN_MASKS),
        ("interval, central", found.central_km2, found.level, DRAWN_MASKS),
        ("interval, high", found.high_km2, found.level, DRAWN_MASKS),
    ]
    table = pd.DataFrame(rows, columns=["quantity", "area_km2", "level", "method"])
    return table.assign(simulated=result.simulated)


def doubt_facts(doubt: Doubt | None) -> dict[str, Any]:
    """Return what a report tells of doubt: sentences, tables of texts and their definitions."""
    if doubt is None:
        return {"doubt": None}
    low, high = doubt.areas.set_index("quantity")["area_km2"][["interval, low", "interval, high"]]
    sentences = [
        doubt.band.sentence,
        f"In {100 * LEVEL:g} of 100 cases like the simulated ones on which this was fitted, the "
        f"true area lies between {low:.2f} and {high:.2f} km².",
    ]
    tables = [] if doubt.strata is None else [_strata_table(doubt.strata)]
    if doubt.intervals is not None:
        tables.insert(0, _interval_table(doubt.intervals, doubt.band))
    meant: list[Definition] = [BAND_DEFINITIONS["low_km2"], BAND_DEFINITIONS["high_km2"]]
    if tables:
        meant += [INTERVAL_DEFINITIONS["mean_low_m"], INTERVAL_DEFINITIONS["mean_high_m"]]
        meant += [STRATA_DEFINITIONS["share_of_errors_percent"]]
    return {"doubt": {"sentences": sentences, "tables": tables, "definitions": meant}}


def _interval_table(intervals: pd.DataFrame, band: OutlineBand) -> dict[str, Any]:
    """Return the distances' intervals of the glaciers that have any."""
    names = band.glaciers.set_index("glacier_id")["name"]
    known = intervals.dropna(subset=["mean_low_m", "mean_high_m"])
    rows = [
        (
            str(names[row["glacier_id"]] or row["glacier_id"]),
            f"{row['mean_low_m']:.0f} to {row['mean_high_m']:.0f} m",
            f"{row['signed_mean_low_m']:+.0f} to {row['signed_mean_high_m']:+.0f} m".replace(
                "-", "−"
            ),
        )
        for row in known.to_dict("records")
    ]
    head = ("Glacier", "Mean distance, 95 % interval", "Signed mean distance, 95 % interval")
    return {"title": "How sure the distances are", "head": head, "rows": rows}


def _strata_table(strata: pd.DataFrame) -> dict[str, Any]:
    """Return where the errors lie, of every division that is known and has classes."""
    known = strata[(strata["missing_because"] == "") & (strata["share_of_errors_percent"].notna())]
    divided = known.groupby("stratum", sort=False).filter(lambda classes: len(classes) > 1)
    rows = [
        (
            f"{row['stratum']}: {row['class']}",
            f"{row['share_of_pixels_percent']:.0f} %",
            f"{row['share_of_errors_percent']:.0f} %",
        )
        for row in divided.to_dict("records")
    ]
    head = ("Class", "Share of pixels", "Share of errors")
    return {"title": "Where map and expert disagree", "head": head, "rows": rows}
