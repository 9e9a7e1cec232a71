"""What the simulator makes, region by region, beside the one real image at hand.

    python benchmarks/simulated_worlds.py [--out docs/pictures]

Writes two pictures: false-colour images (SWIR1, NIR, red) of a simulated world of each region
with the true outlines, beside Athabasca Glacier as Landsat 8 saw it; and every feature of one
world. They are there to be looked at: a network can only learn what the simulator shows.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from matplotlib import pyplot as plt
from numpy.typing import NDArray

import glacier_core as gc
from glacier_core.simulation.regional import draw_regional_world
from glacier_core.simulation.regions import REGIONS
from glacier_core.simulation.world import World

SIZE, RESOLUTION = 205, 30.0  # as the real image
SEED = 4
FALSE_COLOUR = (4, 3, 2)


def false_colour(optical: NDArray[np.float32]) -> NDArray[np.float64]:
    """SWIR1, NIR and red as red, green and blue, brightened in the dark; gaps are white."""
    bands = np.asarray(optical, dtype=np.float64)[list(FALSE_COLOUR)].transpose(1, 2, 0)
    return np.where(np.isfinite(bands), np.clip(1.2 * bands, 0.0, 1.0) ** 0.6, 1.0)


def regional_worlds(cache: Path | None) -> dict[str, World]:
    """One simulated world of each region."""
    return {
        code: draw_regional_world(
            code, SEED, size=SIZE, resolution=RESOLUTION, features=True, terrain_cache=cache
        )
        for code in REGIONS
    }


def draw_regions(worlds: dict[str, World], path: Path) -> None:
    """Draw all regions and the real image in a grid of twelve."""
    figure, axes = plt.subplots(3, 4, figsize=(11, 9.2), layout="compressed")
    real = gc.open_scene("athabasca-2020")
    first, *others = axes.flat
    first.imshow(false_colour(real.data["optical"].to_numpy()))
    first.set_title("REAL: Athabasca, Landsat 8", fontsize=9)
    for axis, (code, world) in zip(others, worlds.items(), strict=True):
        axis.imshow(false_colour(world.optical))
        axis.contour(world.glacier, levels=[0.5], colors="#FFD500", linewidths=0.8)
        axis.set_title(f"simulated {REGIONS[code].paper_code}: {world.sensor}", fontsize=9)
    for axis in axes.flat:
        axis.set_axis_off()
    figure.savefig(path, dpi=85, pil_kwargs={"quality": 82})


def draw_features(world: World, path: Path) -> None:
    """Draw every feature of one world."""
    decibel = {
        name: 10.0 * np.log10(world.features[name] + 1e-6)
        for name in ("co_pol_sar", "cross_pol_sar")
    }
    panels = (
        ("TOA reflectance: SWIR1, NIR, red", false_colour(world.optical), None),
        ("elevation as surveyed", world.elevation, (None, None)),
        ("slope", world.slope, (0, 60)),
        ("truth", world.glacier.astype(float), (0, 1)),
        ("co-polarised, ascending, dB", decibel["co_pol_sar"][0], (-25, 3)),
        ("cross-polarised, descending, dB", decibel["cross_pol_sar"][1], (-32, -5)),
        ("coherence, ascending", world.features["in_sar"][0], (0, 1)),
        ("brightness temperature, K", world.features["thermal"], (None, None)),
    )
    figure, axes = plt.subplots(2, 4, figsize=(11, 6), layout="compressed")
    for axis, (title, values, limits) in zip(axes.flat, panels, strict=True):
        low, high = limits or (None, None)
        axis.imshow(values, cmap="gray", vmin=low, vmax=high)
        axis.set_title(title, fontsize=9)
        axis.set_axis_off()
    figure.suptitle(f"simulated: {REGIONS[world.region].title}, {world.acquired}", fontsize=10)
    figure.savefig(path, dpi=85, pil_kwargs={"quality": 82})


def main(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("docs/pictures"),
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps terrain.")] = None,
) -> None:
    """Draw the pictures."""
    out.mkdir(parents=True, exist_ok=True)
    worlds = regional_worlds(cache)
    draw_regions(worlds, out / "simulated_beside_real.jpg")
    draw_features(worlds["ALP"], out / "simulated_features.jpg")
    typer.echo(f"Two pictures written to {out}")


if __name__ == "__main__":
    typer.run(main)
