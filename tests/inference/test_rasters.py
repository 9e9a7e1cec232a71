import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rio_cogeo import cog_validate

from glacier_core.errors import StorageError
from glacier_core.inference.rasters import read_layer, write_layer

PLACE = {"transform": Affine(10, 0, 5e5, 0, -10, 6e6), "crs": CRS.from_epsg(32633)}


def random_layer(shape=(700, 900)):
    layer = np.random.default_rng(0).random(shape, dtype=np.float32)
    layer[:3] = np.nan
    return layer


def test_a_layer_comes_back_bit_by_bit(tmp_path):
    layer = random_layer()
    write_layer(tmp_path / "x.tif", layer, nodata=float("nan"), tags={}, **PLACE)
    values, transform, crs = read_layer(tmp_path / "x.tif")
    assert values.dtype == np.float32
    assert values.tobytes() == layer.tobytes()
    assert (transform, crs) == (PLACE["transform"], PLACE["crs"])


def test_a_layer_is_a_cloud_optimised_geotiff_with_overviews(tmp_path):
    path = tmp_path / "probability.tif"
    write_layer(path, random_layer(), nodata=float("nan"), tags={"SCENE": "Größe"}, **PLACE)
    valid, errors, warnings = cog_validate(path)
    assert (valid, errors, warnings) == (True, [], [])
    with rasterio.open(path) as raster:
        assert raster.overviews(1) == [2]
        assert raster.descriptions == ("probability",)
        assert raster.tags()["SCENE"] == "Größe"
        assert np.isnan(raster.nodata)


def test_classes_have_colours_and_overviews_of_classes(tmp_path):
    layer = np.zeros((700, 900), np.uint8)
    layer[:350, :450] = 1
    # Two classes of one colour, as in glacier.tif, must not become one class.
    colours = {0: (0, 0, 0, 0), 1: (213, 94, 0, 255), 255: (0, 0, 0, 0)}
    write_layer(tmp_path / "c.tif", layer, nodata=255, tags={}, colours=colours, **PLACE)
    with rasterio.open(tmp_path / "c.tif") as raster:
        assert raster.colormap(1)[1] == (213, 94, 0, 255)
        small = raster.read(1, out_shape=(350, 450))
    np.testing.assert_array_equal(small, layer[::2, ::2])


@pytest.mark.parametrize("content", [None, b"", b"II*\0 no tiff", b"\x89PNG\r\n"])
def test_what_is_no_layer_is_told(tmp_path, content):
    path = tmp_path / "x.tif"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StorageError, match=r"x\.tif is absent or damaged"):
        read_layer(path)


def test_a_truncated_layer_is_told(tmp_path):
    path = tmp_path / "x.tif"
    write_layer(path, random_layer(), nodata=float("nan"), tags={}, **PLACE)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(StorageError, match="damaged"):
        read_layer(path)


def test_a_layer_without_a_coordinate_system_is_told(tmp_path):
    path, place = tmp_path / "x.tif", {"transform": PLACE["transform"]}
    profile = {"driver": "GTiff", "height": 4, "width": 4, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, **place) as raster:
        raster.write(np.zeros((1, 4, 4), np.uint8))
    with pytest.raises(StorageError, match="no coordinate system"):
        read_layer(path)
