"""A reader's own files: kept under generated names, made into a scene, errors as sentences."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

import glacier_core as gc
from pages.components.sentences import plain
from pages.components.state import choose
from pages.components.uploads import SUFFIXES, let_go, stored, suffix_of

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

MOST_FILES = 30
"""Files of imagery: as many as a satellite product has bands, twice over."""


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
        "Expert outlines (optional)", type=list(SUFFIXES), key="upload-outlines"
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
        theirs[f"outlines{suffix_of(outlines.name)}"] = outlines.name
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
    from glacier_core.sources import keep_scene

    if len(imagery) > MOST_FILES:
        raise gc.GlacierError(
            f"{len(imagery)} files of imagery were given; at most {MOST_FILES} are read. Give the "
            "bands that are needed."
        )
    names = {f"imagery-{number}.tif": given for number, given in enumerate(imagery, start=1)}
    names["elevation.tif"] = elevation
    vector = f"outlines{suffix_of(outlines.name)}" if outlines else ""
    with stored(names | ({vector: outlines} if outlines else {})) as paths:
        scene = gc.scene_from_files(
            [paths[f"imagery-{number}.tif"] for number in range(1, len(imagery) + 1)],
            paths["elevation.tif"],
            outlines=paths.get(vector),
            **options,
        )
        keep_scene(scene)
    let_go(*imagery, elevation, outlines)
    return scene
