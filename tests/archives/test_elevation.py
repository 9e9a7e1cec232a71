"""Elevation: exact between posts, across tiles, bands, the antimeridian and poles; sea is told."""

import math
from contextlib import contextmanager

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.crs import CRS

from glacier_core.archives import elevation, elevation_tiles
from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.elevation import read_elevation
from glacier_core.archives.elevation_tiles import GLO30, GLO90, Tile, product_of
from glacier_core.archives.grids import crs_at
from glacier_core.errors import JobCancelled, SourceError
from glacier_core.slope import horn_slope

from .world.ground import land_elevation
from .world.places import PLACES, WGS84, transformer

POSTS = 120  # a degree, where the real tiles have 3600


def grid_at(longitude, latitude, *, size=(40, 50), resolution=200.0):
    """Return a grid centred on a place, so coarse that it spans several of the tiles' posts."""
    crs = crs_at(longitude, latitude)
    x, y = Transformer.from_crs("EPSG:4326", crs.to_wkt(), always_xy=True).transform(
        longitude, latitude
    )
    west, north = x - resolution * size[1] / 2, y + resolution * size[0] / 2
    return AreaGrid(crs, Affine(resolution, 0, west, 0, -resolution, north), size)


def places(grid, margin=0):
    """Return longitude and latitude of the pixel centres, as far around as asked for."""
    rows, columns = np.mgrid[-margin : grid.shape[0] + margin, -margin : grid.shape[1] + margin]
    x, y = grid.transform @ (columns + 0.5, rows + 0.5)
    return Transformer.from_crs(grid.crs.to_wkt(), "EPSG:4326", always_xy=True).transform(x, y)


class Buckets:
    """Both buckets on the disk, with tiles of a ground of known height."""

    def __init__(self, folder):
        self.folder, self.lists, self.opened = folder, {GLO30: [], GLO90: []}, []

    def add(self, product, tile, ground, *, columns=None, west=None):
        """Add a tile; its first post lies on its north-western corner."""
        rows = POSTS * 10 // product.arc
        columns = columns or rows
        down, right = 1 / rows, 1 / columns
        latitudes = tile.south + 1 - down * np.arange(rows)
        longitudes = (tile.west if west is None else west) + right * np.arange(columns)
        heights = ground(longitudes[None, :], latitudes[:, None]).astype(np.float32)
        corner = Affine(right, 0, tile.west - right / 2, 0, -down, tile.south + 1 + down / 2)
        profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "crs": "EPSG:4326"}
        path = self.folder / f"{tile.name(product)}.tif"
        with rasterio.open(
            path, "w", height=rows, width=columns, transform=corner, **profile
        ) as raster:
            raster.write(heights, 1)
        self.lists[product].append(tile.name(product))

    def get_bytes(self, address, *, most_bytes):
        product = GLO30 if "30m" in address else GLO90
        return "\r\n".join(
            [*self.lists[product], "Copernicus_DSM_COG_10_N00_00_E006_00_DEM"]
        ).encode()

    @contextmanager
    def open(self, address, **_):
        self.opened.append(address)
        with rasterio.open(self.folder / address.rsplit("/", 1)[-1]) as raster:
            yield raster


@pytest.fixture(autouse=True)
def lists_asked_for_anew():
    elevation_tiles._listed.cache_clear()
    yield
    elevation_tiles._listed.cache_clear()


@pytest.fixture
def buckets(tmp_path, monkeypatch):
    buckets = Buckets(tmp_path)
    monkeypatch.setattr(elevation_tiles, "get_bytes", buckets.get_bytes)
    monkeypatch.setattr(elevation_tiles, "open_remote_raster", buckets.open)
    return buckets


def sloping(longitude, latitude):
    """Return heights that rise evenly in degrees, so that bilinear interpolation is exact."""
    eastward = np.where(longitude < -90, longitude + 360, longitude)
    return 3000.0 + 12.0 * eastward + 20.0 * latitude


def test_names_are_those_of_the_buckets():
    assert Tile(46, 8).name(GLO30) == "Copernicus_DSM_COG_10_N46_00_E008_00_DEM"
    assert Tile(-1, -74).name(GLO90) == "Copernicus_DSM_COG_30_S01_00_W074_00_DEM"
    assert (
        Tile(46, 8)
        .address(GLO30)
        .endswith(
            "/Copernicus_DSM_COG_10_N46_00_E008_00_DEM/Copernicus_DSM_COG_10_N46_00_E008_00_DEM.tif"
        )
    )
    assert (Tile(46, 8).corner, Tile(-50, -180).corner) == ("N46E008", "S50W180")


@given(st.integers(-90, 89), st.integers(-180, 179))
def test_tiles_go_around_the_earth(south, west):
    tile = Tile(south, west)
    assert tile.to_the(east=360) == tile
    assert -180 <= tile.to_the(east=1).west < 180
    assert elevation._tile((south + 90) * 360 + west + 180) == tile


@pytest.mark.parametrize(
    ("longitude", "latitude", "columns"),
    [
        (8.5, 46.5, {}),
        (8.0, 46.0, {}),
        (8.0, 47.0, {}),
        (-74.0, -49.0, {}),
        (0.0, 0.0, {}),
        (15.0, 70.0, {69: POSTS // 2, 70: POSTS // 3}),
        (180.0, 68.5, {}),
        (-40.0, 84.5, {84: POSTS // 5}),
        (170.0, -81.0, {-82: POSTS // 5, -81: POSTS // 5}),
    ],
)
def test_evenly_rising_ground_is_read_exactly(buckets, longitude, latitude, columns):
    grid = grid_at(longitude, latitude)
    lon, lat = places(grid, margin=1)
    for south in range(math.floor(lat.min()) - 1, math.floor(lat.max()) + 1):
        for west in np.unique(np.floor(lon)).astype(int):
            for beside in (0, 1):
                tile = Tile(south, west).to_the(east=beside)
                buckets.add(GLO30, tile, sloping, columns=columns.get(south))
    terrain = read_elevation(grid)
    expected = sloping(lon, lat)
    np.testing.assert_allclose(terrain.elevation, expected[1:-1, 1:-1], atol=2e-3)
    slope = horn_slope(expected, grid.resolution)[1:-1, 1:-1]
    np.testing.assert_allclose(terrain.slope, slope, atol=1e-3)
    assert terrain.facts["vertical datum"].startswith("EGM2008")
    assert "open sea" not in " ".join(terrain.notes)


def rough(longitude, latitude):
    """Return heights without a pattern, so that a wrong post shows."""
    return 2000.0 + 900.0 * np.sin(longitude * 611.0) * np.cos(latitude * 457.0)


def bilinear(ground, lon, lat, *, columns, rows):
    """Return heights between posts that lie so many a degree, written out."""
    column, row = np.floor(lon * columns), np.floor(lat * rows)
    right, up = lon * columns - column, lat * rows - row
    corners = [ground((column + i) / columns, (row + j) / rows) for j in (0, 1) for i in (0, 1)]
    below = (1 - right) * corners[0] + right * corners[1]
    above = (1 - right) * corners[2] + right * corners[3]
    return (1 - up) * below + up * above


def test_heights_between_posts_are_bilinear_right_across_tiles(buckets):
    grid = grid_at(8.0, 46.0, resolution=150.0)
    for south in (45, 46):
        for west in (7, 8):
            buckets.add(GLO30, Tile(south, west), rough)
    lon, lat = places(grid)
    expected = bilinear(rough, lon, lat, columns=POSTS, rows=POSTS)
    np.testing.assert_allclose(read_elevation(grid).elevation, expected, atol=0.01)


def test_a_part_of_a_grid_is_read_just_as_in_the_whole(buckets, monkeypatch):
    for south in (45, 46):
        for west in (7, 8):
            buckets.add(GLO30, Tile(south, west), rough)
    grid = grid_at(8.0, 46.0)
    whole = read_elevation(grid)
    part = AreaGrid(grid.crs, grid.transform @ Affine.translation(7, 11), (20, 30))
    read = read_elevation(part)
    monkeypatch.setattr(elevation, "_BLOCK_PIXELS", 120)
    blocks = read_elevation(grid)
    for name in ("elevation", "slope"):
        np.testing.assert_allclose(
            getattr(read, name), getattr(whole, name)[11:31, 7:37], atol=1e-3
        )
        np.testing.assert_array_equal(getattr(blocks, name), getattr(whole, name))


def test_open_sea_is_zero_and_told(buckets):
    buckets.add(GLO30, Tile(-49, -74), lambda lon, lat: 500.0 + 0 * lon + 0 * lat)
    buckets.add(GLO30, Tile(-50, -74), lambda lon, lat: 500.0 + 0 * lon + 0 * lat)
    grid = grid_at(-74.0, -49.0)
    terrain = read_elevation(grid)
    west = places(grid)[0] < -74.0
    assert (terrain.elevation[west] == 0).all()
    assert (terrain.elevation[~west] == 500).all()
    assert "There is no elevation of S50W075, S49W075, for that is open sea" in terrain.notes[-1]
    assert terrain.facts["elevation of the sea, 0 m"] == "S50W075, S49W075"


def test_a_grid_in_the_open_sea_is_flat(buckets):
    terrain = read_elevation(grid_at(-30.5, 30.5))
    assert (terrain.elevation == 0).all()
    assert (terrain.slope == 0).all()
    assert buckets.opened == []


def test_where_a_country_holds_back_its_30_m_the_90_m_stand_in_and_it_is_said(buckets):
    buckets.add(GLO30, Tile(41, 46), sloping)
    for west in (46, 47):
        buckets.add(GLO90, Tile(41, west), sloping)
    grid = grid_at(47.0, 41.5)
    terrain = read_elevation(grid)
    np.testing.assert_allclose(terrain.elevation, sloping(*places(grid)), atol=2e-3)
    assert any("holds back the 30 m elevation of N41E047" in note for note in terrain.notes)
    assert terrain.facts["elevation from Copernicus DEM GLO-30"] == "N41E046"
    assert terrain.facts["elevation from Copernicus DEM GLO-90"] == "N41E047"
    assert product_of(Tile(41, 48)) is None


def test_the_south_pole_has_an_elevation(buckets):
    for west in range(-180, 180):
        buckets.add(GLO30, Tile(-90, west), lambda lon, lat: 2800.0 + 0 * lon + lat, columns=12)
    grid = AreaGrid(CRS.from_epsg(5042), Affine(500, 0, 1997000, 0, -500, 2003000), (12, 12))
    latitudes = places(grid)[1]
    np.testing.assert_allclose(read_elevation(grid).elevation, 2800 + latitudes, atol=0.02)


@pytest.mark.parametrize("bad", [-32767.0, 1e30, np.nan])
def test_what_is_no_height_is_no_data(buckets, bad):
    def ground(lon, lat):
        return np.where((lon > 8.45) & (lon < 8.55) & (lat < 46.5), bad, 700.0)

    buckets.add(GLO30, Tile(46, 8), ground)
    terrain = read_elevation(grid_at(8.5, 46.5))
    assert np.isnan(terrain.elevation).any()
    assert (terrain.elevation[np.isfinite(terrain.elevation)] == 700).all()
    np.testing.assert_array_equal(np.isnan(terrain.slope), np.isnan(terrain.elevation))


@pytest.mark.parametrize("answer", [b"", b"<html>log in</html>", b"\xff\xfe"])
def test_a_list_that_is_none_does_not_make_everything_sea(buckets, monkeypatch, answer):
    monkeypatch.setattr(elevation_tiles, "get_bytes", lambda address, most_bytes: answer)
    with pytest.raises(SourceError, match="sea and missing tiles could not be told apart"):
        read_elevation(grid_at(8.5, 46.5))


def test_a_tile_that_lies_elsewhere_is_refused(buckets):
    buckets.add(GLO30, Tile(45, 8), sloping)
    path = buckets.folder / f"{Tile(45, 8).name(GLO30)}.tif"
    path.rename(buckets.folder / f"{Tile(46, 8).name(GLO30)}.tif")
    buckets.lists[GLO30].append(Tile(46, 8).name(GLO30))
    with pytest.raises(SourceError, match="not the elevation tile N46E008"):
        read_elevation(grid_at(8.5, 46.5))


def test_somebody_may_stop_it(buckets):
    buckets.add(GLO30, Tile(46, 8), sloping)
    with pytest.raises(JobCancelled):
        read_elevation(grid_at(8.5, 46.5), cancelled=lambda: True)


def test_progress_comes_to_its_end(buckets):
    buckets.add(GLO30, Tile(46, 8), sloping)
    told = []
    read_elevation(grid_at(8.5, 46.5), report=told.append)
    assert told[-1].message == "Reading elevation"
    assert told[-1].seconds_left == 0


@pytest.mark.parametrize(
    ("key", "columns"),
    [("alps", 3600), ("antimeridian", 1800), ("north", 720), ("south", 3600), ("antarctica", 720)],
)
def test_the_real_layout_of_the_buckets_is_read(archive_world, key, columns):
    place = PLACES[key]
    grid = grid_at(place.longitude, place.latitude, resolution=30.0, size=(40, 160))

    def ground(lon, lat):
        return land_elevation(place, *transformer(WGS84, place.local).transform(lon, lat))

    lon, lat = places(grid)
    expected = bilinear(ground, lon, lat, columns=columns, rows=3600)
    if place.sea_west_of is not None:
        assert (lon < place.sea_west_of).any()
        expected[lon < place.sea_west_of] = 0
    np.testing.assert_allclose(read_elevation(grid).elevation, expected, atol=0.02)


def test_a_withheld_country_is_read_from_the_coarser_bucket(archive_world):
    terrain = read_elevation(grid_at(47.9, 41.25, resolution=30.0))
    assert any("holds back" in note for note in terrain.notes)
    assert np.ptp(terrain.elevation) > 100


def test_trouble_with_a_tile_is_an_error_never_a_height(archive_world):
    archive_world.misbehave("N46_00_E008_00_DEM.tif", "wrong bytes")
    with pytest.raises(SourceError):
        read_elevation(grid_at(8.5, 46.5))


def test_trouble_with_a_list_is_an_error_never_the_sea(archive_world):
    archive_world.misbehave("tileList.txt", "empty")
    with pytest.raises(SourceError):
        read_elevation(grid_at(8.5, 46.5))
