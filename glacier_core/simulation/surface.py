"""What covers the ground: layers of material from bedrock up to fresh snow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.cover import bare_ground, lakes_and_sea, snow_off_ice
from glacier_core.simulation.debris import debris_layers
from glacier_core.simulation.fields import Grid, fractal_field, smooth_step
from glacier_core.simulation.ground import Ground, Layer, SurfaceClass


@dataclass(frozen=True)
class SurfaceStyle:
    """What decides the look of a surface.

    Attributes
    ----------
    debris : str
        "none", "light" (moraines only) or "heavy" (covered tongues).
    snow : str
        Seasonal snow off the ice: "none", "patches" or "heavy".
    snow_line : float
        Share of the glacier cells of the scene that lie below the snow line.
    water : str
        "none", "lakes" or "sea".
    same_rock : bool
        Whether the debris is the rock of the valley sides.
    vegetation : float
        Share of the ground off the ice, lowest first, that plants can reach; 0 or less for none.
    """

    debris: str
    snow: str
    snow_line: float
    water: str
    same_rock: bool
    vegetation: float = 0.3


@dataclass(frozen=True)
class Surface:
    """Layers of material, lowest first, with the ground as lakes and hummocks shape it."""

    ground: Ground
    layers: tuple[Layer, ...]
    same_rock: bool

    @property
    def classes(self) -> NDArray[np.uint8]:
        """`SurfaceClass` of the highest layer that covers at least half of each cell."""
        codes = np.zeros(self.ground.shape, dtype=np.uint8)
        for layer in self.layers:
            codes[layer.share >= 0.5] = layer.surface
        return codes


@dataclass(frozen=True)
class SurfaceOdds:
    """How likely each choice of a `SurfaceStyle` is; shares of each tuple sum to 1.

    Attributes
    ----------
    debris : tuple of float
        "none", "light", "heavy".
    snow : tuple of float
        "none", "patches", "heavy".
    water : tuple of float
        "none", "lakes", "sea".
    vegetation : tuple of float
        Range of `SurfaceStyle.vegetation`.
    """

    debris: tuple[float, float, float] = (0.30, 0.30, 0.40)
    snow: tuple[float, float, float] = (0.34, 0.60, 0.06)
    water: tuple[float, float, float] = (0.26, 0.60, 0.14)
    vegetation: tuple[float, float] = (-0.35, 0.65)


def draw_surface_style(
    generator: np.random.Generator, odds: SurfaceOdds | None = None
) -> SurfaceStyle:
    """Draw a style by the odds of a region, or by those that stand for all of them."""
    odds = odds or SurfaceOdds()
    late = generator.random()
    line = generator.uniform(0.0, 0.15) if late < 0.1 else generator.uniform(0.25, 0.85)
    return SurfaceStyle(
        debris=_pick(generator, ("none", "light", "heavy"), odds.debris),
        snow=_pick(generator, ("none", "patches", "heavy"), odds.snow),
        snow_line=float(line),
        water=_pick(generator, ("none", "lakes", "sea"), odds.water),
        same_rock=bool(generator.random() < 0.55),
        vegetation=float(generator.uniform(*odds.vegetation)),
    )


def _pick(generator: np.random.Generator, names: tuple[str, ...], odds: tuple[float, ...]) -> str:
    return names[int(np.searchsorted(np.cumsum(odds)[:-1], generator.random(), side="right"))]


def cover_ground(ground: Ground, generator: np.random.Generator, style: SurfaceStyle) -> Surface:
    """Cover bare ground and glaciers with materials.

    Parameters
    ----------
    ground : Ground
        Elevation and glaciers.
    generator : numpy.random.Generator
        The only source of randomness.
    style : SurfaceStyle
        What to lay.

    Returns
    -------
    Surface
        Its ground differs from the one given where lakes are flat and debris is hummocky.
    """
    ground, water = lakes_and_sea(ground, generator, style.water)
    snow_height = height_above_snow_line(ground, generator, style.snow_line)
    layers = bare_ground(ground, generator, style.vegetation)
    layers += snow_off_ice(ground, generator, style.snow, snow_height, water)
    layers += water
    layers += _glacier_layers(ground, generator, snow_height)
    ground, debris = debris_layers(ground, generator, style.debris, snow_height)
    return Surface(ground, tuple(layers + debris), style.same_rock)


def _glacier_layers(ground: Ground, generator: np.random.Generator, height: Grid) -> list[Layer]:
    """Ice, dirt, crevasses, firn and snow by the height above the snow line."""
    on_ice = ground.glacier.astype(np.float32)
    dirt_field = fractal_field(generator, ground.shape, exponent=1.4, longest=120.0)
    amount = generator.uniform(0.05, 0.5)
    dirt = amount * smooth_step(dirt_field - 1.5 * height, -0.8, 1.8)
    width = generator.uniform(0.02, 0.25)
    edge = generator.uniform(0.01, 0.05)
    return [
        Layer(SurfaceClass.ICE, "ice", on_ice),
        Layer(SurfaceClass.ICE, "till", on_ice * dirt),
        Layer(SurfaceClass.CREVASSED_ICE, "crevasses", on_ice * _crevasses(ground, generator)),
        Layer(SurfaceClass.FIRN, "firn", on_ice * smooth_step(height, -width, -width + edge)),
        Layer(SurfaceClass.SNOW, "snow", on_ice * smooth_step(height, -edge, edge)),
    ]


def _crevasses(ground: Ground, generator: np.random.Generator) -> Grid:
    """Share of broken ice where the glacier is steep, in bands across the slope.

    Icefalls form where ice stretches over steps of the bed (Cuffey & Paterson 2010, "The Physics
    of Glaciers", chapter 10); slope stands in for the stretching, an assumption.
    """
    steep = smooth_step(ground.slope, generator.uniform(0.25, 0.40), 0.65)
    fine = fractal_field(generator, ground.shape, exponent=0.8, longest=10.0)
    return np.asarray(0.85 * steep * smooth_step(fine, -0.3, 1.2), dtype=np.float32)


def height_above_snow_line(
    ground: Ground, generator: np.random.Generator, share_below: float
) -> Grid:
    """Height above the snow line as a share of the glaciers' range in the scene.

    Shaded, hollow places keep their snow lower; drifts shift the line at random. The same field
    decides on the ice and beside it, as the same weather melts both.
    """
    where = ground.glacier if ground.glacier.any() else np.ones_like(ground.glacier)
    low, high = np.quantile(ground.elevation[where], [0.02, 0.98])
    span = max(float(high - low), 60.0)
    height = ground.elevation / span
    height = height + generator.uniform(0.02, 0.09) * np.clip(2.0 * ground.shade, -1.0, 1.0)
    height = height + generator.uniform(0.01, 0.05) * np.clip(ground.hollowness / 12.0, -1.5, 1.5)
    drift = fractal_field(generator, ground.shape, exponent=1.5, longest=150.0)
    height = height + generator.uniform(0.01, 0.06) * drift
    line = float(np.quantile(height[where], share_below))
    smooth = ndimage.gaussian_filter(height - line, 0.7)
    return np.asarray(smooth, dtype=np.float32)
