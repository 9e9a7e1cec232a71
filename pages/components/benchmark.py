"""Figures of the benchmark that lead to the run that made them."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

import glacier_core as gc
from glacier_core.reporting.exports import table_csv
from pages.components.sentences import plain
from pages.components.state import choose

if TYPE_CHECKING:
    from glacier_core.benchmark.table import Benchmark

_COLUMNS = {
    "label": "What",
    "region": "Region",
    "generalisation": "Tiles",
    "stratum": "Of",
    "metric": "Figure",
    "value": st.column_config.NumberColumn("Value", format="%.3f"),
    "count": st.column_config.NumberColumn("Pixels or glaciers", format="localized"),
    "parameters": st.column_config.NumberColumn("Parameters", format="localized"),
    "seconds_per_patch": st.column_config.NumberColumn("Seconds a patch", format="%.3f"),
    "dataset": "Data set",
    "data": "Data",
    "source": "Source",
}


@st.cache_resource(ttl=60, max_entries=1, show_spinner="Opening the benchmark …")
def _opened() -> "tuple[Benchmark, dict[str, pd.DataFrame]]":
    return gc.open_benchmark(), {}


def opened() -> "Benchmark":
    """Open every benchmark at hand, once a minute for all readers."""
    return _opened()[0]


def viewed(name: str, view: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """Return a view of the figures at hand, made once for all readers.

    Parameters
    ----------
    name : str
        Of the view.
    view : callable
        Makes it of all figures.
    """
    benchmark, tables = _opened()
    if name not in tables:
        tables[name] = view(benchmark.figures)
    return tables[name]


def pick_figure(figure: go.Figure, table: pd.DataFrame, *, name: str, alt: str) -> None:
    """Show a figure and its table; picking a mark or a row chooses the run that made it.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        The first custom datum of a mark is the index of its row.
    table : DataFrame
        As of `glacier_core.benchmark.views`.
    name : str
        Of the files, without suffix.
    alt : str
        What a screen reader says the figure shows.
    """
    event: Any = st.plotly_chart(
        figure,
        key=f"figure-{name}",
        on_select="rerun",
        selection_mode="points",
        config={"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]},
        alt=alt,
    )
    _choose(table, "mark", [point["customdata"][0] for point in event["selection"]["points"]])
    with st.expander("The same as a table, and its files", icon=":material/table:"):
        shown = _readable(table)
        picked: Any = st.dataframe(
            shown,
            hide_index=True,
            on_select="rerun",
            selection_mode="single-row",
            key=f"table-{name}",
            column_config={key: _COLUMNS[key] for key in shown},
            alt=f"The same as the figure: {alt}",
        )
        _choose(table, "row", [table.index[row] for row in picked["selection"]["rows"]])
        _downloads(table, name)


def show_run(benchmark: "Benchmark", run: str) -> None:
    """Show the run that made a figure: model, data set, seed, command and log."""
    figures = benchmark.figures[benchmark.figures["run"] == run]
    if figures.empty:
        st.info("That run is not among the benchmarks at hand.")
        return
    first = figures.iloc[0]
    with st.container(border=True):
        if first["published"]:
            _published(figures)
        else:
            _ours(first, benchmark.run(run))


def _published(figures: pd.DataFrame) -> None:
    first = figures.iloc[0]
    st.markdown(
        f"**Published by others, not measured here:** {plain(first['model'])}, "
        f"{plain(first['dataset'])}.  \n**Source:** {plain(first['source'])}."
    )


def _ours(first: "pd.Series[Any]", run: dict[str, Any]) -> None:
    badge = "  :orange-badge[Simulated tiles]" if first["simulated"] else ""
    st.markdown(f"**The run that made it:** {plain(first['model'])}{badge}")
    seed = run.get("seed")
    told = {
        "Model": first["model"],
        "Strategy": first["strategy"],
        "Inputs": first["track"],
        "Tiles": f"{first['dataset']} ({first['generalisation']}), {run['tiles']} scored, "
        f"{run['tiles_left_out']} left out",
        "Seed of the model": "not told" if pd.isna(seed) else str(seed),
        "Made": f"{run['made']}, {run['program']}",
        "Log": run["log"],
    }
    st.markdown("  \n".join(f"{name}: {plain(str(value))}" for name, value in told.items()))
    st.caption("The same again; the folder beside the table holds what was done and the log:")
    st.code(str(run["command"]), language="sh", wrap_lines=True)
    hashes = f"Weights {run['model_sha256'] or 'none, a rule'}  \nTiles {run['dataset_sha256']}"
    with st.popover("Hashes", icon=":material/fingerprint:"):
        st.markdown(f"SHA-256  \n{hashes}")


def _choose(table: pd.DataFrame, how: str, picked: list[Any]) -> None:
    """Choose the run of what was picked just now; an older pick changes nothing."""
    key = f"picked-{how}"
    if picked == st.session_state.get(key, []):
        return
    st.session_state[key] = picked
    if picked:
        choose(run=str(table.loc[picked[0], "run"]))


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    data = table["simulated"].map({True: "simulated", False: "observed"})
    shown = table.assign(data=data)
    varying = [
        name
        for name in _COLUMNS
        if name in ("label", "value", "data", "dataset") or shown[name].nunique(dropna=False) > 1
    ]
    return shown[varying]


def _downloads(table: pd.DataFrame, name: str) -> None:
    buttons = st.container(horizontal=True)
    for suffix, mime, make in (
        ("csv", "text/csv", table_csv),
        ("parquet", "application/vnd.apache.parquet", _parquet),
    ):
        buttons.download_button(
            f"Data of this figure, {'CSV' if suffix == 'csv' else 'Parquet'}",
            data=lambda make=make: make(table),
            file_name=f"models-{name}.{suffix}",
            mime=mime,
            key=f"{suffix}-{name}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )


def _parquet(table: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    table.to_parquet(sink, index=False)
    return sink.getvalue()
