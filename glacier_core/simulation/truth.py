"""What a simulated scene really shows, made again from its seed."""

import re
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from glacier_core.scene import Scene
from glacier_core.simulation.demonstrations import (
    DEMONSTRATIONS,
    Style,
    simulate_demonstration_world,
)

_NAMED = re.compile(rf"simulated-({'|'.join(get_args(Style))})-(\d{{1,9}})")
_SAME_HEIGHT = 0.05  # m; processors differ in the last bits


@dataclass(frozen=True, eq=False)
class SceneTruth:
    """What every pixel of a simulated scene shows.

    Attributes
    ----------
    surface : ndarray of uint8, (rows, columns)
        `ground.SurfaceClass`.
    shadow : ndarray of bool, (rows, columns)
        Cast or own shadow.
    """

    surface: NDArray[np.uint8]
    shadow: NDArray[np.bool_]


def scene_truth(scene: Scene) -> SceneTruth | None:
    """Simulate a demonstration scene again and return what it shows.

    Takes as long as the scene took, some seconds; keep what it returns.

    Parameters
    ----------
    scene : Scene
        One of `demonstrations.demonstration` or `demonstrations.simulate_scene`, whole.

    Returns
    -------
    SceneTruth or None
        None where the scene is no such scene: observed, cut, or simulated in another way.
    """
    found = _style_and_seed(scene)
    if found is None:
        return None
    world = simulate_demonstration_world(found[1], found[0])
    heights = scene.data["elevation"].to_numpy()
    if heights.shape != world.elevation.shape:
        return None
    if not np.allclose(heights, world.elevation, rtol=0, atol=_SAME_HEIGHT, equal_nan=True):
        return None
    return SceneTruth(world.surface, world.shadow)


def _style_and_seed(scene: Scene) -> tuple[Style, int] | None:
    if not scene.simulated:
        return None
    if scene.id in DEMONSTRATIONS:
        return DEMONSTRATIONS[scene.id]
    named = _NAMED.fullmatch(scene.id)
    if named is None:
        return None
    style: Style = named[1]  # type: ignore[assignment]
    return style, int(named[2])
