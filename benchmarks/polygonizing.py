"""How long outlines of a whole granule take, and how much memory.

    python benchmarks/polygonizing.py [--size 10980] [--repeats 3]

Draws the outlines of three masks, each in a process of its own, so that its peak of memory is
its own. The masks are made of fractal noise: glaciers among mountains, and an icecap with
nunataks, both with the ragged margins and lone pixels that a network leaves; and the mountains
without any pixel alone.
"""

import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Annotated, NamedTuple

import numpy as np
import rasterio
import shapely
import typer
from affine import Affine
from numpy.typing import NDArray
from scipy import fft

from glacier_core.outlines.polygonizing import polygonize

TRANSFORM, CRS = Affine(10, 0, 600000, 0, -10, 5200020), "EPSG:32632"
STEEPNESS = 1.6
"""Exponent of the fractal's amplitude over frequency: lobes and bays of every size."""

REPEATS_ACROSS = 4
"""The fractal is periodic and repeats so often along either side, as its making takes longer."""


class Run(NamedTuple):
    """What one run took."""

    seconds: float
    megabytes: float
    outlines: int
    vertices: int


def fractal(size: int, seed: int) -> NDArray[np.float32]:
    """Return a periodic fractal surface of ranks from 0 to 1, `size` pixels square."""
    side = -(-size // REPEATS_ACROSS)
    frequencies = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    frequencies[0, 0] = np.inf
    white = fft.rfft2(np.random.default_rng(seed).standard_normal((side, side), dtype=np.float32))
    surface = fft.irfft2(white * frequencies**-STEEPNESS, (side, side))
    ranks = np.interp(
        surface, np.quantile(surface, np.linspace(0, 1, 1001)), np.linspace(0, 1, 1001)
    )
    across = np.arange(size) % side
    return ranks.astype(np.float32)[across[:, None], across]


def mask(size: int, share: float, ragged: float, alone: float, seed: int) -> NDArray[np.bool_]:
    """Return a mask of about a `share` of ice.

    Parameters
    ----------
    size : int
        Pixels along a side.
    share : float
    ragged : float
        By how many ranks a network's doubt shifts the margin from pixel to pixel.
    alone : float
        Share of all pixels that are turned over at random.
    seed : int
    """
    generator = np.random.default_rng(seed + 1)
    surface = fractal(size, seed)
    surface += ragged * generator.standard_normal(surface.shape, dtype=np.float32)
    return (surface > 1 - share) ^ (generator.random(surface.shape, dtype=np.float32) < alone)


MASKS: dict[str, Callable[[int], NDArray[np.bool_]]] = {
    "mountain glaciers, network's noise": lambda size: mask(size, 0.15, 0.003, 1e-3, 0),
    "icecap with nunataks, the same noise": lambda size: mask(size, 0.85, 0.003, 1e-3, 1),
    "mountain glaciers, no noise": lambda size: mask(size, 0.15, 0.0, 0.0, 2),
}


def peak_megabytes() -> float:
    """Return the most memory this process has held so far, as Linux tells it."""
    # Not getrusage: its peak begins with that of the process that started this one.
    told = Path("/proc/self/status").read_text(encoding="utf-8")
    return float(told.split("VmHWM:")[1].split()[0]) / 1024


def drawn(path: Path) -> Run:
    """Draw the outlines of a mask on disk."""
    glacier = np.load(path)
    polygonize(glacier[:64, :64], TRANSFORM, CRS)  # what the first call alone must load
    before = peak_megabytes()
    started = time.perf_counter()
    outlines = polygonize(glacier, TRANSFORM, CRS)
    seconds = time.perf_counter() - started
    peak = peak_megabytes()
    vertices = int(shapely.get_num_coordinates(outlines.geometry.to_numpy()).sum())
    return Run(seconds, peak - before, len(outlines), vertices)


def in_own_process(path: Path) -> Run:
    """Draw the outlines of a mask on disk in a process that does nothing else."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as processes:
        return processes.submit(drawn, path).result()


def main(
    size: Annotated[int, typer.Option(help="Pixels along a side of the mask.")] = 10980,
    repeats: Annotated[int, typer.Option(help="Runs to take the median of.")] = 3,
) -> None:
    """Measure how long outlines of large masks take, and how much memory."""
    typer.echo(
        f"{platform.machine()}, {os.cpu_count()} cores, GDAL {rasterio.__gdal_version__}, "
        f"GEOS {shapely.geos_version_string}; simulated masks of {size} x {size} pixels"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, make in MASKS.items():
            path = Path(folder) / "mask.npy"
            np.save(path, make(size))
            runs = [in_own_process(path) for _ in range(repeats)]
            seconds = [run.seconds for run in runs]
            typer.echo(
                f"{name:<38} {median(seconds):7.1f} s "
                f"(n = {repeats}, {min(seconds):.1f} to {max(seconds):.1f}), at most "
                f"{max(run.megabytes for run in runs):,.0f} MiB beside the mask; "
                f"{runs[0].outlines:,} outlines, {runs[0].vertices:,} vertices"
            )


if __name__ == "__main__":
    typer.run(main)
