"""Scenes of files that are larger than memory may hold, against the same in memory."""

import gc as garbage
import json
import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest
import rasterio
from affine import Affine
from rio_cogeo import cog_validate

import glacier_core as gc
from glacier_core import strips
from glacier_core.errors import SceneError, StorageError
from glacier_core.settings import settings
from glacier_core.sources import folders, large_scenes
from glacier_core.strips import is_large
from tests.rasters import GRID, plane, reflectances, write_geotiff

SHAPE = (150, 90)
ROW = np.arange(SHAPE[0])[:, None]


@pytest.fixture
def small_memory(monkeypatch, own_data_dir):
    """Anything larger than 1000 pixels stays on disk, and strips are short."""
    monkeypatch.setenv("GLACIER_MEMORY_PIXELS", "1000")
    settings.cache_clear()
    monkeypatch.setattr(strips, "STRIP_ROWS", 32)


def files(folder, optical=None, elevation=None, transform=GRID):
    optical = reflectances(SHAPE) if optical is None else optical
    elevation = plane(SHAPE) if elevation is None else elevation
    return (
        write_geotiff(folder / "optical.tif", optical),
        write_geotiff(folder / "elevation.tif", elevation, transform=transform),
    )


def with_gaps():
    optical, elevation = reflectances(SHAPE), plane(SHAPE)
    optical[2, 40:60, 10:30] = np.nan
    optical[:, :3] = np.inf
    elevation[100:, :20] = np.nan
    return optical, elevation


@contextmanager
def large_memory():
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GLACIER_MEMORY_PIXELS", "1000000")
        settings.cache_clear()
        try:
            yield
        finally:
            patched.undo()
            settings.cache_clear()


def in_memory(*paths, **options):
    """Make the same scene at once."""
    with large_memory():
        return gc.scene_from_files(*paths, **options)


@pytest.mark.parametrize("content", [(None, None), with_gaps()])
def test_large_scene_is_the_one_that_memory_would_hold(small_memory, tmp_path, content):
    paths = files(tmp_path, *content)
    expected, found = in_memory(*paths, title="Mine"), gc.scene_from_files(*paths, title="Mine")
    assert is_large(found.shape)
    assert found.fingerprint() == expected.fingerprint()
    assert found.attributes == expected.attributes
    assert found.data.load().identical(expected.data)


def test_slope_file_and_terrain_of_another_grid_come_onto_the_imagery(small_memory, tmp_path):
    coarse = Affine(45, 0, GRID.c - 200, 0, -45, GRID.f + 200)
    optical, elevation = files(tmp_path, elevation=plane((115, 75), coarse), transform=coarse)
    slope = write_geotiff(tmp_path / "slope.tif", np.full(SHAPE, 12.5, np.float32))
    expected = in_memory(optical, elevation, slope)
    found = gc.scene_from_files(optical, elevation, slope)
    assert found.attributes.notes == expected.attributes.notes
    assert "elevation was brought onto the grid" in found.attributes.notes[0]
    difference = found.data["elevation"] - expected.data["elevation"]
    assert float(np.abs(difference).max()) < 0.05  # a strip is warped by itself
    assert (found.data["slope"].to_numpy() == 12.5).all()


def test_large_scene_is_kept_and_read_back(small_memory, tmp_path):
    scene = gc.scene_from_files(*files(tmp_path, *with_gaps()))
    again = gc.open_scene(gc.write_scene(scene, tmp_path / "kept"))
    assert again.fingerprint() == scene.fingerprint()
    for name, unit in {
        "optical": "reflectance",
        "elevation": "metre",
        "valid": "1 = usable",
    }.items():
        path = tmp_path / "kept" / f"{name}.tif"
        assert cog_validate(path)[:2] == (True, [])
        with rasterio.open(path) as raster:
            assert set(raster.units) == {unit}
            assert raster.descriptions[0] in ("blue", name)
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {
        *("optical.tif", "elevation.tif", "slope.tif", "valid.tif", "scene.json")
    }


def test_files_are_those_of_a_small_scene_but_for_how_they_were_made(small_memory, tmp_path):
    paths = files(tmp_path)
    gc.write_scene(gc.scene_from_files(*paths), tmp_path / "large")
    with large_memory():
        gc.write_scene(gc.scene_from_files(*paths), tmp_path / "small")
    described = [
        json.loads((tmp_path / name / "scene.json").read_text()) for name in ("large", "small")
    ]
    assert described[0] == described[1]
    for name in ("optical", "valid"):
        profiles = []
        for folder in ("large", "small"):
            with rasterio.open(tmp_path / folder / f"{name}.tif") as raster:
                tags = raster.tags(ns="IMAGE_STRUCTURE")
                profiles.append(
                    (raster.profile, tags, raster.overviews(1), raster.read().tobytes())
                )
        assert repr(profiles[0]) == repr(profiles[1])


def test_what_is_read_goes_when_nobody_has_the_scene_any_more(small_memory, tmp_path, own_data_dir):
    scene = gc.scene_from_files(*files(tmp_path))
    other = scene.with_outlines(None)
    (folder,) = (own_data_dir / "work").glob("import-*")
    del scene
    garbage.collect()
    assert folder.exists()
    del other
    garbage.collect()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("optical", "elevation", "message"),
    [
        (10_000 * reflectances(SHAPE), None, "raw digital numbers"),
        (reflectances(SHAPE)[[0, 4, 2, 3, 1, 5]], None, "other order"),
        (
            None,
            np.where(np.arange(150)[:, None] > 140, 20_000, plane(SHAPE)),
            "elevation runs from",
        ),
        (None, np.full(SHAPE, np.nan), "no data where the imagery is"),
        (np.full((6, *SHAPE), np.nan), None, "holds no data at all"),
        (
            np.where(ROW < 75, reflectances(SHAPE), np.nan),
            np.where(ROW < 75, np.nan, plane(SHAPE)),
            "No pixel has all six bands",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    small_memory, tmp_path, own_data_dir, optical, elevation, message
):
    optical = None if optical is None else optical.astype(np.float32)
    elevation = None if elevation is None else elevation.astype(np.float32)
    paths = files(tmp_path, optical, elevation)
    with pytest.raises(SceneError, match=message):
        in_memory(*paths)
    with pytest.raises(SceneError, match=message):
        gc.scene_from_files(*paths)
    assert list((own_data_dir / "work").iterdir()) == []


def test_memory_does_not_grow_with_the_scene(small_memory, tmp_path, monkeypatch):
    monkeypatch.setattr(large_scenes, "SAMPLE", 1000)
    peaks = []
    for rows in (200, 1600):
        optical, elevation = reflectances((rows, 300)), plane((rows, 300), north=0.01)
        paths = files(tmp_path, optical, elevation)
        del optical, elevation
        tracemalloc.start()
        scene = gc.scene_from_files(*paths)
        gc.write_scene(scene, tmp_path / f"kept-{rows}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 3 * 1600 * 300  # but for what is valid, a byte a pixel


def test_disk_that_lost_something_is_found_out(small_memory, tmp_path, monkeypatch):
    """GDAL may say nothing of a full disk; the folder is read back before it is put in place."""
    scene = gc.scene_from_files(*files(tmp_path))
    write = folders.write_raster

    def losing(path, scene, name):
        write(path, scene, name)
        if name == "slope":
            with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as raster:
                raster.write(np.zeros((1, 10, 10), np.float32), window=((0, 10), (0, 10)))

    monkeypatch.setattr(folders, "write_raster", losing)
    with pytest.raises(StorageError, match="not the ones that were written"):
        gc.write_scene(scene, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
