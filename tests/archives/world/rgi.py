"""The Randolph Glacier Inventory: zips of the regions for 7.0, one zip of zips for 6.2."""

import io
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from .ground import elevation, main_glacier, neighbour_glacier
from .places import PLACES, WGS84, Place, to_degrees, transformer

REGIONS = {
    "05": ("05_greenland_periphery", "05_rgi62_GreenlandPeriphery"),
    "10": ("10_north_asia", "10_rgi62_NorthAsia"),
    "11": ("11_central_europe", "11_rgi62_CentralEurope"),
    "12": ("12_caucasus_middle_east", "12_rgi62_CaucasusMiddleEast"),
    "17": ("17_southern_andes", "17_rgi62_SouthernAndes"),
    "19": ("19_subantarctic_antarctic_islands", "19_rgi62_AntarcticSubantarctic"),
}
PACKAGE = "randolph-glacier-inventory-rgi-7-0-glacier-product"
MIRROR = "https://ihp-wins.unesco.org"
MELTED_2003 = -150.0  # m: by so much the tongue was longer then


def glaciers(place: Place) -> list[dict]:
    """Return what the inventory of 2003 says of both glaciers of a place."""
    shapes = (main_glacier(MELTED_2003), neighbour_glacier())
    names = (place.name, f"Kleiner {place.name}" if place.region == "11" else None)
    return [
        _glacier(place, number, *both)
        for number, both in enumerate(zip(shapes, names, strict=True))
    ]


def _glacier(place: Place, number: int, shape: shapely.Geometry, name: str | None) -> dict:
    inside = shape.representative_point()
    to_wgs84 = transformer(place.local, WGS84).transform
    longitude, latitude = to_wgs84(inside.x, inside.y)
    heights = elevation(*shapely.get_coordinates(shape).T)
    last = int(place.rgi7[-5:]) + number
    return {
        "rgi7": f"{place.rgi7[:-5]}{last:05d}",
        "rgi6": f"{place.rgi6[:-5]}{last:05d}",
        "glims": glims_id(longitude, latitude),
        "name": name,
        "longitude": longitude,
        "latitude": latitude,
        "area_km2": shape.area / 1e6,
        "zmin": heights.min(),
        "zmax": heights.max(),
        "geometry": to_degrees(shape, place.local),
        "region": place.region,
        "zone": place.utm[0][0] % 100,
    }


def glims_id(longitude: float, latitude: float) -> str:
    """Return the id that GLIMS makes of a point: thousandths of degrees, east of Greenwich."""
    side = "S" if latitude < 0 else "N"
    return f"G{round(longitude % 360 * 1000):06d}E{round(abs(latitude) * 1000):05d}{side}"


def rgi7_table(region: str) -> gpd.GeoDataFrame:
    """Return the glacier product of a region in the attributes of RGI 7.0."""
    held = [one for place in _places(region) for one in glaciers(place)]
    return gpd.GeoDataFrame(
        [
            {
                "rgi_id": one["rgi7"],
                "o1region": region,
                "o2region": f"{region}-01",
                "glims_id": one["glims"],
                "anlys_id": 755531,
                "subm_id": 731,
                "src_date": "2003-08-13T00:00:00",
                "cenlon": one["longitude"],
                "cenlat": one["latitude"],
                "utm_zone": one["zone"],
                "area_km2": one["area_km2"],
                "primeclass": 0,
                "conn_lvl": 0,
                "surge_type": 0,
                "term_type": 9,
                "glac_name": one["name"],
                "is_rgi6": 0,
                "termlon": one["longitude"],
                "termlat": one["latitude"],
                "zmin_m": one["zmin"],
                "zmax_m": one["zmax"],
                "zmed_m": (one["zmin"] + one["zmax"]) / 2,
                "zmean_m": (one["zmin"] + one["zmax"]) / 2,
                "slope_deg": 20.0,
                "aspect_deg": 180.0,
                "aspect_sec": 5,
                "dem_source": "COPDEM30",
                "lmax_m": 2650,
                "geometry": one["geometry"],
            }
            for one in held
        ],
        crs="EPSG:4326",
    )


def rgi6_table(region: str) -> gpd.GeoDataFrame:
    """Return the glaciers of a region in the attributes of RGI 6."""
    held = [one for place in _places(region) for one in glaciers(place)]
    return gpd.GeoDataFrame(
        [
            {
                "RGIId": one["rgi6"],
                "GLIMSId": one["glims"],
                "BgnDate": "20030799",
                "EndDate": "20030999",
                "CenLon": round(one["longitude"], 4),
                "CenLat": round(one["latitude"], 4),
                "O1Region": str(int(region)),
                "O2Region": "1",
                "Area": round(one["area_km2"], 3),
                "Zmin": round(one["zmin"]),
                "Zmax": round(one["zmax"]),
                "Name": one["name"],
                "geometry": one["geometry"],
            }
            for one in held
        ],
        crs="EPSG:4326",
    )


def _places(region: str) -> list[Place]:
    return [place for place in PLACES.values() if place.region == region]


def _links(region: str) -> str:
    rows = [
        {
            "rgi7_id": one["rgi7"],
            "rgi6_id": one["rgi6"],
            "rgi7_reg": region,
            "rgi6_reg": region,
            "overlap_area_km2": one["area_km2"],
            "rgi7_area_fraction": 1.0,
            "rgi6_area_fraction": 1.0,
            "n_rgi7": 1,
            "n_rgi6": 1,
            "cluster_id": number,
        }
        for place in _places(region)
        for number, one in enumerate(glaciers(place))
    ]
    return pd.DataFrame(rows).to_csv(index=False)


def _submissions(region: str) -> str:
    table = rgi7_table(region)
    row = {
        "subm_id": 731,
        "n_outlines": len(table),
        "area_km2": table["area_km2"].sum(),
        "anlys_time": "2011-03-01T00:00:00",
        "release_dt": "2012-01-01T00:00:00",
        "geog_area": "Test archive",
        "analysts": "Muster, Erika",
        "submitters": "Muster, Erika",
        "chief_affl": "A test archive",
    }
    return pd.DataFrame([row]).to_csv(index=False)


def zipped(table: gpd.GeoDataFrame, stem: str, more: dict[str, str]) -> bytes:
    """Return a zip of a Shapefile and of tables beside it."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(packed, "w") as archive:
        table.to_file(Path(folder) / f"{stem}.shp", encoding="utf-8")
        for part in sorted(Path(folder).iterdir()):
            archive.write(part, part.name)
        for name, text in more.items():
            archive.writestr(name, text)
    return packed.getvalue()


def rgi7_zip(region: str) -> bytes:
    stem = f"RGI2000-v7.0-G-{REGIONS[region][0]}"
    tables = {
        f"{stem}-rgi6_links.csv": _links(region),
        f"{stem}-submission_info.csv": _submissions(region),
    }
    return zipped(rgi7_table(region), stem, tables)


def rgi6_zip() -> bytes:
    """Return the whole of RGI 6.2: a zip of one zip a region."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for region, (_, name) in REGIONS.items():
            archive.writestr(f"rgi62/{name}.zip", zipped(rgi6_table(region), name, {}))
    return packed.getvalue()


def rgi7_path(region: str) -> str:
    """Return where CKAN keeps a region's zip; its file name is in small letters there."""
    name = f"rgi2000-v7.0-g-{REGIONS[region][0]}.zip"
    return f"dataset/7f2c0000/resource/7f2c00{region}/download/{name}"


def rgi7_files():
    """Yield path and maker of the mirror's files."""
    for region in REGIONS:
        yield rgi7_path(region), lambda region=region: rgi7_zip(region)


def package_show() -> dict:
    """Return what CKAN tells of the glacier product."""
    resources = [
        {"name": f"Region {region}", "format": "SHP", "url": f"{MIRROR}/{rgi7_path(region)}"}
        for region in REGIONS
    ]
    return {"success": True, "result": {"name": PACKAGE, "resources": resources}}
