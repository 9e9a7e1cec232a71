"""A map as files to take away."""

import io
import tempfile
import zipfile
from pathlib import Path

import streamlit as st

import glacier_core as gc


def download_map(result: "gc.GlacierMap") -> None:
    """Offer the outlines and the rasters of a map; nothing is made before it is asked for."""
    name = f"{result.scene_id}-{result.model_name}"
    buttons = st.container(horizontal=True)
    buttons.download_button(
        "Outlines, GeoPackage",
        data=lambda: outline_file(result, ".gpkg"),
        file_name=f"{name}-outlines.gpkg",
        mime="application/geopackage+sqlite3",
        on_click="ignore",
        icon=":material/download:",
    )
    buttons.download_button(
        "Outlines, GeoParquet",
        data=lambda: outline_file(result, ".parquet"),
        file_name=f"{name}-outlines.parquet",
        mime="application/vnd.apache.parquet",
        on_click="ignore",
        icon=":material/download:",
    )
    buttons.download_button(
        "Everything: GeoTIFFs, outlines, provenance",
        data=lambda: map_archive(result),
        file_name=f"{name}-map.zip",
        mime="application/zip",
        on_click="ignore",
        icon=":material/download:",
    )


def outline_file(result: "gc.GlacierMap", suffix: str) -> bytes:
    """Return the outlines of a map as the bytes of one file, ``.gpkg`` or ``.parquet``."""
    with tempfile.TemporaryDirectory() as folder:
        return gc.write_outlines(result.outlines(), Path(folder) / f"outlines{suffix}").read_bytes()


def map_archive(result: "gc.GlacierMap") -> bytes:
    """Return a zip of the folder that ``GlacierMap.save`` writes."""
    archive = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(archive, "w") as zipped:
        # The rasters are compressed already.
        for path in sorted(result.save(folder).iterdir()):
            zipped.write(path, path.name)
    return archive.getvalue()
