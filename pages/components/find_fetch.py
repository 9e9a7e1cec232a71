"""What fetching will cost, fetching itself with its progress, and on to the map."""

from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

import glacier_core as gc
from pages.components import find_outlines, find_sources
from pages.components.progress import SECONDS_BETWEEN_LOOKS, duration, share_done
from pages.components.sentences import plain
from pages.components.sessions import session_name
from pages.components.state import app_state, choose

if TYPE_CHECKING:
    from glacier_core.archives.cost import Cost
    from glacier_core.archives.plan import FetchPlan


def fetch_section(plan: "FetchPlan", inventory: str) -> None:
    """Say what a plan costs, offer to fetch it, or show it being fetched.

    Parameters
    ----------
    plan : FetchPlan
    inventory : str
        Where expert outlines come from, empty for none.
    """
    if _asked_for(plan):
        _watch(plan)
        return
    cost = find_sources.cost(plan)
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.markdown(cost_line(cost))
    if button.button("Fetch and map", type="primary", icon=":material/download:", width="stretch"):
        ask_to_fetch(plan, inventory)
        st.rerun()


def cost_line(cost: "Cost") -> str:
    """Say what will be fetched, how long it takes here, and what is missing."""
    times = [
        f"{duration(seconds)} to {what}"
        for what, seconds in (("fetch", cost.seconds), ("map", cost.mapping_seconds))
        if seconds is not None
    ]
    here = f" On this device about {' and '.join(times)}." if times else ""
    line = f"**{pixels(cost.pixels)} pixels, about {megabytes(cost.bytes)} to fetch.**{here}"
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


@dataclass(frozen=True)
class Fetching:
    """What a reader asked for.

    Attributes
    ----------
    plan : str
        The plan as text.
    inventory : str
    job : str
        Id of the job; empty where it was refused.
    refusal : str
    """

    plan: str
    inventory: str
    job: str = ""
    refusal: str = ""


def ask_to_fetch(plan: "FetchPlan", inventory: str) -> None:
    """Ask for a scene and its outlines; a refusal is kept and shown where the progress would be."""
    asked = Fetching(plan.to_text(), inventory)
    try:
        job = find_sources.fetch_service().submit(plan, session_name())
        asked = replace(asked, job=job.id)
    except gc.GlacierError as error:
        asked = replace(asked, refusal=str(error))
    st.session_state["fetching"] = asked
    if asked.job and inventory and not _own_outlines(plan):
        find_outlines.outlines_of(plan, inventory)


def _asked_for(plan: "FetchPlan") -> bool:
    asked: Fetching | None = st.session_state.get("fetching")
    return asked is not None and asked.plan == plan.to_text()


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _watch(plan: "FetchPlan") -> None:
    asked: Fetching = st.session_state["fetching"]
    job = find_sources.fetch_service().job(asked.job) if asked.job else None
    if job is None:
        _offer(plan, asked, asked.refusal or "The fetching is no longer under way.")
    elif job.state == "failed":
        _offer(plan, asked, job.error or "The fetching failed.")
    elif job.state == "cancelled":
        _offer(plan, asked, "Stopped. What has come so far is kept and not fetched twice.")
    elif job.state == "done":
        _bring_outlines(plan, asked)
    else:
        _show(job)


def _bring_outlines(plan: "FetchPlan", asked: Fetching) -> None:
    """Put the expert's outlines beside the fetched image, or go on and say why there are none."""
    if not asked.inventory or _own_outlines(plan):
        _go_on(plan)
        return
    fetch = find_outlines.outlines_of(plan, asked.inventory)
    if not fetch.future.done():
        _wait_for_outlines(plan, fetch)
        return
    outlines, problem = find_sources.settled(fetch.future)
    if not problem and len(outlines):
        kept = find_outlines.attach(plan, outlines)
        if not kept.done():
            st.progress(1.0, text="Putting the expert's outlines beside the image …")
            return
        problem = find_sources.settled(kept)[1]
    elif not problem:
        problem = "The inventory holds no glacier here."
    _go_on(plan, problem and f"No expert outlines came with this image. {problem}")


def _wait_for_outlines(plan: "FetchPlan", fetch: find_outlines.OutlineFetch) -> None:
    bar, button = st.columns([5, 1], vertical_alignment="center")
    at = fetch.progress
    told = "" if at is None else f" {plain(at.message)}"
    bar.progress(share_done(at), text=f"The image is here; expert outlines are to come.{told}")
    if button.button("Go on without", width="stretch"):
        _go_on(plan, "You went on without expert outlines; bring some on the page Compare.")


def _show(job: Any) -> None:
    bar, button = st.columns([5, 1], vertical_alignment="center")
    bar.progress(share_done(job.progress), text=sentence(job))
    if button.button("Cancel", icon=":material/stop_circle:", width="stretch", key="fetch-cancel"):
        find_sources.fetch_service().cancel(job.id, session_name())


def sentence(job: Any) -> str:
    """Say in words where a job stands."""
    if job.state == "waiting":
        return f"Waiting: number {job.place} in the queue."
    progress = job.progress
    if progress is None:
        return "Getting ready to fetch …"
    left = f" About {duration(progress.seconds_left)} left." if progress.seconds_left else ""
    return plain(progress.message.rstrip(".")) + "." + left


def _offer(plan: "FetchPlan", asked: Fetching, why: str) -> None:
    words, button = st.columns([5, 1], vertical_alignment="center")
    words.warning(plain(why))
    if button.button("Fetch again", key="fetch-again", type="primary", width="stretch"):
        ask_to_fetch(plan, asked.inventory)
        st.rerun()


def _own_outlines(plan: "FetchPlan") -> str:
    """Return the id of the outlines that the reader brought for an area, empty for none."""
    area_text, experts = st.session_state.get("find_experts", ("", ""))
    return str(experts) if area_text == plan.area.to_text() else ""


def _go_on(plan: "FetchPlan", why_no_outlines: str = "") -> None:
    """Show the fetched scene on Explore, which maps it; with the reader's outlines if any."""
    st.session_state["why_no_outlines"] = (plan.scene_id, why_no_outlines)
    own = _own_outlines(plan)
    choose(scene=plan.scene_id, plan=plan.to_text(), **({"experts": own} if own else {}))
    st.switch_page("explore.py")


def arrived() -> None:
    """Let go of a fetch whose scene is open; only now, as a page may be left more than once."""
    asked: Fetching | None = st.session_state.get("fetching")
    if asked is not None and asked.plan == app_state().plan:
        del st.session_state["fetching"]


def offer_planned_scene() -> None:
    """Offer to fetch the scene of a link that somebody else fetched, and stop the page there."""
    state = app_state()
    st.markdown("### This scene is not here yet")
    st.write("The link tells how it was fetched, so it can be fetched again from its archive.")
    asked = find_sources.plan_of(state.plan)
    if not asked.done():
        _wait_for_plan(asked)
        st.stop()
    plan, problem = find_sources.settled(asked)
    if problem:
        st.warning(plain(problem), icon=":material/cloud_off:")
        if st.button("Ask again", type="primary"):
            find_sources.plan_again(state.plan)
            st.rerun()
    elif plan.scene_id != state.scene:
        st.warning("The link's scene is not the one that its plan makes: it was changed.")
    else:
        try:
            fetch_section(plan, "rgi7")
        except gc.GlacierError as error:
            st.warning(plain(str(error)))
    st.stop()


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _wait_for_plan(asked: "Future[FetchPlan]") -> None:
    if asked.done():
        st.rerun()
    st.progress(0.5, text="Asking the archive for the image of the link …")
