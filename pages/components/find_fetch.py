"""What fetching will cost, fetching itself with its progress, and on to the map."""

from typing import TYPE_CHECKING, Any

import streamlit as st

import glacier_core as gc
from pages.components import find_sources
from pages.components.progress import SECONDS_BETWEEN_LOOKS, duration, session_name
from pages.components.sentences import plain
from pages.components.state import choose

if TYPE_CHECKING:
    from glacier_core.archives.cost import Cost

    from glacier_core.archives.plan import FetchPlan


def fetch_section(plan: "FetchPlan") -> None:
    """Say what a plan costs, offer to fetch it, or show it being fetched."""
    if _asked_for(plan):
        _watch(plan)
        return
    cost = find_sources.cost(plan)
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.markdown(cost_line(cost))
    if button.button("Fetch and map", type="primary", icon=":material/download:", width="stretch"):
        ask_to_fetch(plan)
        st.rerun()


def cost_line(cost: "Cost") -> str:
    """Say what will be fetched, how long it takes here, and what is missing."""
    seconds = f", about {duration(cost.seconds)} on this device" if cost.seconds else ""
    line = f"**{pixels(cost.pixels)} pixels, about {megabytes(cost.bytes)} to fetch{seconds}.**"
    missing = "".join(f"  \n:material/info: {plain(sentence)}" for sentence in cost.missing)
    return line + missing


def pixels(count: int) -> str:
    """Return a number of pixels as people say it."""
    return f"{count / 1e6:.1f} million" if count >= 1_000_000 else f"{count:,}"


def megabytes(count: int) -> str:
    """Return a number of bytes as people say it."""
    if count >= 1_000_000_000:
        return f"{count / 1e9:.1f} GB"
    return f"{max(round(count / 1e6), 1)} MB"


def ask_to_fetch(plan: "FetchPlan") -> None:
    """Ask for a scene; a refusal is kept and shown where the progress would be."""
    try:
        job = find_sources.fetch_service().submit(plan, session_name())
    except gc.GlacierError as error:
        st.session_state["fetching"] = (plan.to_text(), "", str(error))
        return
    st.session_state["fetching"] = (plan.to_text(), job.id, "")


def _asked_for(plan: "FetchPlan") -> bool:
    return st.session_state.get("fetching", ("",))[0] == plan.to_text()


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _watch(plan: "FetchPlan") -> None:
    _, job_id, refusal = st.session_state["fetching"]
    job = find_sources.fetch_service().job(job_id) if job_id else None
    if job is None:
        _offer(plan, refusal or "The fetching is no longer under way.")
    elif job.state == "failed":
        _offer(plan, job.error or "The fetching failed.")
    elif job.state == "cancelled":
        _offer(plan, "Stopped. What has come so far is kept and not fetched twice.")
    elif job.state == "done":
        del st.session_state["fetching"]
        _go_on(plan)
    else:
        _show(job)


def _show(job: Any) -> None:
    bar, button = st.columns([5, 1], vertical_alignment="center")
    bar.progress(share_done(job), text=sentence(job))
    if button.button("Cancel", icon=":material/stop_circle:", width="stretch", key="fetch-cancel"):
        find_sources.fetch_service().cancel(job.id, session_name())


def share_done(job: Any) -> float:
    """Return how much of a job is done, 0 to 1."""
    if job.progress is None or job.progress.total <= 0:
        return 0.0
    return float(min(max(job.progress.done / job.progress.total, 0.0), 1.0))


def sentence(job: Any) -> str:
    """Say in words where a job stands."""
    if job.state == "waiting":
        return f"Waiting: number {job.place} in the queue."
    progress = job.progress
    if progress is None:
        return "Getting ready to fetch …"
    left = f" About {duration(progress.seconds_left)} left." if progress.seconds_left else ""
    return plain(progress.message) + left


def _offer(plan: "FetchPlan", why: str) -> None:
    words, button = st.columns([5, 1], vertical_alignment="center")
    words.warning(plain(why))
    if button.button("Fetch again", key="fetch-again", type="primary", width="stretch"):
        ask_to_fetch(plan)
        st.rerun()


def _go_on(plan: "FetchPlan") -> None:
    """Show the fetched scene on Explore, which maps it; with the reader's outlines if any."""
    area_text, experts = st.session_state.get("find_experts", ("", ""))
    theirs = {"experts": experts} if area_text == plan.area.to_text() else {}
    choose(scene=plan.scene_id, plan=plan.to_text(), **theirs)
    st.switch_page("explore.py")
