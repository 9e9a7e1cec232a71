"""A job as its reader sees it: where it stands, its inputs, its log, and what came of it."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import streamlit as st

import glacier_core as gc
from pages.components import find_fetch, progress
from pages.components.sentences import km2, plain
from pages.components.sessions import session_name
from pages.components.state import choose, load_model, open_scene

if TYPE_CHECKING:
    from datetime import datetime

    from glacier_core.archives.fetch_jobs import FetchJob
    from glacier_core.inference.jobs import MapJob
    from glacier_core.jobs.job import Job
    from glacier_core.jobs.queue import JobQueue

BADGES = {
    "running": ":blue-badge[Running]",
    "waiting": ":gray-badge[Waiting]",
    "done": ":green-badge[Done]",
    "failed": ":red-badge[Failed]",
    "cancelled": ":gray-badge[Stopped]",
}

OPTIONS = {
    "stride": "Stride, pixels",
    "batch_size": "Windows at once",
    "device": "Processor asked for",
    "location": "Location",
    "cache": "Kept maps are used",
}
"""How people call the options of a mapping; one without a name here is called as in Python."""


def active_card(job: "Job", queue: "JobQueue[Any]") -> None:
    """Show a job that waits or runs, with a button to cancel it where it is the reader's."""
    with st.container(border=True):
        words, button = st.columns([5, 1], vertical_alignment="center")
        words.markdown(_headline(job))
        if session_name() in job.wanted_by:
            button.button(
                "Cancel",
                key=f"cancel-{job.id}",
                icon=":material/stop_circle:",
                width="stretch",
                on_click=queue.cancel,
                args=(job.id, session_name()),
            )
        st.progress(progress.share_done(job.progress), text=_standing(job))
        _details(job)


def ended_card(job: "Job") -> None:
    """Show a job that has ended, with its result or its reason and the way on."""
    with st.container(border=True):
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.markdown(_headline(job))
        told = _outcome(job)
        if job.state == "failed":
            words.error(plain(told), icon=":material/error:")
        else:
            words.markdown(plain(told))
        with button:
            _way_on(job)
        _details(job)


def _headline(job: "Job") -> str:
    simulated = "  :orange-badge[Simulated]" if getattr(job, "simulated", False) else ""
    return f"{BADGES[job.state]} **{plain(job.title)}**{simulated}  \n:small[{_what(job)}]"


def _what(job: "Job") -> str:
    asked = f"asked for{_by_whom(job)}, {_clock(job.submitted)}"
    if _is_map(job):
        return f"Map by {plain(job.model_name)}, {job.columns} × {job.rows} pixels, {asked}"
    return f"Imagery to fetch, {asked}"


def _by_whom(job: "Job") -> str:
    reader = session_name()
    if job.is_over or not job.wanted_by:
        # Others are not told of: one visitor has another name whenever a page is loaded anew.
        return " by you" if reader in job.asked_by else ""
    others = len(job.wanted_by - {reader})
    if reader not in job.wanted_by:
        return " by another visitor" if others == 1 else f" by {others} other visitors"
    return " by you" if not others else f" by you and {others} more"


def _clock(at: "datetime | None") -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _standing(job: "Job") -> str:
    return progress.sentence(job) if _is_map(job) else find_fetch.sentence(job)


def _outcome(job: "Job") -> str:
    if job.error:
        return job.error
    if job.state == "cancelled":
        return "Stopped by who asked for it."
    took = "" if job.seconds is None else f" in {progress.duration(job.seconds)}"
    if not _is_map(job):
        return f"Fetched{took}."
    area = "" if job.area_km2 is None else f" of {km2(job.area_km2)} of glacier"
    return f"A map{area}, made{took}." if took else f"A map{area}, made before and kept."


def _way_on(job: "Job") -> None:
    if job.state == "done":
        if st.button("Explore", key=f"open-{job.id}", icon=":material/map:", width="stretch"):
            _open(job)
    elif _is_map(job) and st.button(
        "Map it again", key=f"again-{job.id}", icon=":material/replay:", width="stretch"
    ):
        _map_again(job)


def _open(job: Any) -> None:
    if _is_map(job):
        choose(scene=job.scene_id, model=job.model_name, map=job.key)
    else:
        choose(scene=job.scene_id, plan=job.plan.to_text())
    st.switch_page("explore.py")


def _map_again(job: "MapJob") -> None:
    try:
        scene, model = open_scene(job.scene_id), load_model(job.model_name)
        progress.map_service().submit(scene, model, job.options, session=session_name())
    except gc.GlacierError as error:
        st.warning(plain(str(error)))
        return
    st.rerun()


def _details(job: "Job") -> None:
    with st.expander("Inputs and log", icon=":material/receipt_long:"):
        from glacier_core.jobs.job import log_text

        inputs, log = st.columns([2, 3])
        inputs.markdown("  \n".join(f"**{name}:** {told}" for name, told in _inputs(job).items()))
        log.code(log_text(job.log), language=None, wrap_lines=True)
        log.download_button(
            "All of it as JSON",
            data=lambda: json.dumps(job.record(), indent=1),
            file_name=f"job-{job.id[:8]}.json",
            mime="application/json",
            on_click="ignore",
            key=f"record-{job.id}",
            icon=":material/download:",
        )


def _inputs(job: "MapJob | FetchJob | Any") -> dict[str, str]:
    """Return what a job works on and when it did, in words."""
    known = {"Scene": f"{plain(job.title)} (`{job.scene_id}`)"}
    if _is_map(job):
        known |= {
            "Data": "simulated" if job.simulated else "observed",
            "Model": f"`{job.model_name}`",
            "Size": f"{job.columns} × {job.rows} pixels",
        }
        known |= {
            OPTIONS.get(name, name.replace("_", " ").capitalize()): plain(_value(value))
            for name, value in asdict(job.options).items()
            if value is not None
        }
    known |= {"Asked for": _clock(job.submitted), "Begun": _clock(job.started)}
    known |= {"Ended": _clock(job.finished)}
    if job.seconds is not None:
        known["Seconds"] = f"{job.seconds:.1f}"
    if _is_map(job):
        known["Key of the map"] = f"`{job.key}`"
    return {name: value for name, value in known.items() if value}


def _value(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _is_map(job: Any) -> bool:
    return hasattr(job, "model_name")
