"""Bad input for scenes: a clear sentence, nothing lost, no traceback."""

import struct
import zlib

import numpy as np
import pytest
from affine import Affine
from rasters import BANDS, CRS, GRID, plane, reflectances, write_geotiff, write_pair

from glacier_core.errors import SceneError
from glacier_core.sources import scene_from_files

SHAPE = (24, 20)


@pytest.fixture
def pair(tmp_path):
    return write_pair(tmp_path)


def refused(optical, elevation, sentence, **options):
    with pytest.raises(SceneError, match=sentence) as caught:
        scene_from_files(optical, elevation, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    assert message.endswith((".", ")"))


def test_a_three_band_image(tmp_path, pair):
    picture = write_geotiff(tmp_path / "rgb.tif", reflectances(SHAPE)[:3])
    refused(picture, pair[1], r"rgb\.tif has 3 bands; the network needs six \(blue, green, red")


@pytest.mark.parametrize(
    "content",
    [
        b"These are field notes, not a raster.\n",
        b"",
        b"II",
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n",
        b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>",
        b"<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1/</ServerUrl></Service>",
    ],
)
def test_something_else_renamed_tif(tmp_path, pair, content):
    notes = tmp_path / "notes.tif"
    notes.write_bytes(content)
    refused(notes, pair[1], r"notes\.tif is not a GeoTIFF, whatever its name says")
    refused(pair[0], notes, r"notes\.tif is not a GeoTIFF, whatever its name says")


@pytest.mark.parametrize("content", [b"II*\x00", b"II*\x00 and then only text", b"MM\x00*" * 50])
def test_the_beginning_of_a_tiff_and_nothing_more(tmp_path, pair, content):
    fake = tmp_path / "fake.tif"
    fake.write_bytes(content)
    refused(fake, pair[1], r"fake\.tif is damaged or incomplete")


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("which", [0, 1])
def test_a_truncated_geotiff(tmp_path, share, which):
    paths = list(write_pair(tmp_path, (200, 150)))
    whole = paths[which].read_bytes()
    paths[which] = tmp_path / "cut.tif"
    paths[which].write_bytes(whole[: int(len(whole) * share)])
    refused(*paths, r"cut\.tif is damaged or incomplete")


def test_no_such_file(tmp_path, pair):
    refused(tmp_path / "absent.tif", pair[1], r"There is no file .*absent\.tif")
    refused("/vsicurl/http://127.0.0.1/x.tif", pair[1], "There is no file")
    refused(tmp_path, pair[1], "There is no file")


def test_no_coordinate_system(tmp_path, pair):
    bare = write_geotiff(tmp_path / "bare.tif", reflectances(SHAPE), crs=None)
    refused(bare, pair[1], r"bare\.tif has no coordinate system.*gdal_edit")
    bare_dem = write_geotiff(tmp_path / "dem.tif", plane(SHAPE), crs=None)
    refused(pair[0], bare_dem, r"dem\.tif has no coordinate system")


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
def test_no_georeferencing_at_all(tmp_path, pair):
    bare = write_geotiff(tmp_path / "bare.tif", reflectances(SHAPE), crs=None, transform=None)
    refused(bare, pair[1], "no coordinate system")
    refused(bare, pair[1], "not north-up", crs=CRS)


def test_a_geographic_coordinate_system(tmp_path, pair):
    degrees = Affine(0.0003, 0, -117.3, 0, -0.0003, 52.2)
    path = write_geotiff(
        tmp_path / "lonlat.tif", reflectances(SHAPE), crs="EPSG:4326", transform=degrees
    )
    refused(path, pair[1], r"EPSG:4326\) is not projected in metres.*gdalwarp")


@pytest.mark.parametrize("band", range(6))
def test_an_all_nan_band(tmp_path, pair, band):
    bands = reflectances(SHAPE)
    bands[band] = np.nan
    path = write_geotiff(tmp_path / "hole.tif", bands)
    refused(path, pair[1], f"The {BANDS[band]} band holds no data at all")


def test_a_band_of_nothing_but_no_data(tmp_path, pair):
    bands = reflectances(SHAPE)
    bands[2] = -9999
    path = write_geotiff(tmp_path / "hole.tif", bands, nodata=-9999)
    refused(path, pair[1], "The red band holds no data at all")


def test_swapped_bands_that_make_ndsi_impossible(tmp_path, pair):
    swapped = reflectances(SHAPE)[[0, 4, 2, 3, 1, 5]]
    path = write_geotiff(tmp_path / "swapped.tif", swapped)
    refused(path, pair[1], "NDSI would be upside down")
    back_to_front = write_geotiff(tmp_path / "reverse.tif", reflectances(SHAPE)[::-1])
    refused(back_to_front, pair[1], "NDSI would be upside down")
    twice = write_geotiff(tmp_path / "twice.tif", reflectances(SHAPE)[[0, 1, 2, 3, 1, 5]])
    refused(twice, pair[1], "the same image, so NDSI is impossible")


def test_an_elevation_elsewhere(tmp_path, pair):
    elsewhere = GRID @ Affine.translation(5000, 0)
    far = write_geotiff(tmp_path / "far.tif", plane(SHAPE), transform=elsewhere)
    refused(pair[0], far, r"far\.tif does not overlap the imagery\. It covers 627870 to")
    degrees = Affine(0.001, 0, 10.0, 0, -0.001, 47.0)
    alps = write_geotiff(tmp_path / "alps.tif", plane(SHAPE), transform=degrees, crs="EPSG:4326")
    refused(pair[0], alps, r"alps\.tif does not overlap")


def test_an_elevation_that_only_touches(tmp_path, pair):
    beside = write_geotiff(
        tmp_path / "beside.tif", plane(SHAPE), transform=GRID @ Affine.translation(20, 0)
    )
    refused(pair[0], beside, r"beside\.tif does not overlap")


def test_an_elevation_with_a_hole_where_the_scene_is(tmp_path, pair):
    heights = np.full((60, 60), -32768, dtype=np.int16)
    heights[50:, 50:] = 2000
    path = write_geotiff(
        tmp_path / "hole.tif", heights, nodata=-32768, transform=GRID @ Affine.translation(-5, -5)
    )
    refused(pair[0], path, "elevation model holds no data where the imagery is")


def test_an_elevation_of_several_bands(tmp_path, pair):
    path = write_geotiff(tmp_path / "two.tif", np.stack([plane(SHAPE)] * 2))
    refused(pair[0], path, r"two\.tif has 2 bands; a file of elevation has one")


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 4000), (4000, 3)])
def test_odd_shapes_work(tmp_path, shape):
    optical = write_geotiff(tmp_path / "optical.tif", reflectances(shape))
    dem = write_geotiff(tmp_path / "dem.tif", plane(shape, east=0.02, north=0.01))
    scene = scene_from_files(optical, dem)
    assert scene.shape == shape
    assert scene.valid.all()


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
def test_a_bomb_is_refused_by_its_header(tmp_path, pair):
    """A file of a few hundred bytes that claims to be 60000 x 60000 pixels."""
    path = tmp_path / "bomb.tif"
    path.write_bytes(_tiny_tiff(60000, 60000))
    refused(path, pair[1], r"3,600,000,000 pixels; the limit is")


@pytest.mark.parametrize("options", [{"scale": 1e4}, {"scale": 100.0}])
def test_numbers_that_are_no_reflectance(pair, options):
    refused(*pair, "looks like (raw digital numbers|percent)", **options)


def test_hostile_names_stay_text(tmp_path):
    optical, elevation = write_pair(tmp_path)
    name = "<img src=x onerror=alert(1)>${document.title=1}`=cmd`.tif"
    renamed = optical.rename(tmp_path / name.replace("/", ""))
    assert scene_from_files(renamed, elevation).title == renamed.stem


def _tiny_tiff(width, height):
    """Return a TIFF whose one strip claims the whole image."""
    strip = zlib.compress(bytes(1000))
    tags = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 8),
        (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height),
        (279, 4, 1, len(strip)),
    ]  # fmt: skip
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return struct.pack("<2sHI", b"II", 42, 8 + len(strip)) + strip + directory + bytes(4)
