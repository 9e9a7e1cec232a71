"""Small tiles, and small files of them, laid out by hand as the authors' are."""

import h5py
import numpy as np

from glacier_core.sources.tile_layout import Bounds
from glacier_core.sources.tiles import Tile

SHAPE = (12, 10)
EDGES = {"xmin": 8.0, "ymin": 46.0, "xmax": 8.1, "ymax": 46.06}


def make_tile(name="ALP-0-0", shape=SHAPE, seed=0, radar=(), **changes):
    """Return a tile in which every pixel is valid and labelled."""
    random = np.random.default_rng(seed)

    def drawn(low, high, *channels):
        return random.uniform(low, high, (*channels, *shape)).astype(np.float32)

    features = {
        "optical": drawn(0.01, 1.0, 6),
        "elevation": drawn(100, 4000),
        "slope": drawn(0.1, 60),
    }
    for group in radar:
        features[group] = drawn(200, 300) if group == "thermal" else drawn(0.01, 0.9, 2)
    known = {
        "name": name,
        "region": "ALP",
        "subregion": "ALP",
        "features": features,
        "glacier": drawn(0, 1) > 0.5,
        "labelled": np.ones(shape, dtype=bool),
        "valid": np.ones(shape, dtype=bool),
        "bounds": Bounds(**EDGES),
    }
    return Tile(**{**known, **changes})


def by_hand(path, name="ALP-0-0", shape=SHAPE, attributes=None, **datasets):
    """Write one tile with plain h5py; a dataset or attribute given as None is left out."""
    random = np.random.default_rng(3)
    glacier = random.random(shape) > 0.5
    arrays = {
        "optical": random.uniform(0.01, 1, (*shape, 6)),
        "dem": random.uniform(1, 60, (*shape, 2)),
        "outlines": np.stack([~glacier, glacier], -1).astype(float),
        **datasets,
    }
    told = {
        "region": "ALP",
        "subregion": "ALP",
        "tile_name": name,
        "epsg": 4326,
        "height": shape[0],
        "width": shape[1],
        **EDGES,
        **(attributes or {}),
    }
    with h5py.File(path, "a") as file:
        group = file.create_group(name)
        group.attrs.update({key: value for key, value in told.items() if value is not None})
        for key, values in arrays.items():
            if values is not None:
                group.create_dataset(key, data=values)
    return path
