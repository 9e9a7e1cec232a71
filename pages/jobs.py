"""Jobs: what is being mapped and fetched, for whom, what happened, and what came of it."""

from itertools import chain
from typing import TYPE_CHECKING

import streamlit as st

from glacier_core.settings import settings
from pages.components.find_sources import fetch_service
from pages.components.job_cards import active_card, ended_card
from pages.components.progress import map_service
from pages.components.state import app_state, processor

if TYPE_CHECKING:
    from glacier_core.jobs.job import Job

SECONDS_BETWEEN_LOOKS = 1.0
SHOWN = 10
"""Jobs that have ended, the newest first, before the reader asks for all."""

NOTHING = """
**Nothing was mapped or fetched since the app was started.** Open a scene on Explore and its map is
made by itself; it shows here while it is made, and after.
"""


def all_jobs() -> "list[Job]":
    return list(chain(map_service().jobs(), fetch_service().jobs()))


def active(jobs: "list[Job]") -> "list[Job]":
    """Return the jobs that run, then those that wait, the next first."""
    under_way = [job for job in jobs if not job.is_over]
    return sorted(under_way, key=lambda job: (job.state == "waiting", job.place or 0))


def explain() -> None:
    limits = settings()
    st.markdown("### Jobs")
    st.caption(
        f"{processor()} One map is made at a time; up to {limits.queue_length} may wait, "
        f"{limits.jobs_per_session} of one visitor in all. Turns go round the visitors, and equal "
        f"wishes are one job. The jobs of a page that is closed end after "
        f"{limits.closed_tab_seconds:g} s."
    )


def under_way(shown: frozenset[str]) -> None:
    """Show what is under way, and draw the whole page anew when that is other jobs."""
    now = active(all_jobs())
    if frozenset(job.id for job in now) != shown:
        st.rerun()
    maps, fetches = map_service(), fetch_service()
    for job in now:
        active_card(job, maps if maps.job(job.id) else fetches)


def ended(jobs: "list[Job]") -> None:
    over = sorted((job for job in jobs if job.is_over), key=lambda job: job.finished, reverse=True)
    if not over:
        return
    st.markdown("#### Ended")
    everything = len(over) <= SHOWN or st.toggle(f"Show all {len(over)}", key="all-jobs")
    for job in over if everything else over[:SHOWN]:
        ended_card(job)


app_state()
explain()
jobs = all_jobs()
running = active(jobs)
if running:
    st.markdown("#### Under way")
    st.fragment(under_way, run_every=SECONDS_BETWEEN_LOOKS)(frozenset(job.id for job in running))
elif jobs:
    st.info("Nothing is under way now.", icon=":material/check_circle:")
else:
    st.info(NOTHING, icon=":material/hourglass_empty:")
if not running and st.button("Look again", icon=":material/refresh:"):
    st.rerun()
ended(jobs)
