"""Files of an inventory as they are handed out: outlines with tables beside them, or zipped."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import pyogrio

from glacier_core.errors import OutlineError
from glacier_core.outlines.archives import unpacked_shapefile

SUFFIXES: Final = (".shp", ".gpkg", ".fgb", ".geojson", ".json")

_TABLES: Final = {
    "rgi6_links": "-rgi6_links.csv",
    "submissions": "-submission_info.csv",
    "complexes": "-CtoG_links.json",
}
"""How the names of the tables of RGI 7.0 end (user guide, glacier product and complexes)."""

_LARGEST_TABLE: Final = 200_000_000

ROWS_AT_ONCE: Final = 20_000
"""Glaciers read in one piece: some hundred megabytes with their outlines."""


@dataclass(frozen=True)
class Package:
    """One region of an inventory, readable.

    Attributes
    ----------
    name : str
        What people call the file it came in.
    outlines : Path
        Anything GDAL reads as vector by its suffix.
    rgi6_links : Path, optional
        Overlaps of RGI 7 and RGI 6 outlines.
    submissions : Path, optional
        Who drew the outlines of each submission.
    complexes : Path, optional
        Which RGI 7 glaciers a complex consists of.
    """

    name: str
    outlines: Path
    rgi6_links: Path | None = None
    submissions: Path | None = None
    complexes: Path | None = None


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """Open a regional file of an inventory.

    Parameters
    ----------
    path : Path
        A vector file, with its tables beside it under the names RGI 7.0 gives them, or a zip
        archive of a Shapefile and the tables.

    Raises
    ------
    OutlineError
        When there is no such file, or it is none of these.
    """
    if not path.is_file():
        raise OutlineError(f"There is no file {path}.")
    if path.suffix.lower() == ".zip":
        with unpacked_shapefile(path) as shapefile, tempfile.TemporaryDirectory() as folder:
            yield Package(path.name, shapefile, **_unpacked_tables(path, Path(folder)))
        return
    if path.suffix.lower() not in SUFFIXES:
        raise OutlineError(
            f"{path.name} is no inventory file known here. Known are zipped Shapefiles (.zip) and "
            f"{', '.join(SUFFIXES)}."
        )
    beside = {
        kind: path.with_name(path.stem + ending)
        for kind, ending in _TABLES.items()
        if path.with_name(path.stem + ending).is_file()
    }
    yield Package(path.name, path, **beside)


def inner_archives(path: Path) -> list[str]:
    """Return the names of the zip archives inside one: RGI 6.2 comes as a zip of zips."""
    with zipfile.ZipFile(path) as archive:
        return [name for name in archive.namelist() if name.lower().endswith(".zip")]


@contextmanager
def inner_archive(path: Path, name: str) -> Iterator[Path]:
    """Unpack one archive out of another, for as long as it is read."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        inner = Path(folder) / PurePosixPath(name).name
        with archive.open(name) as packed, inner.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
        yield inner


def keep_package(package: Package, target: Path) -> None:
    """Keep outlines where a part of them is found at once, and the tables beside them.

    The outlines go from file to file in pieces: a region of 75,000 glaciers needs no more memory
    than one of 20,000.

    Parameters
    ----------
    package : Package
    target : Path
        ``.gpkg`` (it has a spatial index); replaced where there is one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f"part-{target.name}")
    beside.unlink(missing_ok=True)
    encoding = text_encoding(package.outlines)
    for start in pieces_of(package.outlines):
        piece = pyogrio.read_dataframe(
            package.outlines, encoding=encoding, skip_features=start, max_features=ROWS_AT_ONCE
        )
        pyogrio.write_dataframe(
            piece, beside, layer="outlines", driver="GPKG", append=start > 0, promote_to_multi=True
        )
    for kind, ending in _TABLES.items():
        table = getattr(package, kind)
        if table is not None:
            shutil.copyfile(table, target.with_name(target.stem + ending))
    # Last: where the outlines are, the tables are too.
    beside.replace(target)


def pieces_of(outlines: Path) -> range:
    """Return where the pieces of :data:`ROWS_AT_ONCE` features begin; one where there is none."""
    return range(0, max(int(pyogrio.read_info(outlines)["features"]), 1), ROWS_AT_ONCE)


def text_encoding(outlines: Path) -> str | None:
    """Tell how the texts of a file are written: GLIMS has Shapefiles that do not say.

    Returns
    -------
    str, optional
        What pyogrio is to be told: nothing but for a Shapefile without a ``.cpg`` file whose
        texts are all UTF-8.
    """
    if outlines.suffix.lower() != ".shp" or outlines.with_suffix(".cpg").exists():
        return None
    try:
        for start in pieces_of(outlines):
            pyogrio.read_dataframe(
                outlines,
                read_geometry=False,
                encoding="utf-8",
                skip_features=start,
                max_features=ROWS_AT_ONCE,
            )
    except UnicodeDecodeError:
        # Latin-1, as GDAL takes it then; pyogrio decodes as UTF-8 whatever else it is told.
        return None
    return "utf-8"


def _unpacked_tables(path: Path, folder: Path) -> dict[str, Path]:
    tables = {}
    with zipfile.ZipFile(path) as archive:
        for kind, ending in _TABLES.items():
            found = [entry for entry in archive.infolist() if entry.filename.endswith(ending)]
            if not found:
                continue
            tables[kind] = folder / f"table{ending}"
            with archive.open(found[0]) as packed, tables[kind].open("wb") as file:
                file.write(_at_most(packed.read(_LARGEST_TABLE + 1), path.name, ending))
    return tables


def _at_most(content: bytes, name: str, ending: str) -> bytes:
    if len(content) > _LARGEST_TABLE:
        raise OutlineError(f"{name}: its table *{ending} is larger than {_LARGEST_TABLE} bytes.")
    return content
