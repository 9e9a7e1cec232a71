"""Where network and expert agree, kept as a raster that the map draws."""

import hashlib
import shutil
import uuid
from typing import Final

import xarray as xr
from affine import Affine

from glacier_core.deviations.comparison import NEITHER, UNMAPPED, Comparison
from glacier_core.disk import disk_errors
from glacier_core.errors import SourceError
from glacier_core.inference.rasters import write_layer
from glacier_core.settings import settings
from glacier_core.viewing import files
from glacier_core.viewing.palettes import rgb
from glacier_core.viewing.rendering import AGREEMENT_COLORS

_CLEAR: Final = (0, 0, 0, 0)


def write_agreement(comparison: Comparison) -> str:
    """Keep the agreement layer of a comparison in the data folder, once, and return its key.

    Writes ``comparisons/<key>/agreement.tif``, whole or not at all; the key is the SHA-256 of
    its pixels and its grid.

    Raises
    ------
    StorageError
        When the disk refuses.
    """
    key = _key(comparison.agreement)
    try:
        files.agreement_raster(key)
    except SourceError:
        _write(comparison.agreement, key)
    return key


def _transform(layer: xr.DataArray) -> Affine:
    return Affine.from_gdal(*map(float, layer.spatial_ref.attrs["GeoTransform"].split()))


def _key(layer: xr.DataArray) -> str:
    grid = (layer.rio.crs.to_wkt(), layer.shape, tuple(_transform(layer))[:6])
    return hashlib.sha256(repr(grid).encode() + layer.to_numpy().tobytes()).hexdigest()


def _write(layer: xr.DataArray, key: str) -> None:
    home = settings().data_dir / "comparisons"
    beside = home / f"tmp-{uuid.uuid4().hex}"
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
            if not (home / key).is_dir():
                beside.replace(home / key)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
