"""Demonstration scenes: what the list says of them is what they say of themselves."""

from glacier_core.simulation import demonstrations
from glacier_core.sources import simulated
from glacier_core.sources.catalogue import open_scene
from glacier_core.sources.simulated import DEMONSTRATIONS, simulation_version


def test_the_list_is_that_of_the_simulation():
    assert set(DEMONSTRATIONS) == set(demonstrations.DEMONSTRATIONS)


def test_the_titles_are_those_of_the_simulation():
    for scene_id, (style, _) in demonstrations.DEMONSTRATIONS.items():
        description = demonstrations.RECIPES[style].description
        assert DEMONSTRATIONS[scene_id] == f"Simulated: {description}"


def test_a_demonstration_says_that_it_is_one():
    scene = open_scene("simulated-valley")
    assert scene.id == "simulated-valley"
    assert scene.title == DEMONSTRATIONS["simulated-valley"]
    assert scene.simulated
    assert scene.attributes.outlines_complete
    assert len(scene.outlines) > 3


def test_any_change_of_the_simulation_is_another_version(tmp_path, monkeypatch):
    folder = tmp_path / "simulation"
    folder.mkdir()
    (folder / "ice.py").write_text("ice = 1\n")
    monkeypatch.setattr(simulated, "__file__", str(tmp_path / "sources" / "simulated.py"))
    first = simulation_version()
    assert simulation_version() == first
    (folder / "ice.py").write_text("ice = 2\n")
    assert simulation_version() != first
