"""Rasters of archives, opened where they lie: only the bytes that are needed travel."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

import numpy as np
import rasterio
from rasterio._err import CPLE_BaseError  # some failures come as this; it has no public name
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from glacier_core.errors import SourceError
from glacier_core.network.faults import archive_name
from glacier_core.network.remote_file import RemoteFile
from glacier_core.network.services import reached_at, shown
from glacier_core.network.transfer import IsCancelled, Report, never, unreported

_DRIVERS: Final = (
    (b"II*\x00", "GTiff"),
    (b"MM\x00*", "GTiff"),
    (b"II+\x00", "GTiff"),
    (b"MM\x00+", "GTiff"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JP2OpenJPEG"),
    (b"\xff\x4f\xff\x51", "JP2OpenJPEG"),
)
"""First bytes of TIFF and BigTIFF (TIFF 6.0, section 2), of JP2 files and bare codestreams
(ITU-T T.800, annexes A and I), and the one driver that may read what begins so."""

_LARGEST_BLOCK: Final = 1 << 29
_MOST_BANDS: Final = 100
_READING: Final = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_NUM_THREADS": "1"}
"""No sidecars are looked for. One thread: GDAL's own threads cannot reach a Python opener, and its
JPEG 2000 driver then returns garbage without an error (rasterio 1.4.4, GDAL 3.10.3)."""


@contextmanager
def open_remote_raster(
    url: str,
    *,
    report: Report = unreported,
    cancelled: IsCancelled = never,
    headers: Mapping[str, str] | None = None,
) -> Iterator[DatasetReader]:
    """Open a GeoTIFF or JPEG 2000 file of an archive, without fetching it as a whole.

    What was fetched stays on disk (``settings().block_cache_megabytes``), so that a transfer that
    was stopped or killed goes on where it was. GDAL never sees an address: it is handed bytes.

    Parameters
    ----------
    url : str
    report, cancelled : callable, optional
        Told of every piece, and asked between two of them. The total is 0: how much of a file is
        needed shows only on reading.
    headers : mapping of str to str, optional
        Sent with every request, besides what `glacier_core.network.access.authorise` adds.

    Yields
    ------
    rasterio.io.DatasetReader
        To be used by this thread only. Use pixels only after the block has ended without an
        error: that is when the last of them are known to have arrived.

    Raises
    ------
    SourceError
        When the address is none of an archive, the archive refuses or sends wrong bytes, or the
        file is no raster of these kinds or damaged. Wrong pixels are never returned.
    MissingError
        When the archive does not hold the file.
    JobCancelled
        When it was stopped.
    """
    url = reached_at(url)
    remote = _Watched(RemoteFile(url, headers or {}, report, cancelled))
    try:
        with (
            rasterio.Env(**_READING),
            rasterio.open(remote.name, driver=_driver(remote, url), opener=remote.open) as raster,
        ):
            remote.check()
            _check_header(raster, url)
            yield raster
        remote.check()
    except Exception as problem:
        remote.check(problem)
        if isinstance(problem, RasterioError | CPLE_BaseError):
            raise SourceError(
                f"{shown(url)} is damaged, or no raster of the kind its first bytes promise "
                f"({str(problem)[:150]!r}). Choose another scene; if all are so, try later."
            ) from problem
        raise
    finally:
        remote.close()


class _Watched:
    """Hands a remote file to GDAL, and keeps the first failure, which GDAL cannot carry.

    Once something failed GDAL gets no more bytes, and whatever it makes of that is thrown away.
    """

    def __init__(self, remote: RemoteFile) -> None:
        self._remote = remote
        self._failure: BaseException | None = None
        self.name = f"/{uuid4().hex}/raster"

    @property
    def size(self) -> int:
        return self._remote.size

    def open(self, path: str, mode: str = "rb", **_: Any) -> "_Handle":
        if path != self.name or "w" in mode or "+" in mode:
            raise FileNotFoundError(path)
        return _Handle(self)

    def read(self, start: int, count: int) -> bytes:
        if self._failure is not None:
            return b""
        try:
            return self._remote.read(start, count)
        except BaseException as failure:
            self._failure = failure
            return b""

    def check(self, consequence: BaseException | None = None) -> None:
        if self._failure is not None and self._failure is not consequence:
            raise self._failure from consequence

    def close(self) -> None:
        self._remote.close()


class _Handle(io.RawIOBase):
    """A position in a remote file."""

    def __init__(self, remote: _Watched) -> None:
        super().__init__()
        self._remote = remote
        self._position = 0

    def read(self, count: int = -1) -> bytes:
        content = self._remote.read(self._position, self._remote.size if count < 0 else count)
        self._position += len(content)
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._remote.size}
        self._position = max(0, start[whence] + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def _driver(remote: _Watched, url: str) -> str:
    beginning = remote.read(0, 12)
    remote.check()
    for magic, driver in _DRIVERS:
        if beginning.startswith(magic):
            return driver
    raise SourceError(
        f"{shown(url)} is neither a GeoTIFF nor a JPEG 2000 file: it begins with {beginning!r}. "
        f"{archive_name(url)} may be down, or the network asks for a log-in first."
    )


def _check_header(raster: DatasetReader, url: str) -> None:
    """Refuse what would swell in memory, before any pixel is read."""
    rows, columns = raster.block_shapes[0] if raster.count else (0, 0)
    together = raster.count if raster.interleaving and raster.interleaving.name == "pixel" else 1
    size = np.dtype(raster.dtypes[0]).itemsize if raster.count else 0
    swollen = rows * columns * together * size > _LARGEST_BLOCK
    if swollen or not 1 <= raster.count <= _MOST_BANDS:
        raise SourceError(
            f"{shown(url)} has {raster.count} bands in blocks of {rows} x {columns} pixels: no "
            "satellite product is stored so, and it cannot be read piece by piece. Choose another."
        )
