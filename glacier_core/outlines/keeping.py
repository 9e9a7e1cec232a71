"""Outlines a person brought, kept so that an address can name them."""

import hashlib
import re
from pathlib import Path
from typing import Final

import geopandas as gpd

from glacier_core.errors import OutlineError
from glacier_core.outlines.reading import read_outlines
from glacier_core.outlines.writing import write_outlines
from glacier_core.settings import settings

_ID: Final = re.compile(r"upload-[0-9a-f]{16}")


def keep_outlines(frame: gpd.GeoDataFrame) -> str:
    """Keep outlines in the data folder and return their id.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        In the schema of ``outlines.schema``.

    Returns
    -------
    str
        ``upload-`` and sixteen hexadecimal digits: the same outlines have the same id.

    Raises
    ------
    StorageError
        When the disk refuses.
    """
    digest = hashlib.sha256(frame.crs.to_wkt().encode())
    for geometry in frame.geometry.to_wkb():
        digest.update(geometry)
    digest.update(frame.drop(columns="geometry").to_csv(index=False).encode())
    outlines_id = f"upload-{digest.hexdigest()[:16]}"
    path = _path(outlines_id)
    if not path.is_file():
        write_outlines(frame, path)
    return outlines_id


def kept_outlines(outlines_id: str) -> gpd.GeoDataFrame:
    """Return outlines kept before.

    Raises
    ------
    OutlineError
        When none are kept under this id, or they are damaged.
    """
    if not _ID.fullmatch(outlines_id) or not _path(outlines_id).is_file():
        raise OutlineError(
            f"The uploaded outlines {outlines_id[:40]!r} are no longer kept here. "
            "Upload them again."
        )
    return read_outlines(_path(outlines_id))


def _path(outlines_id: str) -> Path:
    return settings().data_dir / "outlines" / f"{outlines_id}.parquet"
