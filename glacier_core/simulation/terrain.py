"""Ground to stand glaciers on: a bed carved by rivers and ice, and the ice that lies on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.balance import MassBalance, radiation_shift
from glacier_core.simulation.divides import label_ice_bodies
from glacier_core.simulation.erosion import (
    ALL_OPEN,
    distance_to_open_side,
    drainage,
    fail_slopes,
    uplift_and_cut,
)
from glacier_core.simulation.fields import fractal_field, smooth_step
from glacier_core.simulation.ice import flow
from glacier_core.simulation.overdeepening import overdeepen

Array = NDArray[np.float64]

# Raise when the same seed gives other ground, so that no stored terrain is taken for the new one.
TERRAIN_RECIPE = 3
CELL = 110.0  # m, of the bed that ice flows on
REFINEMENT = 3  # cells of the finished terrain per cell of that bed, each way
CARVING_STEPS = 50
TALUS_STEPS = 20
UNEVENNESS = 3.0  # m
ICE_THICKNESS_SHOWN = 14.0  # m; thinner ice is snow or nothing on an inventory
SMALLEST_GLACIER = 0.05  # km²


@dataclass(frozen=True)
class TerrainSource:
    """A piece of ground with its glaciers.

    Attributes
    ----------
    name : str
        Where it comes from.
    elevation : ndarray of float32, (rows, columns)
        Metres; NaN where unknown.
    labels : ndarray of int32, (rows, columns)
        Glacier number from 1, 0 elsewhere.
    resolution : float
        Cell size, m.
    complete : bool
        Whether every glacier of the ground is labelled.
    procedural : bool
        Whether the ground was made up.
    region : str
        Code of the region it lies in or is made after, "" for none.
    lakes : ndarray of bool, optional
        Where water is known to stand; there `elevation` is its level.
    """

    name: str
    elevation: NDArray[np.float32]
    labels: NDArray[np.int32]
    resolution: float
    complete: bool
    procedural: bool
    region: str = ""
    lakes: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class TerrainStyle:
    """What decides the look of procedural ground.

    Attributes
    ----------
    cells : int
        Side of the bed in cells of `CELL` metres.
    relief : float
        Height of the bed between its lowest and its highest cell, m.
    talus : float
        Steepest lasting slope (tangent).
    equilibrium_quantile : float
        Share of the bed that lies below the equilibrium line.
    gradient, accumulation_cap : float
        Of the mass balance, 1/a and m/a.
    roundness : float
        0 for ridges, 1 for a plateau that can carry an ice cap.
    open_sides : tuple of bool
        Top, right, bottom, left: whether rivers leave there.
    latitude : float, optional
        Degrees north. Where it is given, aspect and shading shift the equilibrium line by the
        sunlight there; otherwise it lies lower where the ground faces north, by rule of thumb.
    overdeepening : float
        Further wear of the bed where most ice passes, m; 0 for none.
    """

    cells: int
    relief: float
    talus: float
    equilibrium_quantile: float
    gradient: float
    accumulation_cap: float
    roundness: float
    open_sides: tuple[bool, bool, bool, bool]
    latitude: float | None = None
    overdeepening: float = 0.0


@dataclass(frozen=True)
class GlaciatedGround:
    """A carved bed with the ice on it, before detail is added.

    Attributes
    ----------
    seed : int
        What it was made from.
    style : TerrainStyle
        What it was made after.
    bed, thickness : ndarray, (rows, columns)
        Metres, cells of `CELL`.
    equilibrium_line : ndarray, (rows, columns)
        Metres, with drifts and aspect.
    unevenness : ndarray of float32
        Small relief of weathered ground, `REFINEMENT` times finer, unit standard deviation.
    """

    seed: int
    style: TerrainStyle
    bed: Array
    thickness: Array
    equilibrium_line: Array
    unevenness: NDArray[np.float32]

    @property
    def balance(self) -> MassBalance:
        """Mass balance under which the ice has grown."""
        style = self.style
        return MassBalance(self.equilibrium_line, style.gradient, style.accumulation_cap)


def draw_style(generator: np.random.Generator, *, cells: int = 144) -> TerrainStyle:
    """Draw a style within the ranges met in glacierised mountains."""
    icy = generator.random() < 0.30
    quantile = generator.uniform(0.60, 0.82) if icy else generator.uniform(0.82, 0.95)
    sides = generator.random(4) < 0.7
    if not sides.any():
        sides[:] = True
    return TerrainStyle(
        cells=cells,
        relief=float(generator.uniform(1600.0, 3000.0)),
        talus=float(generator.uniform(0.7, 1.1)),
        equilibrium_quantile=float(quantile),
        gradient=float(generator.uniform(0.005, 0.010)),
        accumulation_cap=float(generator.uniform(1.2, 2.5)),
        roundness=float(generator.uniform(0.3, 0.8)) if generator.random() < 0.15 else 0.0,
        open_sides=(bool(sides[0]), bool(sides[1]), bool(sides[2]), bool(sides[3])),
    )


def procedural_terrain(seed: int, style: TerrainStyle | None = None) -> TerrainSource:
    """Make ground with glaciers from a seed.

    A fractal surface is uplifted and cut by rivers (stream power law, area exponent 0.5, slope
    exponent 1: Whipple & Tucker 1999, doi:10.1029/1999JB900120), its steep slopes fail, ice grows
    to near balance and deepens its own valleys, and rivers and slopes add detail off the ice.

    Parameters
    ----------
    seed : int
        Decides everything.
    style : TerrainStyle, optional
        Drawn from the seed when not given.

    Returns
    -------
    TerrainSource
        `CELL / REFINEMENT` metres resolution.
    """
    ground = glaciated_ground(seed, style)
    elevation, ice = ice_surface(ground, weathered_bed(ground, ground.thickness), ground.thickness)
    return TerrainSource(
        name=f"procedural-{seed}",
        elevation=elevation,
        labels=label_ice_bodies(elevation, ice, CELL / REFINEMENT, smallest_km2=SMALLEST_GLACIER),
        resolution=CELL / REFINEMENT,
        complete=True,
        procedural=True,
    )


def glaciated_ground(seed: int, style: TerrainStyle | None = None) -> GlaciatedGround:
    """Make the bed and the ice of `procedural_terrain`: see there."""
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = draw_style(generator)
    style = style or drawn
    bed = _river_landscape(generator, style)
    bed, thickness, line = _glaciate(generator, bed, style)
    fine = (style.cells * REFINEMENT, style.cells * REFINEMENT)
    unevenness = fractal_field(generator, fine, exponent=1.5, longest=60.0)
    return GlaciatedGround(seed, style, bed, thickness, line, unevenness)


def _river_landscape(generator: np.random.Generator, style: TerrainStyle) -> Array:
    """Bed of `style.relief` metres in balance between uplift, rivers and failing slopes."""
    shape = (style.cells, style.cells)
    uplift = np.exp(0.5 * fractal_field(generator, shape, exponent=2.5)).astype(np.float64)
    inland = distance_to_open_side(style.cells, style.open_sides)
    hump = smooth_step(inland / style.cells, 0.0, 0.22)
    uplift *= np.where(inland > 1.0, 0.15 + 0.85 * hump, 0.0)
    rivers = drainage(shape, CELL, style.open_sides)
    ground = 8.0 * fractal_field(generator, shape, exponent=1.8).astype(np.float64)
    ground = uplift_and_cut(ground, uplift, rivers, CELL, CARVING_STEPS)
    ground -= ground.min()
    factor = style.relief / float(np.quantile(ground, 0.999))
    ground, uplift = ground * factor, uplift * factor
    for _ in range(TALUS_STEPS):
        # Fresh unevenness each step keeps channels and facets off the axes of the grid.
        uneven = UNEVENNESS * fractal_field(generator, shape, exponent=0.8, longest=20.0)
        ground = uplift_and_cut(ground + uneven, uplift, rivers, CELL, 1)
        ground = fail_slopes(ground, CELL, style.talus, rounds=2)
    if style.roundness > 0.0:
        ground = _plateau(ground, style)
    ground -= ground.min()
    return np.asarray(ground * (style.relief / ground.max()))


def _plateau(ground: Array, style: TerrainStyle) -> Array:
    """Raise and flatten the high ground into a dome that can carry an ice cap."""
    smooth = ndimage.gaussian_filter(ground, 9.0, mode="nearest")
    limit = float(np.quantile(smooth, 0.55))
    raised = limit + 0.35 * np.maximum(smooth - limit, 0.0)
    high = smooth_step(smooth, 0.75 * limit, 1.05 * limit).astype(np.float64)
    weight = style.roundness * high
    return np.asarray((1.0 - weight) * ground + weight * (raised + 0.25 * (ground - smooth)))


def _glaciate(
    generator: np.random.Generator, bed: Array, style: TerrainStyle
) -> tuple[Array, Array, Array]:
    """Grow ice to near balance, letting it deepen and smooth its bed three times."""
    line = _equilibrium_line(generator, bed, style)
    coarse = _run(_halve(bed), np.zeros_like(_halve(bed)), _halve(line), style, 2 * CELL, 220.0)
    thickness = np.maximum(_double(coarse), 0.0)
    for years in (16.0, 16.0, 16.0):
        thickness = _run(bed, thickness, line, style, CELL, years)
        bed, thickness = _deepen(bed, thickness)
    if style.overdeepening > 0.0:

        def grow(bed: Array, thickness: Array) -> Array:
            return _run(bed, thickness, line, style, CELL, 10.0)

        depth = style.overdeepening
        bed, thickness = overdeepen(generator, bed, thickness, grow, cell=CELL, depth=depth)
    return bed, _run(bed, thickness, line, style, CELL, 45.0), line


def _equilibrium_line(generator: np.random.Generator, bed: Array, style: TerrainStyle) -> Array:
    """Elevation of zero balance, m: a share of the bed, snow drifts, and the sun."""
    smooth = ndimage.gaussian_filter(bed, 2.0)
    drift = 40.0 * fractal_field(generator, (bed.shape[0], bed.shape[1]), exponent=1.5)
    line = float(np.quantile(bed, style.equilibrium_quantile)) + drift
    if style.latitude is None:
        north = np.gradient(smooth, CELL)[0]
        return np.asarray(line - 120.0 * np.clip(north, -1.0, 1.0))
    shift = radiation_shift(bed, CELL, latitude=style.latitude, gradient=style.gradient)
    return np.asarray(line + shift)


def _run(
    bed: Array, thickness: Array, line: Array, style: TerrainStyle, cell: float, years: float
) -> Array:
    balance = MassBalance(line, style.gradient, style.accumulation_cap)
    return flow(bed, thickness, lambda surface: balance.rate(surface, cell), cell=cell, years=years)


def _halve(values: Array) -> Array:
    rows, columns = values.shape
    return np.asarray(values.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3)))


def _double(values: Array) -> Array:
    return np.asarray(ndimage.zoom(values, 2, order=1, mode="nearest", grid_mode=True))


def _deepen(bed: Array, thickness: Array) -> tuple[Array, Array]:
    """Wear the bed under thick ice, keeping the surface of the ice where it is."""
    under = smooth_step(ndimage.gaussian_filter(thickness, 1.5), 15.0, 120.0).astype(np.float64)
    smoothed = ndimage.gaussian_filter(bed, 1.2, mode="nearest")
    worn = (1.0 - under) * bed + under * (smoothed - 22.0)
    lower = np.minimum(bed, worn)
    return lower, np.maximum(thickness + (bed - lower) * (thickness > 0.0), 0.0)


def weathered_bed(ground: GlaciatedGround, thickness: Array) -> Array:
    """Bed in full detail, with gullies and scree where ice of a thickness gives no shelter.

    Parameters
    ----------
    ground : GlaciatedGround
    thickness : ndarray, (rows, columns)
        Ice that has sheltered the bed, m, on the coarse grid.

    Returns
    -------
    ndarray, (REFINEMENT rows, REFINEMENT columns)
        Metres.
    """
    sheltered = _cover(_zoom(ndimage.gaussian_filter(thickness, 0.6)))
    return _weather(_zoom(ground.bed), ground.unevenness, sheltered, ground.style)


def ice_surface(
    ground: GlaciatedGround, detailed: Array, thickness: Array
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Elevation of ice and ground, and where an inventory would show ice.

    Parameters
    ----------
    ground : GlaciatedGround
    detailed : ndarray
        Its bed from `weathered_bed`, m.
    thickness : ndarray, (rows, columns)
        Ice on the coarse grid, m.

    Returns
    -------
    elevation : ndarray of float32
        Metres, on the fine grid.
    ice : ndarray of bool
    """
    ice = _zoom(ndimage.gaussian_filter(thickness, 0.6))
    surface = _zoom(ground.bed + thickness)
    under = _cover(ice)
    elevation = under * surface + (1.0 - under) * np.minimum(detailed, surface)
    shown = (ice > ICE_THICKNESS_SHOWN) & (surface > detailed - 6.0)
    shown = ndimage.binary_opening(shown, iterations=1)
    return elevation.astype(np.float32), np.asarray(shown, dtype=np.bool_)


def _cover(ice: Array) -> Array:
    """Share by which ice of a thickness (m) hides its bed."""
    return smooth_step(ice, 4.0, 22.0).astype(np.float64)


def _zoom(values: Array) -> Array:
    zoomed = ndimage.zoom(values, REFINEMENT, order=3, mode="nearest", grid_mode=True)
    return np.asarray(zoomed)


def _weather(
    ground: Array, unevenness: NDArray[np.float32], sheltered: Array, style: TerrainStyle
) -> Array:
    """Cut gullies and let slopes fail on a fine grid, not where ice shelters the ground."""
    cell = CELL / REFINEMENT
    ground = ground + 9.0 * unevenness * (1.0 - sheltered)
    shape = (ground.shape[0], ground.shape[1])
    rivers = drainage(shape, cell, ALL_OPEN, area_exponent=0.45)
    for _ in range(4):
        rivers.graph.update_routes(ground)
        area = np.minimum(rivers.graph.accumulate(1.0), 4.0e5)
        ground = ground - (1.0 - sheltered) * rivers.eroder.erode(ground, area, 0.010)
        ground = fail_slopes(ground, cell, 1.25 * style.talus, rounds=1)
    return np.asarray(ground)
