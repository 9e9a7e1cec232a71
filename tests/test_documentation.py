"""The documentation keeps up with the code."""

from pathlib import Path

import pandas as pd
import pytest

from glacier_core.settings import Settings

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented_with_its_default(name):
    row = next(
        line
        for line in (DOCS / "settings.md").read_text().splitlines()
        if f"`GLACIER_{name.upper()}`" in line
    )
    field = Settings.model_fields[name]
    assert field.description in row
    if not field.default_factory and field.default is not None:
        assert f"| {field.default} |" in row


def test_the_tables_of_calibration_are_those_measured():
    measured = pd.read_csv(DOCS / "calibration" / "calibration.csv")
    told = (DOCS / "calibration.md").read_text()
    everywhere = measured[measured["by"] == "everywhere"].set_index("calibration")
    for name, row in everywhere.iterrows():
        figures = row[["ece", "ece_equal_mass", "maximum_error", "brier"]]
        assert f"| {name} | " + " | ".join(f"{value:.4f}" for value in figures) in told
    for _, row in measured[measured["calibration"] == "isotonic"].iterrows():
        line = f"| {row['by']} | {row['part']} | {row['scenes']} | {row['pixels']:,} |"
        shown = row["by"] != "everywhere" and row["pixels"] >= 1000
        assert (line in told) == shown
    assert f"{everywhere['pixels'].iloc[0]:,} pixels" in told
