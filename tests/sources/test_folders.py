"""Scenes on disk: bit for bit, whole or not at all."""

import errno
import json
import shutil
import threading
from pathlib import Path

import geopandas.testing
import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rasters import GRID, make_scene, plane, reflectances
from rio_cogeo.cogeo import cog_validate

from glacier_core.errors import SceneError, StorageError
from glacier_core.outlines.polygonizing import polygonize
from glacier_core.outlines.schema import empty_outlines
from glacier_core.scene import BANDS, SceneAttributes
from glacier_core.sources import folders, list_scenes, open_scene
from glacier_core.sources.folders import keep_scene, read_scene, scene_folder, write_scene

ODD_GRID = Affine(10 / 3, 0, 500000 + 1 / 3, 0, -10 / 3, 5784480 - 1 / 7)
NAMELESS_CRS = "+proj=utm +zone=11 +ellps=WGS84 +units=m +no_defs"


def full_scene(shape=(24, 20)):
    """Return a scene with every feature, holes and outlines."""
    optical = reflectances(shape)
    optical[:, 0, 0] = np.nan
    optical[2, -1, -1] = np.nan
    random = np.random.default_rng(3)
    radar = {name: random.random((2, *shape)) for name in ("co_pol_sar", "cross_pol_sar", "in_sar")}
    snow = reflectances(shape)[0] > 0.5
    return make_scene(
        shape,
        slope=random.uniform(0, 60, shape),
        valid=random.random(shape) > 0.1,
        optical=optical,
        elevation=plane(shape, east=0.02, north=0.01),
        radar=radar,
        thermal=random.uniform(250, 280, shape),
        observed=random.choice([0, 20200816, 20200901], shape),
        outlines=polygonize(snow, GRID, "EPSG:32611", min_area_km2=0, source="expert <b>"),
        attributes=SceneAttributes(
            id="full",
            title="À title with ${odd} <b>text</b>",
            acquired="2020-08-16",
            reflectance="surface",
            simulated=True,
            notes=("one", "two"),
            facts={"product": "LC08 <b>"},
        ),
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 4000), (24, 20), (300, 530)])
def test_a_scene_comes_back_bit_for_bit(tmp_path, shape):
    scene = make_scene(shape) if shape == (1, 1) else full_scene(shape)
    back = read_scene(write_scene(scene, tmp_path / "scene"))
    assert back.data.identical(scene.data)
    assert back.attributes == scene.attributes
    assert back.fingerprint() == scene.fingerprint()
    if scene.outlines is not None:
        geopandas.testing.assert_geodataframe_equal(back.outlines, scene.outlines)


@pytest.mark.parametrize("crs", ["EPSG:32611", NAMELESS_CRS, "EPSG:3413"])
def test_any_grid_comes_back_exactly(tmp_path, crs):
    corner = (-200000, -2200000) if crs == "EPSG:3413" else (ODD_GRID.c, ODD_GRID.f)
    transform = Affine(ODD_GRID.a, 0, corner[0], 0, ODD_GRID.e, corner[1])
    scene = make_scene(transform=transform, crs=crs, elevation=plane((24, 20)))
    back = read_scene(write_scene(scene, tmp_path / "scene"))
    assert back.transform == scene.transform
    assert back.crs == scene.crs
    assert back.fingerprint() == scene.fingerprint()


@settings(deadline=None, max_examples=10)
@given(
    noise=hnp.arrays(
        np.float32, (6, 3, 4), elements=st.floats(-0.25, 1.5, width=32) | st.just(float("nan"))
    )
)
def test_any_float_comes_back(tmp_path_factory, noise):
    optical = reflectances((6, 4))
    optical[:, :3] = noise
    optical[:, 0, 0] = [-0.0, 1e-45, 1e-30, 0.5, -0.0, 0.0]
    optical[4] = np.minimum(optical[4], 0.4)
    scene = make_scene((6, 4), optical=optical)
    folder = tmp_path_factory.mktemp("floats")
    back = read_scene(write_scene(scene, folder / "scene"))
    assert back.data.optical.values.tobytes() == scene.data.optical.values.tobytes()


def test_no_outlines_and_not_one_outline_differ(tmp_path):
    none = read_scene(write_scene(make_scene(), tmp_path / "none"))
    assert none.outlines is None
    scene = make_scene(outlines=empty_outlines("EPSG:32611"))
    empty = read_scene(write_scene(scene, tmp_path / "empty"))
    assert len(empty.outlines) == 0
    assert empty.outlines.crs.to_epsg() == 32611


def test_the_files_are_cloud_optimised_and_tell_what_they_hold(tmp_path):
    folder = write_scene(full_scene((600, 500)), tmp_path / "scene")
    names = sorted(path.name for path in folder.iterdir())
    features = ("co_pol_sar", "cross_pol_sar", "in_sar", "thermal", "observed")
    rasters = ("elevation", "optical", "slope", "valid", *features)
    expected = [*(f"{name}.tif" for name in rasters), "expert_outlines.gpkg", "scene.json"]
    assert names == sorted(expected)
    for path in folder.glob("*.tif"):
        valid, errors, warnings = cog_validate(path)
        assert (valid, errors, warnings) == (True, [], [])
        with rasterio.open(path) as raster:
            assert raster.compression.name == "deflate"
            assert raster.overviews(1) == [2, 4]
            assert raster.crs.to_epsg() == 32611
            assert raster.transform == GRID
            if path.stem == "valid":
                assert (raster.dtypes[0], raster.nodata) == ("uint8", None)
            elif path.stem == "observed":
                assert (raster.dtypes[0], raster.nodata) == ("int32", 0)
            else:
                assert raster.dtypes[0] == "float32"
                assert np.isnan(raster.nodata)
                assert raster.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == "3"
    with rasterio.open(folder / "optical.tif") as raster:
        assert raster.descriptions == BANDS
        assert set(raster.units) == {"reflectance"}
    with rasterio.open(folder / "in_sar.tif") as raster:
        assert raster.descriptions == ("in_sar ascending", "in_sar descending")


def test_a_scene_is_replaced_by_another(tmp_path):
    folder = tmp_path / "scene"
    write_scene(full_scene(), folder)
    write_scene(make_scene(seed=5), folder)
    assert read_scene(folder).fingerprint() == make_scene(seed=5).fingerprint()
    assert not (folder / "thermal.tif").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["scene"]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_no_scene_is_never_replaced(tmp_path, kind):
    place = tmp_path / "thesis"
    if kind == "folder":
        place.mkdir()
        (place / "chapter1.txt").write_text("precious")
    else:
        place.write_text("precious")
    with pytest.raises(StorageError, match="holds something that is no scene"):
        write_scene(make_scene(), place)
    assert "precious" in (place if kind == "file" else place / "chapter1.txt").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis"]


def test_an_empty_folder_may_be_used(tmp_path):
    (tmp_path / "new").mkdir()
    assert read_scene(write_scene(make_scene(), tmp_path / "new")).id == "tiny"


@pytest.mark.parametrize("step", ["write_raster", "write_outlines", "_flush", "_exchange"])
def test_a_failure_at_any_step_leaves_the_old_scene(tmp_path, monkeypatch, step):
    folder = write_scene(make_scene(seed=1), tmp_path / "scene")

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folders, step, fail)
    with pytest.raises(StorageError, match="No space left on device"):
        write_scene(full_scene(), folder)
    assert [path.name for path in tmp_path.iterdir()] == ["scene"]
    assert read_scene(folder).fingerprint() == make_scene(seed=1).fingerprint()


def test_the_old_scene_returns_when_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    folder = write_scene(make_scene(seed=1), tmp_path / "scene")
    rename, calls = Path.rename, []

    def refuse_second(self, target):
        calls.append(self)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_second)
    with pytest.raises(StorageError, match="Input/output error"):
        write_scene(make_scene(seed=2), folder)
    assert read_scene(folder).fingerprint() == make_scene(seed=1).fingerprint()
    assert [path.name for path in tmp_path.iterdir()] == ["scene"]


def test_many_writers_of_one_scene(tmp_path):
    """Whoever is last wins; nobody fails, and nothing half written or left over is seen."""
    folder, troubles = tmp_path / "scene", []

    def write(seed):
        try:
            for _ in range(3):
                write_scene(make_scene(seed=seed), folder)
        except Exception as problem:
            troubles.append(problem)

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    known = {make_scene(seed=seed).fingerprint() for seed in range(4)}
    assert read_scene(folder).fingerprint() in known
    assert [path.name for path in tmp_path.iterdir()] == ["scene"]


def test_a_scene_lives_under_its_id(own_data_dir):
    folder = keep_scene(make_scene(scene_id="upload-1"))
    assert folder == scene_folder("upload-1") == own_data_dir / "scenes" / "upload-1"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_scene(full_scene(), tmp_path_factory.mktemp("written") / "scene")


class TestDamage:
    """A damaged scene is refused with a sentence that names the file."""

    @pytest.fixture
    def folder(self, written, tmp_path):
        return shutil.copytree(written, tmp_path / "scene")

    @pytest.mark.parametrize("name", ["optical", "elevation", "slope", "valid", "in_sar"])
    def test_a_missing_raster(self, folder, name):
        (folder / f"{name}.tif").unlink()
        with pytest.raises(StorageError, match=f"{name}.tif is missing"):
            read_scene(folder)

    @pytest.mark.parametrize("keep", [0, 3, 100, 0.5, 0.99])
    def test_a_truncated_raster(self, folder, keep):
        path = folder / "optical.tif"
        whole = path.read_bytes()
        path.write_bytes(whole[: keep if isinstance(keep, int) else int(len(whole) * keep)])
        with pytest.raises(StorageError, match=r"optical\.tif is damaged"):
            read_scene(folder)

    def test_a_changed_pixel(self, folder):
        with rasterio.open(folder / "elevation.tif") as raster:
            profile, heights = raster.profile, raster.read()
        heights[0, 3, 3] += 1
        profile["driver"] = "GTiff"
        with rasterio.open(folder / "elevation.tif", "w", **profile) as raster:
            raster.write(heights)
        with pytest.raises(StorageError, match="not the ones that were written"):
            read_scene(folder)

    def test_a_raster_of_another_shape(self, folder, tmp_path):
        other = write_scene(make_scene((10, 10)), tmp_path / "other")
        shutil.copy(other / "optical.tif", folder / "optical.tif")
        with pytest.raises(StorageError, match=r"has \(10, 10\) pixels, the scene \(24, 20\)"):
            read_scene(folder)

    def test_missing_outlines(self, folder):
        (folder / "expert_outlines.gpkg").unlink()
        with pytest.raises(StorageError, match=r"expert_outlines\.gpkg"):
            read_scene(folder)

    def test_changed_outlines(self, folder):
        with (folder / "expert_outlines.gpkg").open("ab") as file:
            file.write(b"more")
        with pytest.raises(StorageError, match=r"expert_outlines\.gpkg is not the file"):
            read_scene(folder)

    def test_a_raster_named_outside_the_folder(self, folder):
        path = folder / "scene.json"
        path.write_text(path.read_text().replace('"thermal"', '"../thermal"'))
        with pytest.raises(StorageError, match=r"scene\.json is damaged"):
            read_scene(folder)

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', "\x00\x00"])
    def test_a_damaged_description(self, folder, text):
        (folder / "scene.json").write_text(text)
        with pytest.raises(StorageError, match=r"scene\.json is damaged"):
            read_scene(folder)

    @pytest.mark.parametrize(
        ("key", "value"),
        [("rasters", ["elevation"]), ("crs", "nonsense"), ("transform", [30, 0, 0, 0, 30, 0])],
    )
    def test_a_description_that_does_not_fit(self, folder, key, value):
        path = folder / "scene.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
        with pytest.raises(StorageError, match="is damaged"):
            read_scene(folder)

    def test_another_version(self, folder):
        path = folder / "scene.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
        with pytest.raises(SceneError, match="laid out in format 2"):
            read_scene(folder)

    def test_a_folder_that_is_no_scene(self, tmp_path):
        with pytest.raises(SceneError, match="is no scene"):
            read_scene(tmp_path)


def kill(*_, **__):
    raise SystemExit


def kept_scenes():
    return {
        summary.id: open_scene(summary.id).fingerprint()
        for summary in list_scenes()
        if summary.kind == "kept"
    }


def test_a_writer_killed_before_the_new_scene_stands_loses_the_old_one_not(
    own_data_dir, monkeypatch
):
    old = make_scene(seed=1, scene_id="mine")
    home = keep_scene(old).parent
    rename = Path.rename
    with monkeypatch.context() as patched:
        patched.setattr(
            Path, "rename", lambda path, to: kill() if to.name == "mine" else rename(path, to)
        )
        with pytest.raises(SystemExit):
            keep_scene(make_scene(seed=2, scene_id="mine"))
    assert not (home / "mine").exists()
    assert kept_scenes() == {"mine": old.fingerprint()}
    assert [path.name for path in home.iterdir()] == ["mine"]


def test_a_writer_killed_before_the_old_scene_is_removed_leaves_the_new_one(
    own_data_dir, monkeypatch
):
    home = keep_scene(make_scene(seed=1, scene_id="mine")).parent
    new = make_scene(seed=2, scene_id="mine")
    with monkeypatch.context() as patched:
        patched.setattr(folders.shutil, "rmtree", kill)
        with pytest.raises(SystemExit):
            keep_scene(new)
    assert len(list(home.iterdir())) == 2
    assert kept_scenes() == {"mine": new.fingerprint()}
    assert [path.name for path in home.iterdir()] == ["mine"]
