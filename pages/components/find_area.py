"""Where to look: a glacier by its name, an area drawn on the map, or outlines of one's own."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import streamlit as st

import glacier_core as gc
from pages.components import find_sources
from pages.components.expert_choice import SUFFIXES
from pages.components.find_wish import remembered
from pages.components.map import ChoosingArea
from pages.components.sentences import plain
from pages.components.state import app_state, choose

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from glacier_core.archives.areas import Area

REMEMBERED = 100
"""How many ids of drawings are kept, to know one that comes twice."""

SURE = ("name", "RGI 7 id", "RGI 6 id", "GLIMS id")
"""Why a glacier was found, where there is no doubt that it was meant."""

EXAMPLES = "Aletsch · RGI60-11.01450 · G007894E46450N · 46.50 N, 8.03 E"


def current_area() -> "Area | None":
    """Return the chosen area, None where there is none or the link holds no such thing."""
    from glacier_core.archives.areas import area_from_text

    if not app_state().area:
        return None
    try:
        return area_from_text(app_state().area)
    except gc.GlacierError as error:
        st.session_state["area_refused"] = str(error)
        choose(area="")
        return None


def search_box() -> str:
    """Ask for a name, an id or coordinates, and return what was typed."""
    return st.text_input(
        "Type a name, an RGI or GLIMS id or coordinates, click the map, or draw a box on it",
        placeholder=EXAMPLES,
        key=remembered("find-text", ""),
        max_chars=120,
        icon=":material/search:",
    ).strip()


def offer_hits(text: str) -> "gpd.GeoDataFrame | None":
    """Offer what a text may mean, and return it for the map; None where it means nothing."""
    if not text:
        return None
    try:
        found = find_sources.glaciers_called(text)
    except gc.GlacierError as error:
        st.warning(plain(str(error)))
        return None
    if not found.empty:
        _offer(text, found)
        return found
    if not _offer_place(text):
        _say_nothing_found(text)
    return None


def _offer(text: str, found: "gpd.GeoDataFrame") -> None:
    """Take the only hit at once, let the reader choose among several."""
    taken = st.session_state.get("find-taken") == text
    if len(found) == 1 and found["match"].iloc[0] in SURE:
        if not taken:
            st.session_state["find-taken"] = text
            choose_glacier(found.iloc[0])
        return
    # Once one is taken, the others make room for the map and the images.
    with st.expander("Others that may be meant") if taken else st.container():
        _hits(text, found)
        _offer_place(text)


def _hits(text: str, found: "gpd.GeoDataFrame") -> None:
    labels = [_label(row) for _, row in found.iterrows()]
    key = f"find-hits-{text}"

    def take() -> None:
        picked = st.session_state[key]
        if picked is not None:
            st.session_state["find-taken"] = text
            choose_glacier(found.iloc[picked])

    st.pills(
        "Which one?", range(len(found)), format_func=labels.__getitem__, key=key, on_change=take
    )


def _offer_place(text: str) -> bool:
    """Offer to look at coordinates themselves; False where the text is none."""
    from glacier_core.inventories.places import place_in

    place = place_in(text)
    if place is None:
        return False
    named = f"{place.latitude:.4f}, {place.longitude:.4f}"
    st.button(
        f"This very place, 10 km around {named}",
        icon=":material/place:",
        on_click=_take_place,
        args=(text, place.longitude, place.latitude, named),
    )
    return True


def _take_place(text: str, longitude: float, latitude: float, name: str) -> None:
    from shapely import Point

    from glacier_core.archives.areas import area_of

    st.session_state["find-taken"] = text
    take_area(area_of(Point(longitude, latitude), name=name))


def _label(row: "pd.Series") -> str:
    area = f"{row['area_km2']:.1f} km²" if row["area_km2"] > 0 else ""
    return plain(" · ".join(filter(None, (row["label"], area, row["match"]))))


def _say_nothing_found(text: str) -> None:
    from glacier_core.inventories.loaded import has_full_index

    if has_full_index():
        st.info(
            f"No glacier is called “{plain(text)}”. Most glaciers have no name: zoom in on the "
            "map and draw a box around yours."
        )
    else:
        st.info(
            f"“{plain(text)}” is not among the well\\-known glaciers that come with the program. "
            "`glacier-core glaciers index --fetch` fetches the index of all. Or give coordinates, "
            "or draw a box on the map."
        )


def choose_glacier(row: "pd.Series") -> None:
    """Look around a glacier of the index from now on."""
    from glacier_core.archives.areas import area_of

    try:
        take_area(area_of(row))
    except gc.GlacierError as error:
        st.session_state["area_refused"] = str(error)


def take_area(area: "Area") -> None:
    """Look in an area from now on."""
    st.session_state["area_refused"] = ""
    choose(area=area.to_text())


def take_drawings(drawings: Iterable[Any]) -> None:
    """Take what was drawn with the map's area tools, each drawing once."""
    received: tuple[str, ...] = st.session_state.get("areas_received", ())
    for drawing in drawings:
        name = str(drawing.get("id", ""))[:80] if isinstance(drawing, dict) else ""
        if not name or name in received:
            continue
        received = (*received, name)[-REMEMBERED:]
        st.session_state["areas_received"] = received
        _take(drawing)


def _take(drawing: dict[str, Any]) -> None:
    st.session_state["area_refused"] = ""
    if drawing.get("kind") == "clear":
        choose(area="")
        return
    try:
        take_area(drawn_area(str(drawing.get("kind")), drawing.get("coordinates")))
    except gc.GlacierError as error:
        st.session_state["area_refused"] = str(error)


def drawn_area(kind: str, coordinates: Any) -> "Area":
    """Return the area of a box (two opposite corners) or a polygon drawn on the map.

    Raises
    ------
    SourceError
        When it is none, or too large.
    """
    import shapely

    from glacier_core.archives.areas import area_of
    from glacier_core.errors import SourceError

    try:
        corners = [(float(lon), float(lat)) for lon, lat in coordinates]
        polygon = shapely.Polygon(corners) if kind == "polygon" else None
        (west, south), (east, north) = corners[0], corners[-1]
    except (TypeError, ValueError, IndexError, shapely.errors.ShapelyError) as problem:
        raise SourceError("The drawing is no area. Draw a box or a polygon.") from problem
    if polygon is not None:
        return area_of(polygon)
    return area_of(
        (min(west, east), min(south, north), max(west, east), max(south, north)),
    )


def area_tools(area: "Area | None") -> ChoosingArea:
    """Return what the area tools of the map show."""
    import json

    import shapely

    return ChoosingArea(
        received=st.session_state.get("areas_received", ()),
        chosen=None if area is None else json.loads(shapely.to_geojson(area.geometry)),
        told="" if area is None else area_sentence(area),
        refused=st.session_state.get("area_refused", ""),
    )


def area_sentence(area: "Area") -> str:
    """Say what is chosen: its name and its size on the ground."""
    from pyproj import Geod

    west, south, east, north = area.extent
    middle = (south + north) / 2
    ellipsoid = Geod(ellps="WGS84")
    across = ellipsoid.line_length([west, (west + east) / 2, east], [middle] * 3) / 1000
    up = ellipsoid.line_length([west, west], [south, north]) / 1000
    size = f"{across:.1f} km wide, {up:.1f} km high"
    return f"{area.name}: {size}" if area.name else f"Your area: {size}"


def offer_outlines() -> None:
    """Let the reader bring outlines: the area around them, and experts to compare with."""
    with st.popover("Use outlines of your own", icon=":material/upload_file:"):
        file = st.file_uploader(
            "GeoPackage, GeoJSON, zipped Shapefile or GeoParquet",
            type=list(SUFFIXES),
            key="find-outlines",
            help="Imagery is looked for around them, and the map is compared with them.",
        )
        if file is not None and file.file_id != st.session_state.get("find_outlines_read"):
            _take_outlines(file)


def _take_outlines(file: Any) -> None:
    from glacier_core.archives.areas import area_of
    from glacier_core.outlines.keeping import kept_outlines
    from pages.components.expert_choice import keep_upload

    try:
        experts = keep_upload(file)
        area = area_of(kept_outlines(experts), name=file.name.rsplit(".", 1)[0][:60])
    except gc.GlacierError as error:
        st.error(plain(str(error)))
        return
    st.session_state["find_outlines_read"] = file.file_id
    st.session_state["find_experts"] = (area.to_text(), experts)
    take_area(area)
    st.rerun()
