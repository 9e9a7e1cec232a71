"""Why a model's confidence is calibrated as it is: every method on the same pixels."""

from typing import TYPE_CHECKING

import streamlit as st

from glacier_core.deviations.calibration_definitions import CALIBRATION_DEFINITIONS
from glacier_core.viewing.calibration_charts import (
    calibration_bins,
    calibration_chart,
    calibration_table,
)
from pages.components import sentences
from pages.components.figures import (
    drawn,
    offer_table,
    show_definitions,
    show_figure,
    show_table,
)

if TYPE_CHECKING:
    from glacier_core.models.card import ModelCard

SHOWN = {
    "method": None,
    "monotone": None,
    "ece": "%.4f",
    "ece_equal_mass": "%.4f",
    "maximum_error": "%.3f",
    "brier": "%.4f",
}


def calibration_section(card: "ModelCard") -> None:
    """Show the methods that were compared and why one was chosen, where the card tells."""
    found = card.calibration_comparison
    if found is None or not found.trials:
        return
    st.subheader("Why it is calibrated this way")
    st.markdown(f"{sentences.plain(found.reason)} Compared on {sentences.plain(found.dataset)}.")
    picture, numbers = st.columns(2)
    with picture:
        show_figure(
            drawn(calibration_chart, found),
            calibration_bins(found),
            name=f"{card.name}-calibrations",
            alt="Confidence against the share of right pixels, by method of calibration.",
        )
    table = calibration_table(found)
    with numbers:
        show_table(
            table,
            SHOWN,
            CALIBRATION_DEFINITIONS,
            alt="Every method of calibration with its errors, on pixels it was not fitted on.",
        )
    for sentence in found.left_out:
        st.caption(sentences.plain(sentence))
    buttons = st.container(horizontal=True)
    with buttons:
        offer_table("All figures, CSV", table, name=f"{card.name}-calibration-methods")
        show_definitions(CALIBRATION_DEFINITIONS, CALIBRATION_DEFINITIONS, "What they mean")
