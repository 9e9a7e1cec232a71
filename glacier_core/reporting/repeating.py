"""The same files again, from the record of how they were made."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import geopandas as gpd

from glacier_core.deviations.comparison import Comparison, compare, geometry_sha256
from glacier_core.errors import GlacierError, RepeatError
from glacier_core.inference.device import DeviceChoice
from glacier_core.inference.engine import carry_out
from glacier_core.inference.progress import ProgressCallback
from glacier_core.inference.request import MappingOptions, Method, Request, resolve, with_location
from glacier_core.inference.result import PROVENANCE, GlacierMap
from glacier_core.models.registry import Model, load_model
from glacier_core.provenance import software
from glacier_core.reporting.package import EXPORT, file_hashes, filled_folder, write_package
from glacier_core.scene import Scene
from glacier_core.sources import open_scene

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Repetition:
    """What came of making files again.

    Attributes
    ----------
    folder : Path
        Where they lie.
    same : tuple of str
        Names of the files with the very bytes of the first time.
    different : tuple of str
        A sentence each: files with other bytes, or missing.
    versions : tuple of str
        A sentence each: software that was another version the first time.
    checked : bool
        Whether the first files, or their hashes, were there to compare with.
    """

    folder: Path
    same: tuple[str, ...]
    different: tuple[str, ...]
    versions: tuple[str, ...]
    checked: bool


def repeat(
    path: str | Path,
    folder: str | Path,
    *,
    scene: str | Path | None = None,
    model: str | Path | None = None,
    outlines: gpd.GeoDataFrame | None = None,
    device: DeviceChoice = "auto",
    progress: ProgressCallback | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Repetition:
    """Make the files of a map or an export again, from their ``provenance.json``.

    Scene, weights and expert outlines must be the very same, by their hashes; the map is computed
    anew, never taken from a cache. Times come from the record. Where all software is the same
    version on the same kind of processor, so are all bytes.

    Parameters
    ----------
    path : str or Path
        The ``provenance.json`` that ``GlacierMap.save`` or ``export_map`` wrote, or its folder.
    folder : str or Path
        To write; not there yet, or empty.
    scene, model : str or Path, optional
        Where they are, if not known here by the names in the record.
    outlines : geopandas.GeoDataFrame, optional
        The expert's, where the comparison was not with those of the scene.
    device : {"auto", "cpu", "cuda"}
    progress : callable, optional
        See ``map_glaciers``.
    tell : callable, optional
        Receives a sentence for every version that differs, before the work begins.

    Returns
    -------
    Repetition

    Raises
    ------
    RepeatError
        When the record cannot be read, or what it names is not here or not the same.
    StorageError
        When the folder holds files already, or the disk refuses.
    """
    path = _record_file(path)
    record = read_record(path)
    versions = tuple(other_versions(record))
    for sentence in versions:
        tell(sentence)
    request = _same_request(record, scene, model, device)
    compared = record.get(EXPORT, {}).get("comparison")
    expert = None if compared is None else _same_outlines(compared, request.scene, outlines)
    made = carry_out(request, progress)
    result = replace(made, provenance={k: v for k, v in record.items() if k != EXPORT})
    if EXPORT in record:
        comparison = None if expert is None else _compared(result, expert, compared)
        about = {name: fact for name, fact in record[EXPORT].items() if name != "files"}
        written = write_package(result, request.scene, folder, comparison, about)
    else:
        written = filled_folder(Path(folder), result.save)
    first = _first_hashes(record, path.parent)
    again = file_hashes(written)
    return Repetition(
        folder=written,
        same=tuple(name for name in again if first.get(name) == again[name]),
        different=tuple(_differences(first, again)),
        versions=versions,
        checked=bool(first),
    )


def read_record(path: str | Path) -> dict[str, Any]:
    """Read the record of a map or an export.

    Raises
    ------
    RepeatError
        When there is none, or it lacks something.
    """
    path = _record_file(path)
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
        needed = (
            record["key"],
            record["inputs"],
            record["scene"]["fingerprint"],
            record["scene"]["attributes"]["id"],
            record["model"]["name"],
            record["model"]["sha256"],
            record["options"]["stride"],
        )
        _method(record)
        record["device"]["runtime"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise RepeatError(
            f"{path} is no record of a map that could be repeated ({problem!r}). Give the "
            f"{PROVENANCE} of a folder that `map` or `export` wrote."
        ) from problem
    if None in needed:
        raise RepeatError(f"{path} is incomplete: map the scene again.")
    return record


def _record_file(path: str | Path) -> Path:
    return Path(path) / PROVENANCE if Path(path).is_dir() else Path(path)


def other_versions(record: Facts) -> Iterator[str]:
    """Yield a sentence for all software that was another version when a record was written."""
    then, now = record.get("software", {}), software()
    for name in sorted(set(then) | set(now)):
        if then.get(name) != now.get(name):
            yield (
                f"{name} was {then.get(name, 'not recorded')} and is "
                f"{now.get(name, 'not asked for')} here: bytes may differ."
            )


def _same_request(
    record: Facts, scene: str | Path | None, model: str | Path | None, device: DeviceChoice
) -> Request:
    opened = _same_scene(record["scene"], scene)
    loaded = _same_model(record["model"], model)
    options = record["options"]
    runtime = record["device"]["runtime"] or None
    request = resolve(
        opened, loaded, MappingOptions(**_method(record), device=device, runtime=runtime)
    )
    if options.get("location") is not None:
        request = with_location(request, options["location"])
    if request.inputs != record["inputs"]:
        raise RepeatError(
            f"Scene and weights of {record['scene']['attributes']['id']} are the same, but what "
            "else decides a map is not: the scene's description or the model's card (its "
            "calibration, say) has changed since. Install the version "
            f"{record.get('software', {}).get('glacier-explorer', 'of the record')} that made it."
        )
    return replace(request, cache=False)


def _method(record: Facts) -> dict[str, Any]:
    return {field.name: record["options"][field.name] for field in fields(Method)}


def _same_scene(recorded: Facts, source: str | Path | None) -> Scene:
    name = recorded["attributes"]["id"]
    try:
        scene = open_scene(name if source is None else source)
    except GlacierError as problem:
        raise RepeatError(
            f"The scene {name} cannot be opened: {problem} Say where it is with --scene."
        ) from problem
    if scene.fingerprint() != recorded["fingerprint"]:
        raise RepeatError(
            f"The scene {scene.id} is another one: its pixels have the SHA-256 "
            f"{scene.fingerprint()[:12]}…, the record says {recorded['fingerprint'][:12]}…. "
            "Give the scene that was mapped, with --scene."
        )
    return scene


def _same_model(recorded: Facts, source: str | Path | None) -> Model:
    name = recorded["name"]
    try:
        model = load_model(name if source is None else source)
    except GlacierError as problem:
        raise RepeatError(
            f"The model {name} cannot be opened: {problem} Say where it is with --model."
        ) from problem
    if model.card.sha256 != recorded["sha256"]:
        raise RepeatError(
            f"The model {model.card.name} is another one: its weights have the SHA-256 "
            f"{model.card.sha256[:12]}…, the record says {recorded['sha256'][:12]}…. "
            "Give the model that was used, with --model."
        )
    return model


def _same_outlines(
    compared: Facts, scene: Scene, given: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    outlines = scene.outlines if given is None else given
    wanted = compared["expert"]["geometry_sha256"]
    if outlines is None or geometry_sha256(outlines) != wanted:
        which = "that came with the scene" if given is None else "given"
        raise RepeatError(
            f"The expert outlines {which} are not those of the comparison (SHA-256 "
            f"{wanted[:12]}…). Give the file it was made with, with --outlines."
        )
    return outlines


def _compared(result: GlacierMap, expert: gpd.GeoDataFrame, recorded: Facts) -> Comparison:
    found = compare(result, expert, buffer_m=recorded["buffer_m"], rings=recorded["rings"])
    return replace(found, provenance={**recorded, "map": result.provenance})


def _first_hashes(record: Facts, folder: Path) -> dict[str, str]:
    """Return the hashes of the first files: recorded, else of those beside the record."""
    if EXPORT in record:
        return dict(record[EXPORT]["files"])
    return file_hashes(folder) if (folder / "probability.tif").is_file() else {}


def _differences(first: Facts, again: Facts) -> Iterator[str]:
    for name in sorted(first):
        if name not in again:
            yield f"{name} was not made again."
        elif first[name] != again[name]:
            yield f"{name} has other bytes than the first time."
