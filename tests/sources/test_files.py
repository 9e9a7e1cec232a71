"""Scenes from your own files: any order of bands, any grid of the elevation."""

from datetime import date

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from rasters import BANDS, CRS, GRID, plane, reflectances, write_geotiff, write_pair
from shapely import box

from glacier_core.errors import OutlineError, SceneError
from glacier_core.outlines.schema import to_schema
from glacier_core.sources.files import scene_from_files

SHAPE = (24, 20)


def test_six_bands_and_an_elevation(tmp_path):
    optical, elevation = write_pair(tmp_path)
    scene = scene_from_files(optical, elevation)
    np.testing.assert_array_equal(scene.data.optical, reflectances(SHAPE))
    np.testing.assert_array_equal(scene.data.elevation, plane(SHAPE))
    assert scene.transform == GRID
    assert scene.title == "optical"
    assert scene.attributes.reflectance == "toa"
    assert scene.attributes.notes == ()
    assert scene.valid.all()


def test_everything_known_is_kept(tmp_path):
    scene = scene_from_files(
        *write_pair(tmp_path),
        id="mine",
        title="My <i>scene</i>",
        acquired="2021-08-09",
        sensor="Sentinel-2",
        source="somewhere",
        licence="CC0",
        reflectance="surface",
        outlines_complete=True,
        notes=["a note"],
    )
    assert scene.attributes.model_dump() == {
        "id": "mine",
        "title": "My <i>scene</i>",
        "acquired": date(2021, 8, 9),
        "sensor": "Sentinel-2",
        "source": "somewhere",
        "licence": "CC0",
        "reflectance": "surface",
        "simulated": False,
        "outlines_complete": True,
        "notes": ("a note",),
        "facts": {},
    }


@pytest.mark.parametrize("order", [(5, 4, 3, 2, 1, 0), (2, 0, 1, 5, 3, 4)])
def test_any_declared_order(tmp_path, order):
    optical, elevation = write_pair(tmp_path)
    shuffled = write_geotiff(tmp_path / "other.tif", reflectances(SHAPE)[list(order)])
    expected = scene_from_files(optical, elevation)
    scene = scene_from_files(shuffled, elevation, bands=[BANDS[index] for index in order])
    assert scene.fingerprint() == expected.fingerprint()


def test_more_bands_than_needed(tmp_path):
    """A Sentinel-2 stack: coastal, red edge and water vapour are passed over."""
    optical, elevation = write_pair(tmp_path)
    bands = reflectances(SHAPE)
    stack = np.stack([bands[0] * 0, *bands[:3], bands[3] * 0, *bands[3:], bands[0] * 0 + 9])
    path = write_geotiff(tmp_path / "stack.tif", stack)
    names = ["coastal", *BANDS[:3], "other", *BANDS[3:], "other"]
    scene = scene_from_files(path, elevation, bands=names)
    assert scene.fingerprint() == scene_from_files(optical, elevation).fingerprint()


def test_one_file_a_band(tmp_path):
    """Landsat comes so; a panchromatic band on a finer grid is passed over."""
    optical, elevation = write_pair(tmp_path)
    files = [
        write_geotiff(tmp_path / f"{name}.tif", band)
        for name, band in zip(BANDS, reflectances(SHAPE), strict=True)
    ]
    fine = write_geotiff(
        tmp_path / "pan.tif", np.ones((48, 40)), transform=GRID @ Affine.scale(0.5)
    )
    expected = scene_from_files(optical, elevation).fingerprint()
    assert scene_from_files(files, elevation).fingerprint() == expected
    with_pan = scene_from_files([fine, *files], elevation, bands=["panchromatic", *BANDS])
    assert with_pan.fingerprint() == expected


def test_digital_numbers_with_their_scale(tmp_path):
    numbers = np.round(reflectances(SHAPE) * 10000 + 1000).astype(np.uint16)
    numbers[:, 0, 0] = 0
    elevation = write_geotiff(tmp_path / "elevation.tif", plane(SHAPE))
    plain = write_geotiff(tmp_path / "plain.tif", numbers)
    scene = scene_from_files(plain, elevation, scale=1e-4, offset=-0.1, nodata=0)
    np.testing.assert_allclose(scene.data.optical[:, 1:], reflectances(SHAPE)[:, 1:], atol=6e-5)
    assert np.argwhere(~scene.valid).tolist() == [[0, 0]]
    declared = write_geotiff(tmp_path / "declared.tif", numbers, scale=(1e-4, -0.1), nodata=0)
    assert scene_from_files(declared, elevation).fingerprint() == scene.fingerprint()


def test_elevation_on_another_grid_is_resampled_and_noted(tmp_path):
    optical, _ = write_pair(tmp_path)
    coarse = GRID @ Affine.translation(-5.2, -5.2) @ Affine.scale(3)
    dem = write_geotiff(tmp_path / "dem.tif", plane((15, 15), coarse), transform=coarse)
    scenes = {
        rule: scene_from_files(optical, dem, resampling=rule) for rule in ("bilinear", "nearest")
    }
    for rule, scene in scenes.items():
        assert scene.attributes.notes == (
            f"The elevation was brought onto the grid of the imagery: {rule} resampling.",
        )
    error = {rule: abs(scene.data.elevation - plane(SHAPE)).max() for rule, scene in scenes.items()}
    assert error["bilinear"] < 3
    assert error["nearest"] > 5


def test_slope_is_right_up_to_the_edge_where_the_surroundings_are_known(tmp_path):
    optical, _ = write_pair(tmp_path)
    wider = GRID @ Affine.translation(-4, -4)
    dem = write_geotiff(tmp_path / "dem.tif", plane((32, 28), wider), transform=wider)
    scene = scene_from_files(optical, dem)
    expected = np.degrees(np.arctan(np.hypot(0.2, 0.1)))
    np.testing.assert_allclose(scene.data.slope, expected, atol=1e-3)
    assert scene.attributes.notes == ()


def test_a_given_slope_is_used(tmp_path):
    optical, elevation = write_pair(tmp_path)
    slope = write_geotiff(tmp_path / "slope.tif", np.full(SHAPE, 17.0, dtype=np.float32))
    assert set(scene_from_files(optical, elevation, slope).data.slope.values.flat) == {17.0}


def test_partial_elevation_leaves_the_rest_invalid(tmp_path):
    optical, _ = write_pair(tmp_path)
    dem = write_geotiff(tmp_path / "dem.tif", plane((10, 20)))
    scene = scene_from_files(optical, dem)
    assert scene.valid[:10].all()
    assert not scene.valid[10:].any()


def test_a_missing_coordinate_system_can_be_declared(tmp_path):
    optical, elevation = write_pair(tmp_path, crs=None)
    assert scene_from_files(optical, elevation, crs=CRS).crs.to_epsg() == 32611


def test_equal_files_make_equal_ids(tmp_path):
    optical, elevation = write_pair(tmp_path)
    first = scene_from_files(optical, elevation, title="one")
    again = scene_from_files(optical, elevation, title="two")
    assert first.id == again.id == f"upload-{first.fingerprint()[:12]}"
    other = scene_from_files(optical, elevation, reflectance="surface")
    assert other.id != first.id


def test_outlines_come_along_in_the_scene_s_coordinate_system(tmp_path):
    glacier = to_schema([box(478000, 5784000, 478200, 5784200)], CRS, glacier_id=["one"])
    glacier.to_crs("EPSG:4326").to_file(tmp_path / "outlines.gpkg")
    for outlines in (tmp_path / "outlines.gpkg", glacier.to_crs("EPSG:4326")):
        scene = scene_from_files(*write_pair(tmp_path), outlines=outlines)
        assert scene.outlines.crs.to_epsg() == 32611
        assert scene.outlines.geometry.iloc[0].equals_exact(glacier.geometry.iloc[0], 1e-3)


def test_outlines_elsewhere_are_refused(tmp_path):
    far = to_schema([box(578000, 5784000, 578200, 5784200)], CRS, glacier_id=["one"])
    with pytest.raises(OutlineError, match="about 100 km away"):
        scene_from_files(*write_pair(tmp_path), outlines=far)
    assert isinstance(far, gpd.GeoDataFrame)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"bands": BANDS[:5]}, "swir2 missing"),
        ({"bands": [*BANDS[:5], "swir1"]}, "swir2 missing"),
        ({"bands": [*BANDS, "green"]}, "green named twice"),
        ({"bands": [*BANDS, "coastal"]}, "has 6 bands, but declared are 7"),
        ({"resampling": "lanczos7"}, "no known resampling"),
        ({"acquired": "last summer"}, "acquired cannot be 'last summer'"),
        ({"id": "../elsewhere"}, "id cannot be"),
        ({"reflectance": "albedo"}, "reflectance cannot be 'albedo'"),
        ({"crs": "EPSG:4326"}, "not projected in metres"),
        ({"scale": 10000}, "raw digital numbers"),
    ],
)
def test_options_that_do_not_fit(tmp_path, options, sentence):
    with pytest.raises(SceneError, match=sentence):
        scene_from_files(*write_pair(tmp_path), **options)


def test_the_file_s_own_band_names_are_heard(tmp_path):
    _, elevation = write_pair(tmp_path)
    theirs = ("Blue", "Green", "Red", "NIR", "SWIR2", "SWIR1")
    path = write_geotiff(tmp_path / "named.tif", reflectances(SHAPE), names=theirs)
    with pytest.raises(SceneError, match="Band 5 is declared as swir1, but the file itself calls"):
        scene_from_files(path, elevation)
    assert scene_from_files(path, elevation, bands=[name.lower() for name in theirs])


def test_files_of_one_band_must_share_a_grid(tmp_path):
    _, elevation = write_pair(tmp_path)
    files = [
        write_geotiff(
            tmp_path / f"{name}.tif", band, transform=GRID @ Affine.translation(name == "nir", 0)
        )
        for name, band in zip(BANDS, reflectances(SHAPE), strict=True)
    ]
    with pytest.raises(SceneError, match=r"nir\.tif lies on another grid"):
        scene_from_files(files, elevation)
    with pytest.raises(SceneError, match="too few bands: nir, swir1, swir2 missing"):
        scene_from_files(files[:3], elevation)
