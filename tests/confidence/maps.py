"""Maps of stated confidence, on 30 m pixels of UTM zone 11."""

from datetime import date

import numpy as np
from affine import Affine
from rasterio.crs import CRS

from glacier_core.inference.result import make_map
from glacier_core.scene import SceneAttributes

SIDE = 30.0
TRANSFORM = Affine(SIDE, 0, 480_000.0, 0, -SIDE, 5_784_000.0)
UTM = CRS.from_epsg(32611)
PIXEL_KM2 = SIDE**2 / 1e6
# UTM shrinks lengths by 0.9996 near its central meridian, so ground is larger than the grid says.
GROUND_KM2 = PIXEL_KM2 / 0.9996**2


def map_of(probability, confidence=None, *, simulated=True):
    """Return a map of the given probability whose confidence is the larger class's chance."""
    probability = np.asarray(probability, dtype=np.float32)
    if confidence is None:
        confidence = np.maximum(probability, 1 - probability)
    confidence = np.where(np.isnan(probability), np.nan, confidence).astype(np.float32)
    attributes = SceneAttributes(
        id="ramp", title="A ramp", acquired=date(2020, 8, 16), simulated=simulated
    )
    provenance = {
        "key": "0" * 64,
        "scene": {"attributes": attributes.model_dump(mode="json")},
        "model": {"name": "by-hand"},
        "notes": [],
    }
    return make_map(
        probability.copy(), confidence, transform=TRANSFORM, crs=UTM, provenance=provenance
    )
