"""The registry of real samples, and Athabasca itself."""

import json

import numpy as np
import pytest
import rasterio
from scipy import ndimage

from glacier_core.errors import SourceError
from glacier_core.outlines.rasterizing import rasterize
from glacier_core.settings import settings
from glacier_core.sources import samples as module
from glacier_core.sources.catalogue import open_scene
from glacier_core.sources.fetching import fetch_files
from glacier_core.sources.folders import scene_folder
from glacier_core.sources.samples import Sample, sample_shadow, samples


def test_the_registry_is_pinned():
    for name, sample in samples().items():
        assert name == name.lower()
        assert sample.home.startswith("https://")
        assert len({file.name for file in sample.files}) == len(sample.files)
        roles = [file.role for file in sample.files]
        assert {"blue", "green", "red", "nir", "swir1", "swir2", "elevation"} <= set(roles)
        if sample.reflectance == "surface":
            assert any("Surface reflectance" in note for note in sample.notes)


def test_athabasca_comes_from_one_commit():
    home = samples()["athabasca-2020"].home
    assert "pabl1t0x/SatRbedo/e5b365644b65455a4bbc6dc881e37d134f0d8223/inst/extdata" in home


def test_any_change_of_an_entry_is_another_version():
    sample = samples()["athabasca-2020"]
    assert sample.version() == Sample.model_validate(sample.model_dump()).version()
    assert sample.model_copy(update={"notes": ()}).version() != sample.version()


def test_a_sample_is_one_entry(tmp_path, monkeypatch):
    """A copy of the entry under another name is another sample, with no other change."""
    entries = json.loads(module._REGISTRY.read_text())
    entries["twin"] = entries["athabasca-2020"] | {"title": "The twin"}
    registry = tmp_path / "samples.json"
    registry.write_text(json.dumps(entries))
    monkeypatch.setattr(module, "_REGISTRY", registry)
    samples.cache_clear()
    assert samples()["twin"].title == "The twin"
    monkeypatch.undo()
    samples.cache_clear()


@pytest.fixture
def mirrored(samples_mirror, monkeypatch):
    monkeypatch.setenv("GLACIER_SAMPLES_MIRROR", str(samples_mirror))
    settings.cache_clear()
    return samples_mirror


@pytest.mark.samples
class TestAthabasca:
    """Landsat 8, six bands, elevation and one older outline."""

    @pytest.fixture
    def scene(self, mirrored):
        return open_scene("athabasca-2020")

    def test_what_it_says_of_itself(self, scene):
        assert scene.shape == (205, 215)
        assert scene.crs.to_epsg() == 32611
        assert scene.bounds == (477870.0, 5778330.0, 484320.0, 5784480.0)
        assert scene.attributes.reflectance == "surface"
        assert str(scene.attributes.acquired) == "2020-08-16"
        assert not scene.simulated
        assert not scene.attributes.outlines_complete
        assert any("Surface reflectance" in note for note in scene.attributes.notes)
        assert any("older than the image" in note for note in scene.attributes.notes)

    def test_its_shadow_is_darker_than_the_rest(self, scene):
        shadow = sample_shadow("athabasca-2020")
        assert shadow.shape == scene.shape
        assert 0.10 < shadow.mean() < 0.15
        nir = scene.data.optical.sel(band="nir").to_numpy()
        assert np.nanmedian(nir[shadow]) < 0.2 * np.nanmedian(nir[~shadow])

    def test_its_pixels_are_those_of_the_files(self, scene, mirrored):
        folder = mirrored / "athabasca_hls_2020"
        with rasterio.open(folder / "athabasca_2020229_B06_L30.tif") as raster:
            numbers = raster.read(1)
        expected = np.where(numbers == -9999, np.nan, numbers * 1e-4).astype(np.float32)
        np.testing.assert_array_equal(scene.data.optical.sel(band="swir1"), expected)
        with rasterio.open(folder / "athabasca_dem.tif") as raster:
            heights = raster.read(1, masked=True)
        assert np.isnan(scene.data.elevation.values[heights.mask]).all()
        np.testing.assert_array_equal(
            scene.data.elevation.values[~heights.mask], heights.compressed()
        )

    def test_the_stack_made_by_another_hand_agrees(self, scene, mirrored):
        with rasterio.open(mirrored / "athabasca_hls_2020" / "stack_L30_2020229.tif") as raster:
            stack = raster.read()
        np.testing.assert_allclose(scene.data.optical, stack[:6], atol=2e-7)
        np.testing.assert_array_equal(scene.data.elevation, stack[6])
        drawn = rasterize(scene.outlines, scene.transform, scene.shape, scene.crs)
        np.testing.assert_array_equal(drawn, stack[8] == 1)

    def test_its_outline(self, scene):
        outline = scene.outlines.iloc[0]
        assert len(scene.outlines) == 1
        assert (outline.glacier_id, outline["name"]) == ("athabasca", "Athabasca Glacier")
        assert outline.geometry.area / 1e6 == pytest.approx(16.14, abs=0.005)
        assert outline.area_km2 == pytest.approx(16.14 / 0.9996**2, abs=0.01)

    def test_most_pixels_are_usable(self, scene):
        assert scene.valid.mean() == pytest.approx(0.970, abs=0.001)

    def test_the_snow_index_scores_what_the_data_s_notes_say(self, scene):
        """IoU of NDSI > 0.4 within 300 m: .776 to .785 by the shape of the buffer."""
        green, swir1 = scene.data.optical.sel(band=["green", "swir1"]).values
        with np.errstate(divide="ignore", invalid="ignore"):
            snow = (green - swir1) / (green + swir1) > 0.4
        expert = rasterize(scene.outlines, scene.transform, scene.shape, scene.crs)
        disc = ndimage.distance_transform_edt(~expert) <= 10
        diamond = ndimage.binary_dilation(expert, iterations=10)
        for ring, expected in ((disc, 0.776), (diamond, 0.785)):
            scored = ring & scene.valid
            iou = (snow & expert & scored).sum() / ((snow | expert) & scored).sum()
            assert iou == pytest.approx(expected, abs=0.001)

    def test_it_is_kept_and_opened_again_without_its_files(self, scene, mirrored, monkeypatch):
        monkeypatch.setattr(module, "fetch_files", lambda _: pytest.fail("fetched again"))
        again = open_scene("athabasca-2020")
        assert again.fingerprint() == scene.fingerprint()
        assert (scene_folder("athabasca-2020") / "optical.tif").is_file()

    def test_it_can_be_made_offline_from_fetched_files(self, scene, monkeypatch, own_data_dir):
        monkeypatch.delenv("GLACIER_SAMPLES_MIRROR")
        settings.cache_clear()
        sample = samples()["athabasca-2020"].model_copy(update={"home": "http://127.0.0.1:9"})
        assert sample.is_here()
        assert fetch_files(sample) == own_data_dir / "samples" / "athabasca_hls_2020"


def test_a_mirror_without_the_file_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("GLACIER_SAMPLES_MIRROR", str(tmp_path))
    settings.cache_clear()
    assert not samples()["athabasca-2020"].is_here()
    with pytest.raises(SourceError, match="is not in the mirror folder"):
        open_scene("athabasca-2020")
