"""Shapefiles inside zip archives, unpacked without trusting the archive."""

import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from glacier_core.errors import OutlineError
from glacier_core.settings import settings

_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_MOST_ENTRIES: Final = 64
_END: Final = b"PK\x05\x06"
_END_OF_ZIP64: Final = b"PK\x06\x07"
_LONGEST_END: Final = (1 << 16) + 22 + 20
"""Bytes from the end in which a table of contents is announced (APPNOTE 4.3.15 and 4.3.16): the
comment may have 65,535, and the announcement of a larger table, which no Shapefile needs, 20."""

_LONGEST_DIRECTORY: Final = 1 << 16
_HARMLESS: Final = 10_000_000
_LARGEST_RATIO: Final = 100
"""Coordinates and attributes compress by far less than this; what swells more is a bomb."""


_TROUBLES: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


@contextmanager
def unpacked_shapefile(path: Path) -> Iterator[Path]:
    """Yield the one Shapefile of a zip archive, unpacked into a folder that is removed after.

    Parameters
    ----------
    path : Path
        Zip archive holding one Shapefile. Only ``.shp .shx .dbf .prj .cpg`` are taken out, under
        generated names, whatever the archive calls them.

    Raises
    ------
    OutlineError
        When the archive is damaged, encrypted, has odd names, links, too many entries, swells
        beyond reason, or holds no or several Shapefiles.
    """
    with tempfile.TemporaryDirectory(prefix="glacier-outlines-") as folder:
        try:
            _check_directory(path)
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, path.name, Path(folder))
        except _TROUBLES as problem:
            raise OutlineError(
                f"{path.name} is damaged and cannot be unpacked. Zip the Shapefile again."
            ) from problem
        yield Path(folder) / "outlines.shp"


def _check_directory(path: Path) -> None:
    """Refuse a table of contents that is huge, before it is taken into memory as a whole."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _LONGEST_END))
        end = file.read()
    told = end[end.rfind(_END) :]
    length = struct.unpack_from("<I", told, 12)[0] if len(told) >= 16 else 0
    if _END_OF_ZIP64 in end or length > _LONGEST_DIRECTORY:
        raise OutlineError(
            f"{path.name} says that it holds thousands of files; at most {_MOST_ENTRIES} are read. "
            "Zip exactly one Shapefile (.shp .shx .dbf .prj)."
        )


def _unpack(archive: zipfile.ZipFile, name: str, folder: Path) -> None:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > _MOST_ENTRIES:
        raise OutlineError(f"{name} holds {len(entries)} files; at most {_MOST_ENTRIES} are read.")
    for entry in entries:
        _check_entry(entry, name)
    stem = _only_stem(entries, name)
    left = settings().max_upload_megabytes * 1_000_000
    for entry in entries:
        inside = PurePosixPath(entry.filename)
        if inside.parent / inside.stem == stem and inside.suffix.lower() in _PARTS:
            left -= _copy(archive, entry, folder / f"outlines{inside.suffix.lower()}", left, name)


def _check_entry(entry: zipfile.ZipInfo, name: str) -> None:
    inside = PurePosixPath(entry.filename.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts or ":" in entry.filename:
        raise OutlineError(f"{name} holds a file that would leave its folder. It is not read.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise OutlineError(f"{name} holds a link instead of a file. It is not read.")
    if entry.flag_bits & 0x1:
        raise OutlineError(f"{name} is encrypted. Zip the Shapefile without a password.")
    if entry.file_size > max(_HARMLESS, _LARGEST_RATIO * entry.compress_size):
        raise OutlineError(
            f"{name} would swell more than {_LARGEST_RATIO}-fold. It is not read. "
            "Upload the Shapefile as GeoPackage instead."
        )


def _only_stem(entries: list[zipfile.ZipInfo], name: str) -> PurePosixPath:
    inside = [PurePosixPath(entry.filename) for entry in entries]
    hidden = ("__MACOSX", ".")
    stems = {
        path.parent / path.stem
        for path in inside
        if path.suffix.lower() == ".shp" and not any(p.startswith(hidden) for p in path.parts)
    }
    if len(stems) != 1:
        found = "no Shapefile" if not stems else f"{len(stems)} Shapefiles"
        raise OutlineError(f"{name} holds {found}; zip exactly one (.shp .shx .dbf .prj).")
    return stems.pop()


def _copy(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int, name: str
) -> int:
    """Copy one entry, counting the bytes that really come out: the archive's own figure may lie."""
    copied = 0
    with archive.open(entry) as packed, target.open("wb") as file:
        while piece := packed.read(1 << 20):
            copied += len(piece)
            if copied > most:
                raise OutlineError(
                    f"{name} unpacks to more than {settings().max_upload_megabytes} MB "
                    "(GLACIER_MAX_UPLOAD_MEGABYTES). Cut out the glaciers you need."
                )
            file.write(piece)
    return copied
