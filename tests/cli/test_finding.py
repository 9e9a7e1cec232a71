"""From a glacier's name to a scene on the command line, out of the test archive."""

import pytest
from archives.world.fixtures import archive_server, archive_world
from typer.testing import CliRunner

import glacier_core as gc
from glacier_core import cli

__all__ = ["archive_server", "archive_world"]

BOX = "7.99402,46.48965,8.00678,46.51349"
SCENE = "S2A_32TMS_20230820_0_L1C"


def run(*words, code=0):
    result = CliRunner().invoke(cli.app, list(words), catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_index_of_a_region_finds_its_glaciers(archive_world):
    assert "Written to" in run("glaciers", "index", "--region", "11")
    assert "RGI2000-v7.0-G-11-00001" in run("glaciers", "find", "testgletcher")
    assert "Testgletscher" in run("glaciers", "find", "RGI60-11.00001")
    assert "No glacier is like" in run("glaciers", "find", "qwrtzpsdf", code=1)


def test_images_of_a_box_are_listed_and_one_is_fetched_with_outlines(archive_world):
    told = run("scenes", "search", BOX, "--start", "2023-01-01", "--end", "2023-12-31")
    assert "August and September" in told
    (line,) = [line for line in told.splitlines() if SCENE in line]
    assert line.startswith("2023-08-20    0 % cloud  covers 100 %  sentinel-2-l1c")
    told = run("scenes", "fetch", BOX, SCENE)
    assert "245,760 pixels" in told
    assert "2 expert outlines of rgi7" in told
    scene_id = told.rsplit("glacier-core map ", 1)[1].split()[0]
    scene = gc.open_scene(scene_id)
    assert scene.shape == (640, 384)
    assert len(scene.outlines) == 2
    assert set(scene.outlines["source"]) == {"RGI 7.0"}


def test_nothing_found_and_nonsense_are_sentences(archive_world):
    empty = ("scenes", "search", BOX, "--start", "1999-01-01", "--end", "1999-12-31")
    assert "Allow more cloud" in run(*empty, code=1)
    assert "is no day" in run("scenes", "search", BOX, "--start", "soon", code=2)
    with pytest.raises(gc.GlacierError, match="No glacier is like 'qwrtzpsdf'"):
        run("scenes", "search", "qwrtzpsdf", "--start", "2023-01-01")
