"""Why a model's confidence is calibrated as it is: every method on the same pixels."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from glacier_core.deviations.calibration_definitions import CALIBRATION_DEFINITIONS
from glacier_core.reporting.exports import table_csv
from pages.components import sentences
from pages.components.figures import show_definitions

if TYPE_CHECKING:
    from glacier_core.models.calibration_comparison import CalibrationComparison
    from glacier_core.models.card import ModelCard

RAW = "none, as the network says"


def calibration_table(found: "CalibrationComparison") -> pd.DataFrame:
    """Return the figures of every method, a row each, those before calibration first."""
    raw = [] if found.raw is None else [{"method": RAW} | found.raw.model_dump()]
    tried = [
        {"method": trial.method, "monotone": trial.monotone} | trial.figures.model_dump()
        for trial in found.trials
    ]
    return pd.DataFrame([*raw, *tried]).assign(simulated=found.simulated)


def calibration_section(card: "ModelCard") -> None:
    """Show the methods that were compared and why one was chosen, where the card tells."""
    found = card.calibration_comparison
    if found is None or not found.trials:
        return
    st.subheader("Why it is calibrated this way")
    st.markdown(f"{sentences.plain(found.reason)} Compared on {sentences.plain(found.dataset)}.")
    table = calibration_table(found)
    shown = ["method", "monotone", "ece", "ece_equal_mass", "maximum_error", "brier"]
    st.dataframe(
        table[shown],
        hide_index=True,
        column_config={
            name: st.column_config.Column(meant.name, help=sentences.help_text(meant))
            if name in ("method", "monotone")
            else st.column_config.NumberColumn(
                meant.name, format="%.4f", help=sentences.help_text(meant)
            )
            for name, meant in CALIBRATION_DEFINITIONS.items()
            if name in shown
        },
        alt="Every method of calibration with its errors, on pixels it was not fitted on.",
    )
    for sentence in found.left_out:
        st.caption(sentences.plain(sentence))
    buttons = st.container(horizontal=True)
    with buttons:
        st.download_button(
            "All figures, CSV",
            data=lambda: table_csv(table),
            file_name=f"{card.name}-calibrations.csv",
            mime="text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )
        show_definitions(CALIBRATION_DEFINITIONS, CALIBRATION_DEFINITIONS, "What they mean")
