import numpy as np

from glacier_core.viewing.readings import SHOWN, deviation_rows, read


def test_rows_carry_names_and_units_of_the_definitions(comparison):
    rows = dict(deviation_rows(comparison)["G-1"])
    row = comparison.glaciers.iloc[0]
    assert rows["Area deviation"] == f"{row['area_deviation_percent']:+.1f} %"
    assert rows["PoLiS distance"] == f"{row['polis_m']:.0f} m"
    assert rows["Signed mean distance"] == f"{row['signed_mean_m']:+.0f} m"
    assert rows["Mean confidence"] == f"{row['mean_confidence']:.0%}"
    assert rows["Date of the outline"] == "2019"
    assert list(rows) == [comparison.definitions[name].name for name in SHOWN if row[name] != ""]


def test_undefined_numbers_are_said_to_be_so(comparison):
    assert read(comparison, "polis_m", np.nan) == "undefined"
    assert read(comparison, "iou", 0.5) == "0.50"
