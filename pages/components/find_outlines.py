"""Expert outlines that come with a fetched image: out of an inventory, or a reader's own."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

import glacier_core as gc
from pages.components.find_sources import workers

if TYPE_CHECKING:
    import geopandas as gpd

    from glacier_core.archives.plan import FetchPlan
    from glacier_core.network.transfer import TransferProgress

INVENTORIES = {
    "rgi7": "RGI 7.0 (ice around the year 2000)",
    "rgi6": "RGI 6.2 (the inventory before)",
    "glims": "GLIMS (every date and analyst)",
    "": "none",
}
"""Inventories that expert outlines are taken from, by their short name."""


@dataclass
class OutlineFetch:
    """Outlines on their way.

    Attributes
    ----------
    future : Future of GeoDataFrame
    progress : TransferProgress, optional
        None before the first piece.
    """

    progress: "TransferProgress | None" = None
    unwanted: threading.Event = field(default_factory=threading.Event)
    future: "Future[gpd.GeoDataFrame]" = field(default_factory=Future)

    def report(self, progress: "TransferProgress") -> None:
        """Take how far the transfer is."""
        self.progress = progress


def outlines_of(plan: "FetchPlan", inventory: str) -> OutlineFetch:
    """Return the outlines of a plan's area, on their way or here; equal wishes are one."""
    fetch = _fetch(plan.area.to_text(), inventory)
    if fetch.future.done() and fetch.future.exception() is not None:
        _fetch.clear(plan.area.to_text(), inventory)
    return fetch


@st.cache_resource(max_entries=16, ttl=3600, show_spinner=False)
def _fetch(area_text: str, inventory: str) -> OutlineFetch:
    from glacier_core.archives.areas import area_from_text

    started = OutlineFetch()

    def work() -> "gpd.GeoDataFrame":
        from glacier_core.inventories.fetching import fetch_outlines

        return fetch_outlines(
            area_from_text(area_text).geometry,
            inventory,  # type: ignore[arg-type]  (checked there, with a sentence)
            report=started.report,
            cancelled=started.unwanted.is_set,
        )

    started.future = workers().submit(work)
    return started


def attach(plan: "FetchPlan", outlines: "gpd.GeoDataFrame") -> "Future[None]":
    """Keep a fetched scene with outlines beside its image, in the background; once a plan."""
    return _attach(plan.scene_id, len(outlines), lambda: outlines)


@st.cache_resource(max_entries=16, ttl=600, show_spinner=False)
def _attach(
    scene_id: str,
    count: int,
    _outlines: "Callable[[], gpd.GeoDataFrame]",
) -> "Future[None]":
    def work() -> None:
        from glacier_core.inventories.choosing import nearest_in_time
        from glacier_core.sources import keep_scene

        scene = gc.open_scene(scene_id)
        if count and scene.outlines is None:
            chosen = nearest_in_time(_outlines(), scene.attributes.acquired)
            keep_scene(scene.with_outlines(chosen.to_crs(scene.crs)))

    return workers().submit(work)
