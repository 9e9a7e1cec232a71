"""Where network and expert agree, kept as a raster that the map draws.

``comparisons/<key>/agreement.tif`` below the data folder is named after its pixels and its grid,
and verified as kept maps are. Those used longest ago leave when all together outgrow
``settings().comparison_cache_megabytes``; they are made again when a page wants them.
"""

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from affine import Affine
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from rasterio.crs import CRS

from glacier_core.deviations.comparison import NEITHER, UNMAPPED, Comparison
from glacier_core.disk import disk_errors
from glacier_core.errors import SourceError, StorageError
from glacier_core.eviction import LEAVING, last_use, make_room, remove
from glacier_core.inference.rasters import write_layer
from glacier_core.inference.verifying import META, verify, write_meta
from glacier_core.settings import settings
from glacier_core.viewing import files
from glacier_core.viewing.palettes import rgb
from glacier_core.viewing.rendering import AGREEMENT_COLORS

LOCK_SECONDS: Final = 60.0

_CLEAR: Final = (0, 0, 0, 0)
_WRITING: Final = "tmp-"
_ABANDONED: Final = 3600.0
"""Seconds after which a raster somebody was writing is taken for left behind."""


def write_agreement(comparison: Comparison) -> str:
    """Keep the agreement layer of a comparison in the data folder, once, and return its key.

    Writes ``comparisons/<key>/agreement.tif``, whole or not at all; the key is the SHA-256 of
    its pixels and its grid.

    Raises
    ------
    StorageError
        When the disk refuses.
    """
    layer = comparison.agreement
    key = _key(layer.to_numpy(), _transform(layer), layer.rio.crs)
    try:
        agreement_file(key)
    except SourceError:
        _write(layer, key)
    return key


def agreement_file(key: str) -> Path:
    """Return the file of an agreement layer, if it is what was written.

    Raises
    ------
    SourceError
        When the key is none, or there is no such file or a damaged one.
    """
    path = files.agreement_raster(key)
    try:
        verify(path.parent)
    except StorageError as error:
        raise SourceError(
            f"The agreement is damaged; open the comparison again. {error}"
        ) from error
    with suppress(OSError):  # a read-only folder still serves
        os.utime(path.parent / META)
    return path


def _transform(layer: xr.DataArray) -> Affine:
    return Affine.from_gdal(*map(float, layer.spatial_ref.attrs["GeoTransform"].split()))


def _key(pixels: NDArray[Any], transform: Affine, crs: CRS) -> str:
    grid = (crs.to_wkt(), pixels.shape, tuple(transform)[:6])
    digest = hashlib.sha256(repr(grid).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def _write(layer: xr.DataArray, key: str) -> None:
    home = settings().data_dir / "comparisons"
    beside = home / f"{_WRITING}{uuid.uuid4().hex}"
    colours = {code: (*rgb(color), 255) for code, color in AGREEMENT_COLORS.items()}
    try:
        with disk_errors(home):
            beside.mkdir(parents=True)
        write_layer(
            beside / "agreement.tif",
            layer.to_numpy(),
            transform=_transform(layer),
            crs=layer.rio.crs,
            nodata=UNMAPPED,
            tags={"CODES": "0 neither, 1 both, 2 only the network, 3 only the expert"},
            colours={**colours, NEITHER: _CLEAR, UNMAPPED: _CLEAR},
        )
        with disk_errors(home):
            write_meta(beside, key)
        with _locked(home), disk_errors(home):
            remove(home / key)  # a damaged one, or the same that another process just wrote
            beside.replace(home / key)
            _clean(home, key)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    try:
        with FileLock(home / ".lock", timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise StorageError(
            f"{home} has been in use by another process for {LOCK_SECONDS:.0f} s."
        ) from error


def _clean(home: Path, newest: str) -> None:
    """Remove what was left behind, and then what was used longest ago, until the rest fits.

    What a page or a tile asked for within the last minutes is shown, and stays.
    """
    kept = []
    for path in home.iterdir():
        left = path.name.startswith(_WRITING) and last_use(path) < time.time() - _ABANDONED
        if left or path.name.startswith(LEAVING):
            remove(path)
        elif path.is_dir() and not path.name.startswith(_WRITING):
            kept.append(path)

    def shown(path: Path) -> bool:
        age = time.time() - last_use(path, META)
        return path.name == newest or age < 60 * settings().shown_minutes

    limit = settings().comparison_cache_megabytes * 1_000_000
    make_room(home, kept, limit, stamp=META, stays=shown)
