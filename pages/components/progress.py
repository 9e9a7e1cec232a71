"""Making a map in the background: asking for it, watching it, stopping it."""

from typing import TYPE_CHECKING, Any

import streamlit as st

import glacier_core as gc
from pages.components.sentences import plain
from pages.components.sessions import is_open, session_name
from pages.components.state import (
    app_state,
    choose,
    current_map,
    current_model,
    current_scene,
    open_map,
)

if TYPE_CHECKING:
    from glacier_core.inference.jobs import MapJob, MapService
    from glacier_core.jobs.job import Job, JobProgress

SECONDS_BETWEEN_LOOKS = 0.5
STOPPED = "Stopped. Nothing was mapped."
NOT_KEPT = (
    "The map was made, but the disk did not take it, so it cannot be shown. "
    "Free some space, then map again."
)


@st.cache_resource(show_spinner=False)
def map_service() -> "MapService":
    """Return the one service of this process that makes maps."""
    from glacier_core.inference.jobs import MapService

    return MapService(is_open)


def ask_for_map(scene: "gc.Scene", model: "gc.Model", **options: Any) -> None:
    """Ask for a map; a refusal is kept and shown where the progress would be."""
    from glacier_core.inference.request import MappingOptions

    try:
        job = map_service().submit(scene, model, MappingOptions(**options), session=session_name())
    except gc.GlacierError as error:
        st.session_state["mapping"] = (scene.id, model.card.name, None, str(error))
        return
    _follow(scene, model, job)


def _follow(scene: "gc.Scene", model: "gc.Model", job: "MapJob") -> None:
    """Watch a job; its id goes into the address, so that a reload of the page finds it again."""
    st.session_state["mapping"] = (scene.id, model.card.name, job.id, "")
    if job.state == "done" and is_kept(job.key):
        choose(map=job.key)
    else:
        choose(job=job.id)


def _rejoin(scene: "gc.Scene", model: "gc.Model") -> bool:
    """Watch the job of the address again, unless it is unknown, stopped or another scene's."""
    wanted = app_state().job
    job = map_service().join(wanted, session_name()) if wanted else None
    if job is None or job.state == "cancelled" or job.is_stopping:
        return False
    if (job.scene_id, job.model_name) != (scene.id, model.card.name):
        return False
    _follow(scene, model, job)
    return True


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
        if not _rejoin(scene, model):
            ask_for_map(scene, model)
        st.rerun()  # the map, drawn before, shows the result or what is found so far
    polls = _is_under_way(_job())
    st.fragment(_watch, run_every=SECONDS_BETWEEN_LOOKS if polls else None)(scene, model, polls)


def key_under_way(scene: "gc.Scene") -> str:
    """Return the key of the map of a scene that this reader sees being made, "" where none is."""
    if _asked()[0] != scene.id:
        return ""
    job = _job()
    return job.key if job is not None and _is_under_way(job) else ""


def _asked() -> tuple[str, str]:
    return st.session_state.get("mapping", ("", ""))[:2]


def _job() -> "MapJob | None":
    job_id = st.session_state["mapping"][2]
    return map_service().job(job_id) if job_id else None


def _is_under_way(job: "Job | None") -> bool:
    return job is not None and job.state in ("waiting", "running")


def _watch(scene: "gc.Scene", model: "gc.Model", polls: bool) -> None:
    job = _job()
    if job is not None and _is_under_way(job):
        _show(job)
        return
    if job is not None and job.state == "done" and is_kept(job.key):
        choose(map=job.key)
        st.rerun()
    if polls:  # nothing more comes of it: draw the page anew, so that it looks no more
        st.rerun()
    _offer(scene, model, _why_none(job))


def _why_none(job: "MapJob | None") -> str:
    """Say why there is no map and none is being made."""
    if job is None:
        return str(st.session_state["mapping"][3]) or "The map is no longer under way."
    if job.state == "done":
        return NOT_KEPT
    return job.error or ("The mapping failed." if job.state == "failed" else STOPPED)


def _show(job: "MapJob") -> None:
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


def share_done(progress: "JobProgress | None") -> float:
    """Return how much of a job or of a transfer is done, 0 to 1."""
    if progress is None or progress.total <= 0:
        return 0.0
    return float(min(max(progress.done / progress.total, 0.0), 1.0))


def sentence(job: "Job") -> str:
    """Say in words where a job stands."""
    if job.state == "waiting":
        return f"Waiting: number {job.place} in the queue."
    if job.is_stopping:
        return "Stopping before the next windows …"
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
