"""A mapping asked for: everything that decides its result, checked and frozen."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from torch import nn

from glacier_core.errors import ModelError
from glacier_core.inference.code_version import code_version
from glacier_core.inference.device import DeviceChoice, Precision
from glacier_core.inference.location import Location, location_vector
from glacier_core.inference.tiling import check_stride
from glacier_core.models.registry import Model
from glacier_core.scene import Scene
from glacier_core.settings import settings

Compatibility = Literal["ours", "authors"]


@dataclass(frozen=True)
class Method:
    """How a scene is mapped: whatever of the options decides the result.

    Attributes
    ----------
    stride : int
        Pixels from one window to the next.
    precision : {"exact", "approximate"}
        ``exact`` computes in float32; ``approximate`` in bfloat16, where the processor has it.
    augment : bool
        Whether the probability is the mean over the eight turns of every window.
    dropout_passes : int
        Networks drawn by Monte-Carlo dropout whose probabilities are averaged; 0 draws none.
    smoothing : int
        Side in pixels of the median filter on the classes, odd; 0 for none. Probability and
        confidence are never smoothed.
    compatibility : {"ours", "authors"}
        ``authors`` repeats their programs, quirks included
        (`glacier_core.inference.compatibility`).
    lowest_ice : float or None
        Metres: windows that lie lower as a whole are counted as no glacier without a look.
    """

    stride: int
    precision: Precision = "exact"
    augment: bool = False
    dropout_passes: int = 0
    smoothing: int = 0
    compatibility: Compatibility = "ours"
    lowest_ice: float | None = None


@dataclass(frozen=True)
class MappingOptions:
    """How to map; None leaves a value to the model or the settings.

    Attributes
    ----------
    stride : int or None
        Pixels from one window to the next; see `default_stride` if None.
    batch_size : int or None
        Windows at once; that of the settings if None. Changes no result.
    device : {"auto", "cpu", "cuda"}
        Changes no result.
    location : str, sequence of float or None
        See `glacier_core.inference.location.location_vector`.
    cache : bool
        Whether to look for a kept map first, and to keep the new one.
    runtime : str or None
        Out of `glacier_core.inference.runtimes.prepared.TITLES`; that of the settings if None.
        Changes no result but for the last digits.
    precision, augment, dropout_passes, smoothing, compatibility, lowest_ice
        See `Method`.
    """

    stride: int | None = None
    batch_size: int | None = None
    device: DeviceChoice = "auto"
    location: Location | None = None
    cache: bool = True
    runtime: str | None = None
    precision: Precision = "exact"
    augment: bool = False
    dropout_passes: int = 0
    smoothing: int = 0
    compatibility: Compatibility = "ours"
    lowest_ice: float | None = None


@dataclass(frozen=True, eq=False)
class Request:
    """Inputs and options of one mapping, with all defaults filled in.

    Attributes
    ----------
    scene : Scene
    model : Model
    method : Method
    batch_size : int
    batch_size_is_free : bool
        Whether nobody chose it, so that a GPU may be given more.
    device : {"auto", "cpu", "cuda"}
    location : ndarray of float32 (L,) or None
    cache : bool
    runtime : str or None
    fingerprint : str
        SHA-256 of the scene's pixels and grid.
    inputs : str
        SHA-256 of scene, model, method and location.
    """

    scene: Scene
    model: Model
    method: Method
    batch_size: int
    batch_size_is_free: bool
    device: DeviceChoice
    location: NDArray[np.float32] | None
    cache: bool
    runtime: str | None
    fingerprint: str
    inputs: str

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the result, the code too; equal keys mean equal maps."""
        return hashlib.sha256(f"{self.inputs} {code_version()}".encode()).hexdigest()

    @property
    def stride(self) -> int:
        """Pixels from one window to the next."""
        return self.method.stride


def default_stride(patch: int, compatibility: Compatibility = "ours") -> int:
    """Return the stride for windows of a size: three quarters of it, or half in the authors' way.

    Of 12 simulated scenes three quarters lost no IoU against a half and needed little more than
    half the windows; more than that did lose (``benchmarks/stride.py``, `docs/performance.md`).
    """
    return max(patch // 2 if compatibility == "authors" else 3 * patch // 4, 1)


def resolve(scene: Scene, model: Model, options: MappingOptions) -> Request:
    """Check a request and fill in its defaults.

    Raises
    ------
    ModelError
        If the scene lacks a feature the model takes, or an option does not fit the model.
    """
    _check_features(scene, model)
    method = _method(model.card.patch_size, options)
    batch_size = settings().batch_size if options.batch_size is None else options.batch_size
    if batch_size < 1:
        raise ModelError(f"The batch size is {batch_size}; it must be 1 or more.")
    location = location_vector(
        scene, model.card, options.location, as_authors=method.compatibility == "authors"
    )
    fingerprint = scene.fingerprint()
    return Request(
        scene=scene,
        model=model,
        method=method,
        batch_size=batch_size,
        batch_size_is_free=options.batch_size is None,
        device=options.device,
        location=location,
        cache=options.cache,
        runtime=options.runtime,
        fingerprint=fingerprint,
        inputs=_hash_inputs(scene, model, fingerprint, method, location),
    )


def _method(patch: int, options: MappingOptions) -> Method:
    if options.compatibility not in get_args(Compatibility):
        raise ModelError(
            f"There is no way of mapping called {options.compatibility!r}: choose 'ours' or "
            "'authors'."
        )
    if options.precision not in get_args(Precision):
        raise ModelError(
            f"There is no precision {options.precision!r}: choose 'exact' or 'approximate'."
        )
    stride = options.stride
    if stride is None:
        stride = default_stride(patch, options.compatibility)
    check_stride(stride, patch)
    if options.dropout_passes < 0:
        raise ModelError(
            f"There cannot be {options.dropout_passes} passes of dropout: give 0 for none, or "
            "how many networks to draw."
        )
    if options.smoothing and (options.smoothing < 0 or options.smoothing % 2 == 0):
        raise ModelError(
            f"The median filter is {options.smoothing} pixels wide; it must be odd, such as 3, so "
            "that it has a middle, or 0 for none."
        )
    if options.compatibility == "authors" and options.lowest_ice is not None:
        raise ModelError("The authors' way of mapping looks at all ground: leave lowest_ice out.")
    return Method(
        stride=stride,
        precision=options.precision,
        augment=options.augment,
        dropout_passes=options.dropout_passes,
        smoothing=options.smoothing,
        compatibility=options.compatibility,
        lowest_ice=None if options.lowest_ice is None else float(options.lowest_ice),
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


def _hash_inputs(
    scene: Scene,
    model: Model,
    fingerprint: str,
    method: Method,
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
        "scene": fingerprint,
        "attributes": scene.attributes.model_dump(mode="json"),
        "weights": _weights_digest(model.network),
        "card": card,
        "method": asdict(method),
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
    inputs = _hash_inputs(request.scene, request.model, request.fingerprint, request.method, vector)
    return replace(request, location=vector, inputs=inputs)
