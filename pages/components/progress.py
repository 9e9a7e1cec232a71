"""Making a map in the background: asking for it, watching it, stopping it."""

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import streamlit as st

import glacier_core as gc
from pages.components.sentences import plain
from pages.components.state import choose, current_map, current_model, current_scene, open_map

if TYPE_CHECKING:
    from glacier_core.inference.jobs import Job, MapService
    from glacier_core.inference.progress import Progress
    from glacier_core.network.transfer import TransferProgress

SECONDS_BETWEEN_LOOKS = 0.5
NOT_KEPT = (
    "The map was made, but the disk did not take it, so it cannot be shown. "
    "Free some space, then map again."
)


@st.cache_resource(show_spinner=False)
def map_service() -> "MapService":
    """Return the one service of this process that makes maps."""
    from glacier_core.inference.jobs import MapService

    return MapService()


def ask_for_map(scene: "gc.Scene", model: "gc.Model", **options: Any) -> None:
    """Ask for a map; a refusal is kept and shown where the progress would be."""
    from glacier_core.inference.request import MappingOptions

    try:
        job = map_service().submit(scene, model, MappingOptions(**options), session=session_name())
    except gc.GlacierError as error:
        st.session_state["mapping"] = (scene.id, model.card.name, None, str(error))
        return
    st.session_state["mapping"] = (scene.id, model.card.name, job.id, "")
    if job.state == "done" and is_kept(job.key):
        choose(map=job.key)


def require_map() -> "gc.GlacierMap":
    """Return the finished map; before it is made, show it being made and stop the page."""
    result = current_map()
    if result is None:
        watch_mapping(current_scene(), current_model())
        st.stop()
    return result


def is_kept(map_key: str) -> bool:
    """Return whether a finished map can be shown: its tiles are drawn from the disk."""
    try:
        open_map(map_key)
    except gc.GlacierError:
        return False
    return True


def watch_mapping(scene: "gc.Scene", model: "gc.Model") -> None:
    """Show how far the map of a scene has come, asking for it on the first visit."""
    if _asked() != (scene.id, model.card.name):
        ask_for_map(scene, model)
        if st.session_state.app_state.map:
            st.rerun()
    _watch(scene, model)


def _asked() -> tuple[str, str]:
    return st.session_state.get("mapping", ("", ""))[:2]


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _watch(scene: "gc.Scene", model: "gc.Model") -> None:
    *_, job_id, refusal = st.session_state["mapping"]
    job = map_service().job(job_id) if job_id else None
    if job is None:
        _offer(scene, model, refusal or "The map is no longer under way.")
    elif job.state == "failed":
        _offer(scene, model, job.error or "The mapping failed.")
    elif job.state == "cancelled":
        _offer(scene, model, "Stopped. Nothing was mapped.")
    elif job.state != "done":
        _show(job)
    elif is_kept(job.key):
        choose(map=job.key)
        st.rerun()
    else:
        _offer(scene, model, NOT_KEPT)


def _show(job: "Job") -> None:
    bar, button = st.columns([5, 1], vertical_alignment="center")
    bar.progress(share_done(job.progress), text=sentence(job))
    if button.button("Cancel", key="cancel", icon=":material/stop_circle:", width="stretch"):
        map_service().cancel(job.id, session_name())


def _offer(scene: "gc.Scene", model: "gc.Model", why: str) -> None:
    words, button = st.columns([5, 1], vertical_alignment="center")
    words.warning(plain(why))
    if button.button("Map it", key="map-it", type="primary", width="stretch"):
        ask_for_map(scene, model)
        st.rerun()


def share_done(progress: "Progress | TransferProgress | None") -> float:
    """Return how much of a job or of a transfer is done, 0 to 1."""
    if progress is None or progress.total <= 0:
        return 0.0
    return float(min(max(progress.done / progress.total, 0.0), 1.0))


def sentence(job: "Job") -> str:
    """Say in words where a job stands."""
    if job.state == "waiting":
        return f"Waiting: number {job.place} in the queue."
    progress = job.progress
    if progress is None:
        return "Getting ready to map …"
    left = f" About {duration(progress.seconds_left)} left." if progress.seconds_left else ""
    return progress.message + left


def duration(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{round(seconds / 60)} min"


def session_name() -> str:
    """Return a name of this reader, who may cancel what nobody else wants."""
    name: str = st.session_state.setdefault("session", uuid4().hex)
    return name
