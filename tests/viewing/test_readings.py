import numpy as np
import pytest

from glacier_core.viewing.readings import SHOWN, deviation_rows, read


def test_rows_carry_the_names_of_the_definitions(comparison):
    rows = dict(deviation_rows(comparison)["G-1"])
    row = comparison.glaciers.iloc[0]
    assert rows["Area deviation"] == f"{row['area_deviation_percent']:+.1f} %".replace("-", "−")
    assert rows["Date of the outline"] == "2019"
    assert list(rows) == [comparison.definitions[name].name for name in SHOWN if row[name] != ""]


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("polis_m", 12.6, "13 m"),
        ("signed_mean_m", 4.4, "+4 m"),
        ("signed_mean_m", -12.0, "−12 m"),
        ("area_deviation_percent", 3.26, "+3.3 %"),
        ("unmapped_percent", 3.26, "3.3 %"),
        ("expert_area_km2", 16.14, "16.14 km²"),
        ("mean_confidence", 0.934, "93 %"),
        ("iou", 0.5, "0.50"),
        ("polis_m", np.nan, "undefined"),
    ],
)
def test_values_carry_their_unit_and_deviations_their_sign(comparison, column, value, text):
    assert read(comparison, column, value) == text
