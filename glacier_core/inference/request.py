"""A mapping asked for: everything that decides its result, checked and frozen."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from glacier_core.errors import ModelError
from glacier_core.inference.device import DeviceChoice
from glacier_core.inference.location import Location, location_vector
from glacier_core.inference.tiling import check_stride
from glacier_core.models.registry import Model
from glacier_core.scene import Scene
from glacier_core.settings import settings

MAP_VERSION = 1
"""Raise it whenever the same inputs would give another map: it is part of every key."""


@dataclass(frozen=True)
class MappingOptions:
    """How to map; None leaves a value to the model or the settings.

    Attributes
    ----------
    stride : int or None
        Pixels from one window to the next; half a window if None.
    batch_size : int or None
        Windows at once; that of the settings if None. Changes no result.
    device : {"auto", "cpu", "cuda"}
        Changes no result.
    location : str, sequence of float or None
        See `glacier_core.inference.location.location_vector`.
    cache : bool
        Whether to look for a kept map first, and to keep the new one.
    """

    stride: int | None = None
    batch_size: int | None = None
    device: DeviceChoice = "auto"
    location: Location | None = None
    cache: bool = True


@dataclass(frozen=True, eq=False)
class Request:
    """Inputs and options of one mapping, with all defaults filled in.

    Attributes
    ----------
    scene : Scene
    model : Model
    stride, batch_size : int
    device : {"auto", "cpu", "cuda"}
    location : ndarray of float32 (L,) or None
    cache : bool
    fingerprint : str
        SHA-256 of the scene's pixels and grid.
    key : str
        SHA-256 of all that decides the result; equal keys mean equal maps.
    """

    scene: Scene
    model: Model
    stride: int
    batch_size: int
    device: DeviceChoice
    location: NDArray[np.float32] | None
    cache: bool
    fingerprint: str
    key: str


def resolve(scene: Scene, model: Model, options: MappingOptions) -> Request:
    """Check a request and fill in its defaults.

    Raises
    ------
    ModelError
        If the scene lacks a feature the model takes, or an option does not fit the model.
    """
    _check_features(scene, model)
    patch = model.card.patch_size
    stride = max(patch // 2, 1) if options.stride is None else options.stride
    check_stride(stride, patch)
    batch_size = settings().batch_size if options.batch_size is None else options.batch_size
    if batch_size < 1:
        raise ModelError(f"The batch size is {batch_size}; it must be 1 or more.")
    location = location_vector(scene, model.card, options.location)
    fingerprint = scene.fingerprint()
    return Request(
        scene=scene,
        model=model,
        stride=stride,
        batch_size=batch_size,
        device=options.device,
        location=location,
        cache=options.cache,
        fingerprint=fingerprint,
        key=_key(scene, model, fingerprint, stride, location),
    )


def _check_features(scene: Scene, model: Model) -> None:
    """Refuse a scene without what the model takes; imagery and terrain every scene has."""
    absent = set(absent_features(scene, model)) - set(model.card.optional_inputs)
    if absent:
        raise ModelError(
            f"The model {model.card.name} needs {', '.join(sorted(absent))}, which the scene "
            f"{scene.id} does not have. Add it to the scene or choose a model without it."
        )


def absent_features(scene: Scene, model: Model) -> list[str]:
    """Return the feature groups that the model takes and the scene does not have."""
    return [name for name in model.card.inputs if name != "dem" and name not in scene.data]


def _key(
    scene: Scene,
    model: Model,
    fingerprint: str,
    stride: int,
    location: NDArray[np.float32] | None,
) -> str:
    """Hash the inputs. Titles and names count too: they label the result."""
    card = model.card.model_dump(
        mode="json",
        include={
            *("name", "config", "scaling", "patch_size", "regions", "strategy"),
            *("calibration", "typicality"),
        },
    )
    facts: dict[str, Any] = {
        "version": MAP_VERSION,
        "scene": fingerprint,
        "attributes": scene.attributes.model_dump(mode="json"),
        "weights": _weights_digest(model.network),
        "card": card,
        "stride": stride,
        "location": None if location is None else location.tolist(),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _weights_digest(network: nn.Module) -> str:
    """Hash the weights in memory, which may have been changed since they were read."""
    digest = hashlib.sha256(type(network).__qualname__.encode())
    for name, tensor in network.state_dict().items():
        array = np.ascontiguousarray(tensor.detach().cpu().numpy())
        digest.update(f"{name}{array.shape}{array.dtype}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def with_location(request: Request, location: Sequence[float]) -> Request:
    """Return a request with the location vector that a provenance record keeps.

    Parameters
    ----------
    request : Request
    location : sequence of float
        As the network takes it: regions' weights, or sines and cosines of a place.

    Raises
    ------
    ModelError
        If the model takes no such vector.
    """
    known, vector = request.location, np.asarray(location, dtype=np.float32)
    if known is None or known.shape != vector.shape:
        raise ModelError(
            f"The model {request.model.card.name} takes no location of {vector.size} numbers."
        )
    key = _key(request.scene, request.model, request.fingerprint, request.stride, vector)
    return replace(request, location=vector, key=key)
