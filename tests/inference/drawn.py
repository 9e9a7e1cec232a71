"""A map that no network made; apart from the stubs, as it needs no torch."""

import numpy as np
from affine import Affine
from rasterio.crs import CRS

from glacier_core.inference.result import make_map
from glacier_core.scene import SceneAttributes


def map_of(glacier, *, crs="EPSG:32611", origin=(480_000.0, 5_790_000.0), side=30.0, seed=0):
    """A map with this glacier mask; its numbers are noise."""
    noise = np.random.default_rng(seed).uniform(0, 0.4, glacier.shape)
    probability = np.where(glacier, 0.55 + noise, noise).astype(np.float32)
    attributes = SceneAttributes(id="drawn", title="Drawn", acquired="2020-08-01")
    facts = {
        "key": f"{seed:064x}",
        "scene": {"attributes": attributes.model_dump(mode="json")},
        "model": {"name": "drawn"},
        "notes": [],
    }
    return make_map(
        probability,
        probability[::-1].copy(),
        transform=Affine(side, 0, origin[0], 0, -side, origin[1]),
        crs=CRS.from_user_input(crs),
        provenance=facts,
    )
