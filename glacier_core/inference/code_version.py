"""The version of the code that decides a map, told by the code itself.

It is part of the key of every map, so that a map made by other code is never taken for one of
this code, and nobody has to remember to raise a number.
"""

import hashlib
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

from glacier_core.errors import GlacierError

DECIDING: Final = (
    "confidence/entropy.py",
    "confidence/typicality.py",
    "grid.py",
    "inference/*.py",
    "inference/runtimes/*.py",
    "models/*.py",
    "outlines/geometry.py",
    "outlines/polygonizing.py",
    "outlines/schema.py",
    "outlines/writing.py",
    "scene.py",
    "slope.py",
    "strips.py",
)
"""Modules that decide a map or the files it is kept in; a new one in a folder counts at once."""

NOT_DECIDING: Final = {
    "inference/cache.py": "keeps what was made, and checks it when it is read",
    "inference/code_version.py": "this module",
    "inference/complexes.py": "divides the ice of a finished map",
    "inference/corrected.py": "changes a finished map, and has a key of its own",
    "inference/holding.py": "says which kept maps are shown",
    "inference/jobs.py": "decides when a map is made, and for whom",
    "inference/preparing.py": "times runtimes before there is anything to map",
    "inference/preview.py": "shows what is found while the rest is looked for",
    "inference/progress.py": "tells how far a mapping is",
    "inference/runtimes/compiled_files.py": "keeps networks on disk",
    "inference/runtimes/keeping.py": "keeps networks in memory",
    "inference/runtimes/paces.py": "remembers how fast each runtime was",
    "inference/spread.py": "puts several maps together, and keeps none",
    "inference/verifying.py": "checks what was kept",
    "models/calibration_comparison.py": "what other calibrations would have been worth",
    "models/keras.py": "makes weights, which are in every key themselves",
    "models/listing.py": "tells of models without loading them",
    "models/opinions.py": "networks of spread.py, whose maps are not kept",
    "models/parts.py": "pictures and limits of a card",
    "models/registry.py": "finds weights and cards, which are in every key themselves",
    "models/reliability.py": "figures of a card",
    "models/weights.py": "reads weights, which are in every key themselves",
    # Beyond the folders above, but imported by what decides.
    "disk.py": "writes bytes and hashes them",
    "errors.py": "sentences",
    "eviction.py": "removes what was kept",
    "memory.py": "holds what was read",
    "outlines/geopackages.py": "files that a map is not kept in",
    "outlines/shapefiles.py": "files that a map is not kept in",
    "pace.py": "remembers how long things took",
    "plausible.py": "refuses scenes, and changes none",
    "provenance.py": "when and with what a map was made, beside its pixels",
    "settings.py": "limits and paths; what decides a map is in its request",
}
"""Modules that a mapping imports without their deciding a pixel, and why they do not."""

LIBRARIES: Final = ("geopandas", "numpy", "openvino", "rasterio", "scipy", "shapely", "torch")
"""Packages whose own version may change a map, in the last digits at least."""


def code_version() -> str:
    """Return the SHA-256 of the code that decides a map, as 64 hexadecimal digits.

    It is that of the source of the modules `DECIDING`, whatever the folder it lies in and the
    ends of its lines, and of the versions of `LIBRARIES`. It is told once, when this module is
    first imported, as a program goes on with the code that it started with.
    """
    return _VERSION


def deciding_modules(package: Path) -> Iterator[Path]:
    """Yield the files of the modules that decide a map, in the order of their names.

    Parameters
    ----------
    package : Path
        Folder of ``glacier_core``.

    Raises
    ------
    GlacierError
        If the source of a module is absent.
    """
    found: set[Path] = set()
    for pattern in DECIDING:
        files = set(package.glob(pattern))
        if not files:
            raise GlacierError(
                f"The source {package / pattern} is absent, which tells a kept map of this code "
                "from one of other code. Install Glacier Explorer from its wheel or its source."
            )
        found |= files
    kept_out = {package / name for name in NOT_DECIDING}
    yield from sorted(found - kept_out, key=lambda file: _name(file, package))


def source_version(package: Path) -> str:
    """Return the SHA-256 of the source below a folder of ``glacier_core``."""
    return hash_of_source(deciding_modules(package), package, LIBRARIES)


def hash_of_source(files: Iterable[Path], package: Path, libraries: Iterable[str]) -> str:
    """Return the SHA-256 of some modules of a package and of the versions of libraries.

    Parameters
    ----------
    files : iterable of Path
    package : Path
        The folder that their names are told from.
    libraries : iterable of str
        Names of installed packages.
    """
    digest = hashlib.sha256()
    for file in files:
        source = file.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{_name(file, package)} {len(source)}\n".encode())
        digest.update(source)
    for library in libraries:
        # The part after the plus sign tells the processor, which changes no map.
        digest.update(f"{library} {version(library).partition('+')[0]}\n".encode())
    return digest.hexdigest()


def _name(file: Path, package: Path) -> str:
    return file.relative_to(package).as_posix()


_VERSION: Final = source_version(Path(__file__).parents[1])
