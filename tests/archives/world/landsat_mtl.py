"""The metadata file of a Landsat product: one content, written as text, JSON and XML."""

from xml.sax.saxutils import escape

from pyproj import CRS

from .landsat_sensors import Sensor
from .places import WGS84, transformer

UNQUOTED = ("COLLECTION_NUMBER", "WRS_TYPE", "WRS_PATH", "WRS_ROW", "DATE_ACQUIRED")
CORNERS = ("UL", "UR", "LL", "LR")


def metadata(product) -> dict[str, dict[str, dict[str, str]]]:
    """Return the groups of the metadata file, all values as text."""
    names = _file_names(product)
    head = {"LANDSAT_PRODUCT_ID": product.id, "PROCESSING_LEVEL": "L1TP"}
    return {
        "LANDSAT_METADATA_FILE": {
            "PRODUCT_CONTENTS": {
                "ORIGIN": "Simulated: a test archive",
                **head,
                "COLLECTION_NUMBER": "02",
                "COLLECTION_CATEGORY": product.tier,
                "OUTPUT_FORMAT": "GEOTIFF",
                **names,
            },
            "IMAGE_ATTRIBUTES": _image(product),
            "PROJECTION_ATTRIBUTES": _projection(product),
            "LEVEL1_PROCESSING_RECORD": {
                "LANDSAT_SCENE_ID": product.scene_id,
                **head,
                "COLLECTION_CATEGORY": product.tier,
                "DATE_PRODUCT_GENERATED": f"{product.processed:%Y-%m-%dT%H:%M:%S}Z",
                **names,
            },
            "LEVEL1_MIN_MAX_REFLECTANCE": _brightest(product),
            "LEVEL1_MIN_MAX_PIXEL_VALUE": _pixel_values(product),
            "LEVEL1_RADIOMETRIC_RESCALING": _rescaling(product.sensor),
            "LEVEL1_THERMAL_CONSTANTS": _thermal(product.sensor),
            "LEVEL1_PROJECTION_PARAMETERS": _map_projection(product),
        }
    }


def _file_names(product) -> dict[str, str]:
    bands = (*product.sensor.bands, *product.sensor.thermal)
    names = {f"FILE_NAME_BAND_{band}": f"{product.id}_B{band}.TIF" for band in bands}
    names["FILE_NAME_QUALITY_L1_PIXEL"] = f"{product.id}_QA_PIXEL.TIF"
    names["FILE_NAME_QUALITY_L1_RADIOMETRIC_SATURATION"] = f"{product.id}_QA_RADSAT.TIF"
    names["FILE_NAME_ANGLE_SOLAR_ZENITH_BAND_4"] = f"{product.id}_SZA.TIF"
    return names


def _image(product) -> dict[str, str]:
    found = {
        "SPACECRAFT_ID": product.sensor.platform,
        "SENSOR_ID": product.sensor.instrument,
        "WRS_TYPE": "2",
        "WRS_PATH": str(product.path),
        "WRS_ROW": str(product.row),
        "DATE_ACQUIRED": f"{product.sensed:%Y-%m-%d}",
        "SCENE_CENTER_TIME": f"{product.sensed:%H:%M:%S}.2851330Z",
        "CLOUD_COVER": f"{product.scene_cloud:.2f}",
        "CLOUD_COVER_LAND": f"{product.scene_cloud:.2f}",
        "SUN_AZIMUTH": f"{product.sight.sun_azimuth:.8f}",
        "SUN_ELEVATION": f"{product.sight.sun_elevation:.8f}",
        "EARTH_SUN_DISTANCE": "1.0113000",
    }
    if product.code == "LE07":
        found["SENSOR_MODE_SLC"] = "OFF" if product.has_gaps else "ON"
    return found


def _map_projection(product) -> dict[str, str]:
    common = {"DATUM": "WGS84", "ELLIPSOID": "WGS84"}
    if product.raster.epsg == 3031:
        return {
            "MAP_PROJECTION": "PS",
            **common,
            "VERTICAL_LON_FROM_POLE": "0.00000",
            "TRUE_SCALE_LAT": "-71.00000",
            "FALSE_EASTING": "0.000",
            "FALSE_NORTHING": "0.000",
        }
    return {"MAP_PROJECTION": "UTM", **common, "UTM_ZONE": str(product.raster.epsg % 100)}


def _projection(product) -> dict[str, str]:
    raster = product.raster
    west, south, east, north = raster.bounds
    half = raster.transform.a / 2
    xs = (west + half, east - half, west + half, east - half)
    ys = (north - half, north - half, south + half, south + half)
    longitudes, latitudes = transformer(CRS.from_epsg(raster.epsg), WGS84).transform(xs, ys)
    found = {
        **_map_projection(product),
        "GRID_CELL_SIZE_REFLECTIVE": "30.00",
        "REFLECTIVE_LINES": str(raster.shape[0]),
        "REFLECTIVE_SAMPLES": str(raster.shape[1]),
        "ORIENTATION": "NORTH_UP",
    }
    for corner, lon, lat, x, y in zip(CORNERS, longitudes, latitudes, xs, ys, strict=True):
        found[f"CORNER_{corner}_LAT_PRODUCT"] = f"{lat:.5f}"
        found[f"CORNER_{corner}_LON_PRODUCT"] = f"{lon:.5f}"
        found[f"CORNER_{corner}_PROJECTION_X_PRODUCT"] = f"{x:.3f}"
        found[f"CORNER_{corner}_PROJECTION_Y_PRODUCT"] = f"{y:.3f}"
    return found


def _pixel_values(product) -> dict[str, str]:
    most = 65535 if product.sensor.instrument == "OLI_TIRS" else 255
    bands = (*product.sensor.bands, *product.sensor.thermal)
    return {f"QUANTIZE_CAL_MAX_BAND_{band}": str(most) for band in bands} | {
        f"QUANTIZE_CAL_MIN_BAND_{band}": "1" for band in bands
    }


def _brightest(product) -> dict[str, str]:
    most = int(_pixel_values(product)["QUANTIZE_CAL_MAX_BAND_2"])
    return {
        f"REFLECTANCE_MAXIMUM_BAND_{band}": f"{gain * most + offset:.6f}"
        for band, (gain, offset) in product.sensor.reflectance.items()
    }


def _rescaling(sensor: Sensor) -> dict[str, str]:
    found = {}
    for kind, coefficients in (("RADIANCE", sensor.radiance), ("REFLECTANCE", sensor.reflectance)):
        found |= {f"{kind}_MULT_BAND_{band}": f"{c[0]:.4E}" for band, c in coefficients.items()}
        found |= {f"{kind}_ADD_BAND_{band}": f"{c[1]:.6f}" for band, c in coefficients.items()}
    return found


def _thermal(sensor: Sensor) -> dict[str, str]:
    found = {}
    for band, (k1, k2) in sensor.thermal.items():
        found[f"K1_CONSTANT_BAND_{band}"] = f"{k1}"
        found[f"K2_CONSTANT_BAND_{band}"] = f"{k2}"
    return found


def as_text(tree: dict) -> str:
    """Return groups of assignments, closed by END."""
    return "\n".join([*_groups(tree, 0), "END", ""])


def _groups(tree: dict, depth: int) -> list[str]:
    indent = "  " * depth
    lines = []
    for name, value in tree.items():
        if isinstance(value, dict):
            inside = _groups(value, depth + 1)
            lines += [f"{indent}GROUP = {name}", *inside, f"{indent}END_GROUP = {name}"]
        else:
            lines.append(f"{indent}{name} = {_quoted(name, value)}")
    return lines


def _quoted(name: str, value: str) -> str:
    if name in UNQUOTED:
        return value
    try:
        float(value)
    except ValueError:
        return f'"{value}"'
    return value


def as_xml(tree: dict) -> str:
    """Return nested elements."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_elements(tree)}\n'


def _elements(tree: dict) -> str:
    return "\n".join(
        f"<{name}>\n{_elements(value)}\n</{name}>"
        if isinstance(value, dict)
        else f"<{name}>{escape(value)}</{name}>"
        for name, value in tree.items()
    )
