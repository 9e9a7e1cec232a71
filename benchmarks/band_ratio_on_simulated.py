"""How a band rule does on the held-out simulated scenes: the floor a network must beat.

    python benchmarks/band_ratio_on_simulated.py CACHE [--samples FOLDER] [--scenes 64]

Prints the pooled IoU of NDSI > 0.4 and its errors by kind of ground, real and procedural apart.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.training_scenes import (
    HELD_OUT_SCENES,
    draw_training_scene,
    load_sources,
)
from glacier_core.simulation.world import World

NDSI_LIMIT = 0.4


def ndsi_glacier(world: World) -> NDArray[np.bool_]:
    """Pixels whose normalised difference snow index exceeds the limit."""
    green, swir1 = world.optical[1], world.optical[4]
    total = np.where(np.abs(green + swir1) < 1e-6, 1e-6, green + swir1)
    return np.asarray(((green - swir1) / total > NDSI_LIMIT) & (green > 0.0))


class Tally:
    """Pixel counts over scenes."""

    def __init__(self) -> None:
        self.counts = {name: np.zeros(2, dtype=np.int64) for name in KINDS}
        self.overlaps = {name: np.zeros(2, dtype=np.int64) for name in ("all", "clean", "shadow")}

    def add(self, world: World, said: NDArray[np.bool_]) -> None:
        """Count one scene."""
        seen = world.weight > 0
        debris = np.isin(world.surface, (SurfaceClass.DEBRIS, SurfaceClass.POND))
        parts = {"all": seen, "clean": seen & ~debris, "shadow": seen & world.shadow}
        for name, part in parts.items():
            both = (said & world.glacier & part).sum()
            self.overlaps[name] += both, ((said | world.glacier) & part).sum()
        for name, where in _kinds(world, seen, debris).items():
            self.counts[name] += (said & where).sum(), where.sum()

    def print(self, title: str) -> None:
        """One line of the table."""
        scores = [f"{name} {a / max(b, 1):.3f}" for name, (a, b) in self.overlaps.items()]
        rates = [f"{name} {a / max(b, 1):.3f}" for name, (a, b) in self.counts.items()]
        print(f"{title:12s} IoU: {', '.join(scores)} | called glacier: {', '.join(rates)}")
        total = sum(int(b) for _, b in self.counts.values())
        parts = [f"{name} {b / max(total, 1):.3f}" for name, (_, b) in self.counts.items()]
        print(f"{'':12s} share of pixels: {', '.join(parts)}")


KINDS = ("clean ice", "debris", "seasonal snow", "lakes", "other background")


def _kinds(
    world: World, seen: NDArray[np.bool_], debris: NDArray[np.bool_]
) -> dict[str, NDArray[np.bool_]]:
    off_ice = seen & ~world.glacier
    snow = off_ice & (world.surface == SurfaceClass.SEASONAL_SNOW)
    water = off_ice & (world.surface == SurfaceClass.WATER)
    return {
        "clean ice": seen & world.glacier & ~debris,
        "debris": seen & world.glacier & debris,
        "seasonal snow": snow,
        "lakes": water,
        "other background": off_ice & ~snow & ~water,
    }


def main() -> None:
    """Make the scenes, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--scenes", type=int, default=HELD_OUT_SCENES)
    options = parser.parse_args()
    sources = load_sources("held-out", options.cache, options.samples)
    tallies = {"all": Tally(), "real": Tally(), "procedural": Tally()}
    for seed in range(options.scenes):
        world = draw_training_scene(seed, sources, "held-out")
        said = ndsi_glacier(world)
        tallies["all"].add(world, said)
        tallies["procedural" if world.procedural else "real"].add(world, said)
    for title, tally in tallies.items():
        tally.print(title)


if __name__ == "__main__":
    main()
