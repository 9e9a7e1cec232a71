"""The engine: a scene and a model in, a glacier map out."""

import time
from dataclasses import asdict
from typing import Any

from glacier_core.confidence.typicality import CAP
from glacier_core.errors import StorageError
from glacier_core.inference.cache import find_map, keep_folder, keep_map
from glacier_core.inference.device import DeviceChoice, Precision, choose_device
from glacier_core.inference.finishing import Finisher, finish_in_folder, finish_in_memory
from glacier_core.inference.gathering import Rows, RowsInFile, RowsInMemory, work_folder
from glacier_core.inference.location import Location
from glacier_core.inference.planning import NOTE_SKIPPED, plan_windows
from glacier_core.inference.preview import previewed
from glacier_core.inference.progress import (
    Cancel,
    ProgressCallback,
    Reporter,
    stop_if_cancelled,
)
from glacier_core.inference.reading import Inputs, read_batch, reading_ahead
from glacier_core.inference.request import (
    Compatibility,
    MappingOptions,
    Request,
    absent_features,
    resolve,
)
from glacier_core.inference.result import GlacierMap, open_map
from glacier_core.inference.runner import Runner
from glacier_core.inference.tiling import Blend, FloatArray
from glacier_core.models.blocks import Network
from glacier_core.models.dropout import dropped_out
from glacier_core.models.opinions import augmented
from glacier_core.models.registry import Model
from glacier_core.pace import keep_pace
from glacier_core.provenance import REPEAT, record
from glacier_core.scene import Scene
from glacier_core.strips import is_large

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
    precision: Precision = "exact",
    augment: bool = False,
    dropout_passes: int = 0,
    smoothing: int = 0,
    compatibility: Compatibility = "ours",
    lowest_ice: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
    cache: bool = True,
) -> GlacierMap:
    """Map the glaciers of a scene.

    The network sees overlapping windows, invalid pixels as zeros after scaling, which is what it
    knows as missing; each pixel is the mean of its windows, weighted towards their centres.
    Glacier is where the probability is above a half; where the scene is not valid, nothing is
    said (unmapped). Windows without data are skipped, and so is open sea.

    A scene with more pixels than ``settings().memory_pixels`` is mapped part by part, from disk to
    disk; where that is interrupted, even by a power cut, mapping it again goes on from there.

    Parameters
    ----------
    scene : Scene
    model : Model
    stride : int, optional
        Pixels from one window to the next; `request.default_stride` if left out.
    batch_size : int, optional
        Windows at once; ``settings().batch_size`` if left out. Halved when memory is short.
    device : {"auto", "cpu", "cuda"}
        ``auto`` takes a GPU that works, else the CPU.
    location : str, sequence of float, optional
        For models by region: a region's name (``"unknown"`` if left out) or one weight a
        region. For models by coordinates: longitude and latitude in degrees (the centre of the
        scene if left out).
    precision : {"exact", "approximate"}
        ``exact`` computes in float32. ``approximate`` computes in bfloat16 where the processor
        has it, which is faster; ``benchmarks/precision.py`` measures how many classes differ.
    augment : bool
        Average over the eight turns of every window, at eight times the cost.
    dropout_passes : int
        Average over so many networks drawn by Monte-Carlo dropout, as the authors offer.
    smoothing : int
        Side in pixels of a median filter on the classes, such as 3; 0 for none.
    compatibility : {"ours", "authors"}
        ``authors`` repeats their programs with their quirks: scenes are padded to whole patches,
        missing reflectance is 0, everything is mapped, degrees are taken for radians.
    lowest_ice : float, optional
        Metres. Windows that lie lower as a whole are counted as no glacier without a look.
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
    options = MappingOptions(
        stride=stride,
        batch_size=batch_size,
        device=device,
        location=location,
        cache=cache,
        precision=precision,
        augment=augment,
        dropout_passes=dropout_passes,
        smoothing=smoothing,
        compatibility=compatibility,
        lowest_ice=lowest_ice,
    )
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
    if found := _found(request, reporter):
        return found
    if not is_large(request.scene.shape):
        mapping = _Mapping(request, reporter, cancel, RowsInMemory(request.scene.shape))
        mapping.gather()
        result = finish_in_memory(mapping.finisher, request, mapping.facts, cancel)
        return _keep(result, reporter) if request.cache else result
    return _carry_out_on_disk(request, reporter, cancel)


def _carry_out_on_disk(request: Request, reporter: Reporter, cancel: Cancel | None) -> GlacierMap:
    with work_folder(request.key, cancel) as folder:
        if found := _found(request, reporter):
            return found
        rows = RowsInFile(folder, request.scene.shape)
        if rows.done:
            reporter.tell(f"Going on after row {rows.done}, where the mapping was interrupted.")
        mapping = _Mapping(request, reporter, cancel, rows)
        mapping.gather()
        reporter.tell("All windows are mapped; the layers are written.")
        made = folder / "map"
        finish_in_folder(mapping.finisher, request, mapping.facts, cancel, made)
        kept = keep_folder(made, request.key)
    return find_map(request.key) or open_map(kept)


def _found(request: Request, reporter: Reporter) -> GlacierMap | None:
    found = find_map(request.key) if request.cache else None
    if found is not None:
        reporter.tell("This scene was mapped before; the kept map is shown.")
    return found


class _Mapping:
    """One scene on its way through a network, and what there is to tell of it."""

    def __init__(
        self, request: Request, reporter: Reporter, cancel: Cancel | None, rows: Rows
    ) -> None:
        self._request, self._reporter, self._cancel = request, reporter, cancel
        self._rows, self._plan = rows, plan_windows(request)
        self.finisher = Finisher(request, rows)
        self._started = time.monotonic()
        self._notes = _notes(request)
        device = choose_device(request.device)
        self._choice = device.sentence
        reporter.tell(device.sentence)
        self._runner = Runner(
            _network(request),
            request.location,
            device,
            rows.made_by.get("batch_size", request.batch_size),
            self._tell_and_note,
            precision=request.method.precision,
            cancel=cancel,
            runtime=rows.made_by.get("runtime", request.runtime),
        )

    def gather(self) -> None:
        """Map all windows and add their rows, beginning after those that are there."""
        request, reporter, rows = self._request, self._reporter, self._rows
        batch_size = self._fitting_batch_size()
        batches = self._plan.batches(batch_size)
        patch, (height, _) = request.model.card.patch_size, request.scene.shape
        left = [i for i, batch in enumerate(batches) if batch[-1].row + patch > rows.done]
        batches = batches[left[0] :] if left and rows.done < height else []
        total = sum(map(len, batches))
        reporter.begin(total, f"{total} windows to map.")
        self._runner.expect(total)
        ends = [max(batch[0].row, 0) for batch in batches[1:]] + [height] * bool(batches)
        blend = Blend(request.scene.shape, patch, rows.done)
        with previewed(request) as preview, reading_ahead(request, batches) as ahead:
            for batch, inputs, end in zip(batches, ahead, ends, strict=True):
                for window, probability in zip(batch, self._answers(inputs), strict=True):
                    blend.add(window, probability)
                if end > rows.done:
                    finished = blend.take(end)
                    preview.add(rows.done, finished)
                    rows.made_by = {"batch_size": batch_size, "runtime": self._runner.runtime}
                    rows.append(finished)
        if rows.done < height:
            rows.append(blend.take(height))
        stop_if_cancelled(self._cancel)

    def facts(self) -> dict[str, Any]:
        """Return the provenance of the map, once it is finished."""
        request, finisher, runner = self._request, self.finisher, self._runner
        if finisher.unseen:
            why = self._plan.why_skipped()
            self._tell_and_note(NOTE_SKIPPED.format(share=finisher.unseen_share, why=why))
        share = finisher.untypical_share
        if share is not None and share >= WORTH_TELLING:
            self._tell_and_note(NOTE_UNTYPICAL.format(share=share, cap=CAP))
        seconds = time.monotonic() - self._started
        keep_pace("mapping", finisher.mapped, seconds)
        facts = _facts(request, self._notes) | {
            "untypical_share": share,
            "device": {
                "used": runner.description,
                "runtime": self._rows.made_by.get("runtime", ""),
                "choice": self._choice,
            },
            "seconds": round(seconds, 3),
        }
        return record("glacier map", **facts)

    def _fitting_batch_size(self) -> int:
        """On a GPU, what keeps it busy, unless somebody chose or the map is gone on with."""
        request, first = self._request, self._plan.windows[:1]
        is_free = request.batch_size_is_free and not self._rows.made_by
        if is_free and first and self._runner.device.is_gpu:
            self._runner.fit_batch(read_batch(request, first))
        return self._runner.batch_size

    def _answers(self, inputs: Inputs) -> list[FloatArray]:
        """Probability of every window of a batch, in smaller batches where memory is short."""
        number, answers = len(next(iter(inputs.values()))), list[FloatArray]()
        while len(answers) < number:
            stop_if_cancelled(self._cancel)
            some = slice(len(answers), len(answers) + self._runner.batch_size)
            found = self._runner.probabilities({name: a[some] for name, a in inputs.items()})
            if found is not None:
                answers += list(found)
                self._reporter.advance(len(found), f"mapped {self._runner.device.place}.")
        return answers

    def _tell_and_note(self, sentence: str) -> None:
        self._notes.append(sentence)
        self._reporter.tell(sentence)


def _network(request: Request) -> Network:
    network, method = request.model.network, request.method
    if method.dropout_passes:
        network = dropped_out(network, method.dropout_passes)
    return augmented(network) if method.augment else network


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
        "key": request.key,
        "inputs": request.inputs,
        "scene": {
            "fingerprint": request.fingerprint,
            "attributes": request.scene.attributes.model_dump(mode="json"),
        },
        "model": {"name": card.name, "sha256": card.sha256},
        "options": {
            "patch": card.patch_size,
            **asdict(request.method),
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
