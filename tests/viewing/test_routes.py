import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from glacier_core.viewing import layers, routes
from glacier_core.viewing.agreement import write_agreement
from glacier_core.viewing.ahead import Ahead
from glacier_core.viewing.tiles import Picture

from .places import decoded, degrees_of, tile_and_pixel

BROWSER_FOLDER = Path(__file__).parents[2] / "pages/components/browser"


@pytest.fixture(scope="module")
def client():
    application = Starlette(routes=routes.map_routes(BROWSER_FOLDER))
    with TestClient(application, raise_server_exceptions=False) as client:
        yield client


def address_of(layer, scene):
    (zoom, column, row), _ = tile_and_pixel(*degrees_of(scene, 30, 40), layer.max_zoom)
    filled = layer.tiles.replace("{z}", str(zoom)).replace("{x}", str(column))
    return "/" + filled.replace("{y}", str(row))


def test_every_layer_is_served_at_the_address_it_names(client, scene, result, comparison):
    drawn = [
        *layers.scene_layers(scene),
        *layers.map_layers(scene, result.key),
        layers.agreement_layer(scene, write_agreement(comparison)),
    ]
    for layer in drawn:
        answer = client.get(address_of(layer, scene))
        assert answer.status_code == 200, layer.id
        assert answer.headers["content-type"] == "image/png"
        assert "immutable" in answer.headers["cache-control"]
        assert decoded(answer.content)[..., 3].any()


def test_tile_filled_by_imagery_says_that_it_is_a_jpeg(client, scene):
    (zoom, column, row), _ = tile_and_pixel(*degrees_of(scene, 35, 45), 15)
    answer = client.get(f"/tiles/scenes/{scene.id}/natural/{zoom}/{column}/{row}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8")


def test_tiles_around_one_that_was_asked_for_are_drawn(client, scene, monkeypatch):
    drawn = []
    monkeypatch.setattr(routes, "_ahead", Ahead())
    monkeypatch.setattr(Picture, "tile", lambda _, tile: drawn.append(tile) or b"\x89PNG")
    (zoom, column, row), _ = tile_and_pixel(*degrees_of(scene, 30, 40), 10)
    client.get(f"/tiles/scenes/{scene.id}/natural/{zoom}/{column}/{row}")
    deadline = time.monotonic() + 10
    while (zoom - 1, column // 2, row // 2) not in drawn:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert drawn[0] == (zoom, column, row)


def test_unversioned_tile_is_asked_for_again(client, scene):
    answer = client.get(f"/tiles/scenes/{scene.id}/natural/1/0/0")
    assert answer.headers["cache-control"] == "private, no-cache"


def test_unchanged_tile_is_not_sent_twice(client, scene):
    address = f"/tiles/scenes/{scene.id}/natural/1/0/0"
    tag = client.get(address).headers["etag"]
    again = client.get(address, headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert not again.content


@pytest.mark.parametrize(
    "address",
    [
        "/tiles/scenes/no-such-scene/natural/1/0/0",
        "/tiles/scenes/ramp/no-such-layer/1/0/0",
        "/tiles/scenes/..%2Framp/natural/1/0/0",
        "/tiles/scenes/%2Fvsicurl%2Fhttp:%2F%2Fexample.org/natural/1/0/0",
        "/tiles/scenes/ramp/natural/1/5/0",
        "/tiles/scenes/ramp/natural/99/0/0",
        "/tiles/scenes/ramp/natural/-1/0/0",
        "/tiles/maps/ramp/probability/1/0/0",
        f"/tiles/maps/{'cd' * 32}/probability/1/0/0",
        "/tiles/comparisons/..%2F..%2Fscenes%2Framp/agreement/1/0/0",
        "/point/no-such-scene?lon=9&lat=47",
        "/point/ramp?lon=900&lat=47",
        "/assets/map.py",
        "/assets/..%2Fmap.py",
        "/assets/../map.py",
    ],
)
def test_unknown_or_hostile_address_is_not_found(client, scene, address):
    answer = client.get(address)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("query", ["", "?lon=9", "?lon=nine&lat=47", "?lon=9&lat="])
def test_point_without_a_place_is_a_bad_request(client, scene, query):
    assert client.get(f"/point/{scene.id}{query}").status_code == 400


def test_point_tells_scene_and_map(client, scene, result):
    lon, lat = degrees_of(scene, 30, 40)
    answer = client.get(f"/point/{scene.id}", params={"lon": lon, "lat": lat, "map": result.key})
    assert dict(answer.json()["rows"])["Probability of glacier"] == "51 %"


def test_damaged_raster_is_told_without_a_traceback(client, scene, own_data_dir):
    (own_data_dir / "scenes" / scene.id / "slope.tif").write_bytes(b"nothing")
    answer = client.get(f"/tiles/scenes/{scene.id}/slope/1/0/0")
    assert answer.status_code == 500
    assert "seems damaged" in answer.text
    assert "Traceback" not in answer.text


def test_browser_files_come_from_the_package_and_the_folder(client):
    library = client.get("/assets/maplibre-gl.js")
    assert "MapLibre GL JS" in library.text[:200]
    assert client.get("/assets/maplibre-gl.css").headers["content-type"].startswith("text/css")
    for path in BROWSER_FOLDER.iterdir():
        answer = client.get(f"/assets/{path.name}")
        assert answer.text == path.read_text(encoding="utf-8")
        assert answer.headers["cache-control"] == "private, no-cache"


def test_routes_move_below_the_path_of_the_app(scene):
    application = Starlette(routes=routes.map_routes(BROWSER_FOLDER, base="/ice/"))
    client = TestClient(application)
    assert client.get("/ice/assets/map.js").status_code == 200
    assert client.get("/assets/map.js").status_code == 404


def test_many_tiles_at_once_are_all_right(scene, client):
    from concurrent.futures import ThreadPoolExecutor

    layer = layers.scene_layers(scene)[0]
    base = address_of(layer, scene)
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(client.get, [f"{base}&n={number}" for number in range(24)]))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
