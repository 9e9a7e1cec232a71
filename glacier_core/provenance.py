"""Provenance: what a result was made from, by what, and when."""

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_TOLD = ("glacier-explorer", "torch", "numpy", "rasterio", "geopandas", "shapely", "xarray")

REPEAT = "glacier-core repeat provenance.json --out FOLDER"
"""The command line that makes the same files again from the record beside them."""


def software() -> dict[str, str]:
    """Return the versions of Python and of the packages that shape a result."""
    versions = {"python": platform.python_version()}
    for package in _TOLD:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def record(kind: str, **facts: Any) -> dict[str, Any]:
    """Return a provenance record: what it is, when it was made, by which software, the facts.

    Parameters
    ----------
    kind : str
        What was made, for instance ``"glacier map"``.
    **facts
        Anything JSON can hold.
    """
    made = datetime.now(UTC).isoformat(timespec="seconds")
    return {"kind": kind, "made": made, "software": software(), **facts}
