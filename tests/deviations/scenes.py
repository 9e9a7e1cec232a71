"""Small scenes drawn by hand, on the grid of the small maps."""

import numpy as np

from glacier_core.scene import SceneAttributes, build_scene

from .maps import TRANSFORM, UTM

ICE = (0.80, 0.75, 0.70, 0.60, 0.10, 0.08)
ROCK = (0.10, 0.12, 0.14, 0.20, 0.25, 0.22)


def make_scene(shape, *, ice=None, elevation=None, gap=None, transform=TRANSFORM, **facts):
    """Return a scene, icy where the mask says so (one corner without), level at 1000 m."""
    ice = np.zeros(shape, dtype=bool) if ice is None else ice
    optical = np.where(ice, np.array(ICE)[:, None, None], np.array(ROCK)[:, None, None])
    optical[:, -1, -1] *= 0.9  # a scene of one colour is refused
    if gap is not None:
        optical[:, gap] = np.nan
    about = {"id": "a-valley", "title": "A valley", "simulated": False} | facts
    return build_scene(
        optical,
        np.full(shape, 1000.0) if elevation is None else elevation,
        transform=transform,
        crs=UTM,
        attributes=SceneAttributes(**about),
    )
