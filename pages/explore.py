"""Explore: a scene, where the network sees glaciers in it, and what the expert drew."""

from collections import Counter

import streamlit as st

import glacier_core as gc
from glacier_core.errors import SceneError, SourceError
from pages.components import progress, texts
from pages.components.downloads import download_map
from pages.components.find_fetch import arrived, offer_planned_scene
from pages.components.map import ZoomTo, show_map
from pages.components.mapping_options import mapping_options
from pages.components.scene_view import scene_view, zoom_to_glacier
from pages.components.sentences import km2, percent, plain
from pages.components.state import (
    DEFAULT_SCENE,
    app_state,
    choose,
    current_comparison,
    current_map,
    current_model,
    current_outlines,
    guard,
    open_scene,
    shown_outlines,
)
from pages.components.upload import offer_upload

STAND_IN = "simulated-valley"
"""Opens where the default scene cannot be fetched: it is made on the spot, offline."""


def scene_labels() -> dict[str, str]:
    """Return the titles of all scenes by id; Streamlit tells choices apart by their label."""
    shown = app_state().scene
    # Of a tile dataset, thousands of scenes maybe, only the one that is open; Find has them all.
    scenes = [one for one in gc.list_scenes() if one.kind != "tile" or one.id == shown]
    titles = {one.id: one.title for one in scenes}
    twice = {title for title, times in Counter(titles.values()).items() if times > 1}
    labels = {
        name: f"{title} ({name})" if title in twice else title for name, title in titles.items()
    }
    return {shown: shown} | labels


def pick_scene() -> None:
    scenes = scene_labels()
    st.session_state["scene"] = app_state().scene
    st.selectbox(
        "Scene",
        list(scenes),
        format_func=scenes.__getitem__,
        key="scene",
        on_change=lambda: choose(scene=st.session_state["scene"]),
    )
    st.page_link("find.py", label="Find another glacier", icon=":material/travel_explore:")
    offer_upload()


def pick_model() -> None:
    models = list(dict.fromkeys([*gc.list_models(), app_state().model]))
    st.session_state["model"] = app_state().model
    st.selectbox(
        "Model",
        models,
        key="model",
        on_change=lambda: choose(model=st.session_state["model"]),
    )


def open_chosen_scene() -> "gc.Scene":
    """Open the scene, or a simulated one where the default cannot be fetched."""
    with guard():
        try:
            return open_scene(app_state().scene)
        except SceneError:
            if not app_state().plan:
                raise
            offer_planned_scene()
        except SourceError as error:
            if app_state().scene != DEFAULT_SCENE:
                raise
            choose(scene=STAND_IN)
            st.session_state["why_simulated"] = str(error)
            st.rerun()
    raise AssertionError("guard stops the page")


def expert_options(scene: "gc.Scene", model: "gc.Model") -> None:
    with st.expander("Expert options", icon=":material/tune:"):
        options = mapping_options(model.card.patch_size)
        if st.button("Map with these options", width="stretch"):
            choose(map="")
            progress.ask_for_map(scene, model, **options)
            st.rerun()


def summary(result: "gc.GlacierMap") -> None:
    area, unmapped, confidence = st.columns(3)
    area.metric(
        "Glacier area",
        km2(result.area_km2()),
        help="All mapped ice, measured on the ellipsoid.",
    )
    unmapped.metric(
        "Not mapped",
        percent(float(result.unmapped.mean())),
        help="Share of the scene without data. Nothing is said there, least of all 'no glacier'.",
    )
    confidence.metric(
        "Mean confidence",
        percent(result.mean_confidence),
        help="Calibrated: on held-out data the network is right this often where it is this sure.",
    )


def outline_table(result: "gc.GlacierMap") -> None:
    st.session_state["by-glacier"] = app_state().ice == "glaciers"
    st.toggle(
        "One outline a glacier",
        key="by-glacier",
        help="Glaciers that flow together are mapped as one piece of ice. This divides it, by the "
        "divides of the expert outlines where there are any, else by how its surface drains.",
        on_change=_divide,
    )
    table = shown_outlines(result).drop(columns=["geometry", "analyst"])
    table = table if (table["name"] != "").any() else table.drop(columns="name")
    picked = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"outlines-{result.key}-{app_state().ice}",
        column_config={
            "glacier_id": "Outline",
            "name": "Name",
            "source": "Source",
            "date": "Date",
            "area_km2": st.column_config.NumberColumn("Area, km²", format="%.3f"),
        },
    )
    rows = picked["selection"]["rows"]
    wanted = table["glacier_id"].iloc[rows[0]] if rows else ""
    if wanted and wanted != app_state().glacier:
        choose(glacier=wanted)
        st.rerun()


def _divide() -> None:
    choose(ice="glaciers" if st.session_state["by-glacier"] else "complexes", glacier="")


def wish_to_zoom(result: "gc.GlacierMap | None") -> ZoomTo | None:
    """Zoom to a glacier that was picked from a table or an address, not to one clicked on."""
    picked = app_state().glacier
    if not picked or picked == st.session_state.get("in_view"):
        return None
    predicted = None if result is None else shown_outlines(result)
    for outlines in (current_outlines(), predicted):
        wish = None if outlines is None else zoom_to_glacier(outlines, picked)
        if wish:
            return wish
    return None


state = app_state()
with st.sidebar:
    pick_scene()
    model_slot = st.container()

scene = open_chosen_scene()
arrived()
result = current_map()
comparison = current_comparison()

texts.scene_heading(scene)
if reason := st.session_state.get("why_simulated"):
    st.info(f"{plain(reason)} So a simulated scene stands in.", icon=":material/cloud_off:")
scene_id, why = st.session_state.get("why_no_outlines", ("", ""))
if why and scene_id == scene.id:
    st.info(plain(why), icon=":material/draw:")
progress_slot = st.container()

view = scene_view(
    state,
    scene,
    result,
    comparison,
    under_way=progress.key_under_way(scene),
    zoom_to=wish_to_zoom(result),
)
event = show_map(view, key="explore")
if event and event.glacier_id:
    st.session_state["in_view"] = event.glacier_id
    choose(glacier=event.glacier_id)

# Only now, as the network's library takes a second to import and the map is drawn already.
from glacier_core.inference.device import choose_device  # noqa: E402

with model_slot:
    pick_model()
model = current_model()
with model_slot:
    texts.about_model(model)
    st.caption(choose_device("auto").sentence)
    expert_options(scene, model)

if result is None:
    with progress_slot:
        progress.watch_mapping(scene, model)
else:
    summary(result)
    st.subheader("The network's outlines", help="The same as on the map. A row zooms the map.")
    outline_table(result)
    download_map(result, scene)
texts.about_scene(scene)
