"""Sentinel-1 products: which is which, what is said of them, and their pixels."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.crs import CRS

from glacier_core.archives import sentinel1
from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.found import FoundScene
from glacier_core.archives.geoid import geoid_height
from glacier_core.archives.sentinel1 import read_sentinel1
from glacier_core.archives.sentinel1_geometry import image_positions, parse_annotation
from glacier_core.archives.sentinel1_ground_range import GroundRangeImage
from glacier_core.errors import SourceError

from .radar_files import annotation
from .world.ground import land_elevation
from .world.places import Raster, local_metres
from .world.sentinel1 import CROSS, backscatter
from .world.sentinel1_grd import GroundRange
from .world.sentinel1_xml import annotation as annotation_of

GRID = AreaGrid(CRS.from_epsg(32631), Affine(30, 0, 500_000, 0, -30, 9_000), (4, 5))


def scene(assets, *, archive="sentinel-1-rtc", **properties):
    return FoundScene(
        id="S1A_IW_GRDH_1SDV_20230820T171458_20230820T171523_049956_06018F_rtc",
        archive=archive,
        sensor="Sentinel-1A",
        acquired=datetime(2023, 8, 20, tzinfo=UTC),
        footprint=shapely.box(7, 46, 9, 47),
        coverage_percent=100.0,
        assets={key: f"https://a/{key}.tif" for key in assets},
        item={"properties": {"sat:orbit_state": "descending"} | properties},
    )


def real_scene(path, archive):
    item = json.loads(path.read_text())
    assets = {key: asset["href"] for key, asset in item["assets"].items()}
    item = {key: value for key, value in item.items() if key != "assets"}
    return FoundScene(
        **{**vars(scene([], archive=archive)), "id": item["id"], "assets": assets, "item": item}
    )


@pytest.fixture
def layers(monkeypatch):
    """Stand in for the archive's pixels, by polarisation."""
    held = {"VV": 0.2, "VH": 0.05, "HH": 0.3, "HV": 0.06}
    asked = {}

    def read_many(grid, urls, *, no_data, report, cancelled):
        asked.update(urls)
        read = {}
        for name in urls:
            values = np.broadcast_to(np.asarray(held[name], np.float32), grid.shape)
            read[name] = np.ma.masked_array(values, np.isin(values, no_data))
        return read

    monkeypatch.setattr(sentinel1, "read_many", read_many)
    held["asked"] = asked
    return held


@pytest.mark.parametrize(
    ("assets", "co_pol", "cross_pol"),
    [
        (["vv", "vh", "tilejson"], 0.2, 0.05),
        (["hh", "hv"], 0.3, 0.06),
        (["gamma0_vv", "gamma0_vh", "incidence"], 0.2, 0.05),
        (["hh", "hv", "vv", "vh"], 0.2, 0.05),
        (["VV", "VH"], 0.2, 0.05),
    ],
)
def test_gamma_nought_is_read_as_it_is_and_called_so(layers, assets, co_pol, cross_pol):
    radar = read_sentinel1(scene(assets), GRID)
    np.testing.assert_array_equal(radar.co_pol, np.full(GRID.shape, co_pol, np.float32))
    np.testing.assert_array_equal(radar.cross_pol, np.full(GRID.shape, cross_pol, np.float32))
    assert (radar.quantity, radar.orbit) == ("gamma nought", "descending")
    assert any("where GlaViTU learned sigma nought" in note for note in radar.notes)
    assert any("speckle" in note for note in radar.notes)


def test_a_missing_polarisation_is_nan_and_said(layers):
    radar = read_sentinel1(scene(["hh"]), GRID)
    assert np.isnan(radar.cross_pol).all()
    assert np.isfinite(radar.co_pol).all()
    assert any("Only HH" in note for note in radar.notes)
    with pytest.raises(SourceError, match="no image in VV or HH"):
        read_sentinel1(scene(["vh"]), GRID)


def test_no_data_is_nan_and_a_little_negative_power_is_none(layers):
    layers["VV"] = np.float32([[-32768, 0, 0.2, 0.3, 0.4]])
    layers["VH"] = np.where(np.indices(GRID.shape).sum(0) == 0, -1e-5, 0.05)
    with pytest.raises(SourceError, match="as if in decibels"):
        read_sentinel1(scene(["vv", "vh"]), GRID)  # 1 of 20 pixels is more than 1 %
    grid = AreaGrid(GRID.crs, GRID.transform, (40, 5))
    layers["VH"] = np.where(np.indices(grid.shape).sum(0) == 0, -1e-5, 0.05)
    radar = read_sentinel1(scene(["vv", "vh"]), grid)
    assert np.isnan(radar.co_pol[:, :2]).all()
    np.testing.assert_array_equal(radar.co_pol[:, 2:], np.float32([[0.2, 0.3, 0.4]] * 40))
    assert radar.cross_pol.flat[0] == 0


def test_decibels_are_refused(layers):
    layers["VV"] = -12.5
    with pytest.raises(SourceError, match="as if in decibels"):
        read_sentinel1(scene(["vv", "vh"]), GRID)


@pytest.mark.parametrize("orbit", [None, "", "polar"])
def test_an_untold_orbit_is_refused(layers, orbit):
    with pytest.raises(SourceError, match="ascending or a descending"):
        read_sentinel1(scene(["vv", "vh"], **{"sat:orbit_state": orbit}), GRID)


def test_what_is_neither_corrected_nor_calibrated_is_refused(layers):
    with pytest.raises(SourceError, match="neither a terrain-corrected nor"):
        read_sentinel1(scene(["vv", "vh"], archive="other"), GRID)
    read_sentinel1(scene(["vv", "vh"], archive="other", **{"sar:product_type": "RTC"}), GRID)


def test_the_real_corrected_item_of_amazon_is_read(fixtures_dir, layers):
    path = fixtures_dir / "metadata" / "stac" / "stactools_s1rtc_aws_S1A_20200103_17RMJ_ASC.json"
    if not path.is_file():
        pytest.skip("real metadata needed: set GLACIER_FIXTURES to its folder")
    radar = read_sentinel1(real_scene(path, "another"), GRID)
    assert radar.orbit == "ascending"
    assert radar.facts["corrected for terrain by"] == "Indigo Ag Inc."
    assert radar.facts["made from"].startswith("S1A_IW_GRDH_1SDV_20200103T233556")
    assert radar.facts["relative orbit"] == "121"
    assert layers["asked"]["VV"].endswith("/Gamma0_VV.tif")
    assert layers["asked"].keys() == {"VV", "VH"}


@pytest.fixture
def ground_range(monkeypatch):
    """Stand in for the annotations and pixels of ground-range images."""
    told = {}

    def find_image(pixels, calibration, noise, polarisation, cancelled):
        told[polarisation] = (pixels, calibration, noise)
        content = annotation(polarisation=polarisation, noise_removed=told["noise removed"])
        return GroundRangeImage(pixels, parse_annotation(content, "a"), None, None)

    def onto_grid(images, grid, elevation, report, cancelled):
        told["elevation"] = elevation
        return {name: np.full(grid.shape, 0.1, np.float32) for name in images}

    monkeypatch.setattr(sentinel1, "find_image", find_image)
    monkeypatch.setattr(sentinel1, "onto_grid", onto_grid)
    told["noise removed"] = "false"
    return told


REAL_GROUND_RANGE = (
    ("pc_sentinel-1-grd-item-raw.json", "VV"),
    ("stactools_s1grd_S1A_IW_20210809.json", "VV"),
)


@pytest.mark.parametrize(("name", "co_pol"), REAL_GROUND_RANGE)
def test_real_ground_range_items_lead_to_their_annotations(
    fixtures_dir, ground_range, name, co_pol
):
    path = fixtures_dir / "metadata" / "stac" / name
    if not path.is_file():
        pytest.skip("real metadata needed: set GLACIER_FIXTURES to its folder")
    radar = read_sentinel1(real_scene(path, "sentinel-1-grd"), GRID)
    assert radar.quantity == "sigma nought"
    assert radar.facts["polarisations"] == "VV, VH"
    for polarisation in ("VV", "VH"):
        pixels, calibration, noise = ground_range[polarisation]
        low = polarisation.lower()
        assert low in pixels.rsplit("/", 1)[1]
        assert calibration.rsplit("/", 1)[1].startswith("calibration-")
        assert noise.rsplit("/", 1)[1].startswith("noise-")
        assert low in calibration.rsplit("/", 1)[1]


def test_a_real_item_of_earth_search_with_one_polarisation_is_read(fixtures_dir, ground_range):
    folder = fixtures_dir / "metadata" / "stac"
    path = folder / "earthsearch_v1_search_filter_page_s1grd_s2c1l2a_l1c_l2a.json"
    if not path.is_file():
        pytest.skip("real metadata needed: set GLACIER_FIXTURES to its folder")
    items = json.loads(path.read_text())["features"]
    item = next(item for item in items if item["collection"] == "sentinel-1-grd")
    assets = {key: asset["href"] for key, asset in item["assets"].items()}
    found = FoundScene(**{**vars(scene([])), "assets": assets, "item": item})
    radar = read_sentinel1(found, GRID)
    assert ground_range.keys() >= {"HH"}
    assert np.isnan(radar.cross_pol).all()
    assert any("Only HH" in note for note in radar.notes)


def test_without_elevation_mountains_are_said_to_be_displaced(ground_range):
    keys = [
        f"{key}{name}"
        for name in ("vv", "vh")
        for key in ("", "schema-calibration-", "schema-noise-")
    ]
    radar = read_sentinel1(scene(keys), GRID)
    assert any("Not corrected for terrain" in note for note in radar.notes)
    # The mesh says 38 degrees here: 1000 m / tan(38 degrees).
    assert any("lies about 1,280 m" in note for note in radar.notes)
    assert ground_range["elevation"] is None
    assert radar.facts["placed by"] == "own mesh"
    assert radar.orbit == "ascending"
    placed = read_sentinel1(scene(keys), GRID, elevation=np.full(GRID.shape, 700, np.float32))
    assert (ground_range["elevation"] == 700).all()
    assert not any("Not corrected" in note for note in placed.notes)
    assert placed.facts["placed by"] == "elevation and EGM96 geoid"
    assert "own tables" in placed.facts["thermal noise"]


def test_noise_that_is_off_already_is_said_to_be(ground_range):
    ground_range["noise removed"] = "true"
    radar = read_sentinel1(scene(["vv", "schema-calibration-vv", "schema-noise-vv"]), GRID)
    assert "by the processor" in radar.facts["thermal noise"]


def test_a_missing_annotation_is_named(ground_range):
    with pytest.raises(SourceError, match="names no schema-noise-vv"):
        read_sentinel1(scene(["vv", "schema-calibration-vv"]), GRID)


def offered(item, archive):
    assets = {key: asset["href"] for key, asset in item["assets"].items()}
    return FoundScene(
        **{**vars(scene([], archive=archive)), "id": item["id"], "assets": assets, "item": item}
    )


@pytest.mark.parametrize("orbit", ["ascending", "descending"])
def test_the_gamma_nought_of_the_test_archive_comes_back(archive_world, orbit):
    take = archive_world.radar["alps", f"{orbit} 2023"]
    raster = take.raster
    grid = AreaGrid(CRS.from_epsg(raster.epsg), raster.transform, (40, 50))
    radar = read_sentinel1(offered(take.item(archive_world.address), "sentinel-1-rtc"), grid)
    for name, values in zip(take.polarisations, (radar.co_pol, radar.cross_pol), strict=True):
        truth = take.gamma_nought(name)[:40, :50]
        truth[truth < 0] = np.nan
        np.testing.assert_array_equal(values, truth)
    assert np.isnan(radar.co_pol).any()
    assert radar.orbit == orbit


def test_the_sigma_nought_of_the_test_archive_comes_back_where_its_ground_is(archive_world):
    orbit = "descending"  # the closed form of other tests is ascending
    take = archive_world.radar["alps", f"{orbit} 2023"]
    product = GroundRange(take)
    corner = take.raster.transform @ Affine.translation(180, 180)
    grid = AreaGrid(CRS.from_epsg(take.raster.epsg), corner, (120, 120))
    east, north = local_metres(take.place, Raster(take.raster.epsg, corner, grid.shape))
    elevation = land_elevation(take.place, east, north)
    found = offered(product.item(archive_world.address), "sentinel-1-grd")

    content = annotation_of(product, "VV").encode()
    positions = image_positions(parse_annotation(content, "a"), grid, elevation)
    expected = product.line_and_sample(east, north, elevation)
    assert max(np.abs(a - b).max() for a, b in zip(positions, expected, strict=True)) < 0.05

    sea_level = geoid_height(grid)  # the test archive's own is the ellipsoid
    placed = read_sentinel1(found, grid, elevation=(elevation - sea_level).astype(np.float32))
    flat = read_sentinel1(found, grid)
    truth = backscatter(take.place, east, north, cross=False)
    off, astray = (np.abs(radar.co_pol / truth - 1) for radar in (placed, flat))
    assert np.isfinite(placed.co_pol).all()
    assert np.median(off) < 0.02
    assert (off > 0.5).mean() < 0.3 * (astray > 0.5).mean()
    assert (placed.quantity, placed.orbit) == ("sigma nought", orbit)
    ratio = np.median(placed.cross_pol / placed.co_pol)
    assert ratio == pytest.approx(CROSS, rel=0.03)
