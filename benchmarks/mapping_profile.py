"""Where the time of one mapping goes, as a table and a picture.

    python benchmarks/mapping_profile.py [--model glavitu-small] [--size 768] [--out profile.png]

Maps a simulated scene, mirrored to the size asked for, into an empty cache of its own, and outlines
the glaciers. Each part of the work is wrapped in a clock that counts its own time, without that of
the parts within it, thread by thread: what other threads do meanwhile is shown apart, as it keeps
nobody waiting. The network runs by PyTorch, the one runtime whose blocks can be told apart.
"""

import functools
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from mapping import SCENE, empty_cache, mirrored

import glacier_core as gc
from glacier_core.settings import settings

PARTS: dict[str, tuple[str, ...]] = {
    "hash of scene and options": ("inference.request:resolve",),
    "choosing windows": ("inference.planning:plan_windows",),
    "reading and scaling": ("inference.reading:read_batch",),
    "network: stem": ("models.stem:InputStem.forward",),
    "network: fusion": ("models.blocks:FusionBlock.forward",),
    "network: context (SETR)": ("models.glavitu:SETR.forward",),
    "network: detail (ResUNet)": ("models.blocks:ResUNet.forward",),
    "network: making ready": ("inference.runtimes.making:Maker.make",),
    "network: the rest": ("inference.runner:Runner.probabilities",),
    "blending": ("inference.tiling:Blend.add", "inference.tiling:Blend.take"),
    "confidence": (
        "confidence.entropy:entropy_confidence",
        "models.calibration:Calibration.apply",
    ),
    "typicality": ("inference.finishing:Finisher._untypical",),
    "preview": ("inference.preview:Preview.add",),
    "writing layers": ("inference.cache:keep_map", "inference.finishing:finish_in_folder"),
    "outlines": ("inference.result:GlacierMap.outlines",),
}
"""What is told apart, by module and name below glacier_core; one inside another counts once."""

REST = "all else"


class Clocks:
    """Seconds by part and thread, each without the parts within it."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[bool, str], float] = defaultdict(float)
        self._main = threading.get_ident()
        self._inner = threading.local()

    @contextmanager
    def running(self, part: str) -> Iterator[None]:
        """Count what runs inside as a part."""
        stack: list[float] = self._inner.__dict__.setdefault("stack", [])
        stack.append(0.0)
        started = time.perf_counter()
        try:
            yield
        finally:
            elapsed = time.perf_counter() - started
            within = stack.pop()
            self.seconds[threading.get_ident() == self._main, part] += elapsed - within
            if stack:
                stack[-1] += elapsed

    def wrap(self, part: str, place: str) -> bool:
        """Put a clock around a function or method wherever it is known; tell if it is there."""
        module_name, name = place.split(":")
        try:
            holder: Any = import_module(f"glacier_core.{module_name}")
            *path, last = name.split(".")
            for step in path:
                holder = getattr(holder, step)
            plain = getattr(holder, last)
        except (ImportError, AttributeError):
            return False
        clocked = self._clocked(part, plain)
        setattr(holder, last, clocked)
        if not path:  # other modules may have taken the function by name
            for module in list(sys.modules.values()):
                if getattr(module, last, None) is plain:
                    setattr(module, last, clocked)
        return True

    def _clocked(self, part: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(plain)
        def clocked(*arguments: Any, **options: Any) -> Any:
            with self.running(part):
                return plain(*arguments, **options)

        return clocked


def measure(model_name: str, size: int) -> tuple[Clocks, float]:
    """Map once, and return the clocks and the seconds in all."""
    scene, model = mirrored(gc.open_scene(SCENE), size), gc.load_model(model_name)
    clocks = Clocks()
    import_module("glacier_core.inference.engine")
    for part, places in PARTS.items():
        for place in places:
            if not clocks.wrap(part, place):
                typer.echo(f"{place} is not there any more: {part} counts elsewhere", err=True)
    started = time.perf_counter()
    with clocks.running(REST):
        gc.map_glaciers(scene, model).outlines()
    return clocks, time.perf_counter() - started


def draw(clocks: Clocks, total: float, title: str, out: Path) -> None:
    """Draw the parts as bars, longest first."""
    from matplotlib.figure import Figure

    parts = sorted({part for _, part in clocks.seconds}, key=lambda part: _seconds(clocks, part))
    figure = Figure(figsize=(9, 0.45 * len(parts) + 1.6), layout="constrained")
    axes = figure.subplots()
    own = [clocks.seconds.get((True, part), 0.0) for part in parts]
    meanwhile = [clocks.seconds.get((False, part), 0.0) for part in parts]
    axes.barh(parts, own, color="#0072b2", label="waited for")
    axes.barh(parts, meanwhile, left=own, color="#bbbbbb", label="meanwhile, in another thread")
    for row, (first, second) in enumerate(zip(own, meanwhile, strict=True)):
        share = f"  {first / total:.1%}" if first else ""
        axes.text(first + second, row, share, va="center", fontsize=9)
    axes.set_xlabel("seconds; in per cent of the whole")
    axes.set_title(title, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(out, dpi=150)


def _seconds(clocks: Clocks, part: str) -> float:
    return clocks.seconds.get((True, part), 0.0) + clocks.seconds.get((False, part), 0.0)


def main(
    model: Annotated[str, typer.Option(help="A model id or a folder.")] = "glavitu-small",
    size: Annotated[int, typer.Option(help="Side of the scene in pixels.")] = 768,
    out: Annotated[Path, typer.Option(help="The picture.")] = Path("profile.png"),
) -> None:
    """Print the table and write the picture."""
    os.environ["GLACIER_RUNTIME"] = "torch"
    settings.cache_clear()
    with empty_cache():
        clocks, total = measure(model, size)
    told = f"{total:.2f} s: {model}, simulated {size} x {size} pixels, {os.cpu_count()} cores"
    typer.echo(told)
    for (waited_for, part), seconds in sorted(clocks.seconds.items(), key=lambda item: -item[1]):
        note = "" if waited_for else "  (meanwhile)"
        typer.echo(f"{part:<28} {seconds:8.3f} s {seconds / total:7.1%}{note}")
    draw(clocks, total, told, out)
    typer.echo(f"picture: {out}")


if __name__ == "__main__":
    typer.run(main)
