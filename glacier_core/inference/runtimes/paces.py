"""How fast each runtime ran a kind of network on this machine, remembered in the data folder."""

import hashlib
import json
import logging
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import torch
from filelock import FileLock

from glacier_core.disk import write_file
from glacier_core.errors import StorageError
from glacier_core.inference.runtimes.prepared import Runtime
from glacier_core.settings import settings

LIBRARIES: Final = ("torch", "openvino", "onnxruntime")
REMEMBERED: Final = 200
"""Kinds of network on this machine; those timed longest ago are forgotten first."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How fast a runtime is.

    Attributes
    ----------
    seconds : float
        A window takes.
    preparing : float
        Seconds before the first window.
    """

    seconds: float
    preparing: float

    def total(self, windows: int, *, ready: bool) -> float:
        """Seconds that a number of windows take."""
        return self.seconds * windows + (0.0 if ready else self.preparing)


def situation(network: str, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Key of all that a pace depends on: machine, threads, libraries, network, size of a batch.

    Parameters
    ----------
    network : str
        Its architecture and size; weights change no pace.
    shapes : mapping
        (N, C, H, W) by feature.
    """
    parts = [processor(), torch.get_num_threads(), *map(_version, LIBRARIES), network]
    text = json.dumps([*parts, sorted(shapes.items())])
    return hashlib.sha256(text.encode()).hexdigest()


def recall(key: str) -> dict[str, Pace]:
    """Return the paces by runtime, none where nothing is remembered or the file is damaged."""
    return {name: Pace(**numbers) for name, numbers in _read().get(key, {}).items()}


def remember(key: str, paces: Mapping[Runtime, Pace]) -> None:
    """Remember the paces of a situation.

    A disk that refuses is logged and else no matter: it is timed again next time.
    """
    path = _path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=10):
            kept = _read()
            kept.pop(key, None)
            kept[key] = {name: asdict(pace) for name, pace in paces.items()}
            newest = dict(list(kept.items())[-REMEMBERED:])
            write_file(path, json.dumps(newest, indent=1).encode())
    except (StorageError, OSError) as problem:
        _log.warning("the pace of networks was not kept: %s", problem)


@lru_cache(maxsize=1)
def processor() -> str:
    """Describe the processor: its name and all it can do, as far as the system tells."""
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0]
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    told = ("vendor_id", "cpu family", "model", "model name", "stepping", "flags", "Features")
    return "\n".join(line for line in first.splitlines() if line.partition("\t")[0].strip() in told)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _path() -> Path:
    return settings().data_dir / "runtimes.json"


def _read() -> dict[str, dict[str, dict[str, float]]]:
    """Return what is remembered; what is damaged counts as forgotten."""
    try:
        kept = json.loads(_path().read_text(encoding="utf-8"))
        return {key: {n: _numbers(p) for n, p in paces.items()} for key, paces in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return {}


def _numbers(pace: Mapping[str, float]) -> dict[str, float]:
    numbers = {"seconds": float(pace["seconds"]), "preparing": float(pace["preparing"])}
    if not all(math.isfinite(number) and number >= 0 for number in numbers.values()):
        raise ValueError(f"{pace} is no pace")
    return numbers
