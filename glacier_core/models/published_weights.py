"""The weights that GlaViTU's authors share, by name: fetched, checked, made models.

They lie in a public folder behind a short link and are named
``MODEL_STRATEGY[_REGIONS][_TRACK]_weights.h5``. Nobody publishes their hashes, so each file is
trusted on first use and must be the same ever after (`glacier_core.models.hash_ledger`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from glacier_core.errors import ModelError, SourceError
from glacier_core.models.card import ModelCard
from glacier_core.models.hash_ledger import HashLedger, HashRecord
from glacier_core.models.keras import convert_keras
from glacier_core.models.pickled_calibration import read_pickled_calibration
from glacier_core.network.downloads import WrongFileError
from glacier_core.network.services import SERVICES, service
from glacier_core.network.shared_folders import (
    SharedFile,
    fetch_shared,
    shared_files,
    shared_folder,
)
from glacier_core.network.transfer import IsCancelled, Report, never, unreported
from glacier_core.settings import settings

LINK: Final = "glavitu-weights"
"""Service of the authors' short link."""

LICENCE: Final = (
    "Not stated with the weights: ask the authors, who publish their data under CC BY 4.0 and "
    "their code under GPL-2.0."
)
_PAPER: Final = "Maslov et al. 2025, https://doi.org/10.1038/s41467-024-54956-x"

_WEIGHTS: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,99}?)(?:_weights)?\.h5")
_CURVE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,99})\.(?:pickle|pkl)")
_NO_NAMES: Final = frozenset({"calibration", "calibrator", "model", "weights"})
"""Words in the name of a calibration curve that do not tell whose it is."""

_HDF5: Final = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class PublishedWeights:
    """Weights in the authors' folder.

    Attributes
    ----------
    name : str
        What `fetch_weights` takes.
    here : bool
        Whether the file was fetched, and is still as it was.
    calibrated : bool
        Whether the folder holds a calibration curve of it.
    """

    name: str
    here: bool
    calibrated: bool


@dataclass(frozen=True)
class KeptWeights:
    """Fetched weights, and their calibration curve if the folder holds one."""

    name: str
    path: Path
    record: HashRecord
    calibration: Path | None


@dataclass(frozen=True)
class InstalledModel:
    """A model made of fetched weights, and what is to be told of its calibration, if anything."""

    card: ModelCard
    weights: KeptWeights
    remark: str


def list_weights(*, cancelled: IsCancelled = never) -> tuple[PublishedWeights, ...]:
    """List the weights that the authors' folder holds, by name.

    Raises
    ------
    SourceError
        If the folder cannot be reached.
    StorageError
        If the record of hashes is damaged.
    JobCancelled
    """
    ledger = _ledger()
    files = _shared(cancelled)
    return tuple(
        PublishedWeights(name, ledger.agrees(file), _curve_of(name, files) is not None)
        for name, file in sorted(_weights_in(files).items())
    )


def fetch_weights(
    name: str, *, report: Report = unreported, cancelled: IsCancelled = never
) -> KeptWeights:
    """Bring weights of the authors here, and their calibration curve if there is one.

    What is here already and unchanged needs no network. A file that somebody put into the folder
    ``weights`` of the data folder by hand counts as fetched.

    Parameters
    ----------
    name : str
        Such as ``glavitu_global``; the ending ``_weights.h5`` may be given.
    report, cancelled : callable, optional

    Raises
    ------
    SourceError
        If there are no such weights (the message lists those there are), they cannot be fetched,
        or they are other than on first use. What is here stays.
    StorageError
        If the disk refuses or the record of hashes is damaged.
    JobCancelled
    """
    ledger = _ledger()
    name = name.removesuffix(".h5").removesuffix("_weights")
    kept = _kept(name, ledger)
    if kept is not None:
        return kept
    files = _shared(cancelled)
    weights = _weights_in(files)
    if name not in weights:
        raise SourceError(
            f"The authors' folder holds no weights {name[:100]!r}. It has: "
            f"{', '.join(sorted(weights)) or 'none'}."
        )
    curve = _curve_of(name, files)
    if curve is not None:  # first, so that weights that are here are never without theirs
        _fetch(files[curve], ledger, report, cancelled)
    file = files[weights[name]]
    record = _fetch(file, ledger, report, cancelled)
    path = ledger.folder / file.name
    return KeptWeights(name, path, record, None if curve is None else ledger.folder / curve)


def install_weights(
    name: str,
    *,
    regions: Sequence[str] | None = None,
    calibration: str | Path | None = None,
    report: Report = unreported,
    cancelled: IsCancelled = never,
) -> InstalledModel:
    """Bring weights of the authors here and make them a model of that name.

    Parameters
    ----------
    name, report, cancelled
        As `fetch_weights` takes them.
    regions, calibration
        As `glacier_core.models.keras.convert_keras` takes them. Without a calibration the one in
        the authors' folder is taken; where it is refused the model has none, and the remark of
        the result says so.

    Raises
    ------
    SourceError, StorageError, JobCancelled
        As `fetch_weights`.
    ModelError
        If the weights are of another network than GlaViTU, or regions are missing; what was
        fetched stays, so that the next attempt is quick.
    """
    kept = fetch_weights(name, report=report, cancelled=cancelled)
    folder = settings().data_dir / "models" / kept.name
    facts = {
        "title": f"GlaViTU of its authors, {kept.name}",
        "training": f"By GlaViTU's authors ({_PAPER}). {kept.path.name}, SHA-256 "
        f"{kept.record.sha256}, was first used here on {kept.record.first_used}; source: "
        f"{kept.record.source}",
        "licence": LICENCE,
    }
    remark = ""
    if calibration is None:
        calibration, remark = _usable(kept.calibration)
    card = convert_keras(kept.path, folder, regions=regions, calibration=calibration, facts=facts)
    return InstalledModel(card, kept, remark)


def _usable(curve: Path | None) -> tuple[Path | None, str]:
    """Return a calibration curve if it can be read, and otherwise what is to be told."""
    raw = "The model's confidence is raw; --calibration gives it a curve."
    if curve is None:
        return None, f"The authors' folder holds no calibration curve of these weights. {raw}"
    try:
        read_pickled_calibration(curve)
    except ModelError as refusal:
        return None, f"{refusal} {raw}"
    return curve, ""


def _ledger() -> HashLedger:
    return HashLedger(settings().data_dir / "weights")


def _weights_in(names: Iterable[str]) -> dict[str, str]:
    """Return the files of weights among some, by the names of the weights."""
    found = {name: _WEIGHTS.fullmatch(name) for name in names}
    return {match[1]: name for name, match in found.items() if match is not None}


def _curve_of(name: str, files: Iterable[str]) -> str | None:
    """Return the calibration curve of some weights, if exactly one file can be meant.

    It is named as the weights are, or as they are without the name of their network, besides words
    such as "calibration".
    """
    words = name.split("_")
    curves = [match for match in map(_CURVE.fullmatch, files) if match is not None]
    found = [
        match[0]
        for match in curves
        if [word for word in match[1].split("_") if word not in _NO_NAMES] in (words, words[1:])
    ]
    return found[0] if len(found) == 1 else None


def _kept(name: str, ledger: HashLedger) -> KeptWeights | None:
    """Return weights that are here, unless they have changed since."""
    files = [path.name for path in ledger.folder.iterdir() if not path.name.startswith(".")]
    weights = _weights_in(files).get(name)
    if weights is None:
        return None
    curve = _curve_of(name, files)
    if not all(_is_trusted(file, ledger) for file in (weights, curve) if file is not None):
        return None
    path = ledger.folder / weights
    record = ledger.add(weights, str(path))
    return KeptWeights(name, path, record, None if curve is None else ledger.folder / curve)


def _is_trusted(file: str, ledger: HashLedger) -> bool:
    """Tell whether a file is as it was; one of which nothing is recorded is used first now."""
    return ledger.record(file) is None or ledger.agrees(file)


def _shared(cancelled: IsCancelled) -> dict[str, SharedFile]:
    with _or_by_hand():
        folder = shared_folder(service(LINK), cancelled=cancelled)
        return {file.name: file for file in shared_files(folder, cancelled=cancelled)}


def _fetch(
    file: SharedFile, ledger: HashLedger, report: Report, cancelled: IsCancelled
) -> HashRecord:
    known = ledger.record(file.name)
    target = ledger.folder / file.name
    sha256 = None if known is None else known.sha256
    try:
        with _or_by_hand():
            fetch_shared(file, target, sha256=sha256, report=report, cancelled=cancelled)
    except WrongFileError as problem:
        raise _changed(file, ledger, known) from problem
    if known is None and file.name.endswith(".h5"):
        _check_weights(target)
    return ledger.add(file.name, SERVICES[LINK])


def _check_weights(path: Path) -> None:
    """Refuse to trust what is no HDF5 file at all."""
    with path.open("rb") as file:
        beginning = file.read(len(_HDF5))
    if beginning != _HDF5:
        path.unlink()
        raise SourceError(
            f"What came as {path.name} is no file of weights (it begins with {beginning!r}). "
            "Nothing was kept; try again later."
        )


def _changed(file: SharedFile, ledger: HashLedger, known: HashRecord | None) -> SourceError:
    used = "" if known is None else f" on {known.first_used} (SHA-256 {known.sha256[:12]}…)"
    return SourceError(
        f"{file.name} in the authors' folder is not the file that was first used here{used}. "
        "Nothing of the new one was kept, and what was made of the old one stays. If the authors "
        f"say that they replaced it, remove its entry from {ledger.path} and fetch again; if they "
        "do not, do not use it."
    )


@contextmanager
def _or_by_hand() -> Iterator[None]:
    """Say of every failure that a person can fetch the file as well."""
    try:
        yield
    except WrongFileError:
        raise
    except SourceError as problem:
        raise SourceError(
            f"{problem} Or fetch the file in a browser from {SERVICES[LINK]} and put it into "
            f"{settings().data_dir / 'weights'}."
        ) from problem
