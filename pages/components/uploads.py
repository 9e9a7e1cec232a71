"""Files that readers bring: written to the disk under names of ours, gone when they were read."""

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streamlit.runtime.scriptrunner import get_script_run_ctx

from glacier_core.settings import settings

SUFFIXES = ("gpkg", "geojson", "json", "zip", "parquet")
"""Kinds of outline files that are taken."""

_CHUNK = 1 << 20
_LEFT_BEHIND = 24 * 3600.0
"""Seconds after which the folder of an upload is taken for one of a server that was killed."""


@contextmanager
def stored(uploads: Mapping[str, Any]) -> Iterator[dict[str, Path]]:
    """Copy uploads piece by piece into a folder that is removed after.

    Parameters
    ----------
    uploads : mapping of str to uploaded file
        By the names they get; what readers called them never becomes a path.

    Raises
    ------
    StorageError
        When the disk refuses.
    """
    from glacier_core.disk import disk_errors

    home = settings().data_dir / "uploads"
    with disk_errors(home):
        home.mkdir(parents=True, exist_ok=True)
        _sweep(home)
        folder = Path(tempfile.mkdtemp(dir=home))
    try:
        with disk_errors(home):
            paths = {name: _store(upload, folder / name) for name, upload in uploads.items()}
        yield paths
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def suffix_of(name: str) -> str:
    """Return the suffix of an uploaded outline file if it is one we know; else nothing."""
    suffix = name.rsplit(".", 1)[-1].lower()
    return f".{suffix}" if suffix in SUFFIXES else ""


def let_go(*uploads: Any) -> None:
    """Free the memory of uploads that have been read; Streamlit keeps them till a session ends."""
    context = get_script_run_ctx(suppress_warning=True)
    remove = getattr(context and context.uploaded_file_mgr, "remove_file", None)
    for upload in uploads:
        if context is not None and remove is not None and hasattr(upload, "file_id"):
            remove(session_id=context.session_id, file_id=upload.file_id)


def _store(upload: Any, path: Path) -> Path:
    upload.seek(0)
    with path.open("wb") as file:
        shutil.copyfileobj(upload, file, _CHUNK)
    return path


def _sweep(home: Path) -> None:
    """Remove what a server that was killed left behind."""
    for folder in home.iterdir():
        if folder.stat().st_mtime < time.time() - _LEFT_BEHIND:
            shutil.rmtree(folder, ignore_errors=True)
