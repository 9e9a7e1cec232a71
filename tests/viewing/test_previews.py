import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from glacier_core.errors import SourceError
from glacier_core.inference import preview as preview_module
from glacier_core.inference.preview import Preview
from glacier_core.viewing import routes
from glacier_core.viewing.previews import preview_layer, preview_rows, preview_tile

from .places import decoded, degrees_of, tile_and_pixel
from .test_routes import BROWSER_FOLDER

KEY = "c" * 64


@pytest.fixture
def half_made(scene, monkeypatch):
    """A preview of which the upper half is known: a quarter in the west, three in the east."""
    preview = Preview(scene.transform, scene.crs, np.ones(scene.shape, bool))
    known = np.full((scene.shape[0] // 2, scene.shape[1]), 0.25, np.float32)
    known[:, scene.shape[1] // 2 :] = 0.75
    preview.add(0, known)
    monkeypatch.setitem(preview_module._shown, KEY, preview)
    return preview


def test_tiles_show_what_is_known_at_its_place(scene, half_made):
    rows, columns = scene.shape
    zoom = preview_layer(scene, KEY).max_zoom
    for row, column, value in (
        (rows // 4, columns // 4, 64),
        (rows // 4, 3 * columns // 4, 191),
        (3 * rows // 4, columns // 4, None),
    ):
        tile, (down, across) = tile_and_pixel(*degrees_of(scene, row, column), zoom)
        pixel = decoded(preview_tile(KEY, tile))[down, across]
        assert pixel[3] == (0 if value is None else 255)
        assert value is None or pixel[0] == value


def test_what_is_made_already_has_empty_tiles():
    assert not decoded(preview_tile(KEY, (1, 0, 0)))[..., 3].any()
    assert preview_rows(KEY) is None


def test_a_tile_that_is_none_is_refused(half_made):
    with pytest.raises(SourceError, match="no tile 1/2/0"):
        preview_tile(KEY, (1, 2, 0))


def test_the_browser_learns_how_much_is_known(scene, half_made):
    layer = preview_layer(scene, KEY)
    application = Starlette(routes=routes.map_routes(BROWSER_FOLDER))
    with TestClient(application) as client:
        assert client.get("/" + layer.live).json() == {"rows": scene.shape[0] // 2}
        address = "/" + layer.tiles.replace("{z}", "1").replace("{x}", "0").replace("{y}", "0")
        answer = client.get(address + "?v=7")
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert client.get(f"/previews/{'d' * 64}").json() == {"rows": None}
