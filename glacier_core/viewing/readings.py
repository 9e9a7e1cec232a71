"""Numbers of a comparison as people read them in a popup: label and text, glacier by glacier."""

from typing import Any, Final

import numpy as np

from glacier_core.deviations.comparison import Comparison

SHOWN: Final = (
    "expert_date",
    "expert_area_km2",
    "predicted_area_km2",
    "area_deviation_percent",
    "polis_m",
    "median_m",
    "p95_m",
    "signed_mean_m",
    "iou",
    "mean_confidence",
    "unmapped_percent",
)
"""Columns of ``Comparison.glaciers`` that a popup shows, in this order."""

_FORMS: Final = {
    "km²": "{:.2f} km²",
    "%": "{:.1f} %",
    "m": "{:.0f} m",
    "": "{:.2f}",
}
_SIGNED: Final = ("area_deviation_percent", "signed_mean_m")


def deviation_rows(comparison: Comparison) -> dict[str, list[tuple[str, str]]]:
    """Return what a click on each expert glacier shows, (label, text) by ``glacier_id``."""
    shown = [name for name in SHOWN if name in comparison.glaciers]
    return {
        row["glacier_id"]: [
            (comparison.definitions[name].name, read(comparison, name, row[name]))
            for name in shown
            if row[name] != ""
        ]
        for row in comparison.glaciers.to_dict("records")
    }


def read(comparison: Comparison, column: str, value: Any) -> str:
    """Return a value of a column of ``Comparison.glaciers`` with its unit, as a text."""
    if isinstance(value, str):
        return value
    if not np.isfinite(value):
        return "undefined"
    if column == "mean_confidence":
        return f"{100 * value:.0f} %"
    form = _FORMS[comparison.definitions[column].unit]
    if column in _SIGNED:
        form = form.replace("{:", "{:+")
    return form.format(float(value)).replace("-", "−")
