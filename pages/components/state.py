"""What the reader has chosen, kept over reruns and pages and in the address of every page.

A page calls :func:`app_state` first, changes it with :func:`choose`, and reads the things
themselves through :func:`current_scene`, :func:`current_model` and :func:`current_map`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import streamlit as st

import glacier_core as gc
from pages.components.remembering import remembered
from pages.components.sentences import plain

if TYPE_CHECKING:
    import geopandas as gpd

    from glacier_core.deviations.sample_score import SampleScore
    from glacier_core.models.card import Reliability

DEFAULT_SCENE = "athabasca-2020"
DEFAULT_MODEL = "glavitu-small"

_ALLOWED = {
    "scene": re.compile(r"[a-z0-9][a-z0-9-]{0,79}"),
    "model": re.compile(r"[a-z0-9][a-z0-9._-]{0,79}"),
    "map": re.compile(r"[0-9a-f]{64}"),
    "job": re.compile(r"[0-9a-f]{32}"),
    "experts": re.compile(r"scene|none|panel|upload-[0-9a-f]{16}"),
    "glacier": re.compile(r"[\w.:-]{1,80}"),
    "composite": re.compile(r"natural|swir|ndsi"),
    "figure": re.compile(r"strategies|networks|data|places|strata"),
    "ice": re.compile(r"complexes|glaciers"),
    "deviation": re.compile(r"areas|distances|boundary|heights|errors"),
    "run": re.compile(r"[0-9a-f]{16}|published-[a-z-]{1,40}"),
    "area": re.compile(r"[\w%~,.:+-]{1,8000}", re.ASCII),
    "found": re.compile(r"[\w%~,.:+-]{1,2000}", re.ASCII),
    "plan": re.compile(r"[\w%~,.:!+-]{1,12000}", re.ASCII),
    "view": re.compile(r"-?\d{1,3}(\.\d{1,7})?,-?\d{1,2}(\.\d{1,7})?,\d{1,2}(\.\d{1,3})?"),
}


@dataclass
class AppState:
    """The choices that make up a page's address.

    Attributes
    ----------
    scene, model : str
        Ids of the scene and of the model.
    map : str
        Key of the map made of both, empty before it is made.
    job : str
        Id of the job that makes the map, while there is none.
    experts : str
        Which expert outlines to compare with: ``scene`` (those that came with it), ``none``,
        ``panel`` (several simulated experts), or the id of uploaded ones.
    glacier : str
        Id of the glacier that is picked, empty for none.
    composite : str
        ``natural``, ``swir`` or ``ndsi``.
    ice : str
        What a predicted outline goes around: ``complexes`` of ice as mapped, or ``glaciers``.
    figure : str
        Figure of the page Models.
    deviation : str
        Figure of the page Compare.
    run : str
        Id of the benchmark run that is looked at, empty for none.
    area : str
        Where imagery is looked for, as :meth:`glacier_core.archives.areas.Area.to_text` writes it.
    found : str
        The found images that are picked, as the page Find writes them.
    plan : str
        What the scene was fetched by, so that somebody else can fetch it too; empty for a scene
        that came otherwise.
    view : str
        Camera that the link asks for: longitude, latitude, zoom. The browser restores it and
        keeps it up to date in the address without a rerun.
    """

    scene: str = DEFAULT_SCENE
    model: str = DEFAULT_MODEL
    map: str = ""
    job: str = ""
    experts: str = "scene"
    glacier: str = ""
    composite: str = "natural"
    ice: str = "complexes"
    figure: str = "strategies"
    deviation: str = "areas"
    run: str = ""
    area: str = ""
    found: str = ""
    plan: str = ""
    view: str = ""


def app_state() -> AppState:
    """Return the state of this reader: the address wins over what was chosen before."""
    state: AppState = st.session_state.setdefault("app_state", AppState())
    for name, value in _asked_for().items():
        setattr(state, name, value)
    _write_address(state)
    return state


def choose(**choices: str) -> None:
    """Change choices; a new scene or model lets go of the map and the glacier of the old."""
    state: AppState = st.session_state.setdefault("app_state", AppState())
    if choices.get("scene", state.scene) != state.scene:
        gone = ("map", "job", "glacier", "plan", "view")
        choices = {**dict.fromkeys(gone, ""), "experts": "scene"} | choices
    if choices.get("model", state.model) != state.model:
        choices = {"map": "", "job": "", "glacier": ""} | choices
    if choices.get("map"):
        choices = {"job": ""} | choices
    if choices.get("area", state.area) != state.area:
        choices = {"found": "", "view": ""} | choices
    for name, value in choices.items():
        setattr(state, name, value)
    _write_address(state)


def _asked_for() -> dict[str, str]:
    """Return what the address asks for, leaving out whatever is no valid id."""
    return {
        name: value
        for name, value in st.query_params.items()
        if name in _ALLOWED and _ALLOWED[name].fullmatch(value)
    }


def _write_address(state: AppState) -> None:
    usual = AppState()
    wanted = {
        field.name: getattr(state, field.name)
        for field in fields(state)
        if field.name in ("scene", "model")
        or getattr(state, field.name) != getattr(usual, field.name)
    }
    if dict(st.query_params.items()) != wanted:
        st.query_params.from_dict(wanted)


@contextmanager
def guard() -> Iterator[None]:
    """Show an error made on purpose as its sentence and stop the page there."""
    try:
        yield
    except gc.GlacierError as error:
        st.error(plain(str(error)))
        st.stop()


@remembered("Opening the scene …")
def open_scene(scene_id: str) -> "gc.Scene":
    """Open a scene once for all readers."""
    return gc.open_scene(scene_id)


@remembered("Opening the model …")
def load_model(model_id: str) -> "gc.Model":
    """Load a model once for all readers."""
    return gc.load_model(model_id)


def open_map(map_key: str) -> "gc.GlacierMap":
    """Open a finished map; the cache has all readers share it.

    Raises
    ------
    StorageError
        When it is no longer kept.
    """
    from glacier_core.errors import StorageError
    from glacier_core.inference.cache import find_map

    found = find_map(map_key)
    if found is None:
        raise StorageError("That map is no longer kept. Map the scene again.")
    return found


@remembered()
def predicted_outlines(map_key: str) -> "gpd.GeoDataFrame":
    """Return the outlines of a map, drawn around its ice once for all readers."""
    return open_map(map_key).outlines()


@remembered("Dividing the ice into glaciers …")
def divided_outlines(map_key: str, scene_id: str, experts: str) -> "gpd.GeoDataFrame":
    """Return the outlines of a map, one a glacier, once for all readers."""
    divides = None if experts in ("none", "panel") else open_outlines(scene_id, experts)
    elevation = open_scene(scene_id).data["elevation"]
    return gc.divided_outlines(open_map(map_key), elevation, inventory=divides)


def shown_outlines(result: "gc.GlacierMap") -> "gpd.GeoDataFrame":
    """Return the outlines of a map as the reader wants them: by complex or by glacier."""
    state = app_state()
    if state.ice == "complexes":
        return predicted_outlines(result.key)
    with guard():
        return divided_outlines(result.key, result.scene_id, state.experts)
    raise AssertionError("guard stops the page")


@remembered("Comparing with the expert …")
def compare(map_key: str, scene_id: str, experts: str) -> "gc.Comparison":
    """Compare a map with expert outlines, once for all readers."""
    return gc.compare(open_map(map_key), open_outlines(scene_id, experts))


@remembered("Scoring a simple rule on the same pixels …")
def score_beside_ndsi(map_key: str, scene_id: str, experts: str) -> "SampleScore":
    """Score a map and the NDSI rule against expert outlines, once for all readers."""
    from glacier_core.deviations.sample_score import score_sample

    scene = open_scene(scene_id).with_outlines(open_outlines(scene_id, experts))
    return score_sample(scene, open_map(map_key))


def outlines_complete(scene: "gc.Scene", experts: str) -> bool:
    """Return whether expert outlines hold all the ice of a scene, so that the rest is none."""
    return experts in ("scene", "panel") and scene.attributes.outlines_complete


@remembered("Holding the confidence against the expert …")
def reliability_on_scene(map_key: str, scene_id: str, experts: str) -> "Reliability":
    """Measure how reliable the confidence of a map proved, once for all readers."""
    from glacier_core.deviations.reliability import scene_reliability

    complete = outlines_complete(open_scene(scene_id), experts)
    comparison = compare(map_key, scene_id, experts)
    return scene_reliability(open_map(map_key), comparison, everywhere=complete)


@remembered("Holding the map against all experts …")
def compare_panel(map_key: str, scene_id: str, experts: str) -> "gc.PanelComparison":
    """Compare a map with the outlines of several experts, once for all readers."""
    return gc.compare_panel(open_map(map_key), open_experts(scene_id, experts))


@remembered("Opening the outlines …")
def open_experts(scene_id: str, experts: str) -> "gpd.GeoDataFrame | None":
    """Open outlines as their experts drew them, once for all readers."""
    if experts == "panel":
        from glacier_core.simulation.demonstrations import simulated_panel

        return simulated_panel(scene_id)
    if experts.startswith("upload-"):
        from glacier_core.outlines.keeping import kept_outlines

        return kept_outlines(experts)
    return open_scene(scene_id).outlines


@remembered("Opening the outlines …")
def open_outlines(scene_id: str, experts: str) -> "gpd.GeoDataFrame | None":
    """Open outlines to compare with: those of one expert, or what several agree on."""
    from glacier_core.deviations.consensus import consensus_outlines

    outlines = open_experts(scene_id, experts)
    if not _several(outlines):
        return outlines
    scene = open_scene(scene_id)
    return consensus_outlines(outlines, scene.transform, scene.shape, scene.crs)


def _several(outlines: "gpd.GeoDataFrame | None") -> bool:
    from glacier_core.deviations.panel import holds_several_experts

    return outlines is not None and holds_several_experts(outlines)


@st.cache_resource(show_spinner=False)
def processor() -> str:
    """Say which processor maps, in a sentence."""
    from glacier_core.inference.device import choose_device

    return choose_device().sentence


def current_scene() -> "gc.Scene":
    """Return the chosen scene, or stop the page with a sentence."""
    with guard():
        return open_scene(app_state().scene)
    raise AssertionError("guard stops the page")


def current_model() -> "gc.Model":
    """Return the chosen model, or stop the page with a sentence."""
    with guard():
        return load_model(app_state().model)
    raise AssertionError("guard stops the page")


def current_map() -> "gc.GlacierMap | None":
    """Return the finished map of the chosen scene, None before it is made or when it is gone."""
    state = app_state()
    if not state.map:
        return None
    try:
        _hold(state.map)
        found = open_map(state.map)
    except gc.GlacierError:
        choose(map="")
        return None
    if found.scene_id != state.scene:
        choose(map="")
        return None
    return found


def _hold(map_key: str) -> None:
    """Keep a map in the cache until this reader sees another, or the session ends."""
    from glacier_core.inference.holding import hold_map

    held = st.session_state.get("held_map")
    if held is None or held.key != map_key:
        st.session_state["held_map"] = hold_map(map_key)


def current_comparison() -> "gc.Comparison | None":
    """Return the map beside the expert's outlines, None where one of them is missing."""
    result, outlines = current_map(), current_outlines()
    if result is None or outlines is None or outlines.empty:
        return None
    with guard():
        return compare(result.key, result.scene_id, app_state().experts)
    return None


def current_outlines() -> "gpd.GeoDataFrame | None":
    """Return the chosen expert outlines, None where there are none."""
    state = app_state()
    if state.experts == "none":
        return None
    with guard():
        return open_outlines(state.scene, state.experts)
    return None


def current_panel() -> "gc.PanelComparison | None":
    """Return the map beside several experts, None where there are not several or no map."""
    state, result = app_state(), current_map()
    if result is None or state.experts == "none":
        return None
    with guard():
        if not _several(open_experts(state.scene, state.experts)):
            return None
        return compare_panel(result.key, result.scene_id, state.experts)
    return None
