from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT

from glacier_core.archives import reading, windows
from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.reading import read_many, read_onto
from glacier_core.errors import JobCancelled, MissingError, SourceError
from glacier_core.network import ranged
from glacier_core.network.services import service

ALPS = CRS.from_epsg(32632)
EAST_OF_IT = CRS.from_epsg(32633)


@pytest.fixture(autouse=True)
def local_files(monkeypatch):
    """Let addresses be files of this machine: how bytes come from afar is tested on its own."""

    @contextmanager
    def opened(url, **_):
        with rasterio.open(url) as raster:
            yield raster

    monkeypatch.setattr(reading, "open_remote_raster", opened)


def write(path, values, transform, crs=ALPS, driver="GTiff", **profile):
    if driver == "JP2OpenJPEG":
        profile = {"QUALITY": 100, "REVERSIBLE": "YES", **profile}
        path = path.with_suffix(".jp2")
    rows, columns = values.shape
    with rasterio.open(
        path,
        "w",
        driver=driver,
        width=columns,
        height=rows,
        count=1,
        dtype=values.dtype,
        crs=crs,
        transform=transform,
        **profile,
    ) as raster:
        raster.write(values, 1)
    return str(path)


def digits(shape=(96, 110), seed=0):
    return np.random.default_rng(seed).integers(1, 10_000, shape, dtype=np.uint16)


def grid_around(x, y, crs, shape=(40, 44), resolution=10.0):
    left = round(x - shape[1] / 2 * resolution)
    top = round(y + shape[0] / 2 * resolution)
    return AreaGrid(crs, Affine(resolution, 0, left, 0, -resolution, top), shape)


def ramp(crs, transform, shape):
    """A raster that says, in every pixel, where the pixel's centre lies."""
    columns, rows = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    x, y = transform @ (columns, rows)
    return (0.3 * (x - transform.c) + 0.7 * (y - transform.f)).astype(np.float64)


def ramp_under(grid, crs, transform):
    columns, rows = np.meshgrid(np.arange(grid.shape[1]) + 0.5, np.arange(grid.shape[0]) + 0.5)
    there = Transformer.from_crs(grid.crs.to_wkt(), crs.to_wkt(), always_xy=True)
    x, y = there.transform(*(grid.transform @ (columns, rows)))
    return 0.3 * (x - transform.c) + 0.7 * (y - transform.f)


def test_a_grid_that_lies_on_the_pixels_gets_them_as_they_are(tmp_path):
    values, corner = digits(), Affine(10, 0, 440_000, 0, -10, 5_150_000)
    url = write(tmp_path / "band.tif", values, corner)
    grid = AreaGrid(ALPS, corner @ Affine.translation(7, 5), (30, 50))
    found = read_onto(grid, url)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, values[5:35, 7:57])
    nearest = read_onto(grid, url, resampling=Resampling.nearest)
    assert nearest.dtype == np.uint16
    np.testing.assert_array_equal(nearest, values[5:35, 7:57])


def test_what_lies_outside_of_the_file_is_masked(tmp_path):
    values, corner = digits(), Affine(10, 0, 440_000, 0, -10, 5_150_000)
    url = write(tmp_path / "band.tif", values, corner)
    grid = AreaGrid(ALPS, corner @ Affine.translation(-3, -2), (10, 10))
    found = read_onto(grid, url)
    expected = np.zeros((10, 10), dtype=bool)
    expected[:2] = expected[:, :3] = True
    np.testing.assert_array_equal(np.ma.getmaskarray(found), expected)
    far = AreaGrid(ALPS, corner @ Affine.translation(5000, 0), (10, 10))
    assert np.ma.getmaskarray(read_onto(far, url)).all()


def test_no_data_neither_counts_nor_bleeds_into_its_neighbours(tmp_path):
    values = np.full((40, 40), 5000, dtype=np.uint16)
    values[10:20, 10:20] = 0
    values[30:, 30:] = 65_535
    corner = Affine(20, 0, 440_000, 0, -20, 5_150_000)
    url = write(tmp_path / "band.tif", values, corner)
    grid = AreaGrid(ALPS, Affine(10, 0, 440_000, 0, -10, 5_150_000), (80, 80))
    found = read_onto(grid, url, no_data=(0, 65_535))
    assert np.ma.getmaskarray(found)[22:38, 22:38].all()
    assert np.ma.getmaskarray(found)[62:, 62:].all()
    assert (np.ma.getdata(found)[22:38, 22:38] == 0).all()
    assert (np.ma.getdata(found)[62:, 62:] == 65_535).all()
    assert set(np.unique(found.compressed())) == {5000.0}
    declared = write(tmp_path / "declared.tif", values, corner, nodata=0)
    found = read_onto(grid, declared, no_data=[65_535])
    assert set(np.unique(found.compressed())) == {5000.0}


@pytest.mark.parametrize("driver", ["GTiff", "JP2OpenJPEG"])
@pytest.mark.parametrize("crs", [ALPS, EAST_OF_IT])
@pytest.mark.parametrize("resampling", [Resampling.nearest, Resampling.bilinear, Resampling.cubic])
def test_a_part_of_a_grid_equals_the_whole_of_it(tmp_path, monkeypatch, driver, crs, resampling):
    values, corner = digits((150, 170)), Affine(20, 0, 747_000, 0, -20, 5_150_000)
    url = write(tmp_path / "band", values, corner, driver=driver)
    x, y = Transformer.from_crs(ALPS.to_wkt(), crs.to_wkt(), always_xy=True).transform(
        748_700, 5_148_500
    )
    whole = grid_around(x, y, crs, (260, 280))
    with (
        rasterio.open(url) as raster,
        WarpedVRT(
            raster,
            crs=crs,
            transform=whole.transform,
            height=260,
            width=280,
            resampling=resampling,
            dtype="float32",
            tolerance=1e-12,
            XSCALE="1",
            YSCALE="1",
        ) as warped,
    ):
        expected = warped.read(1)
    monkeypatch.setattr(windows, "BLOCK", 100)

    @hypothesis_settings(max_examples=12)
    @given(st.data())
    def check(data):
        top, left = data.draw(st.integers(0, 250)), data.draw(st.integers(0, 270))
        rows = data.draw(st.integers(1, 260 - top))
        columns = data.draw(st.integers(1, 280 - left))
        part = AreaGrid(crs, whole.transform @ Affine.translation(left, top), (rows, columns))
        found = read_onto(part, url, resampling=resampling)
        np.testing.assert_array_equal(
            found.filled(0), expected[top : top + rows, left : left + columns]
        )

    check()


@pytest.mark.parametrize("resolution", [10.0, 60.0])
@pytest.mark.parametrize(
    ("place", "crs", "raster_crs", "pixel"),
    [
        ((8.0, 46.5), ALPS, CRS.from_epsg(4326), 1 / 3600),
        ((100.0, 84.5), CRS.from_epsg(3413), CRS.from_epsg(32647), 20.0),
    ],
)
def test_so_it_does_from_degrees_and_near_the_pole(
    tmp_path, place, crs, raster_crs, pixel, resolution
):
    x, y = Transformer.from_crs(4326, raster_crs.to_wkt(), always_xy=True).transform(*place)
    corner = Affine(pixel, 0, x - 200 * pixel, 0, -pixel, y + 200 * pixel)
    url = write(tmp_path / "noise.tif", digits((400, 400)), corner, raster_crs, tiled=True)
    to_grid = Transformer.from_crs(4326, crs.to_wkt(), always_xy=True)
    whole = grid_around(*to_grid.transform(*place), crs, (90, 100), resolution)
    expected = read_onto(whole, url)
    for top, left, rows, columns in ((0, 0, 1, 1), (17, 40, 33, 60), (89, 0, 1, 100)):
        transform = whole.transform @ Affine.translation(left, top)
        part = read_onto(AreaGrid(crs, transform, (rows, columns)), url)
        whole_there = expected[top : top + rows, left : left + columns]
        np.testing.assert_array_equal(part.filled(-1), whole_there.filled(-1))
    assert expected.std() > 100


@pytest.mark.parametrize(
    ("place", "crs", "raster_crs", "resolution"),
    [
        ((11.9, 46.5), EAST_OF_IT, ALPS, 20.0),
        ((12.1, 46.5), ALPS, EAST_OF_IT, 10.0),
        ((-73.1, -49.5), CRS.from_epsg(32718), CRS.from_epsg(32719), 30.0),
        ((20.0, 82.0), CRS.from_epsg(32633), CRS.from_epsg(3413), 20.0),
        ((100.0, 84.5), CRS.from_epsg(3413), CRS.from_epsg(32647), 10.0),
        ((8.0, 46.5), ALPS, CRS.from_epsg(4326), 1 / 3600),
        ((25.0, 72.0), CRS.from_epsg(32635), CRS.from_epsg(4326), 1 / 3600),
    ],
)
def test_every_pixel_is_taken_from_where_it_lies(tmp_path, place, crs, raster_crs, resolution):
    """Bilinear interpolation is exact on a plane, so the place itself can be read off."""
    to_raster = Transformer.from_crs(4326, raster_crs.to_wkt(), always_xy=True)
    x, y = to_raster.transform(*place)
    half = 400
    corner = Affine(resolution, 0, x - half * resolution, 0, -resolution, y + half * resolution)
    plane = ramp(raster_crs, corner, (2 * half, 2 * half))
    url = write(tmp_path / "ramp.tif", plane, corner, raster_crs, tiled=True)
    to_grid = Transformer.from_crs(4326, crs.to_wkt(), always_xy=True)
    grid = grid_around(*to_grid.transform(*place), crs)
    found = read_onto(grid, url)
    assert not np.ma.getmaskarray(found).any()
    expected = ramp_under(grid, raster_crs, corner)
    assert abs(found - expected).max() < 1e-3 * resolution


def test_a_grid_across_the_antimeridian_takes_each_side_from_its_own_file(tmp_path):
    grid = AreaGrid(CRS.from_epsg(32601), Affine(30, 0, 386_000, 0, -30, 7_993_000), (60, 700))
    sides = {}
    for name, west in (("east", 179.5), ("west", -180.0)):
        corner = Affine(0.5 / 600, 0, west, 0, -1 / 1200, 72.1)
        sides[name] = write(
            tmp_path / f"{name}.tif", np.full((240, 600), 1.0), corner, CRS.from_epsg(4326)
        )
    found = read_many(grid, sides)
    assert list(found) == ["east", "west"]
    east, west = (~np.ma.getmaskarray(found[name]) for name in ("east", "west"))
    to_places = Transformer.from_crs(32601, 4326, always_xy=True)
    columns, rows = np.meshgrid(np.arange(700) + 0.5, np.arange(60) + 0.5)
    longitudes, latitudes = to_places.transform(*(grid.transform @ (columns, rows)))
    assert latitudes.min() > 71.9
    assert latitudes.max() < 72.1
    np.testing.assert_array_equal(east, longitudes > 0)
    np.testing.assert_array_equal(west, longitudes < 0)
    assert east.any()
    assert west.any()


@pytest.mark.parametrize("driver", ["GTiff", "JP2OpenJPEG"])
def test_a_coarse_grid_reads_the_overviews_and_not_the_pixels(tmp_path, monkeypatch, driver):
    corner = Affine(10, 0, 440_000, 0, -10, 5_150_000)
    values = np.repeat(np.repeat(digits((40, 45)), 16, 0), 16, 1)
    url = write(tmp_path / "band", values, corner, driver=driver)
    if driver == "GTiff":
        with rasterio.open(url, "r+") as raster:
            raster.build_overviews([2, 4, 8, 16], Resampling.average)
    read = []
    original = reading._read_window

    def noted(raster, window, found, wanted):
        pixels, missing, transform = original(raster, window, found, wanted)
        read.append((found.spacing, pixels[0].size))
        return pixels, missing, transform

    monkeypatch.setattr(reading, "_read_window", noted)
    grid = AreaGrid(ALPS, Affine(40, 0, 440_000, 0, -40, 5_150_000), (160, 180))
    found = read_onto(grid, url)
    assert {step for step, _ in read} == {(4, 4)}
    assert sum(size for _, size in read) == 160 * 180
    if driver == "GTiff":
        np.testing.assert_array_equal(found, values[::4, ::4])
    else:
        with rasterio.open(url, overview_level=1) as smaller:
            np.testing.assert_array_equal(found, smaller.read(1))


@pytest.mark.parametrize("level", [0, 1])
def test_overviews_that_do_not_divide_a_geotiff_stay_in_place(tmp_path, level):
    """A window of an overview is that window of it, also where a pixel is 3.99 of the file's."""
    corner = Affine(10, 0, 440_000, 0, -10, 5_150_000)
    url = write(tmp_path / "band.tif", digits((643, 723)), corner)
    with rasterio.open(url, "r+") as raster:
        raster.build_overviews([2, 4], Resampling.average)
    with rasterio.open(url, overview_level=level) as smaller:
        overview, transform = smaller.read(1), smaller.transform
    side = 10 * 2 ** (level + 1)
    assert transform.a < side
    grid = AreaGrid(ALPS, Affine(side, 0, 440_400, 0, -side, 5_149_600), (150 // (level + 1),) * 2)
    alone = write(tmp_path / "alone.tif", overview.astype(np.float32), transform)
    with (
        rasterio.open(alone) as kept,
        WarpedVRT(
            kept,
            crs=ALPS,
            transform=grid.transform,
            height=grid.shape[0],
            width=grid.shape[1],
            resampling=Resampling.bilinear,
            XSCALE="1",
            YSCALE="1",
        ) as warped,
    ):
        expected = warped.read(1)
    np.testing.assert_allclose(read_onto(grid, url), expected, rtol=1e-5)


def test_overviews_of_a_jpeg_2000_are_a_whole_number_of_pixels_apart(tmp_path):
    """To its far end, where GDAL's own reckoning (1098 / 138 pixels) would be one pixel off."""
    corner = Affine(10, 0, 440_000, 0, -10, 5_150_000)
    profile = {"BLOCKXSIZE": 1024, "BLOCKYSIZE": 512}
    url = write(tmp_path / "band", digits((1098, 1098)), corner, driver="JP2OpenJPEG", **profile)
    with rasterio.open(url, overview_level=2) as smaller:
        expected = smaller.read(1)
    assert expected.shape == (138, 138)
    whole = AreaGrid(ALPS, Affine(80, 0, 440_000, 0, -80, 5_150_000), (138, 138))
    np.testing.assert_array_equal(read_onto(whole, url), expected)
    part = AreaGrid(ALPS, whole.transform @ Affine.translation(120, 110), (28, 18))
    np.testing.assert_array_equal(read_onto(part, url), expected[110:, 120:])


def test_classes_of_a_jpeg_2000_are_never_smoothed(tmp_path):
    corner = Affine(10, 0, 440_000, 0, -10, 5_150_000)
    classes = np.random.default_rng(1).choice(np.array([0, 200], dtype=np.uint8), (640, 640))
    url = write(tmp_path / "classes.jp2", classes, corner, driver="JP2OpenJPEG")
    grid = AreaGrid(ALPS, Affine(40, 0, 440_000, 0, -40, 5_150_000), (160, 160))
    found = read_onto(grid, url, resampling=Resampling.nearest)
    assert set(np.unique(found.compressed())) == {0, 200}


def test_a_finer_file_is_averaged_by_a_wider_kernel_in_the_same_way_everywhere(tmp_path):
    corner = Affine(10, 0, 440_000, 0, -10, 5_150_000)
    url = write(tmp_path / "band.tif", digits((300, 300)), corner)
    whole = AreaGrid(ALPS, Affine(30, 0, 440_000, 0, -30, 5_150_000), (100, 100))
    part = AreaGrid(ALPS, whole.transform @ Affine.translation(31, 17), (20, 25))
    expected = read_onto(whole, url)
    np.testing.assert_array_equal(read_onto(part, url), expected[17:37, 31:56])
    # A kernel three pixels wide quiets noise; one pixel's own two neighbours would not.
    assert expected.std() < digits((300, 300)).std() / 1.8


def test_many_files_come_by_name_and_one_that_fails_ends_all(tmp_path):
    corner = Affine(10, 0, 440_000, 0, -10, 5_150_000)
    urls = {
        f"B{number}": write(tmp_path / f"{number}.tif", digits(seed=number), corner)
        for number in range(9)
    }
    grid = AreaGrid(ALPS, corner, (20, 20))
    found = read_many(grid, urls)
    assert list(found) == list(urls)
    np.testing.assert_array_equal(found["B7"], digits(seed=7)[:20, :20])
    Path(urls["B5"]).write_bytes(Path(urls["B5"]).read_bytes()[:3000])
    with pytest.raises(RasterioError):
        read_many(grid, urls)


def test_several_bands_of_a_file_come_in_one_go(tmp_path):
    corner = Affine(10, 0, 440_000, 0, -10, 5_150_000)
    layers = np.stack([digits(seed=number) for number in range(4)])
    with rasterio.open(
        tmp_path / "layers.tif", "w", driver="GTiff", count=4, height=96, width=110,
        dtype=layers.dtype, crs=ALPS, transform=corner,
    ) as raster:  # fmt: skip
        raster.write(layers)
    found = read_onto(AreaGrid(ALPS, corner, (20, 30)), str(tmp_path / "layers.tif"), band=(4, 2))
    np.testing.assert_array_equal(found, layers[[3, 1], :20, :30])


@pytest.mark.parametrize(
    ("band", "crs", "message"), [(2, ALPS, "has 1 bands, no band 2"), (1, None, "where it lies")]
)
def test_a_file_that_is_not_what_it_should_be_is_refused(tmp_path, band, crs, message):
    corner = Affine(10, 0, 440_000, 0, -10, 5_150_000)
    url = write(tmp_path / "band.tif", digits(), corner, crs)
    with pytest.raises(SourceError, match=message):
        read_onto(AreaGrid(ALPS, corner, (20, 20)), url, band=band)


def test_it_stops_between_two_blocks(tmp_path, monkeypatch):
    corner = Affine(10, 0, 440_000, 0, -10, 5_150_000)
    url = write(tmp_path / "band.tif", digits((300, 300)), corner)
    monkeypatch.setattr(windows, "BLOCK", 100)
    told = []
    with pytest.raises(JobCancelled):
        read_onto(
            AreaGrid(ALPS, corner, (300, 300)),
            url,
            report=told.append,
            cancelled=lambda: len(told) >= 4,
        )
    assert 4 <= len(told) <= 5
    assert told[0].message == "Reading band.tif"
    assert told[0].seconds_left is not None


def test_the_same_pixels_come_from_afar(archive_world, monkeypatch):
    monkeypatch.setattr(reading, "open_remote_raster", ranged.open_remote_raster)
    product = archive_world.sentinel2["alps", "clear"]
    image = f"{service('sentinel-2-google')}/{product.folder}/{product.image_folder}"
    urls = {band: f"{image}/{product.image_name(band)}.jp2" for band in ("B03", "B04")}
    raster = product.raster
    grid = AreaGrid(
        CRS.from_epsg(raster.epsg), raster.transform @ Affine.translation(30, 50), (90, 70)
    )
    told = []
    found = read_many(grid, urls, report=told.append)
    for band in urls:
        np.testing.assert_array_equal(found[band], product.numbers(band)[50:140, 30:100])
    assert told[-1].message == "Reading B03, B04"
    assert told[-1].done == told[-1].total > 0
    archive_world.misbehave(".jp2", 404)
    with pytest.raises(MissingError):
        read_onto(grid, f"{image}/other.jp2")
