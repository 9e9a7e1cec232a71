import io
import os
import time
import zipfile
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import streamlit as st
from seen_pages import address, until_mapped, words
from tiny_world import EXPERT, PREDICTED, SIDE, paragraphs, pixels, table_with, tiny_map, tiny_scene

import glacier_core as gc
from glacier_core.errors import SceneError, SourceError, StorageError
from glacier_core.outlines.writing import write_outlines
from glacier_core.settings import settings
from glacier_core.sources import catalogue

TINY = {"scene": "tiny", "model": "tiny"}


def test_first_visit_maps_the_scene_by_itself(world, open_page):
    world()
    app = until_mapped(open_page("explore", **TINY))
    assert not app.error
    kept = settings().data_dir / "maps" / address(app)["map"]
    assert (kept / "probability.tif").is_file()


def test_numbers_are_those_of_the_map(world, open_page):
    app = open_page("explore", **world())
    glacier = pixels(PREDICTED)
    found = {metric.label: metric.value for metric in app.metric}
    assert float(found["Glacier area"].removesuffix(" km²")) == pytest.approx(
        glacier.sum() * SIDE**2 / 1e6, rel=0.02
    )
    assert found["Not mapped"] == "0 %"
    table = table_with(app, "area_km2")
    assert len(table) == len(PREDICTED)
    assert table["area_km2"].sum() == pytest.approx(glacier.sum() * SIDE**2 / 1e6, rel=2e-3)


def test_unmapped_share_is_told(world, open_page):
    kept = world()
    scene = tiny_scene()
    probability = np.full(scene.shape, 0.9, np.float32)
    probability[:15] = np.nan
    result = tiny_map(scene, key="cd" * 32)
    from glacier_core.inference.cache import keep_map
    from glacier_core.inference.result import make_map

    keep_map(
        make_map(
            probability,
            probability,
            transform=scene.transform,
            crs=scene.crs,
            provenance=result.provenance | {"key": "ef" * 32},
        )
    )
    app = open_page("explore", **kept | {"map": "ef" * 32})
    found = {metric.label: metric.value for metric in app.metric}
    assert found["Not mapped"] == "25 %"
    assert found["Mean confidence"] == "90 %"


def test_simulated_and_surface_reflectance_are_said(world, open_page):
    app = open_page("explore", **world(simulated=True, reflectance="surface"))
    assert "Simulated" in paragraphs(app)
    assert "surface reflectance" in words(app)


def test_processor_and_training_are_said(world, open_page):
    app = open_page("explore", **world())
    assert "Not trained: random weights" in words(app)
    assert "CPU" in words(app) or "GPU" in words(app)


def test_scene_that_cannot_be_fetched_gives_way_to_a_simulated_one(model, open_page, monkeypatch):
    def unreachable(scene_id):
        raise SourceError("The sample cannot be fetched: no network.")

    monkeypatch.setattr(catalogue, "open_sample", unreachable)
    monkeypatch.setattr(
        catalogue, "open_demonstration", lambda name: tiny_scene(id=name, simulated=True)
    )
    app = open_page("explore", model="tiny")
    assert not app.exception
    assert address(app)["scene"] == "simulated-valley"
    assert "no network" in words(app)
    assert "simulated" in words(app)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"scene": "nowhere", "model": "tiny"}, "There is no scene 'nowhere'"),
        ({"scene": "tiny", "model": "nobody"}, "There is no model 'nobody'"),
    ],
)
def test_unknown_id_is_a_sentence(world, open_page, asked, sentence):
    world()
    app = open_page("explore", **asked)
    assert not app.exception
    assert app.error
    assert sentence in words(app)
    assert app.selectbox(key="scene").value == asked["scene"]


def test_what_is_no_id_is_left_out_of_the_address(world, open_page):
    world()
    app = open_page(
        "explore", **TINY, map="../../etc", glacier="<script>", composite="eval", other="x"
    )
    assert not app.exception
    assert set(address(app)) <= {"scene", "model", "map", "job"}
    assert address(app).get("map") != "../../etc"


def test_map_of_another_scene_is_not_shown(world, open_page):
    world(id="other")
    kept = tiny_map(tiny_scene(), key="12" * 32)
    world()
    app = open_page("explore", scene="other", model="tiny", map=kept.key)
    assert address(app).get("map") != kept.key


@pytest.mark.parametrize("page", ["compare", "confidence"])
def test_other_pages_map_a_linked_scene_too(world, open_page, page):
    world()
    app = open_page(page, **TINY)
    assert not app.exception
    until_mapped(app)
    assert len(address(app)["map"]) == 64


def test_damaged_kept_map_is_made_again(world, open_page):
    kept = world()
    (settings().data_dir / "maps" / kept["map"] / "probability.tif").write_bytes(b"broken")
    app = until_mapped(open_page("explore", **kept))
    assert app.metric
    assert not app.error
    assert address(app)["map"] != kept["map"]


def test_expert_options_reach_the_network(world, open_page, service):
    app = open_page("explore", **world())
    app.select_slider(key="stride-ours").set_value(8)
    app.toggle(key="augment").set_value(True)
    app.number_input(key="dropout_passes").set_value(2)
    app.select_slider(key="smoothing").set_value(3)
    app.number_input(key="lowest_ice").set_value(900.0)
    next(button for button in app.button if button.label == "Map with these options").click().run()
    (_, _, options) = service.asked[-1]
    assert (options.stride, options.augment, options.dropout_passes) == (8, True, 2)
    assert (options.smoothing, options.lowest_ice, options.compatibility) == (3, 900.0, "ours")


def test_the_authors_way_is_theirs_as_a_whole(world, open_page, service):
    app = open_page("explore", **world())
    app.number_input(key="lowest_ice").set_value(900.0).run()
    app.selectbox(key="compatibility").set_value("authors").run()
    assert app.number_input(key="lowest_ice").disabled
    next(button for button in app.button if button.label == "Map with these options").click().run()
    (_, _, options) = service.asked[-1]
    assert (options.compatibility, options.lowest_ice) == ("authors", None)


def test_picked_row_is_in_the_address(world, open_page):
    app = open_page("explore", **world())
    assert "glacier" not in address(app)
    app = open_page("explore", **world(), glacier="upper")
    assert address(app)["glacier"] == "upper"


def test_choosing_another_scene_lets_go_of_the_map(world, open_page, service):
    world(id="second")
    app = open_page("explore", **world(), glacier="upper")
    app.selectbox(key="scene").set_value("second").run()
    assert address(app)["scene"] == "second"
    assert "map" not in address(app)
    assert "glacier" not in address(app)


# Downloads


def test_archive_holds_rasters_outlines_and_provenance(world, tmp_path):
    from pages.components.downloads import map_archive, outline_file

    world()
    result = tiny_map(tiny_scene(simulated=True))
    with zipfile.ZipFile(io.BytesIO(map_archive(result))) as archive:
        assert set(archive.namelist()) == {
            "probability.tif",
            "confidence.tif",
            "glacier.tif",
            "unmapped.tif",
            "outlines.parquet",
            "provenance.json",
        }
        with rasterio.open(io.BytesIO(archive.read("glacier.tif"))) as raster:
            np.testing.assert_array_equal(raster.read(1) == 1, pixels(PREDICTED))
    (tmp_path / "outlines.gpkg").write_bytes(outline_file(result, ".gpkg"))
    table = gpd.read_file(tmp_path / "outlines.gpkg", layer="outlines")
    assert len(table) == len(PREDICTED)
    assert table["source"].str.contains("simulated").all()


# Uploads


def upload(path, name=None):
    """What Streamlit hands over: bytes with the name the reader's file had."""
    given = io.BytesIO(path.read_bytes())
    given.name = name or path.name
    return given


@pytest.fixture
def rasters(tmp_path):
    """Write the tiny scene as a reader would have it: bands and heights as GeoTIFFs."""
    scene = tiny_scene()
    folder = gc.write_scene(scene, tmp_path / "given" / "tiny")
    write_outlines(scene.outlines, folder / "experts.gpkg")
    return folder


def leftovers():
    home = settings().data_dir / "uploads"
    return list(home.iterdir()) if home.is_dir() else []


def test_uploaded_files_become_a_scene_under_a_generated_id(rasters):
    from pages.components.upload import BAND_ORDERS, scene_from_uploads

    scene = scene_from_uploads(
        [upload(rasters / "optical.tif", "../../../etc/cron.d/evil.tif")],
        upload(rasters / "elevation.tif"),
        upload(rasters / "experts.gpkg", "C:\\evil\\..\\experts.GPKG"),
        bands=next(iter(BAND_ORDERS.values())).split(),
        title="<b>Mine</b>",
    )
    assert scene.id.startswith("upload-")
    np.testing.assert_array_equal(
        scene.data["optical"].to_numpy(), tiny_scene().data["optical"].to_numpy()
    )
    assert len(scene.outlines) == len(EXPERT)
    assert gc.open_scene(scene.id).title == "<b>Mine</b>"
    assert not leftovers()


def test_refused_upload_is_a_sentence_and_leaves_nothing(rasters, tmp_path):
    from pages.components.upload import scene_from_uploads

    three = tmp_path / "three.tif"
    with rasterio.open(rasters / "optical.tif") as six:
        profile = six.profile | {"count": 3, "driver": "GTiff"}
        with rasterio.open(three, "w", **profile) as raster:
            raster.write(six.read([1, 2, 3]))
    with pytest.raises(SceneError, match="3 bands"):
        scene_from_uploads([upload(three)], upload(rasters / "elevation.tif"))
    with pytest.raises(SceneError):
        scene_from_uploads(
            [SimpleNamespaceFile(b"not a raster", "picture.tif")], upload(rasters / "elevation.tif")
        )
    assert not leftovers()
    assert not (settings().data_dir / "scenes").exists()


class SimpleNamespaceFile(io.BytesIO):
    def __init__(self, content, name):
        super().__init__(content)
        self.name = name


def test_refusal_names_the_files_as_the_reader_did():
    from pages.components.upload import in_their_names

    given = [SimpleNamespace(name="B02.tif"), SimpleNamespace(name="elevation.tif")]
    sentence = "imagery-2.tif does not overlap imagery-1.tif, see elevation.tif and outlines.gpkg"
    assert (
        in_their_names(
            sentence,
            given,
            SimpleNamespace(name="imagery-1.tif"),
            SimpleNamespace(name="mine.GPKG"),
        )
        == "elevation.tif does not overlap B02.tif, see imagery-1.tif and mine.GPKG"
    )


def test_full_disk_while_uploading_is_a_sentence(rasters, monkeypatch):
    from pages.components import uploads
    from pages.components.upload import scene_from_uploads

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads.shutil, "copyfileobj", full)
    with pytest.raises(StorageError, match="full"):
        scene_from_uploads([upload(rasters / "optical.tif")], upload(rasters / "elevation.tif"))
    assert not leftovers()


def test_too_many_files_are_refused_before_any_is_written(rasters):
    from pages.components.upload import MOST_FILES, scene_from_uploads

    one = upload(rasters / "elevation.tif")
    with pytest.raises(gc.GlacierError, match=f"at most {MOST_FILES} are read"):
        scene_from_uploads([one] * (MOST_FILES + 1), one)
    assert not (settings().data_dir / "uploads").exists()


def test_what_a_killed_server_left_behind_is_removed(rasters):
    from pages.components.uploads import stored

    home = settings().data_dir / "uploads"
    for name, age in (("old", 2 * 86_400), ("new", 60)):
        (home / name).mkdir(parents=True)
        (home / name / "imagery-1.tif").write_bytes(b"half")
        os.utime(home / name, (time.time() - age,) * 2)
    with stored({"elevation.tif": upload(rasters / "elevation.tif")}) as paths:
        assert paths["elevation.tif"].parent.parent == home
    assert [folder.name for folder in leftovers()] == ["new"]


def test_the_memory_of_an_upload_is_freed(monkeypatch):
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
    from streamlit.runtime.uploaded_file_manager import UploadedFileRec

    from pages.components import uploads

    manager = MemoryUploadedFileManager("/upload")
    for name in ("read", "other"):
        manager.add_file("session", UploadedFileRec(name, "x.tif", "image/tiff", b"bytes"))
    context = SimpleNamespace(session_id="session", uploaded_file_mgr=manager)
    monkeypatch.setattr(uploads, "get_script_run_ctx", lambda **_: context)
    uploads.let_go(SimpleNamespace(file_id="read"), None, io.BytesIO())
    assert [file.file_id for file in manager.get_files("session", ["read", "other"])] == ["other"]


def test_band_orders_name_all_six_bands_once():
    from glacier_core.scene import BANDS
    from pages.components.upload import BAND_ORDERS

    for order, names in BAND_ORDERS.items():
        if names:
            assert [names.split().count(band) for band in BANDS] == [1] * 6, order


# State


def test_caches_are_shared_but_no_error_is_kept(world):
    from pages.components import state

    with pytest.raises(SceneError):
        state.open_scene("tiny")
    world()
    assert state.open_scene("tiny") is state.open_scene("tiny")
    st.cache_resource.clear()


def test_ice_is_divided_into_glaciers_on_request(world, open_page):
    app = open_page("explore", **world(), ice="complexes")
    assert set(table_with(app, "area_km2")["glacier_id"]) == {"predicted-0001", "predicted-0002"}
    app.toggle(key="by-glacier").set_value(True).run()
    assert not app.exception
    assert address(app)["ice"] == "glaciers"
    assert set(table_with(app, "area_km2")["glacier_id"]) == set(EXPERT)
    app.toggle(key="by-glacier").set_value(False).run()
    assert "ice" not in address(app)
