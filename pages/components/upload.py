"""A reader's own files: kept under generated names, made into a scene, errors as sentences."""

import re
import shutil
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import streamlit as st

import glacier_core as gc
from glacier_core.settings import settings
from pages.components.sentences import plain
from pages.components.state import choose

BAND_ORDERS = {
    "Blue, green, red, near infrared, SWIR1, SWIR2": ("blue green red nir swir1 swir2"),
    "Landsat 8 or 9, bands 1 to 7": "coastal blue green red nir swir1 swir2",
    "Landsat 4, 5 or 7, bands 1 to 7": "blue green red nir swir1 thermal swir2",
    "Sentinel-2, all 13 bands": (
        "coastal blue green red edge1 edge2 edge3 nir narrow-nir vapour cirrus swir1 swir2"
    ),
    "Another order": "",
}
"""Orders of bands people have, and the names of their bands."""

_VECTOR_SUFFIXES = ("gpkg", "geojson", "json", "zip", "parquet")
_CHUNK = 1 << 20


def offer_upload() -> None:
    """Show the button that opens the dialog, and the dialog as long as it is wanted.

    A rerun, of a map that is done for instance, would otherwise close it over the reader's head.
    """
    if st.button("Open your own files", icon=":material/upload_file:", width="stretch"):
        st.session_state["uploading"] = True
    if st.session_state.get("uploading"):
        upload_dialog()


def _stop_uploading() -> None:
    st.session_state["uploading"] = False


@st.dialog("Your own scene", width="large", on_dismiss=_stop_uploading)
def upload_dialog() -> None:
    """Ask for files and make a scene of them; what was given stays until it works."""
    st.write(
        "Six bands and an elevation model as GeoTIFF, in a projected coordinate system in metres. "
        "The files stay on this server, in its data folder."
    )
    imagery = st.file_uploader(
        "Imagery: one GeoTIFF with all bands, or one a band",
        type=["tif", "tiff"],
        accept_multiple_files=True,
        key="upload-imagery",
    )
    bands = _band_order()
    elevation = st.file_uploader(
        "Elevation model in metres, on any grid", type=["tif", "tiff"], key="upload-elevation"
    )
    kind = st.radio(
        "The values are",
        ["toa", "surface"],
        format_func={
            "toa": "top-of-atmosphere reflectance (what GlaViTU was made for)",
            "surface": "surface reflectance",
        }.__getitem__,
        key="upload-reflectance",
    )
    outlines = st.file_uploader(
        "Expert outlines (optional)", type=list(_VECTOR_SUFFIXES), key="upload-outlines"
    )
    details = _details()
    if st.button("Open this scene", type="primary", disabled=not (imagery and elevation)):
        _open(imagery, elevation, outlines, bands=bands, reflectance=kind, **details)


def _band_order() -> list[str]:
    order = st.selectbox("Order of the bands", list(BAND_ORDERS), key="upload-order")
    names = BAND_ORDERS[order]
    if not names:
        names = st.text_input(
            "Names of the bands, in the order of the file",
            "blue green red nir swir1 swir2",
            key="upload-bands",
            help="blue, green, red, nir, swir1 and swir2 are needed; call every other one 'other'.",
        )
    return names.replace(",", " ").split()


def _details() -> dict[str, Any]:
    with st.expander("Title, date, scale"):
        title = st.text_input("Title", key="upload-title", max_chars=120)
        acquired = st.date_input(
            "Date of the imagery",
            None,
            min_value=date(1972, 7, 23),
            max_value="today",
            key="upload-date",
        )
        scale = st.number_input(
            "Scale: reflectance = value × scale + offset",
            value=1.0,
            format="%g",
            key="upload-scale",
        )
        offset = st.number_input("Offset", value=0.0, format="%g", key="upload-offset")
        complete = st.checkbox("The outlines hold every glacier of the scene", key="upload-all")
    return {
        "title": title.strip() or "Your own scene",
        "acquired": acquired,
        "scale": scale,
        "offset": offset,
        "outlines_complete": complete,
    }


def _open(imagery: Sequence[Any], elevation: Any, outlines: Any, **options: Any) -> None:
    try:
        with st.spinner("Reading the files …"):
            scene = scene_from_uploads(imagery, elevation, outlines, **options)
    except gc.GlacierError as error:
        st.error(plain(in_their_names(str(error), imagery, elevation, outlines)))
        return
    _stop_uploading()
    choose(scene=scene.id)
    st.rerun()


def in_their_names(sentence: str, imagery: Sequence[Any], elevation: Any, outlines: Any) -> str:
    """Return a sentence with the names the reader's files had instead of ours."""
    theirs = {f"imagery-{number}.tif": given.name for number, given in enumerate(imagery, start=1)}
    theirs["elevation.tif"] = elevation.name
    if outlines:
        theirs[f"outlines{_suffix(outlines.name)}"] = outlines.name
    return re.sub("|".join(map(re.escape, theirs)), lambda found: theirs[found.group()], sentence)


def scene_from_uploads(
    imagery: Sequence[Any], elevation: Any, outlines: Any = None, **options: Any
) -> "gc.Scene":
    """Write uploads to a temporary folder, make a scene of them and keep it.

    Raises
    ------
    GlacierError
        When a file cannot be used or kept; the temporary files are gone either way.
    """
    from glacier_core.disk import disk_errors
    from glacier_core.sources import keep_scene

    home = settings().data_dir / "uploads"
    with disk_errors(home):
        home.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=home))
    try:
        with disk_errors(home):
            files = [
                _store(upload, folder / f"imagery-{number}.tif")
                for number, upload in enumerate(imagery, start=1)
            ]
            heights = _store(elevation, folder / "elevation.tif")
            vector = outlines and _store(outlines, folder / f"outlines{_suffix(outlines.name)}")
        scene = gc.scene_from_files(files, heights, outlines=vector, **options)
        keep_scene(scene)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return scene


def _store(upload: Any, path: Path) -> Path:
    """Copy an upload piece by piece to a path of our own naming."""
    upload.seek(0)
    with path.open("wb") as file:
        shutil.copyfileobj(upload, file, _CHUNK)
    return path


def _suffix(name: str) -> str:
    """Return the suffix of an uploaded file if it is one we know; its name is never a path."""
    suffix = name.rsplit(".", 1)[-1].lower()
    return f".{suffix}" if suffix in _VECTOR_SUFFIXES else ""
