"""The map of every page: MapLibre GL in a Streamlit component, drawn without a rerun."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import streamlit as st

from glacier_core.viewing import palettes
from glacier_core.viewing.layers import Bounds, DataLayer, Layer, Threshold, TileLayer

BROWSER_FOLDER = Path(__file__).parent / "browser"
"""JavaScript and CSS of the map, served by ``app.py`` under ``/assets/``."""


@dataclass(frozen=True)
class ZoomTo:
    """A wish to move the map once: again only when the token changes.

    Attributes
    ----------
    bounds : Bounds
        West, south, east, north in degrees.
    token : str
        Anything that names the wish, a glacier's id for instance.
    """

    bounds: Bounds
    token: str


@dataclass(frozen=True)
class Editing:
    """What the drawing tools of the map know of the corrections.

    Attributes
    ----------
    received : tuple of str
        Ids of the drawings that Python has; the map sends the others again.
    can_undo : bool
        Whether there is an edit to take back.
    told, refused : str
        What is shown beside the tools: where things stand, or why the last drawing was refused.
    """

    received: tuple[str, ...] = ()
    can_undo: bool = False
    told: str = ""
    refused: str = ""


@dataclass(frozen=True)
class ChoosingArea:
    """What the tools of the map that choose an area know of it.

    Attributes
    ----------
    received : tuple of str
        Ids of the drawings that Python has; the map sends the others again.
    chosen : mapping, optional
        The area as a GeoJSON geometry in degrees.
    told, refused : str
        What is shown beside the tools: what is chosen, or why the last drawing was refused.
    """

    received: tuple[str, ...] = ()
    chosen: Mapping[str, Any] | None = None
    told: str = ""
    refused: str = ""


@dataclass(frozen=True)
class MapView:
    """What the map shows.

    Attributes
    ----------
    layers : sequence of Layer
        Bottom to top.
    bounds : Bounds
        Where the map opens, in degrees.
    title : str
        What a screen reader says the map shows.
    badge : str
        Shown on the map, ``"Simulated"`` for instance; empty for none.
    point : str
        Address that tells the values of a clicked point (``?lon=…&lat=…`` is added);
        empty for none.
    threshold : Threshold, optional
        Slider that hides low values of a data layer.
    zoom_to : ZoomTo, optional
        Moves the map once.
    selected : str
        Id of the glacier drawn as picked.
    editing : Editing, optional
        Shows the tools to draw corrections with.
    choosing_area : ChoosingArea, optional
        Shows the tools to choose an area with.
    world : bool
        Whether land and a net of degrees are drawn below the layers.
    """

    layers: Sequence[Layer]
    bounds: Bounds
    title: str
    badge: str = ""
    point: str = ""
    threshold: Threshold | None = None
    zoom_to: ZoomTo | None = None
    selected: str = ""
    editing: Editing | None = None
    choosing_area: ChoosingArea | None = None
    world: bool = False


@dataclass(frozen=True)
class MapEvent:
    """What the reader did on the map: reported once, in the rerun that follows.

    Attributes
    ----------
    lon, lat : float
        Where the map was clicked, in degrees.
    glacier_id : str
        Id of the clicked glacier; empty where there was none.
    layer : str
        Id of the outline layer the clicked glacier belongs to.
    """

    lon: float
    lat: float
    glacier_id: str = ""
    layer: str = ""


def show_map(
    view: MapView,
    *,
    key: str,
    height: int = 620,
    on_drawn: Callable[[list[Any]], None] | None = None,
    on_area: Callable[[list[Any]], None] | None = None,
) -> MapEvent | None:
    """Show the map and return what was clicked, None when nothing was.

    Parameters
    ----------
    view : MapView
    key : str
        Unique on the page; the map keeps its position as long as it stays the same.
    height : int
        Pixels; on a phone the map takes at most 60 % of the screen.
    on_drawn : callable, optional
        Takes what was drawn with the tools of ``view.editing``, before the page runs again; a
        drawing may come twice, with the same ``id``.
    on_area : callable, optional
        The same for the tools of ``view.choosing_area``: ``kind`` is ``box`` (two opposite
        corners as ``coordinates``), ``polygon`` or ``clear``.
    """

    def give(name: str, take: Callable[[list[Any]], None] | None) -> None:
        found = st.session_state[key].get(name)
        if take is not None and isinstance(found, list):
            take(found)

    result = _component()(
        key=key,
        data=_in_turn(_message(view, height), key),
        on_click_change=_ignore,
        on_drawn_change=lambda: give("drawn", on_drawn),
        on_area_change=lambda: give("area", on_area),
    )
    return _event(result.get("click"))


def _event(click: Any) -> MapEvent | None:
    if not isinstance(click, dict):
        return None
    try:
        lon, lat = float(click["lon"]), float(click["lat"])
    except (KeyError, TypeError, ValueError):
        return None
    return MapEvent(lon, lat, str(click.get("glacier_id", "")), str(click.get("layer", "")))


def _ignore() -> None:
    """Streamlit asks for a callback of each value it is to return."""


def _message(view: MapView, height: int) -> dict[str, Any]:
    return {
        **_plain(replace(view, layers=())),
        "layers": [_layer(layer) for layer in view.layers],
        "height": height,
        "colors": {"selected": palettes.SELECTED, "drawing": palettes.CORRECTED},
    }


def _plain(value: Any) -> Any:
    # Not asdict, which copies every vertex of every outline, for each reader and each run.
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value


def _in_turn(message: dict[str, Any], key: str) -> dict[str, Any]:
    # Where two runs follow each other closely the older message may reach the map last: the
    # browser loads the map's code for each of them, and such loads end in any order.
    sent = st.session_state.get(f"{key}-sent")
    if sent is None:
        sent = {**message, "session": uuid4().hex, "turn": 0}
    elif sent != sent | message:
        sent = {**sent, **message, "turn": sent["turn"] + 1}
    st.session_state[f"{key}-sent"] = sent
    return sent


def _layer(layer: Layer) -> dict[str, Any]:
    kind = {TileLayer: "tiles", DataLayer: "data"}.get(type(layer), "outlines")
    return {**_plain(layer), "kind": kind}


@cache
def _component() -> Any:
    # The loader is all that goes through Streamlit; it finds the server by Streamlit's own
    # script, so that the map works below any path and behind any proxy.
    return st.components.v2.component("glacier_map", js=_LOADER)


_LOADER = """
const script = document.querySelector('script[src*="/static/js/"]');
const root = script ? script.src.split("/static/js/")[0] + "/" : location.origin + "/";
export default async (component) => {
  const { mount } = await import(`${root}assets/map.js`);
  return mount(component, root);
};
"""
