"""The map's own addresses on the server: tiles, point values and the browser's files.

Only ids that match a pattern and numbers come through; no text of a reader reaches GDAL.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from glacier_core.errors import GlacierError, SourceError
from glacier_core.viewing import points, previews, tiles
from glacier_core.viewing.ahead import Ahead
from glacier_core.viewing.warping import Address

_FOREVER: Final = "private, max-age=31536000, immutable"
_ASK_AGAIN: Final = "private, no-cache"
_BROWSER_FILES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".geojson": "application/geo+json",
}
_PNG: Final = b"\x89PNG"
_LIBRARY_FILES: Final = ("maplibre-gl.js", "maplibre-gl.css")

_T = TypeVar("_T")

_drawers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="tiles")
_ahead = Ahead()


def map_routes(browser_folder: Path, base: str = "") -> list[BaseRoute]:
    """Return the routes that a map needs.

    Parameters
    ----------
    browser_folder : Path
        Folder of the map's own JavaScript and CSS.
    base : str
        Path under which the app is served, empty for the root.
    """
    root = f"/{base.strip('/')}" if base.strip("/") else ""
    place = "{z:int}/{x:int}/{y:int}"
    return [
        Route(f"{root}/tiles/scenes/{{id}}/{{layer}}/{place}", _scene_tile),
        Route(f"{root}/tiles/maps/{{id}}/{{layer}}/{place}", _map_tile),
        Route(f"{root}/tiles/previews/{{id}}/{place}", _preview_tile),
        Route(f"{root}/previews/{{id}}", _preview),
        Route(f"{root}/tiles/comparisons/{{id}}/agreement/{place}", _agreement_tile),
        Route(f"{root}/point/{{id}}", _point),
        Route(f"{root}/assets/{{file}}", _asset(_browser_files(browser_folder))),
    ]


async def _scene_tile(request: Request) -> Response:
    wanted = request.path_params
    # Without the version of the scene in the address, the picture may change under it.
    caching = _FOREVER if "v" in request.query_params else _ASK_AGAIN
    return await _picture_tile(
        request, lambda: tiles.scene_picture(wanted["id"], wanted["layer"]), caching
    )


async def _map_tile(request: Request) -> Response:
    wanted = request.path_params
    return await _picture_tile(
        request, lambda: tiles.map_picture(wanted["id"], wanted["layer"]), _FOREVER
    )


async def _preview_tile(request: Request) -> Response:
    return await _tile(
        request,
        lambda: previews.preview_tile(request.path_params["id"], _place(request)),
        _ASK_AGAIN,
    )


async def _preview(request: Request) -> Response:
    rows = await _in_thread(lambda: previews.preview_rows(request.path_params["id"]))
    return JSONResponse({"rows": rows}, headers={"Cache-Control": _ASK_AGAIN})


async def _agreement_tile(request: Request) -> Response:
    return await _picture_tile(
        request, lambda: tiles.agreement_picture(request.path_params["id"]), _FOREVER
    )


async def _picture_tile(
    request: Request, find: Callable[[], tiles.Picture], caching: str
) -> Response:
    place = _place(request)

    def draw() -> bytes:
        picture = find()
        with _ahead.first():
            drawn = picture.tile(place)
        _ahead.look(picture, place)
        return drawn

    return await _tile(request, draw, caching)


def _place(request: Request) -> Address:
    wanted = request.path_params
    return wanted["z"], wanted["x"], wanted["y"]


async def _tile(request: Request, draw: Callable[[], bytes], caching: str) -> Response:
    picture = await _in_thread(draw)
    tag = f'"{hashlib.sha256(picture).hexdigest()[:32]}"'
    headers = {"Cache-Control": caching, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    kind = "image/png" if picture.startswith(_PNG) else "image/jpeg"
    return Response(picture, media_type=kind, headers=headers)


async def _point(request: Request) -> Response:
    asked = request.query_params
    try:
        lon, lat = float(asked["lon"]), float(asked["lat"])
    except (KeyError, ValueError) as error:
        raise HTTPException(400, "Give lon and lat in degrees.") from error
    values = await _in_thread(
        lambda: points.point_values(request.path_params["id"], lon, lat, asked.get("map", ""))
    )
    return JSONResponse(values, headers={"Cache-Control": _ASK_AGAIN})


async def _in_thread(work: Callable[[], _T]) -> _T:
    """Do work of GDAL beside the event loop; unknown things are 404, damaged files 500."""
    try:
        return await asyncio.get_running_loop().run_in_executor(_drawers, work)
    except SourceError as error:
        raise HTTPException(404, str(error)) from error
    except GlacierError as error:
        raise HTTPException(500, str(error)) from error


def _browser_files(folder: Path) -> dict[str, Path]:
    own = {path.name: path for path in folder.iterdir() if path.suffix in _BROWSER_FILES}
    return own | {name: _library() / name for name in _LIBRARY_FILES}


def _library() -> Path:
    """Return the folder of MapLibre GL; the maplibre package itself is not imported."""
    package = find_spec("maplibre")
    if package is None or package.origin is None:
        raise SourceError("The maplibre package is missing. Install the locked set: make install.")
    return Path(package.origin).parent / "srcjs"


def _asset(known: dict[str, Path]) -> Callable[[Request], Response]:
    def asset(request: Request) -> Response:
        path = known.get(request.path_params["file"])
        if path is None:
            raise HTTPException(404, "There is no such file.")
        return FileResponse(
            path, media_type=_BROWSER_FILES[path.suffix], headers={"Cache-Control": _ASK_AGAIN}
        )

    return asset
