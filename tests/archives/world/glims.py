"""The GLIMS Glacier Database as its GeoServer answers: Web Feature Service, several analyses."""

import re
from dataclasses import dataclass

import shapely
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .ground import main_glacier, neighbour_glacier
from .misbehaviour import is_to_be_empty
from .places import PLACES, Place, bounding_box, to_degrees
from .rgi import glaciers
from .stac import boxes

LAYER = "GLIMS:GLIMS_Glacier_Outlines"


@dataclass(frozen=True)
class Analysis:
    """One outline of a glacier: who drew it when, from an image of when."""

    anlys_id: int
    subm_id: int
    src_date: str
    analyst: str
    melted: float = 0.0
    wider: float = 0.0
    line_type: str = "glac_bound"
    in_square_metres: bool = False


ANALYSES = (
    Analysis(100_000, 300, "1985-08-12", "Muster, Erika", melted=-350.0),
    Analysis(200_000, 731, "2003-08-13", "Muster, Erika", melted=-150.0),
    Analysis(300_000, 814, "2015-08-29", "Sample, John; Muster, Erika", in_square_metres=True),
    Analysis(400_000, 814, "2015-08-29", "Exemple, Zoé", wider=20.0, in_square_metres=True),
    Analysis(
        500_000, 814, "2015-08-29", "Sample, John", line_type="intrnl_rock", in_square_metres=True
    ),
)
"""The second pair are two analysts of one image; the last is a rock inside the ice."""

ROCK = shapely.Point(-100.0, 900.0).buffer(90.0)


def features() -> list[dict]:
    """Return all features of the layer."""
    return [
        _feature(place, which, index, analysis)
        for index, place in enumerate(PLACES.values())
        for which in (0, 1)
        for analysis in ANALYSES
        if which == 0 or analysis.line_type == "glac_bound"
    ]


def _shape(which: int, analysis: Analysis) -> shapely.Geometry:
    if analysis.line_type == "intrnl_rock":
        return ROCK
    shape = neighbour_glacier() if which else main_glacier(analysis.melted)
    return shape.buffer(analysis.wider)


def _feature(place: Place, which: int, index: int, analysis: Analysis) -> dict:
    shape = _shape(which, analysis)
    known = glaciers(place)[which]
    number = analysis.anlys_id + 10 * index + which
    area = shape.area / 1e6
    outline = to_degrees(shape, place.local)
    parts = shapely.MultiPolygon([p for p in shapely.get_parts(outline) if p.area])
    day = f"{analysis.src_date}T00:00:00Z"
    return {
        "type": "Feature",
        "id": f"GLIMS_Glacier_Outlines.{number}",
        "geometry": shapely.geometry.mapping(parts),
        "geometry_name": "geom",
        "properties": {
            "line_type": analysis.line_type,
            "anlys_id": number,
            "glac_id": known["glims"],
            "anlys_time": "2016-02-16T00:00:00Z",
            "area": shape.area if analysis.in_square_metres else area,
            "db_area": area,
            "width": 0,
            "length": 0,
            "primeclass": 6,
            "min_elev": 0,
            "mean_elev": 0,
            "max_elev": 0,
            "src_date": day,
            "rec_status": "okay",
            "glac_name": known["name"] or "None",
            "wgms_id": None,
            "local_id": None,
            "glac_stat": "exists",
            "subm_id": analysis.subm_id,
            "release_dt": "2016-05-16T00:00:00Z",
            "proc_desc": "Simulated: a test archive.",
            "geog_area": "Test archive",
            "chief_affl": "A test archive",
            "conn_lvl": 0,
            "gtng_o1reg": int(place.region),
            "loc_unc_x": 15,
            "loc_unc_y": 15,
            "glob_unc_x": 30,
            "glob_unc_y": 30,
            "submitters": analysis.analyst.partition(";")[0],
            "analysts": analysis.analyst,
        },
    }


def answer(request: Request) -> Response:
    """Answer a question to the Web Feature Service."""
    asked = {key.lower(): value for key, value in request.query_params.items()}
    if asked.get("request", "").lower() != "getfeature":
        return _trouble("OperationNotSupported", "only GetFeature is served here")
    if asked.get("typenames", asked.get("typename")) != LAYER:
        return _trouble("InvalidParameterValue", "unknown feature type")
    if "json" not in asked.get("outputformat", ""):
        return _trouble("InvalidParameterValue", "only application/json is served here")
    try:
        found = [feature for feature in features() if _is_asked_for(feature, asked)]
    except ValueError as error:
        return _trouble("InvalidParameterValue", str(error))
    start = int(asked.get("startindex", 0))
    count = int(asked.get("count", asked.get("maxfeatures", len(found) or 1)))
    page = [] if is_to_be_empty(request.scope) else found[start : start + count]
    return JSONResponse(
        {
            "type": "FeatureCollection",
            "features": page,
            "totalFeatures": len(found),
            "numberMatched": len(found),
            "numberReturned": len(page),
            "timeStamp": "2026-01-01T00:00:00.000Z",
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}},
        }
    )


def _is_asked_for(feature: dict, asked: dict[str, str]) -> bool:
    """Select by box or by a simple filter; a box selects, it does not clip."""
    if asked.get("bbox") and asked.get("cql_filter"):
        raise ValueError("bbox and cql_filter both specified but are mutually exclusive")
    if "bbox" in asked:
        shape = shapely.geometry.shape(feature["geometry"])
        return any(shape.intersects(box) for box in boxes(_lon_lat(asked)))
    if "cql_filter" in asked:
        return _passes(feature["properties"], asked["cql_filter"])
    return True


def _lon_lat(asked: dict[str, str]) -> list[float]:
    """Return a box in the order of STAC; a URN, or WFS 2.0 without a CRS, has latitude first."""
    numbers, crs = asked["bbox"].split(",")[:4], ",".join(asked["bbox"].split(",")[4:])
    first, second, third, fourth = (float(number) for number in numbers)
    has_latitude_first = crs.startswith("urn:") or (
        not crs and asked.get("version", "2.0.0").startswith(("2", "1.1"))
    )
    if has_latitude_first:
        return [second, first, fourth, third]
    return [first, second, third, fourth]


def _passes(properties: dict, text: str) -> bool:
    found = re.fullmatch(r"\s*(\w+)\s*(=|IN)\s*\(?\s*(.+?)\s*\)?\s*", text, re.IGNORECASE)
    if not found:
        raise ValueError(f"Could not parse CQL filter: {text}")
    name, _, values = found.groups()
    wanted = [value.strip().strip("'") for value in values.split(",")]
    return str(properties.get(name)) in wanted


def _trouble(code: str, text: str) -> Response:
    """Answer as GeoServer does: an exception report, with status 400."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><ows:ExceptionReport '
        'xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0">'
        f'<ows:Exception exceptionCode="{code}"><ows:ExceptionText>{text}</ows:ExceptionText>'
        "</ows:Exception></ows:ExceptionReport>"
    )
    return Response(body, 400, media_type="application/xml")


def envelope(place: Place) -> list[float]:
    """Return a box around both glaciers of a place; west exceeds east at the antimeridian."""
    around = shapely.union_all([main_glacier(-350.0), neighbour_glacier()]).envelope
    return bounding_box(to_degrees(around, place.local))
