"""The engine: a scene and a model in, a glacier map out."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.confidence.typicality import CAP
from glacier_core.errors import StorageError
from glacier_core.inference.cache import find_map, keep_map
from glacier_core.inference.device import DeviceChoice, choose_device
from glacier_core.inference.location import Location
from glacier_core.inference.progress import (
    Cancel,
    ProgressCallback,
    Reporter,
    stop_if_cancelled,
)
from glacier_core.inference.request import (
    MAP_VERSION,
    MappingOptions,
    Request,
    absent_features,
    resolve,
)
from glacier_core.inference.result import GlacierMap, make_map
from glacier_core.inference.runner import Runner
from glacier_core.inference.tiling import Blend, Window, windows
from glacier_core.models.calibration import Calibration
from glacier_core.models.inputs import scale_features
from glacier_core.models.registry import Model
from glacier_core.pace import keep_pace
from glacier_core.provenance import REPEAT, record
from glacier_core.scene import Scene

FloatArray = NDArray[np.float32]
CONFIDENCE_ROWS = 512  # computed in double precision, so a part of the map at a time

NOTE_SURFACE = (
    "The scene holds surface reflectance; the network was made for top-of-atmosphere reflectance, "
    "so its probabilities may be off."
)
NOTE_ABSENT = (
    "Mapped without {}, which the scene does not have; the model was trained to do without."
)
NOTE_UNCALIBRATED = (
    "The model has no calibration curve: confidence is one minus the entropy of the probability, "
    "not the chance of being right."
)
NOTE_UNTYPICAL = (
    "{share:.0%} of the mapped pixels are unlike anything the model was trained on; their "
    "confidence is held at {cap:.0%} or less. Check the order of the bands and the scale of the "
    "reflectance, or whether this is a landscape with glaciers at all."
)
WORTH_TELLING = 0.02  # share of untypical pixels; below it every ordinary scene has some


def map_glaciers(
    scene: Scene,
    model: Model,
    *,
    stride: int | None = None,
    batch_size: int | None = None,
    device: DeviceChoice = "auto",
    location: Location | None = None,
    progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
    cache: bool = True,
) -> GlacierMap:
    """Map the glaciers of a scene.

    The network sees overlapping windows, invalid pixels as zeros after scaling, which is what it
    knows as missing; each pixel is the mean of its windows, weighted towards their centres.
    Glacier is where the probability is above a half; where the scene is not valid, nothing is
    said (unmapped).

    Parameters
    ----------
    scene : Scene
    model : Model
    stride : int, optional
        Pixels from one window to the next; half a window if left out.
    batch_size : int, optional
        Windows at once; ``settings().batch_size`` if left out. Halved when memory is short.
    device : {"auto", "cpu", "cuda"}
        ``auto`` takes a GPU that works, else the CPU.
    location : str, sequence of float, optional
        For models by region: a region's name (``"unknown"`` if left out) or one weight a
        region. For models by coordinates: longitude and latitude in degrees (the centre of the
        scene if left out).
    progress : callable, optional
        Receives a `Progress` after every batch, from the thread that maps.
    cancel : threading.Event or callable returning bool, optional
        Asked before every batch, and once more at the end.
    cache : bool
        Whether to take the map from the cache if it is there, and keep it there if not.

    Returns
    -------
    GlacierMap

    Raises
    ------
    ModelError
        If the scene lacks a feature the model takes, or an option does not fit the model.
    DeviceError
        If the device asked for is not there, or memory is too short for one window.
    JobCancelled
        If `cancel` says so.
    """
    options = MappingOptions(stride, batch_size, device, location, cache)
    return carry_out(resolve(scene, model, options), progress, cancel)


def carry_out(
    request: Request,
    progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> GlacierMap:
    """Carry out a mapping that has been checked: find it in the cache, or make and keep it.

    See `map_glaciers` for parameters and errors.
    """
    reporter = Reporter(progress)
    stop_if_cancelled(cancel)
    if request.cache and (found := find_map(request.key)):
        reporter.tell("This scene was mapped before; the kept map is shown.")
        return found
    result = _make(request, reporter, cancel)
    return _keep(result, reporter) if request.cache else result


def _make(request: Request, reporter: Reporter, cancel: Cancel | None) -> GlacierMap:
    started = time.monotonic()
    scene, card = request.scene, request.model.card
    notes = _notes(request)
    device = choose_device(request.device)
    reporter.tell(device.sentence)

    def tell_and_note(sentence: str) -> None:
        notes.append(sentence)
        reporter.tell(sentence)

    runner = Runner(
        request.model.network, request.location, device, request.batch_size, tell_and_note
    )
    probability = _probability(request, runner, reporter, cancel)
    probability[~scene.valid] = np.nan
    confidence = _confidence(probability, card.calibration)
    untypical_share = _cap_untypical(confidence, request, tell_and_note)
    seconds = time.monotonic() - started
    keep_pace("mapping", int(scene.valid.sum()), seconds)
    facts = _facts(request, notes) | {
        "untypical_share": untypical_share,
        "device": {"used": runner.device.description, "choice": device.sentence},
        "seconds": round(seconds, 3),
    }
    return make_map(
        probability,
        confidence,
        transform=scene.transform,
        crs=scene.crs,
        provenance=record("glacier map", **facts),
    )


def _probability(
    request: Request, runner: Runner, reporter: Reporter, cancel: Cancel | None
) -> FloatArray:
    scene, patch = request.scene, request.model.card.patch_size
    plan = [
        window
        for window in windows(scene.shape, patch, request.stride)
        if scene.valid[window.inside(scene.shape)].any()
    ]
    blend = Blend(scene.shape, patch)
    reporter.begin(len(plan), f"{len(plan)} windows to map.")
    done = 0
    while done < len(plan):
        stop_if_cancelled(cancel)
        batch = plan[done : done + runner.batch_size]
        probabilities = runner.probabilities(_inputs(request, batch))
        if probabilities is None:
            continue
        for window, probability in zip(batch, probabilities, strict=True):
            blend.add(window, probability)
        done += len(batch)
        reporter.advance(len(batch), f"{done} of {len(plan)} windows mapped {runner.device.place}.")
    stop_if_cancelled(cancel)
    return blend.mean()


def _inputs(request: Request, batch: list[Window]) -> dict[str, FloatArray]:
    """Scaled features of a batch of windows, (N, C, patch, patch) each."""
    patches = [_patch(request.scene, request.model, window) for window in batch]
    return {name: np.stack([patch[name] for patch in patches]) for name in patches[0]}


def _patch(scene: Scene, model: Model, window: Window) -> dict[str, FloatArray]:
    inside, within = window.inside(scene.shape), window.within_patch(scene.shape)
    arrays = {str(name): layer.values[..., *inside] for name, layer in scene.data.items()}
    missing = ~arrays.pop("valid")
    patch: dict[str, FloatArray] = {}
    for name, scaled in scale_features(arrays, model.card).items():
        scaled[:, missing] = 0.0
        patch[name] = np.zeros((len(scaled), window.size, window.size), np.float32)
        patch[name][:, *within] = scaled
    return patch


def _confidence(probability: FloatArray, curve: Calibration | None) -> FloatArray:
    confidence = np.empty_like(probability)
    for first in range(0, len(probability), CONFIDENCE_ROWS):
        rows = slice(first, first + CONFIDENCE_ROWS)
        raw = entropy_confidence(probability[rows])
        confidence[rows] = raw if curve is None else curve.apply(raw)
    return confidence


def _cap_untypical(
    confidence: FloatArray, request: Request, tell: Callable[[str], None]
) -> float | None:
    """Hold down confidence, in place, where the scene is unlike anything in training.

    Returns the share of the mapped pixels, None where the card does not tell what is typical.
    """
    limit, data = request.model.card.typicality, request.scene.data
    mapped = np.isfinite(confidence)
    if limit is None or not mapped.any():
        return None
    untypical = limit.untypical(data["optical"].to_numpy(), data["slope"].to_numpy()) & mapped
    confidence[untypical] = np.minimum(confidence[untypical], np.float32(CAP))
    share = round(float(untypical.sum() / mapped.sum()), 6)
    if share >= WORTH_TELLING:
        tell(NOTE_UNTYPICAL.format(share=share, cap=CAP))
    return share


def _notes(request: Request) -> list[str]:
    notes = list(request.scene.attributes.notes)
    if request.scene.attributes.reflectance == "surface":
        notes.append(NOTE_SURFACE)
    if request.model.card.calibration is None:
        notes.append(NOTE_UNCALIBRATED)
    if absent := absent_features(request.scene, request.model):
        notes.append(NOTE_ABSENT.format(", ".join(absent)))
    return notes


def _facts(request: Request, notes: list[str]) -> dict[str, Any]:
    card, location = request.model.card, request.location
    return {
        "version": MAP_VERSION,
        "key": request.key,
        "scene": {
            "fingerprint": request.fingerprint,
            "attributes": request.scene.attributes.model_dump(mode="json"),
        },
        "model": {"name": card.name, "sha256": card.sha256},
        "options": {
            "patch": card.patch_size,
            "stride": request.stride,
            "location": None if location is None else location.tolist(),
        },
        "command": REPEAT,
        "notes": notes,
    }


def _keep(result: GlacierMap, reporter: Reporter) -> GlacierMap:
    try:
        return keep_map(result)
    except StorageError as error:
        note = f"The map could not be kept for next time: {error}"
        reporter.tell(note)
        return result.with_note(note)
