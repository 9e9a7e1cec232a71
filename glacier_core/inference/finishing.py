"""From finished probabilities to a map, a strip of rows at a time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.confidence.typicality import CAP
from glacier_core.disk import disk_errors
from glacier_core.inference.gathering import Rows
from glacier_core.inference.progress import Cancel, stop_if_cancelled
from glacier_core.inference.rasters import layer_in_strips, lazy_layer
from glacier_core.inference.request import Request
from glacier_core.inference.result import GlacierMap, make_map, map_tags
from glacier_core.scene import Scene
from glacier_core.strips import strips_of

FloatArray = NDArray[np.float32]
Strip = tuple[int, FloatArray, FloatArray]
"""First row, probability and confidence (rows, columns)."""


class Finisher:
    """Turns rows of probability into strips of a map, and counts what is unusual.

    Parameters
    ----------
    request : Request
    rows : Rows
        All of them finished; NaN where the network did not look.

    Attributes
    ----------
    mapped, untypical, unseen : int
        Pixels so far: with a class, of them unlike anything in training, and of them counted as
        no glacier without a look.
    """

    def __init__(self, request: Request, rows: Rows) -> None:
        self._request, self._rows = request, rows
        self.mapped = self.untypical = self.unseen = 0

    @property
    def untypical_share(self) -> float | None:
        """Share of the mapped pixels, None where the card does not tell what is typical."""
        if self._request.model.card.typicality is None or not self.mapped:
            return None
        return round(self.untypical / self.mapped, 6)

    @property
    def unseen_share(self) -> float:
        """Share of the mapped pixels that the network did not look at."""
        return self.unseen / self.mapped if self.mapped else 0.0

    def strips(self, cancel: Cancel | None) -> Iterator[Strip]:
        """Yield the map from top to bottom.

        Raises
        ------
        JobCancelled
            If `cancel` says so.
        """
        for first, end in strips_of(self._request.scene.shape[0]):
            stop_if_cancelled(cancel)
            yield self._strip(first, end)

    def _strip(self, first: int, end: int) -> Strip:
        scene, card = self._request.scene, self._request.model.card
        probability = self._rows.read(first, end)
        if self._request.method.compatibility == "ours":
            valid = scene.valid[first:end]
            unseen = np.isnan(probability) & valid
            probability[unseen] = 0.0
            probability[~valid] = np.nan
            self.unseen += int(unseen.sum())
        mapped = np.isfinite(probability)
        self.mapped += int(mapped.sum())
        confidence = entropy_confidence(probability)
        if card.calibration is not None:
            confidence = card.calibration.apply(confidence)
        untypical = self._untypical(scene, first, end) & mapped
        confidence[untypical] = np.minimum(confidence[untypical], np.float32(CAP))
        self.untypical += int(untypical.sum())
        return first, probability, confidence

    def _untypical(self, scene: Scene, first: int, end: int) -> NDArray[np.bool_]:
        limit = self._request.model.card.typicality
        if limit is None:
            return np.zeros((end - first, scene.shape[1]), bool)
        top = max(first - limit.margin, 0)
        rows = slice(top, end + limit.margin)
        optical, slope = (scene.data[name].isel(y=rows).to_numpy() for name in ("optical", "slope"))
        return limit.untypical(optical, slope)[first - top : end - top]


def finish_in_memory(
    finisher: Finisher, request: Request, facts: Callable[[], dict[str, Any]], cancel: Cancel | None
) -> GlacierMap:
    """Put a map together in memory; `facts` gives its provenance once all strips are done."""
    scene = request.scene
    probability, confidence = np.empty((2, *scene.shape), np.float32)
    for first, *strip in finisher.strips(cancel):
        rows = slice(first, first + len(strip[0]))
        probability[rows], confidence[rows] = strip
    return make_map(
        probability, confidence, transform=scene.transform, crs=scene.crs, provenance=facts()
    )


def finish_in_folder(
    finisher: Finisher,
    request: Request,
    facts: Callable[[], dict[str, Any]],
    cancel: Cancel | None,
    folder: Path,
) -> None:
    """Write a map into a folder, as `GlacierMap.save` does, strip by strip.

    Raises
    ------
    StorageError
        If the disk refuses.
    """
    scene = request.scene
    place: dict[str, Any] = {
        "shape": scene.shape,
        "transform": scene.transform,
        "crs": scene.crs,
        "tags": map_tags(scene.attributes, request.model.card.name, request.key),
    }
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    names = ("probability", "confidence")
    with ExitStack() as files:
        layers = [
            files.enter_context(layer_in_strips(folder / f"{name}.tif", **place)) for name in names
        ]
        for first, *strip in finisher.strips(cancel):
            for write, values in zip(layers, strip, strict=True):
                write(first, values)
    stop_if_cancelled(cancel)
    probability, confidence = (lazy_layer(folder / f"{name}.tif")[0] for name in names)
    result = make_map(
        probability, confidence, transform=scene.transform, crs=scene.crs, provenance=facts()
    )
    replace(result, read_from=folder).save(folder)
