"""A scene mapped several times over: mean probability, and how far the opinions spread."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final

import numpy as np
import xarray as xr

from glacier_core.confidence.disagreement import Disagreement
from glacier_core.errors import ModelError
from glacier_core.inference.engine import map_glaciers
from glacier_core.inference.progress import Cancel
from glacier_core.inference.result import GlacierMap
from glacier_core.models.blocks import Network
from glacier_core.models.opinions import Source, members, thinned, views
from glacier_core.models.registry import Model
from glacier_core.scene import Scene

SOURCES: Final[dict[Source, Callable[[Any], Iterator[Network]]]] = {
    "augmentation": views,
    "dropout": thinned,
    "ensemble": members,
}
"""Where other opinions come from; what each is, say the functions."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Several opinions of one scene.

    Attributes
    ----------
    data : xarray.Dataset
        On the grid of the scene, NaN where unmapped, all float32 (y, x): ``probability``, the
        mean; ``standard_deviation`` of the probabilities, 0..0.5; ``mutual_information``, bits
        (`glacier_core.confidence.disagreement`).
    source : {"augmentation", "dropout", "ensemble"}
    opinions : int
        How many.
    seconds : float
        It took.
    simulated : bool
        Whether the scene was simulated.
    """

    data: xr.Dataset
    source: Source
    opinions: int
    seconds: float
    simulated: bool


def map_spread(
    scene: Scene,
    model: Model,
    source: Source = "augmentation",
    *,
    cancel: Cancel | None = None,
    **options: Any,
) -> Spread:
    """Map a scene once by every opinion of a model, and tell how far they spread.

    Parameters
    ----------
    scene : Scene
    model : Model
    source : {"augmentation", "dropout", "ensemble"}
        The eight turns of the scene in changing light; eight networks that each lack a tenth of
        the last layer's features; or the members of an ensemble.
    cancel : threading.Event or callable returning bool, optional
    **options
        ``stride``, ``batch_size``, ``device`` and ``location`` of `map_glaciers`.

    Returns
    -------
    Spread
        Nothing of it is calibrated, and it is not kept: the map's own confidence stays what
        a map is judged by. What each source adds to it, and for what time, stands in
        ``docs/uncertainty-sources.md``.

    Raises
    ------
    ModelError
        If there is no such source, the model has no members to ask, or as `map_glaciers`.
    DeviceError, JobCancelled
        As `map_glaciers`.
    """
    if source not in SOURCES:
        raise ModelError(f"There is no source {source!r}: choose {', '.join(SOURCES)}.")
    started = time.monotonic()
    maps = (
        map_glaciers(scene, replace(model, network=network), cancel=cancel, cache=False, **options)
        for network in SOURCES[source](model.network)
    )
    first = next(maps)
    gathered = Disagreement()
    for result in chain([first], maps):
        gathered.add(result.probability.to_numpy())
    return Spread(
        _on_grid(first, gathered),
        source,
        gathered.opinions,
        round(time.monotonic() - started, 3),
        first.simulated,
    )


def _on_grid(result: GlacierMap, gathered: Disagreement) -> xr.Dataset:
    layers = {
        "probability": gathered.probability,
        "standard_deviation": gathered.standard_deviation,
        "mutual_information": gathered.mutual_information,
    }
    data = xr.Dataset({name: (("y", "x"), np.asarray(layer)) for name, layer in layers.items()})
    return data.assign_coords(result.data.coords)
