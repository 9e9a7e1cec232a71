"""Random numbers and small grounds made by hand."""

import numpy as np

from glacier_core.simulation.ground import Ground


def random(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def make_ground(elevation, labels=None, *, resolution=30.0, complete=True, relative_height=None):
    shape = elevation.shape
    labels = np.zeros(shape, dtype=np.int32) if labels is None else labels
    height = np.zeros(shape, dtype=np.float32) if relative_height is None else relative_height
    return Ground(
        elevation=elevation.astype(np.float32),
        labels=labels.astype(np.int32),
        relative_height=height.astype(np.float32),
        known=np.ones(shape, dtype=np.bool_),
        resolution=resolution,
        complete=complete,
    )
