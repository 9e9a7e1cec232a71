"""What covers the ground: layers of material from bedrock up to fresh snow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.cover import bare_ground, lakes_and_sea, seasonal_snow
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
    """

    debris: str
    snow: str
    snow_line: float
    water: str
    same_rock: bool


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


def draw_surface_style(generator: np.random.Generator) -> SurfaceStyle:
    """Draw a style with the shares that trained a good model before."""
    late = generator.random()
    line = generator.uniform(0.0, 0.15) if late < 0.1 else generator.uniform(0.25, 0.85)
    return SurfaceStyle(
        debris=_pick(generator, ("none", "light", "heavy"), (0.30, 0.30, 0.40)),
        snow=_pick(generator, ("none", "patches", "heavy"), (0.32, 0.61, 0.07)),
        snow_line=float(line),
        water=_pick(generator, ("none", "lakes", "sea"), (0.26, 0.60, 0.14)),
        same_rock=bool(generator.random() < 0.55),
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
    layers = bare_ground(ground, generator)
    layers += seasonal_snow(ground, generator, style.snow, water)
    layers += water
    ice, snow_height = _glacier_layers(ground, generator, style.snow_line)
    layers += ice
    ground, debris = debris_layers(ground, generator, style.debris, snow_height)
    return Surface(ground, tuple(layers + debris), style.same_rock)


def _glacier_layers(
    ground: Ground, generator: np.random.Generator, share_below: float
) -> tuple[list[Layer], Grid]:
    """Ice, dirt, firn and snow, and the height above the snow line in glacier ranges."""
    height = _height_above_snow_line(ground, generator, share_below)
    on_ice = ground.glacier.astype(np.float32)
    dirt_field = fractal_field(generator, ground.shape, exponent=1.4, longest=120.0)
    amount = generator.uniform(0.05, 0.5)
    dirt = amount * smooth_step(dirt_field - 1.5 * height, -0.8, 1.8)
    width = generator.uniform(0.02, 0.25)
    edge = generator.uniform(0.01, 0.05)
    return [
        Layer(SurfaceClass.ICE, "ice", on_ice),
        Layer(SurfaceClass.ICE, "till", on_ice * dirt),
        Layer(SurfaceClass.FIRN, "firn", on_ice * smooth_step(height, -width, -width + edge)),
        Layer(SurfaceClass.SNOW, "snow", on_ice * smooth_step(height, -edge, edge)),
    ], height


def _height_above_snow_line(
    ground: Ground, generator: np.random.Generator, share_below: float
) -> Grid:
    """Height above the snow line as a share of the glaciers' range in the scene.

    Shaded, hollow places keep their snow lower; drifts shift the line at random.
    """
    if not ground.glacier.any():
        return np.zeros(ground.shape, dtype=np.float32)
    heights = ground.elevation[ground.glacier]
    low, high = np.quantile(heights, [0.02, 0.98])
    span = max(float(high - low), 60.0)
    height = ground.elevation / span
    height = height + generator.uniform(0.02, 0.09) * np.clip(2.0 * ground.shade, -1.0, 1.0)
    height = height + generator.uniform(0.01, 0.05) * np.clip(ground.hollowness / 12.0, -1.5, 1.5)
    drift = fractal_field(generator, ground.shape, exponent=1.5, longest=150.0)
    height = height + generator.uniform(0.01, 0.06) * drift
    line = float(np.quantile(height[ground.glacier], share_below))
    smooth = ndimage.gaussian_filter(height - line, 0.7)
    return np.asarray(smooth, dtype=np.float32)
