"""How often 95 % intervals hold the truth, where the truth is known.

    python benchmarks/coverage.py boundaries [--cases 400]
    python benchmarks/coverage.py areas [--scenes 200] [--keep FOLDER]

`boundaries` counts intervals of the block bootstrap on deviations that were made by a known
process, and on outlines that such a process displaced. The truth is the mean of the process: of
deviations in closed form, of outlines as the mean of what is measured over all of them. `areas`
maps simulated scenes on ground that no network saw; how errors hang together was fitted on half
of that ground (`--fit` does so anew), and the other half counts. Both print tables in Markdown.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import shapely
import typer
from numpy.typing import NDArray
from scipy import fft, stats

import glacier_core as gc
from glacier_core.confidence.area_interval import (
    SIMULATED_ERRORS,
    AreaErrors,
    KnownScene,
    area_interval,
    fit_area_errors,
    glacier_probability,
)
from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.deviations.bootstrap import Statistic, bootstrap_deviation
from glacier_core.models.registry import Model
from glacier_core.simulation.training_scenes import (
    TerrainSources,
    draw_training_scene,
    load_sources,
)
from glacier_core.sources.terrain import fetch_terrain
from glacier_core.training.evaluation import map_scene
from glacier_core.training.training_scene import TrainingScene

FloatArray = NDArray[np.float64]

app = typer.Typer(help=__doc__)

STEP = 10.0  # m
LEAN, SPREAD = 5.0, 20.0  # m: mean and standard deviation of the process
DRAWS = 500
FIRST_SCENE = (7000, 8000)  # numbers of held-out scenes that no card and no training uses
LARGE, LARGE_SHARE = 320, 0.2
SMALL = 160
FEWEST_PIXELS = 1000


def rings(kind: str, stretches: int, cases: int) -> tuple[FloatArray, float]:
    """Make standard normal deviations on closed rings; also return their integral length."""
    crossing = 12.0
    integral = 2 * crossing if kind == "exponential" else crossing * math.sqrt(math.pi)
    cells = round(stretches * integral)
    lag = np.minimum(np.arange(cells), cells - np.arange(cells)) / crossing
    correlation = np.exp(-lag if kind == "exponential" else -(lag**2))
    amplitude = np.sqrt(np.maximum(fft.rfft(correlation).real, 0.0))
    white = np.random.default_rng([stretches, len(kind)]).standard_normal((cases, cells))
    return fft.irfft(fft.rfft(white, axis=1) * amplitude, n=cells, axis=1), integral


def mean_size() -> float:
    """Mean absolute value of a normal deviation (folded normal distribution)."""
    share = LEAN / SPREAD
    return float(
        SPREAD * math.sqrt(2 / math.pi) * math.exp(-(share**2) / 2)
        + LEAN * (1 - 2 * stats.norm.cdf(-share))
    )


def skewed(ring: FloatArray) -> FloatArray:
    """Log-normal deviations of mean 0: few far out, many a little inside."""
    return SPREAD * (np.exp(0.7 * ring) - math.exp(0.7**2 / 2))


def held(profile: pd.DataFrame, statistic: Statistic, truth: float, seed: int) -> bool:
    """Whether the interval holds the truth."""
    found = bootstrap_deviation(profile, statistic, draws=DRAWS, seed=seed)
    return found.low <= truth <= found.high


def profile_of(distance: FloatArray) -> pd.DataFrame:
    """Profile of pieces of one length."""
    return pd.DataFrame({"distance_m": distance, "length_m": STEP})


def process_rows(cases: int) -> Iterator[dict[str, object]]:
    """Count on deviations made by processes of known mean."""
    for kind in ("exponential", "smooth"):
        for stretches in (6, 10, 15, 30, 80):
            made, _ = rings(kind, stretches, cases)
            km2 = made.shape[1] * STEP / 1e6
            normal = [profile_of(LEAN + SPREAD * ring) for ring in made]
            heavy = [profile_of(skewed(ring)) for ring in made]
            counts = {
                "mean distance": [held(p, "mean", mean_size(), i) for i, p in enumerate(normal)],
                "area": [held(p, "area", LEAN * km2, i) for i, p in enumerate(normal)],
                "area, skewed": [held(p, "area", 0.0, i) for i, p in enumerate(heavy)],
            }
            yield {"correlation": kind, "stretches": stretches, "n": cases} | shares(counts)


def shares(counts: dict[str, list[bool]]) -> dict[str, str]:
    """Per cent of the intervals that hold the truth."""
    return {name: f"{100 * np.mean(some):.1f}" for name, some in counts.items()}


def smooth_outline(radius: float) -> tuple[FloatArray, FloatArray]:
    """Points every 10 m or so of a curve like a glacier's, and the normals there."""
    angle = np.linspace(0, 2 * np.pi, round(2 * np.pi * radius * 1.2 / STEP), endpoint=False)
    reach = radius * (1 + 0.35 * np.cos(2 * angle) + 0.1 * np.cos(3 * angle + 1))
    points = np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1)
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    normals = np.stack([along[:, 1], -along[:, 0]], axis=1)
    return points, normals / np.hypot(*normals.T)[:, None]


def measured_profile(outline: shapely.Polygon, expert: shapely.Polygon) -> pd.DataFrame:
    """Signed distances along an outline to the expert's boundary, in pieces of 10 m at most."""
    line = shapely.get_coordinates(shapely.segmentize(outline.exterior, STEP))
    middle = (line[1:] + line[:-1]) / 2
    points = shapely.points(middle)
    distance = shapely.distance(points, expert.exterior)
    shapely.prepare(expert)
    side = np.where(shapely.contains(expert, points), -1.0, 1.0)
    return pd.DataFrame(
        {"distance_m": side * distance, "length_m": np.hypot(*np.diff(line, axis=0).T)}
    )


def outline_rows(cases: int) -> Iterator[dict[str, object]]:
    """Count on outlines displaced along their normals, measured as polygons."""
    for radius in (400.0, 800.0, 1600.0):
        points, normals = smooth_outline(radius)
        lag = np.minimum(np.arange(len(points)), len(points) - np.arange(len(points))) / 12.0
        amplitude = np.sqrt(np.maximum(fft.rfft(np.exp(-(lag**2))).real, 0.0))
        white = np.random.default_rng(int(radius)).standard_normal((cases, len(points)))
        strays = LEAN + SPREAD / 2 * fft.irfft(fft.rfft(white) * amplitude, n=len(points))
        expert = shapely.Polygon(points)
        drawn = [shapely.Polygon(points + stray[:, None] * normals) for stray in strays]
        profiles = [measured_profile(outline, expert) for outline in drawn]
        sizes = [np.average(p["distance_m"].abs(), weights=p["length_m"]) for p in profiles]
        areas = [(outline.area - expert.area) / 1e6 for outline in drawn]
        counts = {
            "mean distance": [
                held(p, "mean", float(np.mean(sizes)), i) for i, p in enumerate(profiles)
            ],
            "area": [held(p, "area", float(np.mean(areas)), i) for i, p in enumerate(profiles)],
        }
        perimeter = expert.length / 1000
        yield {"perimeter, km": f"{perimeter:.1f}", "n": cases} | shares(counts)


@app.command()
def boundaries(
    cases: Annotated[int, typer.Option(help="Cases of each kind.")] = 400,
) -> None:
    """Count intervals of the block bootstrap."""
    print("Per cent of 95 % intervals that hold the mean of the process\n")
    print(markdown(list(process_rows(cases))))
    print("\nOutlines displaced along their normals by a smooth process\n")
    print(markdown(list(outline_rows(cases))))


def markdown(rows: list[dict[str, object]]) -> str:
    """Table of rows."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([str(row[name]) for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def known_scene(
    model: Model, sources: TerrainSources, part: int, number: int, size: int, keep: Path
) -> KnownScene | None:
    """Map a simulated scene, or read it; None where hardly anything of it can be judged."""
    file = keep / f"{model.card.sha256[:8]}-{FIRST_SCENE[part] + number}-{size}.npz"
    if not file.exists():
        world = draw_training_scene(FIRST_SCENE[part] + number, sources, "held-out", size=size)
        scene = TrainingScene.of_world(world)
        probability = map_scene(model.network, scene, model.card.patch_size)
        np.savez(file, p=probability, g=scene.glacier, w=scene.weight, res=world.resolution)
    with np.load(file) as stored:
        p, glacier, weight, side = (stored[name] for name in ("p", "g", "w", "res"))
    raw = entropy_confidence(p)
    curve = model.card.calibration
    calibrated = glacier_probability(raw if curve is None else curve.apply(raw), p > 0.5)
    counted = (weight > 0) & np.isfinite(p)
    if counted.sum() < FEWEST_PIXELS:
        return None
    return KnownScene(np.where(counted, calibrated, np.nan), glacier, float(side))


def halves(keep: Path) -> list[TerrainSources]:
    """Divide held-out ground in two."""
    every = load_sources("held-out", keep, fetch_terrain())
    return [TerrainSources(every.real[n::2], every.procedural[n::2]) for n in (0, 1)]


def count_row(scenes: list[KnownScene], errors: AreaErrors, name: str) -> dict[str, object]:
    """How many intervals hold the true area, and how wide they are."""
    found = [
        area_interval(s.probability, s.pixel_km2, pixel_m=s.pixel_m, errors=errors) for s in scenes
    ]
    pairs = list(zip(found, scenes, strict=True))
    inside = sum(one.low_km2 <= scene.true_km2 <= one.high_km2 for one, scene in pairs)
    low, high = stats.binomtest(inside, len(scenes)).proportion_ci(method="exact")
    above = sum(scene.true_km2 > one.high_km2 for one, scene in pairs)
    widths = [100 * (one.high_km2 - one.low_km2) / scene.mapped_km2 for one, scene in pairs]
    return {
        "scenes": name,
        "n": len(scenes),
        "held, %": f"{100 * inside / len(scenes):.1f}",
        "95 % range of that": f"{100 * low:.1f} to {100 * high:.1f}",
        "truth above": above,
        "truth below": len(scenes) - inside - above,
        "median width, % of the scene": f"{np.median(widths):.1f}",
    }


@app.command()
def areas(
    scenes: Annotated[int, typer.Option(help="Small scenes to count on.")] = 200,
    keep: Annotated[Path, typer.Option(help="Folder of scenes mapped before.")] = Path("coverage"),
    model: Annotated[str, typer.Option(help="A model id or a folder.")] = "glavitu-small",
    fit: Annotated[bool, typer.Option(help="Fit anew how errors hang together.")] = False,
) -> None:
    """Count intervals of areas, with the default errors or with those fitted on other ground."""
    keep.mkdir(parents=True, exist_ok=True)
    ground, loaded = halves(keep), gc.load_model(model)
    large = round(scenes * LARGE_SHARE / 2)
    plan = {
        (0, SMALL): round(scenes * 0.65),
        (0, LARGE): large,
        (1, SMALL): scenes,
        (1, LARGE): large,
    }
    found = {
        (part, size): [
            scene
            for number in range(count)
            if (scene := known_scene(loaded, ground[part], part, number, size, keep))
        ]
        for (part, size), count in plan.items()
    }
    fitting = found[0, SMALL] + found[0, LARGE]
    errors = SIMULATED_ERRORS
    if fit:
        errors = fit_area_errors(fitting, fitted_on=f"{len(fitting)} simulated scenes")
    print(f"{loaded.card.name}: {errors}\n")
    independent = AreaErrors(1.0, 0.0)
    rows = [
        count_row(fitting, errors, "ground fitted on, new scenes" if not fit else "fitted on"),
        count_row(found[1, SMALL], errors, f"other ground, {SMALL} px"),
        count_row(found[1, LARGE], errors, f"other ground, {LARGE} px"),
        count_row(found[1, SMALL] + found[1, LARGE], errors, "other ground, all"),
        count_row(fitting + found[1, SMALL] + found[1, LARGE], errors, "both, all"),
        count_row(found[1, SMALL], independent, f"{SMALL} px, as if independent"),
    ]
    print(markdown(rows))


if __name__ == "__main__":
    app()
