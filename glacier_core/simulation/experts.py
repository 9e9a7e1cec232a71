"""What experts would have drawn: the true outlines by unsteady hands with habits of their own."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio import features
from scipy import ndimage

from glacier_core.errors import OutlineError
from glacier_core.outlines.geometry import polygons_only
from glacier_core.outlines.schema import empty_outlines, equal_area_km2, to_schema
from glacier_core.simulation.ambiguity import Ambiguity, find_ambiguity
from glacier_core.simulation.fields import fractal_field, seeded
from glacier_core.simulation.habits import Habits, draw_habits
from glacier_core.simulation.world import World

ANALYSTS = 5
"""Analysts of a panel unless asked otherwise: as many as the habits are calibrated for."""

VERTEX_SPACING = 2.0  # px
FRAME = 8  # px of ice beyond the frame, so that no hand strays where the scene cuts a glacier


def true_outlines(labels: NDArray[np.int32], transform: Affine) -> list[Any]:
    """Polygons of glaciers 1, 2, ... along the pixel edges; empty where a number is missing."""
    found: dict[int, list[Any]] = {}
    shapes = features.shapes(labels, mask=labels > 0, connectivity=4, transform=transform)
    for outline, number in shapes:
        found.setdefault(int(number), []).append(shapely.geometry.shape(outline))
    count = int(labels.max(initial=0))
    return [shapely.union_all(found.get(number, [])) for number in range(1, count + 1)]


def expert_outlines(
    labels: NDArray[np.int32],
    transform: Affine,
    crs: Any,
    *,
    seed: int,
    source: str = "simulated",
) -> gpd.GeoDataFrame:
    """Outlines of simulated glaciers as a person who knows the truth would have digitised them.

    The hand is that of ``Habits()``: lines are smoothed, the hand strays by about a pixel, small
    islands and nunataks are left out. Neighbours keep their common divide.

    Parameters
    ----------
    labels : ndarray of int32, (rows, columns)
        Glacier number from 1, 0 off the ice.
    transform : affine.Affine
        From pixel corners to metres.
    crs : anything pyproj understands
    seed : int
        Decides the wobble.
    source : str
        Written into every row.

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema of ``outlines.schema``, the largest glacier first.
    """
    if not (labels > 0).any():
        return empty_outlines(crs)
    exact = [outline for outline in true_outlines(labels, transform) if not outline.is_empty]
    habits = Habits()
    drawn = _by_hand(exact, transform, labels.shape, habits, seed)
    parts = [
        _without_small_parts(shape, habits.smallest_part) for shape in polygons_only(list(drawn))
    ]
    return _named(parts, crs, source)


def panel_of_experts(
    world: World, transform: Affine, crs: Any, *, count: int = ANALYSTS, seed: int
) -> list[gpd.GeoDataFrame]:
    """Outlines of one world by several analysts, each with habits of their own.

    Parameters
    ----------
    world : World
        With at least one glacier.
    transform : affine.Affine
        From pixel corners to metres.
    crs : anything pyproj understands
    count : int
        Analysts, at least one.
    seed : int
        Decides their habits and their hands.

    Returns
    -------
    list of geopandas.GeoDataFrame
        One an analyst, see `digitise`; analysts "simulated expert 1", "simulated expert 2", ...

    Raises
    ------
    OutlineError
        When nobody is asked or there is no glacier.
    """
    if count < 1:
        raise OutlineError(f"A panel of {count} experts draws nothing. Ask for one or more.")
    ambiguity = find_ambiguity(
        world.labels, world.surface, world.shadow, world.resolution, seed=seed
    )
    panel = []
    for number in range(1, count + 1):
        generator = seeded(seed, 7, number)
        panel.append(
            digitise(
                ambiguity,
                transform,
                crs,
                habits=draw_habits(generator),
                seed=int(generator.integers(2**31)),
                analyst=f"simulated expert {number}",
            )
        )
    return panel


def digitise(
    ambiguity: Ambiguity,
    transform: Affine,
    crs: Any,
    *,
    habits: Habits,
    seed: int,
    analyst: str,
    source: str = "simulated",
) -> gpd.GeoDataFrame:
    """Outlines of simulated glaciers as one analyst would have drawn them.

    The analyst draws where the ice ends. Divides between neighbours are not drawn: all analysts
    take them from one elevation model, so they are the same for all and outlines never overlap.

    Parameters
    ----------
    ambiguity : Ambiguity
        The truth, and what may be doubted.
    transform : affine.Affine
        From pixel corners to metres.
    crs : anything pyproj understands
    habits : Habits
    seed : int
        Decides where the hand strays and which debris is taken for ice.
    analyst, source : str
        Written into every row.

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema of ``outlines.schema``, the truly largest glacier first; the same glacier
        has the same ``glacier_id`` whoever draws it. Glaciers that the analyst takes for none are
        left out.
    """
    ice = interpret(ambiguity, habits, seeded(seed, 10))
    # Padded, so that the frame is no margin that a hand could stray from.
    padded = np.pad(ice, FRAME, mode="edge").astype(np.int32)
    margin = true_outlines(padded, transform * Affine.translation(-FRAME, -FRAME))
    drawn = _by_hand(margin, transform, ice.shape, habits, seed)
    cover = shapely.union_all(polygons_only(list(drawn))).buffer(habits.lean * float(transform.a))
    cells = _cells(ambiguity.nearest, transform)
    parts = polygons_only(list(shapely.intersection(cover, cells)))
    drawn_parts = [_without_small_parts(shape, habits.smallest_part) for shape in parts]
    return _numbered(drawn_parts, ambiguity.labels, crs, analyst, source)


def interpret(
    ambiguity: Ambiguity, habits: Habits, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Pixels that an analyst takes for glacier, before the hand strays."""
    ice = ambiguity.labels > 0
    glaciers = int(ambiguity.labels.max()) + 1
    share = habits.debris_share + habits.debris_doubt * generator.standard_normal(glaciers)
    taken = ambiguity.debris <= np.maximum(share, 0.0)[ambiguity.nearest]
    taken |= ambiguity.snow <= habits.snow_patches
    taken |= ~ice & (ambiguity.shadow <= habits.shadow)
    return np.asarray(taken & ~(ice & (ambiguity.shadow > habits.shadow)))


def _cells(nearest: NDArray[np.int32], transform: Affine) -> list[Any]:
    """Cut the scene into the ground nearest to each glacier 1, 2, ..., divides between them."""
    cells = polygons_only(true_outlines(nearest, transform))
    there = ~shapely.is_empty(cells)
    pixel = float(transform.a)
    cells[there] = shapely.coverage_simplify(cells[there], pixel, simplify_boundary=False)
    return list(cells)


def _by_hand(
    outlines: Sequence[Any],
    transform: Affine,
    shape: tuple[int, ...],
    habits: Habits,
    seed: int,
) -> NDArray[np.object_]:
    """Draw straight what is small, then move every vertex by one smooth random field."""
    generator = seeded(seed, 5)
    size, longest = (shape[0], shape[1]), habits.wobble_length
    fields = [fractal_field(generator, size, exponent=2.0, longest=longest) for _ in range(2)]
    pixel = float(transform.a)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = (points[:, 0] - transform.c) / pixel - 0.5
        rows = (points[:, 1] - transform.f) / -pixel - 0.5
        shifts = [
            ndimage.map_coordinates(field, [rows, columns], order=1, mode="nearest")
            for field in fields
        ]
        return points + habits.wobble * pixel * np.stack(shifts, axis=1)

    drawn = shapely.coverage_simplify(list(outlines), habits.generalisation * pixel)
    drawn = shapely.segmentize(drawn, VERTEX_SPACING * pixel)
    return np.asarray(shapely.make_valid(shapely.transform(drawn, move)), dtype=np.object_)


def _without_small_parts(outline: Any, smallest_km2: float) -> Any:
    kept = []
    for part in shapely.get_parts(outline):
        if part.area < smallest_km2 * 1e6:
            continue
        holes = [
            ring for ring in part.interiors if shapely.Polygon(ring).area >= smallest_km2 * 1e6
        ]
        kept.append(shapely.Polygon(part.exterior, holes))
    return shapely.union_all(kept)


def _named(parts: Sequence[Any], crs: Any, source: str) -> gpd.GeoDataFrame:
    geometry = gpd.GeoSeries([part for part in parts if not part.is_empty], crs=crs)
    order = np.argsort(-equal_area_km2(geometry), kind="stable")
    return _table(
        list(geometry.iloc[order]), range(1, len(order) + 1), crs, "simulated expert", source
    )


def _numbered(
    parts: Sequence[Any], labels: NDArray[np.int32], crs: Any, analyst: str, source: str
) -> gpd.GeoDataFrame:
    """Put the outlines in the order of their true areas, however large they were drawn."""
    sizes = np.bincount(labels.ravel())[1:]
    order = np.argsort(-sizes, kind="stable")
    drawn = [(rank, parts[index]) for rank, index in enumerate(order, start=1)]
    drawn = [(rank, part) for rank, part in drawn if not part.is_empty]
    return _table([part for _, part in drawn], [rank for rank, _ in drawn], crs, analyst, source)


def _table(
    parts: Sequence[Any], numbers: Sequence[int], crs: Any, analyst: str, source: str
) -> gpd.GeoDataFrame:
    return to_schema(
        parts,
        crs,
        glacier_id=[f"simulated-{number:03d}" for number in numbers],
        name=[f"Simulated glacier {number}" for number in numbers],
        source=source,
        analyst=analyst,
    )
