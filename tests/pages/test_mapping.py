"""A map being made, as the page tells it."""

import pytest
from seen_pages import address, words

import glacier_core as gc
from glacier_core.inference.jobs import MapService
from glacier_core.inference.progress import Progress
from glacier_core.settings import settings

TINY = {"scene": "tiny", "model": "tiny"}


def test_progress_says_how_far_and_how_long(world, open_page, service):
    world()
    service.now.progress = Progress(3, 12, 95.0, "3 of 12 windows mapped.")
    app = open_page("explore", **TINY)
    (bar,) = app.get("progress")
    assert bar.proto.value == 25
    assert bar.proto.text == "3 of 12 windows mapped. About 2 min left."
    assert service.asked[0][:2] == ("tiny", "tiny")


def test_one_visit_asks_for_one_map(world, open_page, service):
    world()
    app = open_page("explore", **TINY)
    app.run()
    app.run()
    assert len(service.asked) == 1


def test_waiting_tells_the_place_in_the_queue(world, open_page, service):
    world()
    service.answer, service.now.place = "waiting", 4
    (bar,) = open_page("explore", **TINY).get("progress")
    assert "number 4 in the queue" in bar.proto.text


def test_cancel_stops_the_job_and_offers_it_again(world, open_page, service):
    world()
    app = open_page("explore", **TINY)
    app.button(key="cancel").click().run()
    assert service.cancelled == ["ab" * 16]
    app.run()
    assert "Nothing was mapped" in words(app)
    app.button(key="map-it").click().run()
    assert len(service.asked) == 2


def test_failed_mapping_is_a_sentence(world, open_page, service):
    world()
    service.answer, service.now.error = "failed", "The disk is full."
    app = open_page("explore", **TINY)
    assert not app.exception
    assert "The disk is full." in words(app)


def test_map_that_no_disk_took_is_a_sentence(world, open_page, service):
    world()
    service.answer, service.now.key = "done", "0" * 64
    app = open_page("explore", **TINY)
    assert not app.exception
    assert "the disk did not take it" in words(app)
    assert "map" not in address(app)


def test_full_queue_is_a_sentence(world, open_page, monkeypatch):
    monkeypatch.setenv("GLACIER_QUEUE_LENGTH", "1")
    settings.cache_clear()
    world()

    class Stuck(MapService):
        def _work_off(self):
            return

    stuck = Stuck()
    stuck.submit(gc.open_scene("tiny"), gc.load_model("tiny"), None)
    world(id="second")
    monkeypatch.setattr("pages.components.progress.map_service", lambda: stuck)
    app = open_page("explore", scene="second", model="tiny")
    assert not app.exception
    assert "Try again in a moment" in words(app)


# Loading the page anew


def test_a_job_is_in_the_address_until_its_map_is(world, open_page, service):
    kept = world()
    app = open_page("explore", **TINY)
    assert address(app)["job"] == service.now.id
    service.now.state, service.now.key = "done", kept["map"]
    app.run()
    app.run()
    assert address(app)["map"] == kept["map"]
    assert "job" not in address(app)


def test_a_page_loaded_anew_joins_its_job_again(world, open_page, service):
    world()
    app = open_page("explore", **TINY, job=service.now.id)
    assert service.joined == [service.now.id]
    assert service.asked == []
    assert app.get("progress")


@pytest.mark.parametrize(
    "change",
    [{"id": "cd" * 16}, {"state": "cancelled"}, {"is_stopping": True}, {"scene_id": "other"}],
)
def test_a_job_that_is_not_to_be_joined_is_asked_for(world, open_page, service, change):
    world()
    wanted = service.now.id
    vars(service.now).update(change)
    app = open_page("explore", **TINY, job=wanted)
    assert len(service.asked) == 1
    assert address(app)["job"] == service.now.id


def test_a_job_that_failed_is_not_tried_again_by_loading_the_page(world, open_page, service):
    world()
    service.now.state, service.now.error = "failed", "The disk is full."
    app = open_page("explore", **TINY, job=service.now.id)
    assert service.asked == []
    assert "The disk is full." in words(app)


def test_a_job_of_a_closed_page_says_so(world, open_page, service):
    world()
    app = open_page("explore", **TINY)
    service.now.state, service.now.error = "cancelled", "Stopped, as its page was closed."
    app.run()
    assert "its page was closed" in words(app)
    assert [button.key for button in app.button if button.label == "Map it"] == ["map-it"]


def test_choosing_another_scene_lets_go_of_the_job(world, open_page, service):
    world(id="second")
    world()
    app = open_page("explore", **TINY)
    service.now.id = "cd" * 16
    app.selectbox(key="scene").set_value("second").run()
    assert address(app)["job"] == "cd" * 16
    assert len(service.asked) == 2


def test_the_map_shows_what_is_found_so_far(world, open_page, service, monkeypatch):
    import pages.components.map as map_module

    shown = []
    monkeypatch.setattr(map_module, "show_map", lambda view, **options: shown.append(view))
    world()
    open_page("explore", **TINY)
    (layer,) = [layer for layer in shown[-1].layers if layer.id == "preview"]
    assert layer.live == f"previews/{service.now.key}"
    assert service.now.key in layer.tiles
    assert layer.visible


def test_a_finished_map_needs_no_preview(world, open_page, service, monkeypatch):
    import pages.components.map as map_module

    shown = []
    monkeypatch.setattr(map_module, "show_map", lambda view, **options: shown.append(view))
    open_page("explore", **world())
    assert "preview" not in [layer.id for layer in shown[-1].layers]
