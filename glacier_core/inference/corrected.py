"""A glacier map whose outlines a person corrected."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.transform import array_bounds

from glacier_core.disk import write_file
from glacier_core.inference.result import GlacierMap
from glacier_core.outlines.edits import Edit
from glacier_core.outlines.lineage import (
    Lineage,
    corrected_file,
    corrected_outlines,
    lineage_record,
)
from glacier_core.outlines.polygonizing import polygonize
from glacier_core.outlines.rasterizing import rasterize
from glacier_core.outlines.schema import COLUMNS

CORRECTED_FILE = "corrected.gpkg"


@dataclass(frozen=True, eq=False, kw_only=True)
class CorrectedMap(GlacierMap):
    """A glacier map whose outlines a person corrected.

    Probability, confidence and what is unmapped are the network's; ``glacier`` differs from the
    parent's just where the centre of a mapped pixel changed sides. ``provenance`` is the
    parent's with a record ``correction``; ``key`` is the hash of the parent's and of every edit.

    Attributes
    ----------
    parent : GlacierMap
        The map as the network made it.
    lineage : Lineage
        Who changed what.
    corrected : geopandas.GeoDataFrame
        The corrected outlines as drawn, see
        :func:`glacier_core.outlines.lineage.corrected_outlines`.
    """

    parent: GlacierMap
    lineage: Lineage
    corrected: gpd.GeoDataFrame

    def outlines(self, min_area_km2: float = 0.01) -> gpd.GeoDataFrame:
        """Return the corrected outlines in the one schema, those of the parent first.

        Parameters
        ----------
        min_area_km2 : float
            Smaller ones are left out, unless a person drew at them.
        """
        kept = (self.corrected["area_km2"] >= min_area_km2) | (self.corrected["edits"] > 0)
        told: gpd.GeoDataFrame = self.corrected.loc[kept, list(COLUMNS)].reset_index(drop=True)
        return told

    def beyond_mapped_km2(self) -> float:
        """Return how much ice was added where nothing was mapped, in km².

        It is part of the outlines; deviations leave it out, as they leave out every unmapped
        pixel.
        """
        drawn = rasterize(self.corrected, self.transform, self.shape, self.crs)
        hidden = drawn & self.unmapped.to_numpy()
        pieces = polygonize(hidden, self.transform, self.crs, min_area_km2=0)
        return float(pieces["area_km2"].sum())

    def save(self, folder: str | Path) -> Path:
        """Write the map as the network made it, and ``corrected.gpkg`` beside it.

        :func:`glacier_core.outlines.lineage.read_edits` reads the edits back, and
        :func:`correct_map` applies them again.
        """
        written = self.parent.save(folder)
        content = corrected_file(self.corrected, self.provenance["correction"], ".gpkg")
        write_file(written / CORRECTED_FILE, content)
        return written


def correct_map(result: GlacierMap, edits: Sequence[Edit], *, analyst: str = "") -> CorrectedMap:
    """Return a map with its outlines corrected by hand.

    Parameters
    ----------
    result : GlacierMap
        As the network made it; its own pixels stay as they are.
    edits : sequence of Edit
        In the order they were made; see :func:`glacier_core.outlines.edits.draw_edit`.
    analyst : str
        Who made them.

    Raises
    ------
    OutlineError
        When an edit cannot be made; see :func:`glacier_core.outlines.correcting.apply_edits`.
    """
    parent = result.outlines()
    lineage = Lineage(tuple(edits), result.key, analyst, simulated=result.simulated)
    corrected = corrected_outlines(parent, lineage, frame=scene_box(result))
    about = lineage_record(parent, lineage, parent_provenance=dict(result.provenance))
    return CorrectedMap(
        data=result.data.assign(glacier=(("y", "x"), _corrected_mask(result, parent, corrected))),
        attributes=result.attributes,
        provenance=result.provenance | {"correction": about},
        key=lineage.key,
        parent=result,
        lineage=lineage,
        corrected=corrected,
    )


def scene_box(result: GlacierMap) -> shapely.Polygon:
    """Return the extent of a map in its own coordinate system."""
    west, south, east, north = array_bounds(*result.shape, result.transform)
    frame: shapely.Polygon = shapely.box(west, south, east, north)
    return frame


def _corrected_mask(
    result: GlacierMap, parent: gpd.GeoDataFrame, corrected: gpd.GeoDataFrame
) -> NDArray[np.bool_]:
    """Return the parent's glacier mask, changed only where a pixel's centre changed sides."""
    place: tuple[Any, ...] = (result.transform, result.shape, result.crs)
    before, after = rasterize(parent, *place), rasterize(corrected, *place)
    mask = np.where(before != after, after, result.glacier.to_numpy())
    mask &= ~result.unmapped.to_numpy()
    mask.setflags(write=False)
    return mask
