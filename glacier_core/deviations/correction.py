"""What correcting an outline by hand changed: deviations before and after."""

import numpy as np
import pandas as pd

from glacier_core.deviations.area import area_deviation
from glacier_core.deviations.comparison import Comparison
from glacier_core.deviations.definitions import DEFINITIONS, Definition

MEASURES = ("predicted_area_km2", "area_deviation_percent", "mean_m", "p95_m", "hausdorff_m")
"""Columns of a comparison that are told before and after."""

_SMALLEST = {"predicted_area_km2": 1e-6, "area_deviation_percent": 1e-6}
"""A change below this is rounding; a hundredth of a metre for distances."""

_WHOSE = {"before": "as the network drew it", "after": "as it was corrected by hand"}


def _definitions() -> dict[str, Definition]:
    found = {
        f"{when}_{name}": Definition(
            name=f"{DEFINITIONS[name].name} {when}",
            unit=DEFINITIONS[name].unit,
            formula=DEFINITIONS[name].formula,
            source=DEFINITIONS[name].source,
            meaning=f"{DEFINITIONS[name].meaning} Of the outline {_WHOSE[when]}.",
        )
        for name in MEASURES
        for when in _WHOSE
    }
    return found | {
        "area_change_percent": Definition(
            name="Change of area",
            unit="%",
            formula="100 (corrected area - network's area) / network's area",
            source="own definition",
            meaning="By how much the correction changed the area of the predicted outline.",
        ),
        "changed": Definition(
            name="Changed",
            unit="",
            formula="",
            source="own definition",
            meaning="Whether the correction changed area or distances of this glacier.",
        ),
    }


CORRECTION_DEFINITIONS = _definitions()
"""Meaning, unit, formula and source of every number of :func:`before_and_after`."""


def before_and_after(before: Comparison, after: Comparison) -> pd.DataFrame:
    """Return the deviations of every glacier before and after a correction.

    Parameters
    ----------
    before, after : Comparison
        Of the map and of the corrected map with the same expert outlines.

    Returns
    -------
    pandas.DataFrame
        One row an expert glacier: ``glacier_id``, ``name``, ``expert_area_km2``; each of
        :data:`MEASURES` with ``before_`` and ``after_`` in front; ``area_change_percent`` (NaN
        where the network saw no ice), ``changed``, ``simulated``.

    Raises
    ------
    ValueError
        When the two were made with different outlines.
    """
    if list(before.glaciers["glacier_id"]) != list(after.glaciers["glacier_id"]):
        raise ValueError("Both comparisons must be with the same expert outlines.")
    table = before.glaciers[["glacier_id", "name", "expert_area_km2"]].copy()
    changed = np.zeros(len(table), dtype=bool)
    for name in MEASURES:
        old, new = before.glaciers[name].to_numpy(float), after.glaciers[name].to_numpy(float)
        table[f"before_{name}"], table[f"after_{name}"] = old, new
        least = _SMALLEST.get(name, 0.01)
        changed |= ~np.isclose(old, new, rtol=0, atol=least, equal_nan=True)
    table["area_change_percent"] = [
        area_deviation(float(new), float(old))
        for new, old in zip(
            table["after_predicted_area_km2"], table["before_predicted_area_km2"], strict=True
        )
    ]
    return table.assign(changed=changed, simulated=before.simulated)
