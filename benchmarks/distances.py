"""How long distances between two outlines take.

    python benchmarks/distances.py [--vertices 1000000] [--repeats 3]

Measures two fractal outlines against each other as a comparison does: distances, the profile
along the boundary, and its bootstrap intervals. The expert's follows the predicted one with
smooth errors of some tens of metres, and both jitter from vertex to vertex. Two shapes: one
glacier complex with a margin of lobes and bays, and an icefield of many parts with nunataks.
"""

import os
import platform
import time
from collections.abc import Callable
from statistics import median
from typing import Annotated, Any

import numpy as np
import shapely
import typer
from numpy.typing import NDArray
from pyproj import CRS
from scipy import fft

from glacier_core.deviations.bootstrap import bootstrap_table
from glacier_core.deviations.boundaries import face
from glacier_core.deviations.distance import distance_deviation
from glacier_core.deviations.ground import ground_projection
from glacier_core.deviations.profile import boundary_profile

SPACING_M = 10.0
"""Between vertices: a pixel of Sentinel-2."""

JITTER_M = 2.0
ERROR_M = 30.0
PARTS = 100
"""Of the icefield."""

CENTRE = ground_projection(-117.25, 52.2)

Pair = tuple[shapely.MultiPolygon, shapely.MultiPolygon]


def smooth(count: int, steepness: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return periodic fractal noise around a ring, of standard deviation 1."""
    frequencies = np.arange(count // 2 + 1, dtype=float)
    frequencies[0] = np.inf
    spectrum = fft.rfft(generator.standard_normal(count)) * frequencies**-steepness
    values = fft.irfft(spectrum, count)
    return np.asarray(values / values.std())


def ring_pair(count: int, generator: np.random.Generator) -> tuple[NDArray[np.float64], ...]:
    """Return two star-shaped rings (count, 2) around the origin, one following the other."""
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    base = SPACING_M * count / (2 * np.pi) / 2  # lobes and bays about double its perimeter
    radii = base * (1 + 0.15 * smooth(count, 1.5, generator).clip(-3, 3))
    strayed = radii + ERROR_M * smooth(count, 1.0, generator)
    rings = []
    for away in (radii, strayed):
        jittered = away + JITTER_M * generator.standard_normal(count)
        rings.append(jittered[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    return tuple(rings)


def complex_pair(vertices: int) -> Pair:
    """Return one glacier complex as two outlines of a polygon each."""
    rings = ring_pair(vertices, np.random.default_rng(0))
    predicted, expert = (shapely.MultiPolygon([shapely.Polygon(ring)]) for ring in rings)
    return predicted, expert


def icefield_pair(vertices: int) -> Pair:
    """Return many glaciers side by side, each with a nunatak, as two outlines."""
    generator = np.random.default_rng(1)
    outer = int(vertices / PARTS * 0.8)
    wide = SPACING_M * outer / np.pi  # apart, with room between them
    sides: tuple[list[Any], list[Any]] = ([], [])
    for number in range(PARTS):
        place = 2 * wide * np.array(divmod(number, round(PARTS**0.5)))
        rims = ring_pair(outer, generator)
        holes = ring_pair(vertices // PARTS - outer, generator)
        for side, rim, hole in zip(sides, rims, holes, strict=True):
            glacier = shapely.Polygon(rim + place)
            side.append(glacier.difference(shapely.Polygon(hole + place)))
    predicted, expert = (
        shapely.MultiPolygon([part for one in side for part in shapely.get_parts(one)])
        for side in sides
    )
    return predicted, expert


def timed(action: Callable[[], object], repeats: int) -> list[tuple[float, float]]:
    """Return the seconds that each repetition took, and those of the processor among them."""
    seconds = []
    for _ in range(repeats):
        started, worked = time.perf_counter(), time.process_time()
        action()
        seconds.append((time.perf_counter() - started, time.process_time() - worked))
    return seconds


def line(name: str, seconds: list[tuple[float, float]]) -> str:
    """Return one row of the report."""
    waited, worked = zip(*seconds, strict=True)
    return (
        f"  {name:<42} {median(waited):7.2f} s (n = {len(seconds)}, {min(waited):.2f} to "
        f"{max(waited):.2f}; of the processor {median(worked):.2f} s)"
    )


def measure(pair: Pair, projection: CRS, repeats: int) -> list[str]:
    """Return the rows of the report on one pair of outlines."""
    predicted, expert = pair
    facing = face(predicted, expert)
    profile = boundary_profile(facing, projection, glacier_id="one")
    return [
        line("distances, all of them", timed(lambda: distance_deviation(*pair), repeats)),
        line("  of it: pieces of both boundaries", timed(lambda: face(*pair), repeats)),
        line("profile along the predicted boundary", timed(
            lambda: boundary_profile(face(*pair), projection, glacier_id="one"), repeats
        )),
        line("bootstrap intervals of that profile", timed(
            lambda: bootstrap_table(profile, simulated=True), repeats
        )),
        f"  {distance_deviation(*pair)}",
    ]  # fmt: skip


def main(
    vertices: Annotated[int, typer.Option(help="Vertices of either outline.")] = 1_000_000,
    repeats: Annotated[int, typer.Option(help="Repetitions to take the median of.")] = 3,
) -> None:
    """Measure how long distances between two outlines take."""
    typer.echo(
        f"{platform.machine()}, {os.cpu_count()} cores, GEOS {shapely.geos_version_string}; "
        f"simulated outlines of about {vertices:,} vertices, {SPACING_M:g} m apart"
    )
    for name, make in {"glacier complex": complex_pair, "icefield": icefield_pair}.items():
        pair = make(vertices)
        counts = [int(shapely.get_num_coordinates(outline)) for outline in pair]
        parts = [len(shapely.get_parts(outline)) for outline in pair]
        typer.echo(f"{name}: {counts[0]:,} and {counts[1]:,} vertices, {parts} parts")
        typer.echo("\n".join(measure(pair, CENTRE, repeats)))


if __name__ == "__main__":
    typer.run(main)
