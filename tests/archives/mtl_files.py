"""MTL files of our own: the groups of Landsat metadata, written as text, JSON or XML."""

import json

OLI_BANDS = ("2", "3", "4", "5", "6", "7")
TM_BANDS = ("1", "2", "3", "4", "5", "7")


def toa_groups(
    product_id="LC08_L1TP_195028_20200901_20200906_02_T1",
    *,
    spacecraft=8,
    sensor="OLI_TIRS",
    sun_elevation="45.0",
    bands=OLI_BANDS,
    thermal="10",
    multiplier="2.0000E-05",
    addend="-0.100000",
):
    """Return the groups of a Collection 2 Level-1 product."""
    k1, k2 = {
        4: ("671.62", "1284.30"),
        5: ("607.76", "1260.56"),
        7: ("666.09", "1282.71"),
        8: ("774.8853", "1321.0789"),
        9: ("799.0284", "1329.2405"),
    }[spacecraft]
    names = {f"FILE_NAME_BAND_{band}": f"{product_id}_B{band}.TIF" for band in (*bands, thermal)}
    return {
        "PRODUCT_CONTENTS": {
            "LANDSAT_PRODUCT_ID": product_id,
            "PROCESSING_LEVEL": "L1TP",
            "COLLECTION_NUMBER": "02",
            "COLLECTION_CATEGORY": "T1",
            **names,
            "FILE_NAME_QUALITY_L1_PIXEL": f"{product_id}_QA_PIXEL.TIF",
            "FILE_NAME_QUALITY_L1_RADIOMETRIC_SATURATION": f"{product_id}_QA_RADSAT.TIF",
            "FILE_NAME_ANGLE_SOLAR_ZENITH_BAND_4": f"{product_id}_SZA.TIF",
        },
        "IMAGE_ATTRIBUTES": {
            "SPACECRAFT_ID": f"LANDSAT_{spacecraft}",
            "SENSOR_ID": sensor,
            "DATE_ACQUIRED": "2020-09-01",
            "SUN_ELEVATION": sun_elevation,
        },
        "LEVEL1_RADIOMETRIC_RESCALING": {
            **{f"REFLECTANCE_MULT_BAND_{band}": multiplier for band in bands},
            **{f"REFLECTANCE_ADD_BAND_{band}": addend for band in bands},
            f"RADIANCE_MULT_BAND_{thermal}": "3.3420E-04",
            f"RADIANCE_ADD_BAND_{thermal}": "0.10000",
        },
        "LEVEL1_THERMAL_CONSTANTS": {
            f"K1_CONSTANT_BAND_{thermal}": k1,
            f"K2_CONSTANT_BAND_{thermal}": k2,
        },
    }


def surface_groups(product_id="LC08_L2SP_195028_20200901_20200906_02_T1", **more):
    """Return the groups of a Level-2 product: both rescalings, each in its own group."""
    level1 = toa_groups(product_id.replace("L2SP", "L1TP"), **more)
    contents = level1["PRODUCT_CONTENTS"] | {
        "LANDSAT_PRODUCT_ID": product_id,
        "PROCESSING_LEVEL": "L2SP",
    }
    for band in more.get("bands", OLI_BANDS):
        contents[f"FILE_NAME_BAND_{band}"] = f"{product_id}_SR_B{band}.TIF"
    rescaling = {
        f"REFLECTANCE_{kind}_BAND_{band}": value
        for kind, value in (("MULT", "2.75e-05"), ("ADD", "-0.2"))
        for band in more.get("bands", OLI_BANDS)
    }
    return {
        "PRODUCT_CONTENTS": contents,
        "IMAGE_ATTRIBUTES": level1.pop("IMAGE_ATTRIBUTES"),
        "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": rescaling,
        "LEVEL1_PROCESSING_RECORD": {
            "LANDSAT_PRODUCT_ID": product_id.replace("L2SP", "L1TP"),
            "PROCESSING_LEVEL": "L1TP",
        },
        **{name: group for name, group in level1.items() if name.startswith("LEVEL1")},
    }


def collection1_groups():
    """Return the groups of a Collection 1 product, as they were named and shared out then."""
    groups = toa_groups("LC08_L1TP_195028_20200901_20200906_01_T1")
    contents, image = groups["PRODUCT_CONTENTS"], groups["IMAGE_ATTRIBUTES"]
    moved = ("SPACECRAFT_ID", "SENSOR_ID", "DATE_ACQUIRED")
    files = {key: value for key, value in contents.items() if key.startswith("FILE_NAME_BAND")}
    return {
        "METADATA_FILE_INFO": {
            "LANDSAT_PRODUCT_ID": contents["LANDSAT_PRODUCT_ID"],
            "COLLECTION_NUMBER": "01",
        },
        "PRODUCT_METADATA": {
            "DATA_TYPE": "L1TP",
            "COLLECTION_CATEGORY": "T1",
            **{key: image[key] for key in moved},
            **files,
        },
        "IMAGE_ATTRIBUTES": {"SUN_ELEVATION": image["SUN_ELEVATION"]},
        "RADIOMETRIC_RESCALING": groups["LEVEL1_RADIOMETRIC_RESCALING"],
        "TIRS_THERMAL_CONSTANTS": groups["LEVEL1_THERMAL_CONSTANTS"],
    }


def as_text(groups, root="LANDSAT_METADATA_FILE"):
    """Write groups in Object Description Language."""
    lines = [f"GROUP = {root}"]
    for name, entries in groups.items():
        quoted = (f'    {key} = "{value}"' for key, value in entries.items())
        lines += [f"  GROUP = {name}", *quoted, f"  END_GROUP = {name}"]
    return "\n".join([*lines, f"END_GROUP = {root}", "END", ""]).encode()


def as_json(groups, root="LANDSAT_METADATA_FILE"):
    """Write groups as JSON."""
    return json.dumps({root: groups}).encode()


def as_xml(groups, root="LANDSAT_METADATA_FILE"):
    """Write groups as XML."""
    body = "".join(
        f"<{name}>{''.join(f'<{key}>{value}</{key}>' for key, value in entries.items())}</{name}>"
        for name, entries in groups.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{body}</{root}>'.encode()
