"""What lies off the ice: rock, foreland, plants, lakes, sea, and snow that will melt."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.fields import Grid, fractal_field, smooth_step
from glacier_core.simulation.ground import Ground, Layer, SurfaceClass

# How far above the snow line of the glaciers, in shares of their range, snow begins to lie beside
# them. Rock is dark and warm, so late in summer the line lies higher there; where drifts lie deep,
# or early in summer, it lies lower (assumptions).
SNOW_BEGINS = {"patches": (-0.15, 0.30), "heavy": (-0.45, -0.10)}
MOST_SNOW = {"patches": 0.12, "heavy": 0.40}  # share of the ground off the ice
STEEPEST_SNOW = 0.75  # tangent; snow slides off steeper ground
REPOSE = (0.45, 0.80)  # tangent of the slopes of scree, 24 to 39 degrees


def bare_ground(ground: Ground, generator: np.random.Generator, vegetation: float) -> list[Layer]:
    """Two kinds of rock, scree, till in front of the glaciers, plants on low, gentle ground.

    Parameters
    ----------
    ground : Ground
    generator : numpy.random.Generator
    vegetation : float
        Share of the ground off the ice, lowest first, that plants can reach.
    """
    shape = ground.shape
    everywhere = np.ones(shape, dtype=np.float32)
    strata = fractal_field(generator, shape, exponent=2.0, longest=200.0)
    second = smooth_step(strata, 0.2, 0.5)
    reach = generator.uniform(80.0, 900.0)
    edge = fractal_field(generator, shape, exponent=1.6, longest=60.0)
    near = smooth_step(reach * (1.0 + 0.4 * edge) - ground.distance_to_ice, 0.0, 0.2 * reach)
    gentle = smooth_step(0.7 - ground.slope, 0.0, 0.2)
    foreland = near * gentle
    plants = _plants(ground, generator, vegetation) * (1.0 - 0.9 * foreland)
    return [
        Layer(SurfaceClass.ROCK, "rock", everywhere),
        Layer(SurfaceClass.ROCK, "other rock", second),
        Layer(SurfaceClass.SCREE, "scree", _scree(ground, generator)),
        Layer(SurfaceClass.FORELAND, "till", foreland),
        Layer(SurfaceClass.VEGETATION, "vegetation", plants),
    ]


def _scree(ground: Ground, generator: np.random.Generator) -> Grid:
    """Loose rock at the angle of repose below steeper walls."""
    low, high = REPOSE
    leaning = smooth_step(ground.slope, low - 0.1, low) * smooth_step(-ground.slope, -high, -0.65)
    reach = max(round(250.0 / ground.resolution), 1)
    wall = ndimage.maximum_filter(ground.slope, 2 * reach + 1, mode="nearest") > high
    patchy = fractal_field(generator, ground.shape, exponent=1.4, longest=60.0)
    return np.asarray(leaning * wall * smooth_step(patchy, -0.6, 0.6), dtype=np.float32)


def _plants(ground: Ground, generator: np.random.Generator, quantile: float) -> Grid:
    off_ice = ~ground.glacier
    if quantile <= 0.0 or not off_ice.any():
        return np.zeros(ground.shape, dtype=np.float32)
    height = ground.elevation
    line = float(np.quantile(height[off_ice], quantile))
    spread = 0.25 * float(np.ptp(height)) + 1.0
    patchy = fractal_field(generator, ground.shape, exponent=1.3, longest=80.0)
    favour = (line - height) / spread + 0.35 * patchy - 0.8 * np.maximum(ground.slope - 0.6, 0.0)
    return smooth_step(favour - 0.2 * ground.shade, 0.0, 0.35) * off_ice


def snow_off_ice(
    ground: Ground,
    generator: np.random.Generator,
    style: str,
    snow_height: Grid,
    water: list[Layer],
) -> list[Layer]:
    """Snow beside the ice: what this year's summer left, and drifts that outlast summers.

    Parameters
    ----------
    ground : Ground
    generator : numpy.random.Generator
    style : str
        "none", "patches" or "heavy".
    snow_height : ndarray
        Height above the snow line as a share of the glaciers' range.
    water : list of Layer
        On which no snow lies.
    """
    free = ~ground.glacier
    if style == "none" or free.mean() < 0.01:
        return []
    free = free & ~np.any([layer.share > 0.0 for layer in water], axis=0)
    fine = fractal_field(generator, ground.shape, exponent=1.2, longest=40.0)
    uneven = generator.uniform(0.03, 0.10) * fine
    hollow = np.clip(ground.hollowness / 10.0, -2.0, 2.0)
    steep = np.maximum(ground.slope - STEEPEST_SNOW, 0.0)
    favour = snow_height + uneven + generator.uniform(0.02, 0.12) * hollow - 1.5 * steep
    begins = generator.uniform(*SNOW_BEGINS[style])
    most = float(np.quantile(favour[free], 1.0 - MOST_SNOW[style])) if free.any() else begins
    cover = smooth_step(favour - max(begins, most), -0.02, 0.03) * free
    drifts = _drifts(ground, generator, snow_height, steep) * free
    return [
        Layer(SurfaceClass.SEASONAL_SNOW, "seasonal snow", cover.astype(np.float32)),
        Layer(SurfaceClass.PERENNIAL_SNOW, "perennial snow", drifts.astype(np.float32)),
    ]


def _drifts(ground: Ground, generator: np.random.Generator, snow_height: Grid, steep: Grid) -> Grid:
    """Small, deep drifts and avalanche cones in shaded hollows around and below the snow line."""
    near = smooth_step(snow_height, -0.5, -0.1)
    fine = fractal_field(generator, ground.shape, exponent=1.4, longest=25.0)
    favour = np.clip(ground.hollowness / 12.0, -2.0, 3.0) + 0.8 * np.clip(ground.shade, -1.0, 1.0)
    favour = favour + 0.5 * fine - 3.0 * steep
    limit = float(np.quantile(favour, 1.0 - generator.uniform(0.002, 0.03)))
    return np.asarray(near * smooth_step(favour - limit, -0.1, 0.2), dtype=np.float32)


def lakes_and_sea(
    ground: Ground, generator: np.random.Generator, style: str
) -> tuple[Ground, list[Layer]]:
    """Fill hollows and low ground with level water; icebergs float on the sea near the ice.

    Lakes that the ground knows of take the place of drawn ones.
    """
    if ground.lakes is not None:
        return ground, [Layer(SurfaceClass.WATER, "water", ground.lakes.astype(np.float32))]
    if style == "none":
        return ground, []
    if style == "sea":
        return _sea(ground, generator)
    elevation = ground.elevation.copy()
    water = np.zeros(ground.shape, dtype=np.bool_)
    for row, column in _lake_seeds(ground, generator):
        lake = _pool(ground, generator, row, column)
        elevation[lake] = ground.smooth[row, column]
        water |= lake
    if not water.any():
        return ground, []
    layer = Layer(SurfaceClass.WATER, "water", water.astype(np.float32))
    return replace(ground, elevation=elevation), [layer]


def _lake_seeds(ground: Ground, generator: np.random.Generator) -> list[tuple[int, int]]:
    """Places for lakes: some at glacier tongues, some on gentle ground."""
    gentle = ~ground.glacier & (ground.slope < 0.35)
    at_tongue = gentle & (ground.distance_to_ice < 250.0) & _near_tongue(ground)
    seeds: list[tuple[int, int]] = []
    for places, most in ((at_tongue, 3), (gentle & (ground.hollowness > 1.0), 5)):
        rows, columns = np.nonzero(places)
        for _ in range(int(generator.integers(1, most + 1)) if rows.size else 0):
            pick = int(generator.integers(rows.size))
            seeds.append((int(rows[pick]), int(columns[pick])))
    return seeds


def _near_tongue(ground: Ground) -> NDArray[np.bool_]:
    low_ice = ground.glacier & (ground.relative_height < 0.2)
    return np.asarray(ndimage.binary_dilation(low_ice, iterations=8))


def _pool(
    ground: Ground, generator: np.random.Generator, row: int, column: int
) -> NDArray[np.bool_]:
    """Return connected ground around a place that a lake would drown."""
    rows, columns = np.ogrid[: ground.shape[0], : ground.shape[1]]
    radius = float(generator.uniform(60.0, 450.0)) / ground.resolution
    wobble = 0.3 * fractal_field(generator, ground.shape, exponent=2.0, longest=40.0)
    distance = np.hypot(rows - row, columns - column)
    level = float(ground.smooth[row, column]) + float(generator.uniform(4.0, 25.0))
    drowned = (ground.smooth < level) & (distance < radius * (1.0 + wobble)) & ~ground.glacier
    parts, _ = ndimage.label(drowned)
    part = parts[row, column]
    return np.asarray((parts == part) & (part > 0))


def _sea(ground: Ground, generator: np.random.Generator) -> tuple[Ground, list[Layer]]:
    level = float(np.quantile(ground.elevation, generator.uniform(0.04, 0.25)))
    water = ndimage.binary_opening((ground.elevation < level) & ~ground.glacier, iterations=2)
    elevation = np.where(water, level, ground.elevation).astype(np.float32)
    flooded = replace(ground, elevation=elevation)
    layers = [Layer(SurfaceClass.WATER, "water", water.astype(np.float32))]
    density = generator.uniform(0.0, 1.0)
    if density > 0.3:
        fine = fractal_field(generator, ground.shape, exponent=0.9, longest=12.0)
        near = smooth_step(1500.0 - ground.distance_to_ice, 0.0, 1500.0)
        bergs = water * smooth_step(fine + 1.2 * density * near, 2.6, 3.2)
        layers.append(Layer(SurfaceClass.ICEBERG, "ice", bergs.astype(np.float32)))
    return flooded, layers
