"""Where a map and an expert differ: deviations by surface, light, terrain, size and confidence."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rasterio.warp import transform as transform_points

from glacier_core.deviations.area import HUMAN_BAND, area_deviation
from glacier_core.deviations.comparison import Comparison
from glacier_core.deviations.definitions import DEFINITIONS, Definition
from glacier_core.deviations.experts import place_experts
from glacier_core.deviations.layers import Stratum, strata
from glacier_core.deviations.matching import Zones, make_zones
from glacier_core.deviations.pixels import PixelScores, score_pixels
from glacier_core.deviations.surfaces import Surfaces, known_surfaces
from glacier_core.errors import OutlineError, SceneError
from glacier_core.grid import AREA_BLOCK, pixel_areas
from glacier_core.scene import Scene

if TYPE_CHECKING:
    from glacier_core.inference.result import GlacierMap

BoolArray = NDArray[np.bool_]

WHOLE: Final = "everything compared"
NOT_KNOWN: Final = "not known"

_OWN = "own definition"
STRATA_DEFINITIONS: dict[str, Definition] = {
    "stratum": Definition("Divided by", "", "", _OWN, "What the pixels are told apart by."),
    "class": Definition(
        "Class", "", "", _OWN, "One part of them. Classes without a pixel are not listed."
    ),
    "pixels": DEFINITIONS["pixels"],
    "share_of_pixels_percent": Definition(
        "Share of pixels",
        "%",
        "100 pixels of the class / all pixels compared",
        _OWN,
        "How common the class is within the buffer around the expert outlines. A class with a "
        "larger share of errors than of pixels is harder than the rest.",
    ),
    "expert_area_km2": Definition(
        "Expert area",
        "km²",
        "sum of the true areas of the class's mapped pixels inside an expert outline",
        _OWN,
        "Counted in pixels, so that the classes add up to the whole.",
    ),
    "predicted_area_km2": Definition(
        "Predicted area",
        "km²",
        "sum of the true areas of the class's pixels that the map calls glacier",
        _OWN,
        "Counted in pixels, small patches as well.",
    ),
    "area_deviation_percent": Definition(
        "Area deviation",
        "%",
        "100 (predicted area - expert area) / expert area, both of the class",
        f"Human band: {HUMAN_BAND.source}",
        "By how much the map shows more (positive) or less (negative) glacier than the expert in "
        "this class. There is none where the expert drew no ice.",
    ),
    "iou": DEFINITIONS["iou"],
    "precision": DEFINITIONS["precision"],
    "recall": DEFINITIONS["recall"],
    "false_positives": DEFINITIONS["false_positives"],
    "false_negatives": DEFINITIONS["false_negatives"],
    "share_of_errors_percent": Definition(
        "Share of errors",
        "%",
        "100 (FP + FN of the class) / (FP + FN of everything compared)",
        _OWN,
        "Which part of all disagreeing pixels lies in this class. The classes of one division "
        "add up to 100.",
    ),
    "basis": Definition("How it is known", "", "", _OWN, "Where the classes come from."),
    "missing_because": Definition(
        "Missing because", "", "", _OWN, "Why a division has no figures; empty where it has."
    ),
    "simulated": DEFINITIONS["simulated"],
}
"""Every column of `stratify`, by its name."""


def stratify(
    result: "GlacierMap",
    scene: Scene,
    expert: gpd.GeoDataFrame,
    *,
    surfaces: Surfaces | None = None,
    buffer_m: float = 300.0,
) -> pd.DataFrame:
    """Divide a comparison by surface, shadow, size, terrain, front, edge and confidence.

    Scored are the mapped pixels within the buffer around the expert outlines, the same as in
    ``compare(result, expert, buffer_m=buffer_m).pixels``.

    Parameters
    ----------
    result : GlacierMap
    scene : Scene
        The one that was mapped.
    expert : geopandas.GeoDataFrame
        In the schema of ``outlines.schema``, any coordinate system.
    surfaces : Surfaces, optional
        When left out, those of :func:`known_surfaces`: the truth of a simulated scene (simulated
        again, some seconds), otherwise an estimate from the image.
    buffer_m : float
        Metres, as in the comparison.

    Returns
    -------
    DataFrame
        A row a class, the first for everything together; columns as in
        :data:`STRATA_DEFINITIONS`. A stratum that cannot be known has one row without figures
        and the reason in ``missing_because``.

    Raises
    ------
    OutlineError
        When there is no outline, none lies in the scene, outlines lie on top of each other,
        or the buffer is negative.
    SceneError
        When map and scene lie on different grids.
    """
    zones, divisions = _divided(result, scene, expert, surfaces, buffer_m)
    rows = list(_rows(_counted(result, zones), divisions))
    return pd.DataFrame(rows, columns=list(STRATA_DEFINITIONS)[:-1]).assign(
        simulated=result.simulated
    )


def describe_profile(
    profile: pd.DataFrame,
    result: "GlacierMap",
    scene: Scene,
    expert: gpd.GeoDataFrame,
    *,
    surfaces: Surfaces | None = None,
    buffer_m: float = 300.0,
) -> pd.DataFrame:
    """Tell on which surface and terrain every place of a boundary profile lies.

    Parameters
    ----------
    profile : DataFrame
        With ``lon`` and ``lat`` in degrees (WGS 84).
    result, scene, expert, surfaces, buffer_m
        As for :func:`stratify`.

    Returns
    -------
    DataFrame
        The profile with a column a stratum that is known (``surface``, ``aspect``,
        ``glacier_size`` and so on), the class as text; empty where not known.
    """
    _, divisions = _divided(result, scene, expert, surfaces, buffer_m)
    rows, columns, inside = _places(profile, result)
    told = profile.copy()
    for division in divisions:
        if division.codes is not None:
            codes = np.where(inside, division.codes[rows, columns], -1)
            column = division.name.replace(" ", "_")
            told[column] = np.array([*division.classes, ""], dtype=object)[codes]
    return told


def comparison_masks(
    result: "GlacierMap", comparison: Comparison, glacier_id: str = ""
) -> dict[str, BoolArray]:
    """Return where the map and where the expert see ice, within what was compared and mapped.

    Parameters
    ----------
    result : GlacierMap
        The map that was compared.
    comparison : Comparison
    glacier_id : str
        Of one expert glacier; all when empty.

    Returns
    -------
    dict of str to ndarray of bool, (rows, columns)
        ``predicted`` and ``expert``.

    Raises
    ------
    OutlineError
        When no compared glacier has the id.
    """
    experts = place_experts(comparison.expert, result.transform, result.shape, result.crs)
    zones = make_zones(experts.labels, comparison.buffer_m, result.resolution)
    asked = zones.nearest > 0
    if glacier_id:
        ids = list(comparison.expert["glacier_id"])
        if glacier_id not in ids:
            raise OutlineError(f"No compared glacier is called {glacier_id!r}.")
        asked = zones.nearest == ids.index(glacier_id) + 1
    asked &= ~result.unmapped.to_numpy()
    return {
        "predicted": result.glacier.to_numpy() & asked,
        "expert": (zones.inside > 0) & asked,
    }


def _divided(
    result: "GlacierMap",
    scene: Scene,
    expert: gpd.GeoDataFrame,
    surfaces: Surfaces | None,
    buffer_m: float,
) -> tuple[Zones, list[Stratum]]:
    if not 0 <= buffer_m < np.inf:
        raise OutlineError(f"The buffer is {buffer_m} m; it must be 0 or more metres.")
    _check_grids(result, scene)
    experts = place_experts(expert, result.transform, result.shape, result.crs)
    zones = make_zones(experts.labels, buffer_m, result.resolution)
    if surfaces is None:
        surfaces = known_surfaces(scene, zones.inside > 0)
    return zones, strata(result, scene, experts, zones, surfaces)


@dataclass(frozen=True, eq=False)
class _Counted:
    """The pixels that are scored, in one row each."""

    where: BoolArray  # (rows, columns)
    predicted: BoolArray  # (pixels,)
    expert: BoolArray
    area_km2: NDArray[np.float64]

    def row(self, stratum: str, name: str, basis: str, part: BoolArray) -> dict[str, Any]:
        scores, whole = self._scores(part), self._whole
        expert_km2 = float(self.area_km2[part & self.expert].sum())
        predicted_km2 = float(self.area_km2[part & self.predicted].sum())
        return {
            "stratum": stratum,
            "class": name,
            "pixels": scores.pixels,
            "share_of_pixels_percent": _percent(scores.pixels, whole.pixels),
            "expert_area_km2": expert_km2,
            "predicted_area_km2": predicted_km2,
            "area_deviation_percent": area_deviation(predicted_km2, expert_km2),
            "iou": scores.iou,
            "precision": scores.precision,
            "recall": scores.recall,
            "false_positives": scores.false_positives,
            "false_negatives": scores.false_negatives,
            "share_of_errors_percent": _percent(_errors(scores), _errors(whole)),
            "basis": basis,
            "missing_because": "",
        }

    @cached_property
    def _whole(self) -> PixelScores:
        return self._scores(np.ones_like(self.predicted))

    def _scores(self, part: BoolArray) -> PixelScores:
        return score_pixels(self.predicted, self.expert, np.ones_like(part), part)


def _counted(result: "GlacierMap", zones: Zones) -> _Counted:
    where = ~result.unmapped.to_numpy() & (zones.nearest > 0)
    rows, columns = np.nonzero(where)
    areas = pixel_areas(result.transform, result.shape, result.crs) / 1e6
    return _Counted(
        where=where,
        predicted=result.glacier.to_numpy()[where],
        expert=(zones.inside > 0)[where],
        area_km2=areas[rows // AREA_BLOCK, columns // AREA_BLOCK],
    )


def _rows(counted: _Counted, divisions: list[Stratum]) -> Iterator[dict[str, Any]]:
    everything = np.ones_like(counted.predicted)
    yield counted.row("all", WHOLE, "", everything)
    for division in divisions:
        if not everything.any():
            yield _missing(division.name, "Nothing around the expert outlines could be mapped.")
        elif division.codes is None:
            yield _missing(division.name, division.basis)
        else:
            yield from _classes(counted, division, division.codes[counted.where])


def _classes(
    counted: _Counted, division: Stratum, codes: NDArray[np.int16]
) -> Iterator[dict[str, Any]]:
    for code, name in (*enumerate(division.classes), (-1, NOT_KNOWN)):
        part = codes == code
        if part.any():
            yield counted.row(division.name, name, division.basis, part)


def _missing(stratum: str, reason: str) -> dict[str, Any]:
    return {
        "stratum": stratum,
        "class": "",
        "pixels": 0,
        "false_positives": 0,
        "false_negatives": 0,
        "basis": "",
        "missing_because": reason,
    }


def _places(
    profile: pd.DataFrame, result: "GlacierMap"
) -> tuple[NDArray[np.int64], NDArray[np.int64], BoolArray]:
    """Row and column of every place of a profile, and whether it lies on the grid."""
    x, y = transform_points("EPSG:4326", result.crs, list(profile["lon"]), list(profile["lat"]))
    columns, rows = ~result.transform @ (np.asarray(x), np.asarray(y))
    rows, columns = np.floor(rows), np.floor(columns)
    height, width = result.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return (
        np.where(inside, rows, 0).astype(np.int64),
        np.where(inside, columns, 0).astype(np.int64),
        inside,
    )


def _check_grids(result: "GlacierMap", scene: Scene) -> None:
    same = (
        result.shape == scene.shape
        and result.transform.almost_equals(scene.transform, precision=1e-3)
        and result.crs == scene.crs
    )
    if not same:
        raise SceneError(
            f"The map of {result.title!r} and the scene {scene.title!r} lie on different grids "
            f"({result.shape} and {scene.shape} pixels). Take the scene that was mapped."
        )


def _errors(scores: PixelScores) -> int:
    return scores.false_positives + scores.false_negatives


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else float("nan")
