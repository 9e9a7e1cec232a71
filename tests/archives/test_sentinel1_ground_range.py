"""Ground-range images made sigma nought: calibration, noise and place, by closed form."""

from contextlib import contextmanager

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import NotGeoreferencedWarning

from glacier_core.archives import sentinel1_ground_range
from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.geoid import geoid_height
from glacier_core.archives.sentinel1_geometry import mesh_heights
from glacier_core.archives.sentinel1_ground_range import find_image, onto_grid, sigma_nought
from glacier_core.errors import SourceError
from glacier_core.network.transfer import never, unreported

from .radar_files import annotation, calibration, closed_form, noise
from .test_sentinel1_geometry import places

SHAPE = (700, 900)
GAIN = {0: ([0, 9000], [300.0, 390.0]), 6000: ([0, 9000], [300.0, 390.0])}  # 300 + sample / 100
FLOOR = {0: ([0, 9000], [400.0, 400.0]), 6000: ([0, 9000], [1000.0, 1000.0])}  # 400 + line / 10
FOLDER = "https://sentinel1euwest.blob.core.windows.net/s1-grd/GRD/2020/8/20/IW/DV/S1A"
ADDRESSES = (
    f"{FOLDER}/measurement/iw-vv.tiff",
    f"{FOLDER}/annotation/calibration/calibration-iw-vv.xml",
    f"{FOLDER}/annotation/calibration/noise-iw-vv.xml",
)


def power(lines, samples):
    """Return squared amplitudes: a steep plane, which bilinear sampling must keep."""
    return 90_000 + 200.0 * lines + 400.0 * samples


def gain(samples):
    return 300 + samples / 100


def floor(lines):
    return 400 + lines / 10


@pytest.fixture(scope="module")
def pixels(tmp_path_factory):
    """Write an image that knows no place, and return its path."""
    lines, samples = np.indices(SHAPE, dtype=np.float32)
    amplitudes = np.sqrt(power(lines, samples))
    amplitudes[:, 700:] = 0
    path = tmp_path_factory.mktemp("radar") / "iw-vv.tiff"
    shape = {"height": SHAPE[0], "width": SHAPE[1], "count": 1, "dtype": "float32"}
    with (
        pytest.warns(NotGeoreferencedWarning),
        rasterio.open(path, "w", driver="GTiff", tiled=True, **shape) as raster,
    ):
        raster.write(amplitudes, 1)
    return path


@pytest.fixture
def documents(pixels, monkeypatch):
    """Stand in for the archive; what it hands out may be changed."""
    handed_out = {
        f"{FOLDER}/annotation/iw-vv.xml": annotation(shape=SHAPE),
        ADDRESSES[1]: calibration(GAIN),
        ADDRESSES[2]: noise(FLOOR),
    }

    @contextmanager
    def opened(url, *, report, cancelled):
        assert url == ADDRESSES[0]
        with pytest.warns(NotGeoreferencedWarning), rasterio.open(pixels) as raster:
            yield raster

    monkeypatch.setattr(sentinel1_ground_range, "fetch_document", lambda url, **_: handed_out[url])
    monkeypatch.setattr(sentinel1_ground_range, "open_remote_raster", opened)
    return handed_out


def found():
    return find_image(*ADDRESSES, "VV", never)


def placed(grid, elevation):
    """Return sigma nought on a grid of heights above the ellipsoid."""
    above_sea = None if elevation is None else elevation - geoid_height(grid)
    return onto_grid({"VV": found()}, grid, above_sea, unreported, never)["VV"]


def grid_of(resolution, shape, north=2_000):
    corner = Affine(resolution, 0, 500_000, 0, -resolution, north)
    return AreaGrid(CRS.from_epsg(32631), corner, shape)


@pytest.mark.parametrize(("resolution", "shape"), [(10.0, (40, 50)), (30.0, (30, 20))])
def test_sigma_nought_lies_where_its_ground_is(documents, resolution, shape):
    grid = grid_of(resolution, shape)
    elevation = 300 + 8.0 * np.indices(shape)[0] + 5.0 * np.indices(shape)[1]
    values = placed(grid, elevation)
    lines, samples = closed_form(*places(grid), elevation)
    expected = (power(lines, samples) - floor(lines)) / gain(samples) ** 2
    hundredth_of_a_pixel = 0.01 * (200 + 400) / gain(samples) ** 2
    assert (np.abs(values - expected) < hundredth_of_a_pixel).all()
    assert values.dtype == np.float32


def test_heights_count_from_the_sea_and_without_any_the_mesh_has_some(documents):
    grid = grid_of(10.0, (9, 8))
    sea_level = geoid_height(grid)
    assert np.abs(sea_level).min() > 5
    given = onto_grid({"VV": found()}, grid, np.zeros(grid.shape), unreported, never)["VV"]
    np.testing.assert_allclose(given, placed(grid, sea_level), rtol=1e-6)
    image = found()
    mesh = mesh_heights(image.geometry, grid)
    np.testing.assert_allclose(placed(grid, None), placed(grid, mesh), rtol=1e-6)


def test_a_grid_of_many_blocks_is_one(documents, monkeypatch):
    grid = grid_of(30.0, (40, 37))
    elevation = np.full(grid.shape, 500.0)
    whole = placed(grid, elevation)
    assert np.isfinite(whole).all()
    monkeypatch.setattr(sentinel1_ground_range, "_BLOCK", 16)
    np.testing.assert_allclose(placed(grid, elevation), whole, rtol=1e-5)


def test_beyond_the_image_and_without_number_or_elevation_there_is_nothing(documents):
    grid = grid_of(30.0, (30, 60), north=-2_500)  # the first lines lie here
    elevation = np.full(grid.shape, 500.0)
    elevation[20, 30] = np.nan
    values = placed(grid, elevation)
    lines, samples = closed_form(*places(grid), 500.0)
    there = (lines > 2) & (samples < 698)
    before, behind = lines < -0.5, samples > 702
    assert before.any()
    assert behind.any()
    gone = before | behind
    gone[20, 30] = True
    there[20, 30] = False
    assert there.any()
    assert np.isfinite(values[there]).all()
    assert np.isnan(values[gone]).all()
    far = placed(grid_of(30.0, (3, 3), north=900_000), elevation[:3, :3])
    assert np.isnan(far).all()


def test_numbers_become_sigma_nought_by_both_tables():
    numbers = np.array([[0, 300, 400], [20, 65535, 1]])
    documents = annotation(), calibration(GAIN), noise(FLOOR)
    image = _image(*documents)
    values = sigma_nought(numbers, 1000, 2000, image)
    lines, samples = 1000.0 + np.arange(2)[:, None], 2000.0 + np.arange(3)[None, :]
    expected = np.maximum(numbers**2.0 - floor(lines), 0) / gain(samples) ** 2
    expected[0, 0] = np.nan
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    assert values[1, 0] == 0  # fainter than the noise
    kept = sigma_nought(
        numbers, 1000, 2000, _image(annotation(noise_removed="true"), *documents[1:])
    )
    np.testing.assert_allclose(kept[1, 0], 400 / gain(2000.0) ** 2, rtol=1e-6)


def _image(told, calibrated, noisy):
    handed_out = iter((told, calibrated, noisy))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentinel1_ground_range, "fetch_document", lambda *_, **__: next(handed_out))
        return found()


def test_another_polarisation_than_offered_is_refused(documents):
    documents[f"{FOLDER}/annotation/iw-vv.xml"] = annotation(polarisation="VH")
    with pytest.raises(SourceError, match="as VV, but its annotation says 'VH'"):
        found()


def test_an_image_of_another_size_than_told_is_refused(documents):
    documents[f"{FOLDER}/annotation/iw-vv.xml"] = annotation()
    with pytest.raises(SourceError, match=r"has \(700, 900\) lines and samples, but .* \(1000, "):
        placed(grid_of(30.0, (3, 3)), np.zeros((3, 3)))


def test_the_real_layout_of_names_leads_to_the_annotation(monkeypatch):
    asked = []

    def fetch(url, **_):
        asked.append(url)
        raise SourceError("enough")

    monkeypatch.setattr(sentinel1_ground_range, "fetch_document", fetch)
    stem = "s1a-iw-grd-vv-20210809t173953-20210809t174018-039156-049f13-001.xml"
    with pytest.raises(SourceError, match="enough"):
        find_image("x.tiff", f"a.SAFE/annotation/calibration/calibration-{stem}", "n", "VV", never)
    assert asked == [f"a.SAFE/annotation/{stem}"]


def test_images_that_do_not_lie_on_each_other_are_refused(documents):
    first = found()
    documents[f"{FOLDER}/annotation/iw-vv.xml"] = annotation(shape=SHAPE).replace(
        b"LineUtcTime>2020-08-20T17:00:00", b"LineUtcTime>2020-08-20T17:00:01"
    )
    images = {"vv": first, "vh": found()}
    with pytest.raises(SourceError, match="in vv and vh do not lie on each other"):
        onto_grid(images, grid_of(30.0, (3, 3)), np.zeros((3, 3)), unreported, never)
