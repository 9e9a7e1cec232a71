"""What a class full of people does to the app: many sessions at once, each with its own scene.

    python benchmarks/load.py [--sessions 20] [--views 500] [--think 5]

Starts the app on 127.0.0.1 with a data folder of its own. Every session (a websocket client that
speaks Streamlit's protocol) opens its own scene, all at the same time, waits for its map, then goes
round the pages with pauses for thinking: the first round computes everything, the others only
show it again. The model is the tiny network with a layer so wide that
it weighs 270 MB: a second copy in memory would show, and yet a window is mapped at once.

Fails where a session was shown a map or an area that is not its scene's, where a page showed an
error, where memory held more than one model, or where memory grew over the page views.
"""

import asyncio
import json
import os
import platform
import random
import tempfile
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, quantiles
from typing import Annotated, Any

import numpy as np
import psutil
import torch
import typer
from app_process import running_app
from streamlit_client import Shown, Visitor

import glacier_core as gc
from glacier_core.models.card import ModelCard
from glacier_core.models.config import GlaViTUConfig
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import save_model
from glacier_core.reporting.wording import km2
from glacier_core.scene import build_scene
from glacier_core.settings import settings
from glacier_core.sources import keep_scene

SCENE, SIDE, MODEL = "simulated-valley", 256, "heavy"
WIDE = GlaViTUConfig(
    width=4,
    token_width=512,
    token_patch=32,
    positional_grid=4,
    transformer_blocks=1,
    heads=2,
    mlp_width=65536,
    resunet_width=4,
)
PATCH = 128
BYTES_A_PIXEL = 4 * (6 + 1 + 1) + 1
"""Of a scene: six bands, elevation and slope in single precision, and whether it is valid."""

PAGES = ("explore", "compare", "confidence", "jobs", "models")


@dataclass
class Visits:
    """What one session met.

    Attributes
    ----------
    scene : str
    key : str
        Of its map.
    mapped : float
        Seconds from opening the app to its map.
    looks : list of float
        Seconds of every look at the progress.
    views : list of (str, float)
        Page and seconds of every view after that; in the first round everything is computed.
    wrong : list of str
        What should not have been.
    """

    scene: str
    key: str = ""
    mapped: float = 0.0
    looks: list[float] = field(default_factory=list)
    views: list[tuple[str, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def pauses(self) -> random.Random:
        """Chance that is the same each time this session is made."""
        return random.Random(f"{self.scene} {len(self.views)}")

    def note(self, shown: Shown, page: str) -> None:
        """Keep what went wrong on a page."""
        self.wrong += [f"{page}: {told}" for told in shown.exceptions]


def fill(folder: Path, sessions: int) -> None:
    """Fill a data folder with the model and a scene for every session, each of another area."""
    os.environ["GLACIER_DATA_DIR"] = str(folder)
    settings.cache_clear()
    torch.manual_seed(0)
    card = ModelCard(
        name=MODEL,
        title="Heavy, untrained",
        config=WIDE,
        patch_size=PATCH,
        training="Not trained: random weights.",
        licence="CC0 1.0",
    )
    save_model(GlaViTU(WIDE), card, folder / "models" / MODEL)
    valley = gc.open_scene(SCENE)
    for number in range(sessions):
        layers = {
            name: np.roll(valley.data[name].to_numpy(), 11 * number, axis=-1)[..., :SIDE, :SIDE]
            for name in ("optical", "elevation", "slope", "valid")
        }
        layers["valid"][: 3 * number] = False
        known = {"id": f"valley-{number:02}", "title": f"Simulated: valley {number:02}"}
        attributes = valley.attributes.model_copy(update=known)
        keep_scene(
            build_scene(
                **layers,
                transform=valley.transform,
                crs=valley.crs,
                attributes=attributes,
                outlines=valley.outlines,
            )
        )


async def open_and_map(visitor: Visitor, visits: Visits) -> None:
    """Open the app on the scene of this session and wait for the map, as a browser does."""
    began = time.monotonic()
    shown = await visitor.view("", f"scene={visits.scene}&model={MODEL}")
    visits.note(shown, "explore")
    while "map=" not in visitor.query:
        looked = await visitor.look("")
        if looked is None:
            visits.wrong.append(f"the map is not made: {shown.alerts}")
            return
        shown = looked
        visits.looks.append(looked.seconds)
        visits.note(looked, "explore")
    visits.mapped = time.monotonic() - began
    visits.key = visitor.query.split("map=")[1][:64]


async def go_round(visitor: Visitor, visits: Visits, times: int, think: float) -> None:
    """Go round the pages, thinking in between; look whether the map is one's own."""
    for _ in range(times):
        for page in PAGES:
            await asyncio.sleep(visits.pauses.expovariate(1 / think) if think else 0)
            shown = await visitor.view("" if page == "explore" else page)
            visits.views.append((page, shown.seconds))
            visits.note(shown, page)
            if visits.scene not in visitor.query or visits.key not in visitor.query:
                visits.wrong.append(f"{page} went to {visitor.query}")
            if page == "explore" and shown.metrics.get("Glacier area") != own_area(visits):
                visits.wrong.append(f"the area shown is {shown.metrics.get('Glacier area')}")


_areas: dict[str, str] = {}


def own_area(visits: Visits) -> str:
    """Return the area of the map of a session's own scene, read from its files."""
    if visits.key not in _areas:
        result = gc.open_map(settings().data_dir / "maps" / visits.key)
        _areas[visits.key] = km2(result.area_km2()) if result.scene_id == visits.scene else "none"
    return _areas[visits.key]


@dataclass
class Strain:
    """What a phase cost the app: memory in MB every quarter of a second, and processor time."""

    memory: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0


async def during(process: psutil.Process, work: list[Coroutine[Any, Any, None]]) -> Strain:
    """Let sessions work side by side, and watch the app meanwhile."""
    strain, before = Strain(), process.cpu_times()

    async def watch() -> None:
        while True:
            strain.memory.append(process.memory_info().rss / 1e6)
            await asyncio.sleep(0.25)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*work)
    watching.cancel()
    after = process.cpu_times()
    strain.cpu_seconds = after.user + after.system - before.user - before.system
    return strain


async def crowd(
    address: str, process: psutil.Process, sessions: int, views: int, think: float
) -> tuple[list[Visits], dict[str, Strain]]:
    """Let one session map its scene, then all; then all go round the pages."""
    everybody = [Visits(f"valley-{number:02}") for number in range(sessions)]
    times = max(round(views / sessions / len(PAGES)) - 1, 1)
    async with AsyncExitStack() as tabs:
        visitors = [await tabs.enter_async_context(Visitor(address)) for _ in everybody]
        pairs = list(zip(visitors, everybody, strict=True))
        strains = {
            "one session maps": await during(process, [open_and_map(*pairs[0])]),
            "all others map": await during(process, [open_and_map(*pair) for pair in pairs[1:]]),
            "first round": await during(process, [go_round(*pair, 1, think) for pair in pairs]),
            "reruns": await during(process, [go_round(*pair, times, think) for pair in pairs]),
        }
    return everybody, strains


def report(everybody: list[Visits], strains: dict[str, Strain]) -> dict[str, Any]:
    """Return the figures, and what is wrong with them."""
    first = [view for visits in everybody for view in visits.views[: len(PAGES)]]
    again = [view for visits in everybody for view in visits.views[len(PAGES) :]]
    weights = (settings().data_dir / "models" / MODEL / "weights.safetensors").stat().st_size / 1e6
    one, everyone = (strains[name].memory[-1] for name in ("one session maps", "all others map"))
    memory = strains["reruns"].memory
    quarter = max(len(memory) // 4, 1)
    growth = fmean(memory[-quarter:]) - fmean(memory[:quarter])
    wrong = [f"{visits.scene}: {told}" for visits in everybody for told in visits.wrong]
    if len({visits.key for visits in everybody}) < len(everybody):
        wrong.append("Two sessions were shown the same map.")
    scenes = 3 * len(everybody) * SIDE**2 * BYTES_A_PIXEL / 1e6  # themselves, maps, outlines
    if everyone - one > scenes + 0.5 * weights:
        wrong.append(f"Memory grew by {everyone - one:.0f} MB, a model has {weights:.0f} MB.")
    if growth > max(0.05 * fmean(memory), 20.0):
        wrong.append(f"Memory grew by {growth:.0f} MB over the reruns.")
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load of the machine": [round(load, 1) for load in os.getloadavg()],
        "sessions": len(everybody),
        "seconds to the map": shares([visits.mapped for visits in everybody]),
        "looks at the progress": shares([s for visits in everybody for s in visits.looks]),
        "first views": shares([seconds for _, seconds in first]),
        "reruns": shares([seconds for _, seconds in again]),
        "reruns by page": {
            name: shares([seconds for page, seconds in again if page == name]) for name in PAGES
        },
        "processor seconds a rerun": round(strains["reruns"].cpu_seconds / len(again), 3),
        "a model, MB": round(weights),
        "all scenes and maps, MB": round(scenes),
        "highest memory, MB": {name: round(max(one.memory)) for name, one in strains.items()},
        "memory added by the other sessions, MB": round(everyone - one),
        "memory added over the reruns, MB": round(growth, 1),
        "wrong": wrong,
    }


def shares(seconds: list[float]) -> dict[str, float]:
    """Return the number, median and 95th percentile of some times."""
    if len(seconds) < 2:
        return {"number": len(seconds)}
    cuts = quantiles(seconds, n=20, method="inclusive")
    return {"number": len(seconds), "p50": round(cuts[9], 3), "p95": round(cuts[18], 3)}


def main(
    sessions: Annotated[int, typer.Option(min=2, max=40)] = 20,
    views: Annotated[int, typer.Option(min=2, max=5000, help="Of all sessions together.")] = 500,
    think: Annotated[float, typer.Option(help="Mean seconds between two views.")] = 5.0,
    out: Annotated[Path | None, typer.Option(help="Keep the figures here, as JSON.")] = None,
) -> None:
    """Load the app and say how it bore it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        fill(data, sessions)
        with running_app(data, threads=1) as (address, process):
            everybody, strains = asyncio.run(crowd(address, process, sessions, views, think))
            figures = report(everybody, strains)
    told = json.dumps(figures, indent=1, ensure_ascii=False)
    print(told)
    if out:
        out.write_text(told)
    raise typer.Exit(1 if figures["wrong"] else 0)


if __name__ == "__main__":
    typer.run(main)
