"""Garbage collection that costs readers no time.

Streamlit collects garbage in all generations after every run of a page, and so looks through all
that is alive: the pages of every reader, their figures and maps. With twenty readers that took
three quarters of the server's time. What is alive is therefore frozen, which takes it out of these
collections; every now and then everything is thawed, looked through once, and frozen again.
"""

import gc
from threading import Event, Thread

PAUSE_S = 60.0
"""Seconds in which what was made since stays in every collection."""


def collect_all() -> None:
    """Look through everything, those frozen before too, and freeze what is alive."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def collect_now_and_then(pause: float = PAUSE_S) -> Event:
    """Collect all garbage again and again in a thread of its own, as long as pages are run.

    Returns
    -------
    threading.Event
        Whoever sets it ends that.
    """
    stop = Event()

    def collect() -> None:
        seen = _collections()
        while not stop.wait(pause):
            if _collections() != seen:  # nobody ran a page since, so there is nothing to gain
                collect_all()
                seen = _collections()

    Thread(target=collect, name="glacier-garbage", daemon=True).start()
    return stop


def _collections() -> int:
    return int(gc.get_stats()[2]["collections"])
