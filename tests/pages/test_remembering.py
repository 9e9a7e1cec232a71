import gc
from dataclasses import replace

import pandas as pd
import pytest
from tiny_world import tiny_scene

import glacier_core
from glacier_core.inference.holding import is_held
from glacier_core.memory import memory
from glacier_core.settings import settings
from glacier_core.sources import keep_scene, scene_folder


@pytest.fixture
def remembered():
    from pages.components.remembering import remembered

    return remembered


def test_all_readers_get_the_same(remembered):
    made = []

    @remembered("Making …")
    def thing(name: str, _hint: int = 0) -> list[str]:
        made.append(name)
        return [name]

    assert thing("a") is thing("a", 1) is thing(name="a", _hint=2)
    assert thing("b") is not thing("a")
    assert made == ["a", "b"]
    thing.clear()
    thing("a")
    assert made == ["a", "b", "a"]
    assert thing.__name__ == "thing"


def test_copies_may_be_changed(remembered):
    @remembered(copied=True)
    def table(name: str) -> pd.DataFrame:
        return pd.DataFrame({"a": [1, 2]})

    own = table("x")
    own["a"] = 0
    assert table("x")["a"].tolist() == [1, 2]


def test_a_scene_kept_anew_is_opened_anew(world):
    from pages.components import state

    place = world()
    first = state.open_scene(place["scene"])
    assert state.open_scene(place["scene"]) is first
    compared = state.compare(place["map"], place["scene"], "scene")
    outlines = first.outlines.iloc[:1]
    keep_scene(tiny_scene().with_outlines(outlines))
    assert len(state.open_scene(place["scene"]).outlines) == 1
    again = state.compare(place["map"], place["scene"], "scene")
    assert again is not compared
    assert len(again.glaciers) == 1


def test_a_scene_that_opening_makes_is_read_once_more_and_held_once(remembered, world):
    place, made = world(), []

    @remembered()
    def opened(scene_id: str) -> glacier_core.Scene:
        made.append(scene_id)
        if len(made) == 1:
            keep_scene(replace(tiny_scene()))
        return glacier_core.open_scene(scene_id)

    first = opened(place["scene"])
    assert opened(place["scene"]) is first
    assert len(made) == 2


def test_scenes_are_held_within_the_limit_of_the_settings(world, monkeypatch):
    from pages.components import state

    place = world()
    size = memory().bytes
    state.open_scene(place["scene"])
    assert memory().bytes > size
    monkeypatch.setenv("GLACIER_MEMORY_CACHE_MEGABYTES", "1")
    settings.cache_clear()
    memory.cache_clear()
    for name in ("one", "two", "three"):
        keep_scene(
            replace(
                tiny_scene(), attributes=tiny_scene().attributes.model_copy(update={"id": name})
            )
        )
        state.open_scene(name)
        assert memory().bytes <= 1_000_000
    assert scene_folder("one").is_dir()


def test_the_map_a_reader_sees_is_held_until_the_session_ends(world, open_page):
    place = world()
    app = open_page("explore", **place)
    assert not app.exception
    assert app.session_state["held_map"].key == place["map"]
    assert is_held(place["map"])
    (settings().data_dir / "maps" / "shown" / place["map"]).unlink()
    assert is_held(place["map"]), "this process shows it"
    del app
    gc.collect()
    assert not is_held(place["map"])
