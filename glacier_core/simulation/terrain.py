"""Ground to stand glaciers on: a bed carved by rivers and ice, and the ice that lies on it."""

from dataclasses import dataclass, replace

import fastscapelib as fs
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.divides import label_ice_bodies
from glacier_core.simulation.fields import fractal_field, smooth_step
from glacier_core.simulation.ice import MassBalance, flow

Array = NDArray[np.float64]

# Raise when the same seed gives other ground, so that no stored terrain is taken for the new one.
TERRAIN_RECIPE = 3
CELL = 110.0  # m, of the bed that ice flows on
REFINEMENT = 3  # cells of the finished terrain per cell of that bed, each way
CARVING_STEPS = 50
TALUS_STEPS = 20
UNEVENNESS = 3.0  # m
STEP_EROSION = 0.05  # erodibility times time step; 70 steps bring hillslopes to balance
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
    """

    name: str
    elevation: NDArray[np.float32]
    labels: NDArray[np.int32]
    resolution: float
    complete: bool
    procedural: bool


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
    """

    cells: int
    relief: float
    talus: float
    equilibrium_quantile: float
    gradient: float
    accumulation_cap: float
    roundness: float
    open_sides: tuple[bool, bool, bool, bool]


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
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = draw_style(generator)
    style = style or drawn
    bed = _river_landscape(generator, style)
    bed, thickness = _glaciate(generator, bed, style)
    elevation, ice = _refine(generator, bed, thickness, style)
    return TerrainSource(
        name=f"procedural-{seed}",
        elevation=elevation,
        labels=label_ice_bodies(elevation, ice, CELL / REFINEMENT, smallest_km2=SMALLEST_GLACIER),
        resolution=CELL / REFINEMENT,
        complete=True,
        procedural=True,
    )


@dataclass(frozen=True)
class _Rivers:
    """Drainage of a grid. The graph only points to its grid, so both are kept together."""

    grid: fs.RasterGrid
    graph: fs.FlowGraph
    eroder: fs.SPLEroder


def _rivers(
    shape: tuple[int, int], cell: float, style: TerrainStyle, *, area_exponent: float = 0.5
) -> _Rivers:
    top, right, bottom, left = (
        fs.NodeStatus.FIXED_VALUE if is_open else fs.NodeStatus.CORE for is_open in style.open_sides
    )
    borders = fs.RasterBoundaryStatus([left, right, top, bottom])
    grid = fs.RasterGrid(list(shape), [cell, cell], borders)
    graph = fs.FlowGraph(grid, [fs.SingleFlowRouter(), fs.MSTSinkResolver()])
    eroder = fs.SPLEroder(graph, k_coef=1.0, area_exp=area_exponent, slope_exp=1.0, tolerance=1e-5)
    return _Rivers(grid, graph, eroder)


def _river_landscape(generator: np.random.Generator, style: TerrainStyle) -> Array:
    """Bed of `style.relief` metres in balance between uplift, rivers and failing slopes."""
    shape = (style.cells, style.cells)
    uplift = np.exp(0.5 * fractal_field(generator, shape, exponent=2.5)).astype(np.float64)
    hump = smooth_step(_distance_to_open_side(style) / style.cells, 0.0, 0.22)
    uplift *= np.where(_distance_to_open_side(style) > 1.0, 0.15 + 0.85 * hump, 0.0)
    rivers = _rivers(shape, CELL, style)
    ground = 8.0 * fractal_field(generator, shape, exponent=1.8).astype(np.float64)
    ground = _uplift_and_cut(ground, uplift, rivers, CARVING_STEPS)
    ground -= ground.min()
    factor = style.relief / float(np.quantile(ground, 0.999))
    ground, uplift = ground * factor, uplift * factor
    for _ in range(TALUS_STEPS):
        # Fresh unevenness each step keeps channels and facets off the axes of the grid.
        uneven = UNEVENNESS * fractal_field(generator, shape, exponent=0.8, longest=20.0)
        ground = _uplift_and_cut(ground + uneven, uplift, rivers, 1)
        ground = fail_slopes(ground, CELL, style.talus, rounds=2)
    if style.roundness > 0.0:
        ground = _plateau(ground, style)
    ground -= ground.min()
    return np.asarray(ground * (style.relief / ground.max()))


def _distance_to_open_side(style: TerrainStyle) -> Array:
    """Distance in cells from the nearest side through which rivers leave."""
    index = np.arange(style.cells, dtype=np.float64)
    ahead, behind = index + 1.0, style.cells - index
    top, right, bottom, left = style.open_sides
    nearest = np.full((style.cells, style.cells), float(style.cells))
    if top:
        nearest = np.minimum(nearest, ahead[:, None])
    if bottom:
        nearest = np.minimum(nearest, behind[:, None])
    if left:
        nearest = np.minimum(nearest, ahead[None, :])
    if right:
        nearest = np.minimum(nearest, behind[None, :])
    return nearest


def _uplift_and_cut(ground: Array, uplift: Array, rivers: _Rivers, steps: int) -> Array:
    for _ in range(steps):
        ground = ground + STEP_EROSION * CELL * uplift
        rivers.graph.update_routes(ground)
        area = rivers.graph.accumulate(1.0)
        ground = ground - rivers.eroder.erode(ground, area, STEP_EROSION)
    return ground


def fail_slopes(ground: Array, cell: float, talus: float, *, rounds: int) -> Array:
    """Lower every cell to at most the talus slope above each of its 24 neighbours.

    Parameters
    ----------
    ground : ndarray, (rows, columns)
        Elevation, m.
    cell : float
        Cell size, m.
    talus : float
        Steepest lasting slope (tangent).
    rounds : int
        How far, in cells, a failure can spread.
    """
    steps = np.arange(-2.0, 3.0)
    rise = talus * cell * np.hypot(steps[:, None], steps[None, :])
    for _ in range(rounds):
        ground = ndimage.grey_erosion(ground, size=rise.shape, structure=-rise, mode="nearest")
    return np.asarray(ground)


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
) -> tuple[Array, Array]:
    """Grow ice to near balance, letting it deepen and smooth its bed three times."""
    north = np.gradient(ndimage.gaussian_filter(bed, 2.0), CELL)[0]
    drift = 40.0 * fractal_field(generator, bed.shape, exponent=1.5)
    line = float(np.quantile(bed, style.equilibrium_quantile)) + drift
    line = line - 120.0 * np.clip(north, -1.0, 1.0)
    coarse = _run(_halve(bed), np.zeros_like(_halve(bed)), _halve(line), style, 2 * CELL, 220.0)
    thickness = np.maximum(_double(coarse), 0.0)
    for years in (16.0, 16.0, 16.0):
        thickness = _run(bed, thickness, line, style, CELL, years)
        bed, thickness = _deepen(bed, thickness)
    return bed, _run(bed, thickness, line, style, CELL, 45.0)


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


def _refine(
    generator: np.random.Generator, bed: Array, thickness: Array, style: TerrainStyle
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Surface and ice mask at the finer cell, with gullies and scree off the ice."""
    fine_bed = _zoom(bed)
    fine_ice = _zoom(ndimage.gaussian_filter(thickness, 0.6))
    surface = _zoom(bed + thickness)
    under = smooth_step(fine_ice, 4.0, 22.0).astype(np.float64)
    detailed = _weather(generator, fine_bed, under, style)
    elevation = under * surface + (1.0 - under) * np.minimum(detailed, surface)
    shown = (fine_ice > ICE_THICKNESS_SHOWN) & (surface > detailed - 6.0)
    shown = ndimage.binary_opening(shown, iterations=1)
    return elevation.astype(np.float32), np.asarray(shown, dtype=np.bool_)


def _zoom(values: Array) -> Array:
    zoomed = ndimage.zoom(values, REFINEMENT, order=3, mode="nearest", grid_mode=True)
    return np.asarray(zoomed)


def _weather(
    generator: np.random.Generator, ground: Array, sheltered: Array, style: TerrainStyle
) -> Array:
    """Cut gullies and let slopes fail on a fine grid, not where ice shelters the ground."""
    cell = CELL / REFINEMENT
    rough = fractal_field(generator, ground.shape, exponent=1.5, longest=60.0)
    ground = ground + 9.0 * rough * (1.0 - sheltered)
    open_style = replace(style, open_sides=(True, True, True, True))
    rivers = _rivers(ground.shape, cell, open_style, area_exponent=0.45)
    for _ in range(4):
        rivers.graph.update_routes(ground)
        area = np.minimum(rivers.graph.accumulate(1.0), 4.0e5)
        ground = ground - (1.0 - sheltered) * rivers.eroder.erode(ground, area, 0.010)
        ground = fail_slopes(ground, cell, 1.25 * style.talus, rounds=1)
    return np.asarray(ground)
