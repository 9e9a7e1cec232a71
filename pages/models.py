"""Models: how good each network is, where, on which data, and beside what others published."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

import glacier_core as gc
from glacier_core.benchmark import views
from glacier_core.benchmark.definitions import BENCHMARK_DEFINITIONS
from glacier_core.benchmark.storage import benchmark_parquet
from glacier_core.reporting.exports import table_csv
from glacier_core.simulation.regions import REGIONS
from glacier_core.viewing import benchmark_charts as charts
from pages.components.benchmark import opened, pick_figure, show_run, viewed
from pages.components.figures import drawn, show_definitions
from pages.components.sentences import plain
from pages.components.state import DEFAULT_MODEL, app_state, choose, guard

WHAT = f"""
### How good are the models, and how do we know?

The default model, **{DEFAULT_MODEL}**, **is** two small networks in the manner of GlaViTU that this
project trained on simulated scenes; it runs on any laptop. It **is not** the network of the paper,
whose weights are not part of this program, and it has seen **no real image** in training: figures
on simulated tiles say how it does in worlds that this program made.
"""

TOLD_APART = """
Figures that **others published** stand in a dashed frame or are hollow blue marks: they were
measured on real imagery with other weights, so they show what the method can reach and are not to
be held against ours digit by digit. Orange marks are ours, green ones simple rules on the same
pixels.
"""

NOTHING_YET = """
No benchmark was run here yet, so there is nothing of ours to show. One command scores models on
files of tiles, simple rules beside them, and this page shows the table it writes into the folder
`benchmarks` of the data folder.
"""

COMMAND = (
    "glacier-core benchmark --model glavitu-small --tiles test=TILES.hdf5 "
    "--out DATA_FOLDER/benchmarks/mine.parquet"
)

TITLES = {code: region.title for code, region in REGIONS.items()}


@dataclass(frozen=True)
class Question:
    """One figure of this page: what it asks, its table, its chart and how to read it."""

    title: str
    table: Callable[[pd.DataFrame], pd.DataFrame]
    chart: Callable[[pd.DataFrame], go.Figure]
    reading: str
    alt: str


QUESTIONS = {
    "strategies": Question(
        "Strategies",
        views.strategies_by_region,
        partial(charts.strategy_chart, regions=TITLES),
        "A strategy is how a network is trained: one for the whole world (global), one for each "
        "region (regional, finetuning), one that is told the region or the coordinates, or one "
        "that learns to do without some inputs (modality dropout). Bright cells are good. Networks "
        "that were trained in one way only, such as the default model, stand under *Networks*.",
        "A heat map of the IoU, strategies across and regions down.",
    ),
    "networks": Question(
        "Networks",
        views.architectures,
        charts.architecture_chart,
        "Left: further right is better, the bars are the standard deviation over regions. Middle "
        "and right: further left is cheaper. What others published was measured on other data.",
        "IoU, number of parameters and seconds a patch of every network.",
    ),
    "data": Question(
        "Data",
        views.track_gains,
        partial(charts.gain_chart, regions=TITLES),
        "A dot is a region: right of the line, radar or heat made the map better than imagery and "
        "terrain alone.",
        "Gain in IoU by radar backscatter, coherence and thermal data, a dot a region.",
    ),
    "places": Question(
        "New places",
        views.generalisation,
        charts.generalisation_chart,
        "A model is only as good as it is where it was not trained: on other ground, on another "
        "day, with another instrument. Lines that stay level carry far.",
        "Mean IoU of every model on tiles that differ in place, date and sensor.",
    ),
    "strata": Question(
        "Hard cases",
        views.strata,
        charts.strata_chart,
        "Debris hides ice, shadow hides everything, snow looks like ice. For snow and water, the "
        "last rows, less is better: none of it is glacier.",
        "Figures for debris, shadow, small glaciers, snow and water.",
    ),
}


def ask() -> str:
    """Let the reader choose a figure; the address holds the choice."""
    st.session_state["question"] = app_state().figure
    st.segmented_control(
        "Figure",
        list(QUESTIONS),
        format_func=lambda name: QUESTIONS[name].title,
        key="question",
        label_visibility="collapsed",
        required=True,
        on_change=lambda: choose(figure=st.session_state["question"], run=""),
    )
    return app_state().figure


def headline(table: pd.DataFrame) -> str:
    """Say which of ours is best beside the best rule, where the means over regions are known."""
    means = table[table["region"] == "mean"]
    best = {
        kind: some.loc[some["value"].idxmax()]
        for kind, some in means.groupby("kind")
        if kind != views.PUBLISHED
    }
    if views.OURS not in best:
        return ""
    ours = best[views.OURS]
    kind = "simulated" if ours["simulated"] else "real"
    said = (
        f"Best of ours here, on {kind} test tiles: **{plain(ours['label'])}**, mean IoU "
        f"{ours['value']:.3f}"
    )
    if views.RULE not in best:
        return f"{said}."
    rule = best[views.RULE]
    return f"{said}; the better rule, {plain(rule['label'])}, reaches {rule['value']:.3f}."


def one_figure(name: str) -> None:
    question = QUESTIONS[name]
    table = viewed(name, question.table)
    if not (table["kind"] != views.PUBLISHED).any():
        st.info("None of the benchmarks at hand can answer this; what others published is shown.")
    if table.empty:
        return
    if said := headline(table):
        st.markdown(said)
    pick_figure(drawn(question.chart, table), table, name=name, alt=question.alt)
    st.caption(question.reading)


def everything(figures: pd.DataFrame) -> None:
    st.subheader("All figures", help="Every figure of every run, by region, subregion and stratum.")
    buttons = st.container(horizontal=True)
    buttons.download_button(
        "The whole table, CSV",
        data=lambda: table_csv(figures),
        file_name="benchmark.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    buttons.download_button(
        "The whole table, Parquet",
        data=lambda: benchmark_parquet(opened()),
        file_name="benchmark.parquet",
        mime="application/vnd.apache.parquet",
        on_click="ignore",
        icon=":material/download:",
    )


def one_card() -> None:
    from glacier_core.models.card import read_card
    from glacier_core.models.registry import CARD, model_folder
    from pages.components.model_card import show_model_card

    names = gc.list_models()
    usual = names.index(DEFAULT_MODEL) if DEFAULT_MODEL in names else 0
    name = st.selectbox("Model", names, index=usual, key="card")
    with guard():
        folder = model_folder(name)
        show_model_card(read_card(folder / CARD), folder)


state = app_state()
st.markdown(WHAT)
with guard():
    benchmark = opened()

if benchmark.ours.empty:
    st.info(NOTHING_YET, icon=":material/hourglass_empty:")
    st.code(COMMAND, language="sh", wrap_lines=True)
    st.subheader("What others published")

name = ask()
figure_side, run_side = st.columns([5, 2], gap="medium")
with figure_side:
    one_figure(name)
with run_side:
    if app_state().run:
        show_run(benchmark, app_state().run)
    else:
        st.info("Click a cell or a mark to see the run that made it.", icon=":material/ads_click:")
st.caption(TOLD_APART)
show_definitions(BENCHMARK_DEFINITIONS, BENCHMARK_DEFINITIONS, "What the numbers mean")
everything(benchmark.figures)
st.subheader("Model cards")
st.page_link("about.py", label="What each model was trained on", icon=":material/badge:")
one_card()
