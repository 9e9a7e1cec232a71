"""Small maps and expert outlines drawn by hand, on 30 m pixels of UTM zone 11."""

from datetime import date

import numpy as np
import shapely
from affine import Affine
from rasterio.crs import CRS

from glacier_core.inference.result import make_map
from glacier_core.outlines.schema import to_schema
from glacier_core.scene import SceneAttributes

SIDE = 30.0
WEST, NORTH = 480_000.0, 5_784_000.0
TRANSFORM = Affine(SIDE, 0, WEST, 0, -SIDE, NORTH)
UTM = CRS.from_epsg(32611)


def block(shape, rows, columns):
    """Return a mask that is True in the given half-open ranges of rows and columns."""
    mask = np.zeros(shape, dtype=bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask


def box(rows, columns):
    """Return the rectangle of pixels in map coordinates."""
    return shapely.box(
        WEST + columns[0] * SIDE,
        NORTH - rows[1] * SIDE,
        WEST + columns[1] * SIDE,
        NORTH - rows[0] * SIDE,
    )


def experts(*geometries, crs=UTM, ids=None, **attributes):
    """Return outlines in the schema."""
    ids = ids or [f"g{number}" for number in range(1, len(geometries) + 1)]
    return to_schema(list(geometries), crs, glacier_id=ids, **attributes)


def glacier_map(glacier, unmapped=None, confidence=0.9, *, simulated=False, title="A valley"):
    """Return a map that calls the given pixels glacier."""
    unmapped = np.zeros_like(glacier) if unmapped is None else unmapped
    probability = np.where(glacier, 0.9, 0.1).astype(np.float32)
    certainty = np.broadcast_to(np.float32(confidence), glacier.shape).copy()
    probability[unmapped] = certainty[unmapped] = np.nan
    attributes = SceneAttributes(
        id="a-valley", title=title, acquired=date(2020, 8, 16), simulated=simulated
    )
    provenance = {
        "key": "0" * 64,
        "scene": {"attributes": attributes.model_dump(mode="json")},
        "model": {"name": "by-hand"},
        "notes": [],
    }
    return make_map(probability, certainty, transform=TRANSFORM, crs=UTM, provenance=provenance)
