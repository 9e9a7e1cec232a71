"""The confidence band: the zone in which the outline may lie, and the areas it leaves open.

A pixel is doubtful where its calibrated confidence is below a level. All doubtful pixels make up
the band, whichever class they were given: an outline that is right in every sure pixel can run
nowhere else. Pieces of the band that touch the mapped outline say that it may lie elsewhere;
pieces apart from it say that a glacier, or a hole in one, may be missing; they are marked.

Ice is sure where glacier was mapped with a confidence of the level or more, possible where it was
mapped or is doubtful. These areas bound what is open pixel by pixel. They are no interval: the
errors of all pixels do not fall to one side (see `confidence.area_interval` for that).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from glacier_core.confidence.ground_area import label_areas_km2
from glacier_core.confidence.mapped import Mapped
from glacier_core.errors import ModelError
from glacier_core.outlines.polygonizing import polygonize
from glacier_core.outlines.rasterizing import label_glaciers

BoolArray = NDArray[np.bool_]

LEVEL: Final = 0.95
"""The band of the published demonstration: calibrated confidence below 95 %."""

SURE, SURELY_NOT, MAY_BE, MAY_BE_NOT, NOT_MAPPED = range(5)
KINDS: Final = 5


@dataclass(frozen=True, eq=False)
class OutlineBand:
    """Where the outline may lie.

    Attributes
    ----------
    level : float
        Confidence below which a pixel is doubtful.
    zone : ndarray of bool, (rows, columns)
        The doubtful pixels.
    outlines : GeoDataFrame
        The zone as polygons along pixel edges: the columns of ``outlines.schema``, and ``level``,
        ``at_outline`` (whether the piece touches the mapped outline) and ``simulated``.
    low_km2, central_km2, high_km2 : float
        Area of sure ice, of the mapped ice, and of possible ice; NaN where nothing was mapped.
    glaciers : DataFrame
        The same by glacier, where outlines were given, else without a row: ``glacier_id``,
        ``name``, ``level``, ``low_km2``, ``central_km2``, ``high_km2``, ``simulated``.
    simulated : bool
        Whether the scene was simulated.
    """

    level: float
    zone: BoolArray
    outlines: gpd.GeoDataFrame
    low_km2: float
    central_km2: float
    high_km2: float
    glaciers: pd.DataFrame
    simulated: bool

    @property
    def band_km2(self) -> float:
        """Area of the zone."""
        return self.high_km2 - self.low_km2

    @property
    def sentence(self) -> str:
        """What the areas say, in plain words."""
        if np.isnan(self.central_km2):
            return "Nothing of this scene could be mapped, so nothing can be said of its outlines."
        ground = "simulated glacier" if self.simulated else "glacier"
        return (
            f"{self.central_km2:.2f} km² are mapped as {ground}. Counting only what the network is "
            f"{100 * self.level:g} % sure of leaves {self.low_km2:.2f} km²; counting all that may "
            f"be glacier at that level gives {self.high_km2:.2f} km²."
        )


def outline_band(
    result: Mapped,
    level: float = LEVEL,
    outlines: gpd.GeoDataFrame | None = None,
    *,
    min_area_km2: float = 0.0,
) -> OutlineBand:
    """Return the zone in which the outline may lie, with the area of sure and possible ice.

    Parameters
    ----------
    result : GlacierMap
    level : float
        Calibrated confidence below which a pixel is doubtful, above 0.5 (a guess between two
        classes) and below 1.
    outlines : GeoDataFrame, optional
        Glaciers to tell apart, such as ``result.outlines()`` or an expert's. A glacier's ice is
        what lies inside its outline, and what possible ice outside of all outlines hangs
        together with it by the sides of pixels and is reached sooner from it than from another.
    min_area_km2 : float
        Smaller polygons are left out of ``outlines``; they count in all areas.

    Raises
    ------
    ModelError
        If the level is not between 0.5 and 1.
    OutlineError
        If the outlines have no coordinate system.
    """
    check_level(level)
    kinds = _kinds(result, level)
    zone = np.isin(kinds, (MAY_BE, MAY_BE_NOT))
    mapped = bool((kinds != NOT_MAPPED).any())
    areas = label_areas_km2(kinds, KINDS, result.transform, result.crs)
    low, central, high = _low_central_high(areas) if mapped else (float("nan"),) * 3
    return OutlineBand(
        level=level,
        zone=zone,
        outlines=_polygons(result, zone, level, min_area_km2),
        low_km2=low,
        central_km2=central,
        high_km2=high,
        glaciers=_by_glacier(result, kinds, level, outlines),
        simulated=result.simulated,
    )


def check_level(level: float) -> None:
    """Refuse a level of confidence that tells nothing (ModelError)."""
    if not 0.5 < level < 1:
        raise ModelError(
            f"The level of confidence is {level:g}; it must lie above 0.5, a guess between two "
            "classes, and below 1, a certainty that no network has. 0.95 is usual."
        )


def _kinds(result: Mapped, level: float) -> NDArray[np.uint8]:
    confidence, glacier = result.confidence.to_numpy(), result.glacier.to_numpy()
    doubtful = confidence < level
    kinds = np.where(
        glacier, np.where(doubtful, MAY_BE_NOT, SURE), np.where(doubtful, MAY_BE, SURELY_NOT)
    )
    kinds[np.isnan(confidence)] = NOT_MAPPED
    return kinds.astype(np.uint8)


def _low_central_high(areas: Sequence[float] | NDArray[np.float64]) -> tuple[float, float, float]:
    sure, central = float(areas[SURE]), float(areas[SURE] + areas[MAY_BE_NOT])
    return sure, central, central + float(areas[MAY_BE])


def _polygons(
    result: Mapped, zone: BoolArray, level: float, min_area_km2: float
) -> gpd.GeoDataFrame:
    touching = _touching(result, zone)
    acquired = result.attributes.acquired
    parts = [
        polygonize(
            mask,
            result.transform,
            result.crs,
            min_area_km2=min_area_km2,
            id_prefix=prefix,
            source=result.model_name + (", simulated scene" if result.simulated else ""),
            date="" if acquired is None else acquired.isoformat(),
        ).assign(level=level, at_outline=at_outline, simulated=result.simulated)
        for mask, prefix, at_outline in (
            (touching, "band", True),
            (zone & ~touching, "apart", False),
        )
    ]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=result.crs)


def _touching(result: Mapped, zone: BoolArray) -> BoolArray:
    """Pieces of the zone that hold a pixel on either side of the mapped outline."""
    glacier, mapped = result.glacier.to_numpy(), np.isfinite(result.confidence.to_numpy())
    beside = np.zeros_like(zone)
    # Transposed views look along the other axis and write into the same array.
    for ice, known, sides in ((glacier, mapped, beside), (glacier.T, mapped.T, beside.T)):
        edge = (ice[:-1] != ice[1:]) & known[:-1] & known[1:]
        sides[:-1] |= edge
        sides[1:] |= edge
    pieces, number = ndimage.label(zone)
    touched = np.zeros(number + 1, dtype=bool)
    touched[np.unique(pieces[beside & zone])] = True
    touched[0] = False
    return touched[pieces]


def _by_glacier(
    result: Mapped, kinds: NDArray[np.uint8], level: float, outlines: gpd.GeoDataFrame | None
) -> pd.DataFrame:
    columns = ["glacier_id", "name", "level", "low_km2", "central_km2", "high_km2", "simulated"]
    if outlines is None or outlines.empty:
        return pd.DataFrame({column: [] for column in columns})
    owners = _owners(result, kinds, outlines)
    count = len(outlines) + 1
    combined = owners.astype(np.int64) * KINDS + kinds
    areas = label_areas_km2(combined, count * KINDS, result.transform, result.crs)
    rows = [_low_central_high(row) for row in areas.reshape(count, KINDS)[1:]]
    table = pd.DataFrame(rows, columns=["low_km2", "central_km2", "high_km2"])
    table[["glacier_id", "name"]] = outlines[["glacier_id", "name"]].to_numpy()
    return table.assign(level=level, simulated=result.simulated)[columns]


def _owners(
    result: Mapped, kinds: NDArray[np.uint8], outlines: gpd.GeoDataFrame
) -> NDArray[np.int32]:
    """Return the glacier that every pixel counts for, by position from 1; 0 for none."""
    inside = label_glaciers(outlines, result.transform, result.shape, result.crs)
    possible = np.isin(kinds, (SURE, MAY_BE, MAY_BE_NOT))
    flat = np.zeros(kinds.shape, dtype=np.uint8)
    # On flat ground the flood from all outlines spreads by the length of the way.
    return np.asarray(watershed(flat, inside, mask=possible | (inside > 0)), dtype=np.int32)  # type: ignore[no-untyped-call]
