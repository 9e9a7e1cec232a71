"""How much simulated experts disagree, beside what is published of real ones.

    python benchmarks/expert_spread.py [--scenes 12]

Draws panels of five experts over simulated scenes and prints the spread of the areas and the
distance between the outlines of the glaciers of at least 1 km² that the frame does not cut.
"""

from itertools import pairwise
from typing import Annotated

import geopandas as gpd
import pandas as pd
import typer
from affine import Affine

from glacier_core.deviations.area import HUMAN_BAND
from glacier_core.deviations.distance import distance_deviation
from glacier_core.simulation.demonstrations import (
    FICTITIOUS_CORNER,
    FICTITIOUS_CRS,
    RESOLUTION,
    Style,
    simulate_demonstration_world,
)
from glacier_core.simulation.experts import panel_of_experts
from glacier_core.simulation.spread import area_spread, describe_glaciers

GRID = Affine.translation(*FICTITIOUS_CORNER) * Affine.scale(RESOLUTION, -RESOLUTION)
SMALLEST = 1.0  # km²
MOST_SHADOW = 0.1  # share of the area; more is no good contrast
FIRST_SEED = 100
STYLES: tuple[Style, ...] = ("valley", "debris")
KINDS = {
    "clean ice, debris < 10 %": (0.0, 0.1),
    "debris >= 30 %": (0.3, 1.01),
    "of these, >= 60 %": (0.6, 1.01),
}
"""Share of the area under debris: at least, and less than."""


def measure_scene(seed: int, style: Style) -> pd.DataFrame:
    """Return a row a glacier: what it is, spread of its area (percent) and distance (px)."""
    world = simulate_demonstration_world(seed, style)
    panel = panel_of_experts(world, GRID, FICTITIOUS_CRS, seed=seed)
    glaciers = describe_glaciers(world)
    glaciers["spread"] = area_spread(panel).reindex(glaciers.index)
    glaciers["scene"] = f"{style} {seed}"
    chosen = glaciers[
        glaciers["whole"]
        & (glaciers["area_km2"] >= SMALLEST)
        & (glaciers["shadow_share"] < MOST_SHADOW)
    ].copy()
    chosen["distance"] = [distance_between(panel, glacier) for glacier in chosen.index]
    return chosen


def distance_between(panel: list[gpd.GeoDataFrame], glacier: str) -> float:
    """Mean distance (px) between the outlines of one glacier, divides left out."""
    drawn = [outlines.set_index("glacier_id").geometry for outlines in panel]
    drawn = [outlines for outlines in drawn if glacier in outlines.index]
    ends = [(one[glacier], _divide(one, glacier)) for one in drawn]
    distances = [
        distance_deviation(one, other, predicted_cut=cut, expert_cut=other_cut).mean
        for (one, cut), (other, other_cut) in pairwise(ends)
    ]
    return float(pd.Series(distances).mean()) / RESOLUTION


def _divide(outlines: gpd.GeoSeries, glacier: str) -> object:
    neighbours = outlines.drop(glacier).union_all().buffer(1.0)
    return outlines[glacier].boundary.intersection(neighbours)


def main(scenes: Annotated[int, typer.Option(help="Scenes of either style.")] = 12) -> None:
    """Print the table."""
    seeds = range(FIRST_SEED, FIRST_SEED + scenes)
    rows = pd.concat([measure_scene(seed, style) for style in STYLES for seed in seeds])
    print("spread: 100 (largest - smallest area of five analysts) / mean; quartiles\n")
    for title, (low, high) in KINDS.items():
        chosen = rows[(rows["debris_share"] >= low) & (rows["debris_share"] < high)]
        spread, away = (
            ", ".join(f"{value:.2f}" for value in chosen[column].quantile([0.25, 0.5, 0.75]))
            for column in ("spread", "distance")
        )
        print(
            f"{title:24s} {len(chosen):3d} glaciers in {chosen['scene'].nunique():2d} scenes: "
            f"spread {spread} %; distance {away} px"
        )
    print(
        f"\npublished: about {HUMAN_BAND.clean:g} % for clean ice in good contrast, up to "
        f"{HUMAN_BAND.debris_covered:g} % under debris ({HUMAN_BAND.source})"
    )


if __name__ == "__main__":
    typer.run(main)
