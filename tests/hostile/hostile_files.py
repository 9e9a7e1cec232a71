"""Files as nobody should send them, each made on the spot, and addresses as nobody should ask."""

import json
import sqlite3
import stat
import zipfile

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rasterio
import shapely
from affine import Affine
from rasters import CRS, GRID, plane, reflectances, write_geotiff

SHAPE = (24, 20)
BOX = shapely.box(640000, 5180000, 642000, 5181000)
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


def written(content):
    """Return a maker of a file with some content."""

    def make(path):
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())

    return make


def imagery(change=lambda bands: bands, **options):
    """Return a maker of six bands, changed."""
    return lambda path: write_geotiff(path, change(reflectances(SHAPE)), **options)


def cut(make, share):
    """Return a maker of the beginning of a file."""

    def begin(path):
        make(path)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return begin


def sparse(width, count=1, **options):
    """Return a maker of a GeoTIFF that claims a lot and holds nothing."""

    def make(path):
        with rasterio.open(
            path, "w", driver="GTiff", width=width, height=width, count=count, dtype="float32",
            crs=CRS, transform=GRID, SPARSE_OK=True, tiled=True, compress="deflate", **options,
        ):  # fmt: skip
            pass

    return make


def nan_band(bands):
    bands[2] = np.nan
    return bands


RASTERS = {
    "field notes renamed to .tif": written(b"These are field notes, not a raster.\n"),
    "a picture renamed to .tif": written(b"\x89PNG\r\n\x1a\n" + bytes(100)),
    "a virtual raster (VRT) that points at another file of the server": written(
        b"<VRTDataset rasterXSize='1' rasterYSize='1'><VRTRasterBand><SimpleSource>"
        b"<SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    ),
    "a description that makes GDAL ask a server (WMS)": written(
        b"<GDAL_WMS><Service name='TMS'><ServerUrl>http://169.254.169.254/</ServerUrl></Service>"
    ),
    "the first bytes of a TIFF, then text": written(b"II*\x00 and then only text"),
    "a GeoTIFF cut off in the middle": cut(imagery(), 0.5),
    "a few hundred kilobytes that claim 30,000 x 30,000 pixels": sparse(30_000),
    "a few kilobytes that unpack to gigabytes": sparse(9_000, 6),
    "101 bands": imagery(lambda bands: np.repeat(bands[:1], 101, axis=0)),
    "complex numbers": imagery(lambda bands: bands.astype(np.complex64)),
    "no coordinate system": imagery(crs=None),
    "degrees instead of metres": imagery(
        crs="EPSG:4326", transform=Affine(0.0003, 0, -117.3, 0, -0.0003, 52.2)
    ),
    "a grid that is turned": imagery(transform=GRID @ Affine.rotation(20)),
    "a picture of red, green and blue": imagery(lambda bands: bands[:3]),
    "a band without a single value": imagery(nan_band),
    "raw numbers of the sensor instead of reflectances": imagery(
        lambda bands: (bands * 10_000).astype(np.uint16)
    ),
    "percent instead of reflectances": imagery(lambda bands: bands * 100),
    "bands in another order than said": imagery(lambda bands: bands[::-1]),
}
"""Imagery by what is wrong with it, and what writes it to a path."""

ELEVATIONS = {
    "an elevation model of another place": lambda path: write_geotiff(
        path, plane(SHAPE), transform=GRID @ Affine.translation(5000, 0)
    ),
    "an elevation model whose pixels have no size": lambda path: write_geotiff(
        path, plane(SHAPE), transform=Affine(0, 0, GRID.c, 0, 0, GRID.f)
    ),
    "an elevation model whose place is no number": lambda path: write_geotiff(
        path, plane(SHAPE), transform=Affine(float("nan"), 0, GRID.c, 0, -30, GRID.f)
    ),
    "an elevation model of two bands": lambda path: write_geotiff(
        path, np.stack([plane(SHAPE)] * 2)
    ),
}


def frame(*geometries, crs="EPSG:32632", **attributes):
    return gpd.GeoDataFrame(attributes, geometry=list(geometries) or [BOX], crs=crs)


def outlines(*geometries, **options):
    """Return a maker of an outline file, of the kind its name says."""

    def make(path):
        table = frame(*geometries, **options)
        table.to_parquet(path) if path.suffix == ".parquet" else table.to_file(path)

    return make


def database(*statements, geopackage=True):
    """Return a maker of a GeoPackage, or another SQLite database, changed by SQL."""

    def make(path):
        if geopackage:
            outlines()(path)
        with sqlite3.connect(path) as opened:
            for statement in statements:
                opened.execute(statement)
        opened.close()

    return make


def archive(entries, change=lambda content: content):
    """Return a maker of a zip archive."""

    def make(path):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in entries:
                packed.writestr(name, content)
        path.write_bytes(change(path.read_bytes()))

    return make


def with_password(content):
    """Set the mark of a password in every entry (APPNOTE 4.4.4, bit 0)."""
    changed = bytearray(content)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = changed.find(magic)
        while place >= 0:
            changed[place + offset] |= 1
            place = changed.find(magic, place + 4)
    return bytes(changed)


def link(name, target):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry, target


def swelling_parquet(path):
    table = pa.table({"geometry": pa.array([bytes(1000)] * 100_000)})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)


def shapefile_without(suffix):
    def make(path):
        outlines()(path)
        path.with_suffix(suffix).unlink()

    return make


RING = [[10, 46], [11, 46], [11, 47], [10, 46]]
AREA = {"type": "Polygon", "coordinates": [RING]}

OUTLINES = {
    "field notes renamed to .gpkg": (".gpkg", written(b"field notes\n")),
    "a file of zero bytes": (".geojson", written(b"")),
    "a kind of file that is not known": (".kml", written(b"<kml></kml>")),
    "JSON that makes GDAL run a pipeline over other files of the server": (
        ".geojson",
        written({"type": "gdal_streamed_alg", "command_line": "gdal vector info /etc/x"}),
    ),
    "GeoJSON that has its coordinate system fetched from an address inside the network": (
        ".geojson",
        written(AREA | {"crs": {"type": "link", "properties": {"href": "http://10.0.0.1/x"}}}),
    ),
    "GeoJSON in metres that does not say so": (
        ".geojson",
        written({"type": "Polygon", "coordinates": [(np.array(RING) * 1e5).tolist()]}),
    ),
    "JSON a hundred thousand brackets deep": (".json", written(b'{"a":' + b"[" * 100_000)),
    "GeoJSON cut off in the middle": (".geojson", written(json.dumps(AREA)[:-9].encode())),
    "a GeoPackage with a view that never ends": (
        ".gpkg",
        database(f"CREATE VIEW endless AS {ENDLESS}"),
    ),
    "a GeoPackage with a column that is computed": (
        ".gpkg",
        database("ALTER TABLE outlines ADD COLUMN x AS (hex(zeroblob(1000000000)))"),
    ),
    "an SQLite database under the name of a GeoPackage": (
        ".gpkg",
        database("CREATE TABLE t (x)", geopackage=False),
    ),
    "a GeoPackage cut off in the middle": (".gpkg", cut(outlines(), 0.2)),
    "a GeoParquet of kilobytes that unpacks to a hundred megabytes": (".parquet", swelling_parquet),
    "points instead of polygons": (".gpkg", outlines(shapely.Point(640000, 5180000))),
    "a Shapefile without its .shx": (".shp", shapefile_without(".shx")),
    "a Shapefile without its .prj": (".shp", shapefile_without(".prj")),
    "a zip with a password": (".zip", archive([("a.shp", b"x")], with_password)),
    "a zip whose file would land outside its folder": (".zip", archive([("../../a.shp", b"x")])),
    "a zip whose file has an absolute path": (".zip", archive([("/etc/cron.d/a.shp", b"x")])),
    "a zip with a link to another file of the server": (
        ".zip",
        archive([link("a.shp", "/etc/passwd")]),
    ),
    "a zip of kilobytes that unpacks to twenty megabytes": (
        ".zip",
        archive([("a.shp", bytes(20_000_000))]),
    ),
    "a zip with another zip inside": (".zip", archive([("inner.zip", b"PK\x03\x04")])),
    "a zip with two Shapefiles": (".zip", archive([("a.shp", b"x"), ("b.shp", b"x")])),
    "a zip with 65 files": (".zip", archive([(f"{n}.txt", b"") for n in range(65)])),
    "a zip that announces thousands of files": (
        ".zip",
        archive([(f"{n}.txt", b"") for n in range(1500)]),
    ),
    "a zip cut off in the middle": (".zip", cut(archive([("a.shp", bytes(range(256)))]), 0.5)),
}  # fmt: skip
"""Outlines by what is wrong with them, the suffix they come under, and what writes them."""

ADDRESSES = {
    "an address without encryption": "http://storage.googleapis.com/a.tif",
    "a host that is no archive": "https://example.org/a.tif",
    "a host that only begins like an archive": "https://storage.googleapis.com.example.org/a.tif",
    "an archive's name as the user of another host": (
        "https://storage.googleapis.com@example.org/a.tif"
    ),
    "this machine, as a decimal number": "https://2130706433/a.tif",
    "this machine, in IPv6": "https://[::1]/a.tif",
    "the description of a virtual machine in the cloud": "http://169.254.169.254/latest/meta-data",
    "a host with a dot at its end": "https://storage.googleapis.com./a.tif",
    "a host in letters that only look like Latin ones": "https://stоrage.googleapis.com/a.tif",
    "another port": "https://storage.googleapis.com:8443/a.tif",
    "a file of the server": "file:///etc/passwd",
    "a path of GDAL": "/vsicurl/https://storage.googleapis.com/a.tif",
}
"""Addresses by what is wrong with them."""
