"""The test archive itself: what it serves is what its ground says, in the archives' own layouts."""

import numpy as np
import requests
from rasterio.io import MemoryFile

from archives.world.ground import elevation, reflectance
from archives.world.places import WGS84, local_metres, transformer


def fetch(world, path, **headers):
    return requests.get(f"{world.address}/{path}", headers=headers, timeout=10)


def test_a_band_holds_the_reflectance_of_the_ground(archive_world):
    product = archive_world.sentinel2["alps", "offset"]
    path = f"{product.folder}/{product.image_folder}/{product.image_name('B11')}.jp2"
    answer = fetch(archive_world, f"sentinel-2-google/{path}")
    assert answer.status_code == 200
    with MemoryFile(answer.content) as file, file.open() as band:
        assert band.driver == "JP2OpenJPEG"
        assert band.crs.to_epsg() == 32632
        assert band.res == (20.0, 20.0)
        seen = (band.read(1).astype(float) - 1000) / 10000
    east, north = local_metres(product.place, product.grid("B11"))
    truth = reflectance(product.place, east, north, "B11", product.sight)
    np.testing.assert_allclose(seen, truth, atol=0.5e-4)


def test_ranges_are_served(archive_world):
    name = "Copernicus_DSM_COG_30_N46_00_E008_00_DEM"
    path = f"copernicus-dem-90m/{name}/{name}.tif"
    whole = fetch(archive_world, path)
    part = fetch(archive_world, path, Range="bytes=100-199")
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    assert fetch(archive_world, path, Range="bytes=-50").content == whole.content[-50:]


def test_elevation_tiles_tell_the_height_of_the_ground(archive_world):
    name = "Copernicus_DSM_COG_10_N46_00_E008_00_DEM"
    answer = fetch(archive_world, f"copernicus-dem-30m/{name}/{name}.tif")
    with MemoryFile(answer.content) as file, file.open() as tile:
        assert tile.shape == (3600, 3600)
        place = archive_world.sentinel2["alps", "plain"].place
        row, column = 1800, 20
        longitude, latitude = tile.transform @ (column + 0.5, row + 0.5)
        east, north = transformer(WGS84, place.local).transform(longitude, latitude)
        assert tile.read(1)[row, column] == np.float32(elevation(east, north))
