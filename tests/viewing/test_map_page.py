import html
import re

import pytest

from glacier_core.errors import StorageError
from glacier_core.viewing.map_page import map_page, save_map_page

from .conftest import NASTY, ramp_scene

BROWSER_ASKS = re.compile(r"""(?:src|href)=["']?(?!data:)[a-z]+:|url\((?!["']?data:|#)""")


@pytest.fixture
def page(scene, result, comparison):
    return map_page(scene, result, comparison)


def test_nothing_is_loaded_from_elsewhere(page):
    """Leaflet itself is inside, and whatever a layer might still ask for is forbidden."""
    without_leaflet = re.sub(r"<script>/\* @preserve.*?</script>", "", page, flags=re.DOTALL)
    assert len(page) - len(without_leaflet) > 140_000
    assert not BROWSER_ASKS.findall(without_leaflet)
    assert "default-src 'none'; img-src data:;" in page


def test_a_basemap_is_the_only_thing_that_may_be_asked_for(scene):
    page = map_page(scene, basemap=True)
    assert "img-src data: https://tile.openstreetmap.org" in page


def test_the_same_inputs_are_the_same_page(scene, result, comparison, page):
    assert map_page(scene, result, comparison) == page


def test_legend_tells_every_layer(page):
    for told in (
        "Network's outline",
        "Expert's outline",
        "Probability of glacier, 0 to 1",
        "Calibrated confidence, 0 to 1",
        "Only the expert",
    ):
        assert html.escape(told) in page


def test_a_simulated_scene_is_marked_and_an_observed_one_is_not(page, own_data_dir):
    assert "Simulated, not observed" in page
    assert "Simulated, not observed" not in map_page(ramp_scene(simulated=False, title="Real"))


def test_limits_are_told(scene, result):
    assert "Old outlines &amp; snow" in map_page(scene, result.with_note("Old outlines & snow"))


def test_hostile_texts_stay_texts(own_data_dir):
    page = map_page(ramp_scene(title=NASTY, sensor=NASTY, source=NASTY, notes=(NASTY,)))
    assert "<img" not in page
    assert page.count("</script>") == page.count("<script")


def test_page_is_written_whole(scene, tmp_path):
    path = save_map_page(tmp_path / "map.html", scene)
    assert re.search(r"data:image/png;base64,[\w+/]{100}", path.read_text())


def test_a_folder_that_is_not_there(scene, tmp_path):
    with pytest.raises(StorageError, match="cannot be written"):
        save_map_page(tmp_path / "file" / "map.html", scene)
