"""Rock on the ice: covered tongues, lateral bands and medial moraines."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.fields import Grid, fractal_field, smooth_step
from glacier_core.simulation.ground import Ground, Layer, SurfaceClass

MORAINE_STEPS = 900  # steps of half a cell
HUMMOCK_HEIGHT = 4.0  # m


def debris_layers(
    ground: Ground, generator: np.random.Generator, style: str, snow_height: Grid
) -> tuple[Ground, list[Layer]]:
    """Debris of a style on the ice below the snow line.

    Parameters
    ----------
    ground : Ground
    generator : numpy.random.Generator
    style : str
        "none", "light" (moraines and bands) or "heavy" (covered tongues as well).
    snow_height : ndarray
        Height above the snow line as a share of the glaciers' range.

    Returns
    -------
    Ground
        With hummocks under thick debris.
    list of Layer
        Debris, ponds and ice cliffs.
    """
    if style == "none" or not ground.glacier.any():
        return ground, []
    bare = smooth_step(-snow_height, 0.0, 0.06) * ground.glacier
    cover = np.maximum(_moraines(ground, generator), _lateral_bands(ground, generator)) * bare
    if style == "heavy":
        cover = np.maximum(cover, _covered_tongues(ground, generator))
    cover = cover.astype(np.float32)
    layers = [Layer(SurfaceClass.DEBRIS, "debris", cover)]
    if style == "heavy":
        layers += _ponds_and_cliffs(ground, generator, cover)
    hummocks = fractal_field(generator, ground.shape, exponent=1.3, longest=12.0)
    raised = ground.elevation + HUMMOCK_HEIGHT * hummocks * smooth_step(cover, 0.5, 1.0)
    return replace(ground, elevation=raised.astype(np.float32)), layers


def _covered_tongues(ground: Ground, generator: np.random.Generator) -> Grid:
    """Debris on the lowest 12 to 60 % of each glacier's range, thicker towards the margins."""
    count = int(ground.labels.max(initial=0)) + 1
    extent = generator.uniform(0.12, 0.60, count) * (generator.random(count) < 0.85)
    rough = fractal_field(generator, ground.shape, exponent=1.5, longest=80.0)
    margin = np.exp(-ground.distance_to_margin / 180.0)
    reach = extent[ground.labels] * (1.0 + 0.18 * rough + 0.45 * margin)
    thickness = reach - ground.relative_height
    width = generator.uniform(0.02, 0.10)
    cover = smooth_step(thickness, -width, width) * (extent[ground.labels] > 0.0)
    return (cover * ground.glacier).astype(np.float32)


def _lateral_bands(ground: Ground, generator: np.random.Generator) -> Grid:
    """Rock fallen from the valley sides along the margins of the lower half."""
    width = generator.uniform(20.0, 110.0)
    rough = fractal_field(generator, ground.shape, exponent=1.3, longest=60.0)
    inside = smooth_step(width * (1.0 + 0.6 * rough) - ground.distance_to_margin, 0.0, 30.0)
    return inside * smooth_step(0.65 - ground.relative_height, 0.0, 0.3)


def _moraines(ground: Ground, generator: np.random.Generator) -> Grid:
    """Bands traced downhill over the ice from where steep rock meets it."""
    rows, columns = _moraine_sources(ground, generator)
    painted = np.zeros(ground.shape, dtype=np.float32)
    if rows.size == 0:
        return painted
    surface = ndimage.gaussian_filter(ground.elevation, 120.0 / ground.resolution)
    down, right = np.gradient(surface)
    length = np.maximum(np.hypot(down, right), 1e-6)
    down, right = down / length, right / length
    top, side = float(ground.shape[0] - 1), float(ground.shape[1] - 1)
    for _ in range(MORAINE_STEPS):
        at = np.rint(rows).astype(np.int64), np.rint(columns).astype(np.int64)
        painted[at] += ground.glacier[at]
        rows = np.clip(rows - 0.5 * down[at], 0.0, top)
        columns = np.clip(columns - 0.5 * right[at], 0.0, side)
    width = float(generator.uniform(0.6, 1.6))
    band = ndimage.gaussian_filter(np.minimum(painted, 2.0), width)
    rough = fractal_field(generator, ground.shape, exponent=1.2, longest=50.0)
    return smooth_step(band * (1.0 + 0.4 * rough), 0.15, 0.55) * ground.glacier


def _moraine_sources(
    ground: Ground, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rim = ground.glacier & (ground.distance_to_margin < 3.0 * ground.resolution)
    steep = ndimage.maximum_filter(np.where(ground.glacier, 0.0, ground.slope), 7) > 0.6
    rows, columns = np.nonzero(rim & steep & (ground.relative_height > 0.25))
    if rows.size == 0:
        return rows.astype(np.float64), columns.astype(np.float64)
    pick = generator.integers(rows.size, size=int(generator.integers(3, 26)))
    return rows[pick].astype(np.float64), columns[pick].astype(np.float64)


def _ponds_and_cliffs(ground: Ground, generator: np.random.Generator, cover: Grid) -> list[Layer]:
    fine = fractal_field(generator, ground.shape, exponent=1.4, longest=14.0)
    gentle = smooth_step(0.25 - ground.slope, 0.0, 0.1) * smooth_step(cover, 0.6, 0.9)
    limit = generator.uniform(2.0, 3.2)
    ponds = gentle * smooth_step(fine, limit, limit + 0.3)
    cliffs = smooth_step(cover, 0.6, 0.9) * smooth_step(-fine, limit, limit + 0.4)
    return [
        Layer(SurfaceClass.POND, "water", ponds.astype(np.float32)),
        Layer(SurfaceClass.ICE, "ice", (0.7 * cliffs).astype(np.float32)),
    ]
