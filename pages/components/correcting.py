"""Correcting the predicted outline: draw on the map, see the deviations change, export it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

import glacier_core as gc
from pages.components.map import Editing, MapView
from pages.components.remembering import remembered
from pages.components.sentences import deviation, help_text, plain
from pages.components.state import app_state, current_map, open_map, open_outlines

if TYPE_CHECKING:
    import pandas as pd

    from glacier_core.inference.corrected import CorrectedMap
    from glacier_core.outlines.edits import Edit

REMEMBERED = 100
"""How many ids of drawings are kept, to know one that comes twice."""

COLUMNS = {
    "name": None,
    "glacier_id": None,
    "expert_area_km2": "%.3f",
    "before_predicted_area_km2": "%.3f",
    "after_predicted_area_km2": "%.3f",
    "area_change_percent": "%+.1f",
    "before_area_deviation_percent": "%+.1f",
    "after_area_deviation_percent": "%+.1f",
    "before_mean_m": "%.0f",
    "after_mean_m": "%.0f",
    "before_p95_m": "%.0f",
    "after_p95_m": "%.0f",
    "before_hausdorff_m": "%.0f",
    "after_hausdorff_m": "%.0f",
    "simulated": None,
}
"""Columns of the table before and after, with the form of their numbers."""

KINDS = {"add": "Ice added", "cut": "Ice cut away", "reshape": "Margin drawn anew"}
FILES = {".gpkg": "application/geopackage+sqlite3", ".geojson": "application/geo+json"}
FORMATS = {".gpkg": "GeoPackage", ".geojson": "GeoJSON"}
TOLD_ONE_BY_ONE = 3
"""Up to so many changed glaciers have a sentence of their own; the table has them all."""


@dataclass(frozen=True)
class Corrections:
    """What a reader corrected on one map.

    Attributes
    ----------
    edits : tuple of Edit
        In the order they were made.
    received : tuple of str
        Ids of the drawings that came from the map.
    refused : str
        Why the last drawing was not taken, empty where it was.
    """

    edits: "tuple[Edit, ...]" = ()
    received: tuple[str, ...] = ()
    refused: str = ""


def corrections(map_key: str) -> Corrections:
    """Return what this reader corrected on a map; kept from page to page."""
    kept: dict[str, Corrections] = st.session_state.setdefault("corrections", {})
    return kept.get(map_key, Corrections())


def _keep(map_key: str, changed: Corrections) -> None:
    st.session_state.setdefault("corrections", {})[map_key] = changed


def take_drawings(drawings: Iterable[Any]) -> None:
    """Take what was drawn on the map of the current page, each drawing once.

    One that cannot be applied is refused with a sentence and the earlier ones stay.
    """
    result = current_map()
    if result is None:
        return
    for drawing in drawings:
        known = corrections(result.key)
        name = str(drawing.get("id", ""))[:80] if isinstance(drawing, dict) else ""
        if name and name not in known.received:
            received = (*known.received, name)[-REMEMBERED:]
            _keep(result.key, replace(_with_drawing(known, result, drawing), received=received))


def _with_drawing(
    known: Corrections, result: "gc.GlacierMap", drawing: dict[str, Any]
) -> Corrections:
    from glacier_core.outlines.edits import draw_edit

    if drawing.get("kind") == "undo":
        return replace(known, edits=known.edits[:-1], refused="")
    try:
        edit = draw_edit(str(drawing.get("kind")), drawing.get("coordinates") or [])
        edits = (*known.edits, edit)
        corrected(result.key, edits)
    except gc.GlacierError as error:
        return replace(known, refused=str(error))
    return replace(known, edits=edits, refused="")


@remembered()
def corrected(map_key: str, edits: "tuple[Edit, ...]") -> "CorrectedMap":
    """Return a map with edits applied, once for all reruns."""
    from glacier_core.inference.corrected import correct_map

    return correct_map(open_map(map_key), edits)


@remembered("Comparing the corrected outline …")
def compare_corrected(
    map_key: str, scene_id: str, experts: str, edits: "tuple[Edit, ...]"
) -> "gc.Comparison":
    """Compare a corrected map with expert outlines, once for all reruns."""
    return gc.compare(corrected(map_key, edits), open_outlines(scene_id, experts))


def correcting_switch() -> None:
    """Offer to show the drawing tools on the map."""
    st.session_state["correcting-switch"] = st.session_state.get("correcting", False)
    st.toggle(
        "Correct the outline",
        key="correcting-switch",
        on_change=_switch,
        help="Draw over the network's outline on the map: add ice, cut it, draw a margin anew.",
    )


def _switch() -> None:
    st.session_state["correcting"] = st.session_state["correcting-switch"]


def corrected_view(view: MapView, scene: "gc.Scene", result: "gc.GlacierMap") -> MapView:
    """Return the map of a page with the corrected outline, and the tools where they are on."""
    from glacier_core.viewing.outline_layers import corrected_layer

    known = corrections(result.key)
    layers = list(view.layers)
    if known.edits:
        made = corrected(result.key, known.edits)
        layers.append(corrected_layer(made.outlines(), tolerance_m=scene.resolution / 20))
    tools = _tools(known) if st.session_state.get("correcting", False) else None
    return replace(view, layers=layers, editing=tools)


def _tools(known: Corrections) -> Editing:
    count = len(known.edits)
    told = f"{count} edit{'s' if count > 1 else ''}." if count else "Nothing corrected yet."
    return Editing(known.received, count > 0, told, known.refused)


def correcting_section(
    scene: "gc.Scene", result: "gc.GlacierMap", comparison: "gc.Comparison | None"
) -> None:
    """Show what the corrections changed, take them back, and offer the corrected outline.

    Nothing is shown before a reader switches the tools on or has corrected something.
    """
    known = corrections(result.key)
    if not known.edits and not st.session_state.get("correcting", False):
        return
    st.subheader("Corrected outline", help="The network's outline with what you drew on the map.")
    if known.refused:
        st.error(plain(known.refused), icon=":material/gesture:")
    if not known.edits:
        st.markdown("Nothing is corrected yet: choose a tool above the map and draw.")
        return
    made = corrected(result.key, known.edits)
    table = _before_and_after(scene, result, comparison, known)
    st.markdown("  \n".join(told(result, made, table)))
    if table is not None and table["changed"].any():
        _show_table(table[table["changed"]])
    _edit_list(result.key, known)
    _exports(scene, result, known, table)


def _before_and_after(
    scene: "gc.Scene",
    result: "gc.GlacierMap",
    comparison: "gc.Comparison | None",
    known: Corrections,
) -> "pd.DataFrame | None":
    from glacier_core.deviations.correction import before_and_after

    if comparison is None:
        return None
    after = compare_corrected(result.key, scene.id, app_state().experts, known.edits)
    return before_and_after(comparison, after)


def told(result: "gc.GlacierMap", made: "CorrectedMap", table: "pd.DataFrame | None") -> list[str]:
    """Say in sentences what the corrections changed."""
    before = float(result.outlines()["area_km2"].sum())
    after = float(made.outlines()["area_km2"].sum())
    said = [f"All predicted outlines together: {area_sentence(before, after)}."]
    if table is not None:
        changed = table[table["changed"]]
        if changed.empty:
            said.insert(0, "The correction reaches no glacier that the expert outlined.")
        elif len(changed) <= TOLD_ONE_BY_ONE:
            rows = changed.to_dict("records")
            said = [glacier_sentence(row, alone=len(table) == 1) for row in rows] + said
        else:
            said.insert(0, f"The correction changes {len(changed)} glaciers of {len(table)}.")
    if (hidden := made.beyond_mapped_km2()) >= 0.001:
        said.append(
            f"{hidden:.3f} km² of it lies where nothing could be mapped (no data); it is part of "
            "the outline, but counts in no deviation."
        )
    return said


def area_sentence(before: float, after: float) -> str:
    """Return two areas and their change, ``area 2.10 → 2.15 km² (+2.4 %)``."""
    share = f" ({deviation(100 * (after - before) / before)})" if before > 0 else ""
    return f"area {arrow(before, after, 3 if max(before, after) < 1 else 2)} km²{share}"


def glacier_sentence(row: dict[str, Any], *, alone: bool) -> str:
    """Say what changed of one glacier: its area and its mean distance to the expert."""
    name = "" if alone else f"**{plain(str(row['name'] or row['glacier_id']))}**: "
    area = area_sentence(row["before_predicted_area_km2"], row["after_predicted_area_km2"])
    area = area if name else area.capitalize()
    distances = arrow(row["before_mean_m"], row["after_mean_m"], 0)
    deviations = (
        f"{deviation(row['before_area_deviation_percent'])} → "
        f"{deviation(row['after_area_deviation_percent'])}"
    )
    return (
        f"{name}{area}, area deviation {deviations}, mean distance to the expert {distances} m."
    ).replace("nan", "undefined")


def arrow(before: float, after: float, digits: int) -> str:
    """Return ``2.10 → 2.15``, with more digits where both would look the same (three at most)."""
    for count in range(digits, 4):
        texts = f"{before:.{count}f}", f"{after:.{count}f}"
        if texts[0] != texts[1]:
            break
    return " → ".join(texts)


def _show_table(table: "pd.DataFrame") -> None:
    from glacier_core.deviations.correction import CORRECTION_DEFINITIONS
    from glacier_core.deviations.definitions import DEFINITIONS

    meant = DEFINITIONS | CORRECTION_DEFINITIONS
    st.dataframe(
        table[list(COLUMNS)],
        hide_index=True,
        column_config={name: _column(meant[name], form) for name, form in COLUMNS.items()},
        alt="Deviations of the corrected glaciers, before and after.",
    )


def _column(meant: Any, form: str | None) -> Any:
    label = f"{meant.name}, {meant.unit}" if meant.unit else meant.name
    if form is None:
        return st.column_config.Column(label, help=help_text(meant))
    return st.column_config.NumberColumn(label, format=form, help=help_text(meant))


def _edit_list(map_key: str, known: Corrections) -> None:
    import pandas as pd

    row = st.container(horizontal=True, vertical_alignment="bottom")
    row.button(
        "Undo the last edit",
        icon=":material/undo:",
        key="undo-edit",
        on_click=lambda: _keep(map_key, replace(known, edits=known.edits[:-1], refused="")),
    )
    with row.popover("Start over", icon=":material/restart_alt:"):
        st.button(
            f"Drop all {len(known.edits)} edits",
            key="drop-edits",
            on_click=lambda: _keep(map_key, replace(known, edits=(), refused="")),
        )
    with row.popover("Edits", icon=":material/list:"):
        listed = {
            "Number": range(1, len(known.edits) + 1),
            "What": [KINDS[edit.kind] for edit in known.edits],
            "When (UTC)": [edit.at.strftime("%Y-%m-%d %H:%M:%S") for edit in known.edits],
        }
        st.dataframe(pd.DataFrame(listed), hide_index=True, alt="The edits in their order.")


def _exports(
    scene: "gc.Scene",
    result: "gc.GlacierMap",
    known: Corrections,
    table: "pd.DataFrame | None",
) -> None:
    from glacier_core.reporting.exports import table_csv

    st.session_state["analyst-name"] = st.session_state.get("analyst", "")
    row = st.container(horizontal=True, vertical_alignment="bottom")
    row.text_input(
        "Your name, for the lineage",
        key="analyst-name",
        max_chars=80,
        on_change=_name,
        placeholder="left out",
        help="Written into the exported files as the analyst of every outline you changed.",
        width=260,
    )
    analyst = st.session_state.get("analyst", "").strip()
    for suffix, kind in FILES.items():
        row.download_button(
            f"Corrected outlines, {FORMATS[suffix]}",
            data=lambda suffix=suffix: outline_file(result, known.edits, analyst, suffix),
            file_name=f"{scene.id}-corrected{suffix}",
            mime=kind,
            on_click="ignore",
            icon=":material/download:",
        )
    if table is not None:
        row.download_button(
            "Before and after, CSV",
            data=lambda: table_csv(table),
            file_name=f"{scene.id}-before-and-after.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
        )


def _name() -> None:
    st.session_state["analyst"] = st.session_state["analyst-name"]


def outline_file(
    result: "gc.GlacierMap", edits: "tuple[Edit, ...]", analyst: str, suffix: str
) -> bytes:
    """Return the corrected outlines with their lineage as the bytes of one file."""
    from glacier_core.inference.corrected import correct_map
    from glacier_core.outlines.lineage import corrected_file

    made = correct_map(result, edits, analyst=analyst)
    return corrected_file(made.corrected, made.provenance["correction"], suffix)
