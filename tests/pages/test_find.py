"""The page Find, without a browser or an archive: what it asks for, offers and says."""

import re
from concurrent.futures import Future
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import shapely
import streamlit as st
from tiny_world import tiny_scene

from glacier_core.archives.areas import area_from_text, area_of
from glacier_core.archives.cost import Cost
from glacier_core.archives.found import FoundScene
from glacier_core.archives.plan import FetchPlan
from glacier_core.errors import QueueFullError, SourceError
from glacier_core.network.transfer import TransferProgress
from glacier_core.settings import settings
from glacier_core.sources import keep_scene
from glacier_core.sources.tile_datasets import add_dataset

AREA = area_of((7.98, 46.48, 8.02, 46.52), name="Testgletscher")
WHERE = {"area": AREA.to_text()}


def image(name="S2A", day=20, archive="sentinel-2-l1c", **facts):
    known = {
        "id": name,
        "archive": archive,
        "sensor": "Sentinel-2A",
        "acquired": datetime(2023, 8, day, 10, 30, tzinfo=UTC),
        "footprint": shapely.box(7, 46, 9, 47),
        "coverage_percent": 100.0,
        "area_cloud_percent": 3.0,
    }
    return FoundScene(**known | facts)


def answer(value):
    """Return a question that is answered, with an error where it failed."""
    future = Future()
    if isinstance(value, Exception):
        future.set_exception(value)
    else:
        future.set_result(value)
    return future


@pytest.fixture
def archives(monkeypatch):
    """Return what every archive answers, by its name; a test changes it."""
    answers = {"sentinel-2-l1c": answer([image()]), "landsat-c2-l1": answer([])}
    asked = []

    def search(area, name, wish):
        asked.append((area, name, wish))
        return answers[name]

    search.clear = lambda *question: asked.append(("forgotten", *question))
    cost = Cost(1_600_000, 34_000_000, 40.0, 100.0, ("No radar.",))
    monkeypatch.setattr("pages.components.find_sources._search", search)
    monkeypatch.setattr("pages.components.find_sources.cost", lambda plan: cost)
    return SimpleNamespace(answers=answers, asked=asked)


@pytest.fixture
def service(monkeypatch):
    """Return a fetching service that a test drives by hand."""

    class ByHand:
        def __init__(self):
            self.asked, self.cancelled, self.refusal = [], [], None
            self.now = SimpleNamespace(
                id="job", state="running", progress=None, error=None, place=1
            )

        def submit(self, plan, session):
            if self.refusal:
                raise self.refusal
            self.asked.append(plan)
            return self.now

        def job(self, job_id):
            return self.now

        def cancel(self, job_id, session):
            self.cancelled.append(job_id)
            self.now.state = "cancelled"

    made = ByHand()
    monkeypatch.setattr("pages.components.find_sources.fetch_service", lambda: made)
    return made


@pytest.fixture
def inventory(monkeypatch):
    """Return what the inventory answers; a test changes it."""
    held = SimpleNamespace(asked=[], answer=answer(SourceError("The inventory is away.")))

    def outlines_of(plan, name):
        held.asked.append(name)
        return SimpleNamespace(future=held.answer, progress=None)

    monkeypatch.setattr("pages.components.find_outlines.outlines_of", outlines_of)
    return held


def words(app):
    boxes = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error]
    return re.sub(r"\\(.)", r"\1", "\n".join(box.value for box in boxes))


def address(app):
    given = app.query_params.items()
    return {name: value if isinstance(value, str) else value[-1] for name, value in given}


def button(app, label):
    return next(one for one in app.button if label in one.label)


def type_in(app, text):
    return app.text_input(key="find-text").set_value(text).run()


def test_first_visit_asks_for_a_name_and_offers_what_is_here(open_page, archives):
    app = open_page("find")
    assert not app.exception
    assert "Type a name" in app.text_input(key="find-text").label
    assert "These are here already" in words(app)
    assert not archives.asked


def test_a_name_becomes_an_area_in_the_address_and_a_search(open_page, archives):
    app = type_in(open_page("find"), "Athabasca Glacier")
    assert not app.exception
    area = area_from_text(address(app)["area"])
    assert "Athabasca" in area.name
    assert archives.asked[0][0] == area.to_text()
    assert "Which image of Athabasca" in words(app)


def test_a_mistyped_name_is_offered_not_taken(open_page, archives):
    app = type_in(open_page("find"), "Athabaska Glacie")
    assert "area" not in address(app)
    assert not archives.asked


def test_an_unknown_name_says_what_else_to_do_and_stays_typed(open_page, archives):
    app = type_in(open_page("find"), "Qwrtzpsdf")
    assert "not among the well-known glaciers" in words(app)
    assert app.text_input(key="find-text").value == "Qwrtzpsdf"


def test_no_place_on_earth_is_a_sentence(open_page, archives):
    app = type_in(open_page("find"), "96.5, 8.0")
    assert not app.exception
    assert "There is no place" in words(app)


def test_coordinates_are_a_place_of_their_own(open_page, archives):
    app = type_in(open_page("find"), "-49.3, -73.1")
    app = button(app, "This very place").click().run()
    west, south, east, north = area_from_text(address(app)["area"]).extent
    assert ((west + east) / 2, (south + north) / 2) == pytest.approx((-73.1, -49.3), abs=1e-4)


def test_season_of_the_hemisphere_is_asked_for_and_explained(open_page, archives):
    app = open_page("find", area=area_of((-73.2, -49.4, -73.0, -49.2)).to_text())
    assert archives.asked[0][2].months == (2, 3)
    assert "southern summer" in words(app)
    app = app.selectbox(key="find-season").set_value("whole year").run()
    assert archives.asked[-1][2].months == ()


def test_images_are_offered_the_best_first_and_what_it_costs(open_page, archives):
    archives.answers["sentinel-2-l1c"] = answer(
        [image("old", 10), image("cloudy", 28, area_cloud_percent=60.0)]
    )
    archives.answers["landsat-c2-l1"] = answer(
        [image("new", 22, "landsat-c2-l1", sensor="Landsat 9")]
    )
    app = open_page("find", **WHERE)
    said = words(app)
    assert said.index("2023-08-22") < said.index("2023-08-10") < said.index("2023-08-28")
    labels = [one.label for one in app.button]
    assert labels.index("Chosen") < labels.index("Choose")
    assert "1.6 million pixels, about 34 MB to fetch" in said
    assert "about 40 s to fetch and 2 min to map" in said
    assert "No radar." in said


def test_a_chosen_image_is_in_the_address_and_fetched(open_page, archives, service, inventory):
    archives.answers["sentinel-2-l1c"] = answer([image("S2A"), image("S2B", 10)])
    app = open_page("find", **WHERE)
    app = next(one for one in app.button if one.label == "Choose").click().run()
    assert address(app)["found"] == "sentinel-2-l1c:S2B"
    app = button(app, "Fetch and map").click().run()
    (plan,) = service.asked
    assert [scene.id for scene in plan.scenes] == ["S2B"]
    assert (plan.area, plan.resolution) == (AREA, 10.0)
    assert inventory.asked == ["rgi7"]


def test_one_archive_that_fails_is_told_and_takes_nothing_from_the_other(open_page, archives):
    archives.answers["landsat-c2-l1"] = answer(SourceError("The archive is in trouble."))
    app = open_page("find", **WHERE)
    assert "The archive is in trouble." in words(app)
    assert button(app, "Fetch and map")
    button(app, "Search again").click().run()
    assert [one[2] for one in archives.asked if one[0] == "forgotten"] == ["landsat-c2-l1"]


def test_nonsense_of_an_archive_is_a_sentence(open_page, archives):
    archives.answers["sentinel-2-l1c"] = answer(KeyError("features"))
    app = open_page("find", **WHERE)
    assert not app.exception
    assert "could not be understood" in words(app)


def test_no_network_is_one_sentence_with_samples(open_page, monkeypatch):
    monkeypatch.setenv("GLACIER_SERVICES_ROOT", "http://127.0.0.1:9")
    settings.cache_clear()
    app = open_page("find", **WHERE)
    for _ in range(40):
        if "No archive of imagery can be reached" in words(app):
            break
        app.run()
    assert words(app).count("can be reached") == 1
    assert "These are here already" in words(app)
    assert address(app)["area"] == WHERE["area"]


def test_a_search_under_way_is_shown_and_blocks_nothing(open_page, archives):
    archives.answers["sentinel-2-l1c"] = Future()
    app = open_page("find", **WHERE)
    assert not app.exception
    assert "Which image of Testgletscher" in words(app)
    assert not [one for one in app.button if "Fetch" in one.label]


def test_nothing_found_says_what_to_widen(open_page, archives):
    archives.answers["sentinel-2-l1c"] = answer([])
    assert "Allow more cloud" in words(open_page("find", **WHERE))


def test_a_composite_takes_images_of_several_days(open_page, archives):
    half = shapely.box(7.98, 46.48, 8.0, 46.52)
    archives.answers["sentinel-2-l1c"] = answer(
        [image("west", footprint=half, coverage_percent=50.0), image("S2B", 10)]
    )
    app = open_page("find", **WHERE, found="sentinel-2-l1c:west,sentinel-2-l1c:S2B")
    app = app.toggle(key="find-composite").set_value(True).run()
    assert not app.exception
    assert button(app, "Fetch and map")


def test_radar_of_the_nearest_days_goes_along(open_page, archives, service, inventory):
    def radar(name, day, orbit):
        item = {"properties": {"sat:orbit_state": orbit}}
        return image(name, day, "sentinel-1-rtc", sensor="Sentinel-1A", item=item)

    far, near, other = (
        radar("far", 2, "ascending"),
        radar("near", 23, "ascending"),
        radar("other", 12, "descending"),
    )
    archives.answers["sentinel-1-rtc"] = answer([far, near, other])
    app = open_page("find", **WHERE)
    app = app.selectbox(key="find-radar").set_value("sentinel-1-rtc").run()
    button(app, "Fetch and map").click().run()
    assert [scene.id for scene in service.asked[0].radar] == ["near", "other"]


def test_radar_that_cannot_be_had_is_told_and_the_rest_is_fetched(
    open_page, archives, service, inventory
):
    archives.answers["sentinel-1-rtc"] = answer(SourceError("The archive is away."))
    app = open_page("find", **WHERE)
    app = app.selectbox(key="find-radar").set_value("sentinel-1-rtc").run()
    assert "No radar: The archive is away." in words(app)
    button(app, "Fetch and map").click().run()
    assert service.asked[0].radar == ()


def test_progress_is_told_and_cancel_stops_it(open_page, archives, service, inventory):
    app = button(open_page("find", **WHERE), "Fetch and map").click().run()
    service.now.progress = TransferProgress("Reading Sentinel-2A", 30, 120, 12.0)
    app = app.run()
    assert not app.exception
    app = button(app, "Cancel").click().run()
    assert service.cancelled == ["job"]
    assert "Stopped. What has come so far is kept" in words(app.run())


@pytest.mark.parametrize(
    "refusal", [QueueFullError("8 fetches are waiting already."), SourceError("It is refused.")]
)
def test_a_refused_fetch_is_a_sentence_and_can_be_tried_again(
    open_page, archives, service, inventory, refusal
):
    service.refusal = refusal
    app = button(open_page("find", **WHERE), "Fetch and map").click().run()
    assert str(refusal) in words(app)
    service.refusal = None
    button(app, "Fetch again").click().run()
    assert len(service.asked) == 1


def test_a_failed_fetch_says_why_and_keeps_area_and_image(open_page, archives, service, inventory):
    app = button(open_page("find", **WHERE), "Fetch and map").click().run()
    service.now.state, service.now.error = "failed", "The archive broke off."
    app = app.run()
    assert "The archive broke off." in words(app)
    assert address(app)["area"] == WHERE["area"]
    assert "Which image of Testgletscher" in words(app)


def test_a_fetched_scene_opens_on_explore_and_says_why_it_has_no_outlines(
    open_page, archives, service, inventory, model
):
    plan = FetchPlan(AREA, (image(),), 10.0)
    keep_scene(tiny_scene(id=plan.scene_id, title="Testgletscher", outlines=False))
    app = button(open_page("find", model="tiny", **WHERE), "Fetch and map").click().run()
    service.now.state = "done"
    app = app.run()
    assert not app.exception
    assert address(app)["scene"] == plan.scene_id
    assert address(app)["plan"] == plan.to_text()
    app = app.switch_page("explore.py").run()
    assert "The inventory is away." in words(app)


def test_outlines_of_the_inventory_come_with_the_scene(
    open_page, archives, service, inventory, model
):
    from glacier_core.sources import read_scene, scene_folder

    with_outlines = tiny_scene()
    plan = FetchPlan(AREA, (image(),), 10.0)
    keep_scene(tiny_scene(id=plan.scene_id, outlines=False))
    inventory.answer = answer(with_outlines.outlines.to_crs("EPSG:4326"))
    app = button(open_page("find", model="tiny", **WHERE), "Fetch and map").click().run()
    service.now.state = "done"
    for _ in range(40):
        app = app.run()
        if address(app)["scene"] == plan.scene_id:
            break
    assert len(read_scene(scene_folder(plan.scene_id)).outlines) == 2


def test_a_link_of_a_scene_that_is_not_here_offers_to_fetch_it(
    open_page, archives, service, inventory, monkeypatch
):
    plan = FetchPlan(AREA, (image(),), 10.0)
    asked = answer(plan)
    monkeypatch.setattr("pages.components.find_sources.plan_of", lambda text: asked)
    app = open_page("explore", scene=plan.scene_id, plan=plan.to_text())
    assert not app.exception
    assert "This scene is not here yet" in words(app)
    button(app, "Fetch and map").click().run()
    assert [one.scene_id for one in service.asked] == [plan.scene_id]


def test_a_link_whose_images_cannot_be_had_says_so(open_page, monkeypatch):
    gone = answer(SourceError("The archive holds no such scene."))
    monkeypatch.setattr("pages.components.find_sources.plan_of", lambda text: gone)
    app = open_page("explore", scene="testgletscher-x", plan="a!b!c!d!")
    assert "The archive holds no such scene." in words(app)


def test_nonsense_for_an_area_is_a_sentence_and_gone_from_the_address(open_page, archives):
    app = open_page("find", area="a~b~1,2,3")
    assert not app.exception
    assert "area" not in address(app)
    assert not archives.asked


def test_view_stays_in_the_address_and_nonsense_does_not(open_page, archives):
    app = open_page("find", view="8.01,46.5,11.2", **WHERE)
    assert address(app)["view"] == "8.01,46.5,11.2"
    app = open_page("find", view="<script>", **WHERE)
    assert "view" not in address(app)


@pytest.fixture
def drawn(monkeypatch):
    """Return a function that takes drawings and tells the area in the address and the refusal."""
    from pages.components import find_area, state

    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(state, "_write_address", lambda _: None)

    def take(*drawings):
        find_area.take_drawings(drawings)
        kept = st.session_state.get("app_state", state.AppState())
        return kept.area, st.session_state["area_refused"]

    return take


def test_a_drawn_box_may_begin_at_any_corner(drawn):
    corners = [[8.02, 46.48], [7.98, 46.52]]
    area, refused = drawn({"id": "a", "kind": "box", "coordinates": corners})
    assert area_from_text(area).extent == pytest.approx((7.98, 46.48, 8.02, 46.52))
    assert not refused


def test_a_box_over_the_antimeridian_is_two_parts(drawn):
    corners = [[179.9, -16.9], [180.1, -16.7]]
    area, _ = drawn({"id": "a", "kind": "box", "coordinates": corners})
    assert area_from_text(area).crosses_antimeridian


def test_a_drawing_that_comes_twice_is_taken_once_and_one_too_large_loses_nothing(drawn):
    box = {"id": "a", "kind": "box", "coordinates": [[7.98, 46.48], [8.02, 46.52]]}
    first, _ = drawn(box)
    assert drawn({"id": "b", "kind": "clear"})[0] == ""
    assert drawn(box)[0] == ""
    assert drawn(box | {"id": "c"})[0] == first
    area, refused = drawn({"id": "d", "kind": "box", "coordinates": [[0, 0], [90, 60]]})
    assert area == first
    assert "Choose a smaller area" in refused


@pytest.mark.parametrize(
    "nonsense", [None, [], [[1, 2]], [["a", "b"], [1, 2], [3, 4]], [[1, 2], [1, 2], [1, 2]], 7]
)
@pytest.mark.parametrize("kind", ["polygon", "box"])
def test_nonsense_from_a_browser_is_refused(drawn, kind, nonsense):
    area, refused = drawn({"id": "a", "kind": kind, "coordinates": nonsense})
    assert area == ""
    assert refused


def test_tiles_of_datasets_are_squares_to_open(open_page, archives, tmp_path):
    from tile_files import by_hand

    from pages.components.find_map import find_view

    add_dataset(by_hand(tmp_path / "authors.hdf5"))
    layers = {layer.id: layer for layer in find_view(None, None).layers}
    (square,) = layers["tiles"].geojson["features"]
    assert square["properties"]["glacier_id"] == "authors-alp-0-0"
    assert len(layers["glaciers"].geojson["features"]) > 100
