"""A model card: what it was trained on, where it holds and where it fails, and every figure."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

import glacier_core as gc
from glacier_core.viewing import palettes
from glacier_core.viewing.tables import accuracy_table
from pages.components import sentences
from pages.components.figures import drawn, show_figure

if TYPE_CHECKING:
    from glacier_core.models.card import ModelCard

WORDS = {"dataset": "Measured on", "metric": "Figure", "interval": "95 % interval", "data": "Data"}


def show_model_card(card: "ModelCard", folder: Path) -> None:
    """Show all that a card says.

    Parameters
    ----------
    card : ModelCard
    folder : Path
        Of the model, where the pictures of the card lie.
    """
    st.markdown(_facts(card))
    _list("Where it holds", card.holds)
    _list("Where it fails", card.fails)
    _pictures(card, folder)
    _figures(card)
    changes = [f"{one.change} Because: {one.reason}" for one in card.deviations]
    _list("Where the training departs from the published recipe", changes)
    if card.command:
        st.markdown("**Made anew by**")
        st.code(card.command, language="bash", wrap_lines=True)


def _facts(card: "ModelCard") -> str:
    facts = {
        "Training": sentences.plain(card.training),
        "Inputs": sentences.inputs(card),
        "Location": card.location or "not used",
        "Windows": f"{card.patch_size} × {card.patch_size} pixels",
        "Confidence": sentences.calibration_sentence(card),
        "Seeds": ", ".join(map(str, card.seeds)),
        "Licence": sentences.plain(card.licence),
        "Weights, SHA-256": f"`{card.sha256}`",
    }
    return "  \n".join(f"**{name}:** {told}" for name, told in facts.items() if told)


def _list(title: str, told: tuple[str, ...] | list[str]) -> None:
    if told:
        lines = "\n".join(f"- {sentences.plain(sentence)}" for sentence in told)
        st.markdown(f"**{title}**\n\n{lines}")


def _pictures(card: "ModelCard", folder: Path) -> None:
    from glacier_core.models.parts import read_picture

    if not card.pictures:
        return
    st.markdown("**Its worst failures**")
    columns = st.columns(min(3, len(card.pictures)))
    for number, picture in enumerate(card.pictures):
        with columns[number % len(columns)]:
            try:
                content = read_picture(folder, picture)
            except gc.GlacierError as error:
                st.error(str(error))
                continue
            st.image(content, caption=sentences.plain(picture.caption), width="stretch")


def _figures(card: "ModelCard") -> None:
    if not card.accuracy:
        st.info("Its card holds no measured accuracy.")
        return
    st.markdown("**Measured accuracy**; a rule beside it is scored on the same pixels")
    if any(figure.interval for figure in card.accuracy):
        _chart(card)
    table = accuracy_table(card)
    numbers = [name for name in table if name not in WORDS]
    st.dataframe(
        table,
        hide_index=True,
        column_config=WORDS
        | {
            name: st.column_config.NumberColumn(
                "Network" if name == "network" else name, format="%.3f"
            )
            for name in numbers
        },
        alt="Measured figures of this model, each with its data set.",
    )


def _chart(card: "ModelCard") -> None:
    """Show the figures of the first data set with an interval, which is the widest one."""
    first = next(figure.dataset for figure in card.accuracy if figure.interval)
    table = accuracy_table(card)
    shown = table[(table["dataset"] == first)].iloc[::-1]
    # A title within the figure would not fit a phone.
    st.caption(sentences.plain(f"{first}: shares of pixels, with 95 % intervals"))
    show_figure(
        drawn(_accuracy_chart, card, first, shown),
        shown,
        name=f"figures-of-{card.name}",
        alt=f"Figures of {card.title} on {first}, with intervals and simple rules beside them.",
    )


def _accuracy_chart(card: "ModelCard", first: str, shown: pd.DataFrame) -> go.Figure:
    ends = {one.metric: one for one in card.accuracy if one.dataset == first and one.interval}
    known = [ends.get(metric) for metric in shown["metric"]]
    figure = go.Figure()
    rules = [name for name in shown if name not in (*WORDS, "network")]
    for name, symbol in zip(rules, ("diamond-open", "square-open", "x", "cross"), strict=False):
        figure.add_scatter(
            x=shown[name],
            y=shown["metric"],
            mode="markers",
            name=name,
            marker={"color": palettes.BASELINE, "size": 9, "symbol": symbol},
        )
    figure.add_scatter(
        x=shown["network"],
        y=shown["metric"],
        mode="markers",
        name="network",
        marker={"color": palettes.PREDICTED, "size": 9},
        error_x={
            "array": [one.high - one.value if one else 0 for one in known],
            "arrayminus": [one.value - one.low if one else 0 for one in known],
        },
    )
    figure.update_layout(
        xaxis={"range": [0, 1]},
        legend={"orientation": "h", "y": -0.3},
        height=120 + 34 * len(shown),
        margin={"l": 0, "r": 24, "t": 10, "b": 0},
    )
    return figure
