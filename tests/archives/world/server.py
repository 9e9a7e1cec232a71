"""The archives as one server on 127.0.0.1, each service under its own name."""

import json
import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from .elevation import bucket
from .misbehaviour import Misbehaviours, Misconduct
from .products import sentinel2_products
from .shelf import Shelf
from .stac import BadSearchError, Catalogue


@dataclass
class World:
    """A running test archive.

    Attributes
    ----------
    address : str
        Root of all services: the value of GLACIER_SERVICES_ROOT.
    requests : list of (method, path with query, headers)
        What was asked, in order.
    sentinel2 : mapping
        The products by place and acquisition: the truth that a client's reading is held against.
    """

    address: str
    folder: Path
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    shelves: dict[str, Shelf] = field(default_factory=dict)
    catalogues: dict[str, Catalogue] = field(default_factory=dict)
    pictures: dict[str, object] = field(default_factory=dict)
    misbehaviours: Misbehaviours = field(default_factory=Misbehaviours)

    def __post_init__(self) -> None:
        self.sentinel2 = sentinel2_products()
        self._fill()

    def misbehave(self, pattern: str, what: Misconduct, times: int | None = None) -> None:
        """Answer requests whose path holds a pattern wrongly, so many times or for good."""
        self.misbehaviours.add(pattern, what, times)

    def reset(self) -> None:
        """Behave again, and forget what was asked."""
        self.misbehaviours.clear()
        self.requests.clear()

    def shelf(self, service: str) -> Shelf:
        return self.shelves.setdefault(service, Shelf(self.folder / service))

    def _fill(self) -> None:
        for product in self.sentinel2.values():
            for path, make in product.files():
                self.shelf("sentinel-2-google").add(path, make)
            self.pictures[product.id] = product.thumbnail
        for arc, service in ((10, "copernicus-dem-30m"), (30, "copernicus-dem-90m")):
            for path, make in bucket(arc):
                self.shelf(service).add(path, make)
        items = [product.item(self.address) for product in self.sentinel2.values()]
        self.catalogues["earth-search"] = Catalogue("Earth Search", "next token", items)


def answer_file(request: Request, body: bytes, kind: str) -> Response:
    """Answer with a file or the range of it that was asked for."""
    tag = f'"{md5(body, usedforsecurity=False).hexdigest()}"'
    headers = {"ETag": tag, "Accept-Ranges": "bytes", "Content-Type": kind}
    asked = request.headers.get("range")
    if asked and request.headers.get("if-range", tag) == tag:
        return _ranged(body, asked, headers)
    return Response(body, headers=headers)


def _ranged(body: bytes, asked: str, headers: dict[str, str]) -> Response:
    first, _, last = asked.removeprefix("bytes=").partition("-")
    start = int(first) if first else max(len(body) - int(last), 0)
    stop = min(int(last) + 1, len(body)) if first and last else len(body)
    if start >= len(body) or start >= stop:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{len(body)}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
    return Response(body[start:stop], 206, headers)


def application(world: World) -> Starlette:
    """Return the server's routes."""

    async def stac_root(request: Request) -> Response:
        service = request.path_params["service"]
        if service not in world.catalogues:
            return not_found()
        home = f"{world.address}/{service}"
        links = [{"rel": "self", "href": home}, {"rel": "root", "href": home}]
        links += [{"rel": "search", "href": f"{home}/search", "method": m} for m in ("GET", "POST")]
        catalogue = world.catalogues[service]
        return JSONResponse(
            {
                "type": "Catalog",
                "stac_version": "1.0.0",
                "id": service,
                "title": catalogue.title,
                "description": "Simulated: a test archive.",
                "links": links,
                "conformsTo": [
                    "https://api.stacspec.org/v1.0.0/core",
                    "https://api.stacspec.org/v1.0.0/item-search",
                    "https://api.stacspec.org/v1.0.0/item-search#query",
                ],
            }
        )

    async def search(request: Request) -> Response:
        service = request.path_params["service"]
        if service not in world.catalogues:
            return not_found()
        try:
            asked = await asked_of(request)
            answer = world.catalogues[service].search(
                asked, home=f"{world.address}/{service}", method=request.method
            )
        except (BadSearchError, ValueError, KeyError, TypeError) as error:
            return JSONResponse({"code": "BadRequest", "description": str(error)}, 400)
        if world.misbehaviours.emptied(request):
            answer["features"], answer["links"] = [], answer["links"][-1:]
        return JSONResponse(answer, media_type="application/geo+json")

    async def item(request: Request) -> Response:
        service, wanted = request.path_params["service"], request.path_params["item"]
        catalogue = world.catalogues.get(service)
        for held in catalogue.items if catalogue else ():
            if held["id"] == wanted:
                return JSONResponse(held, media_type="application/geo+json")
        return not_found()

    async def thumbnail(request: Request) -> Response:
        place = f"{world.address}/thumbnails/{request.path_params['item']}.jpg"
        return RedirectResponse(place, 302)

    def picture(request: Request) -> Response:
        make = world.pictures.get(request.path_params["item"])
        return Response(make(), media_type="image/jpeg") if make else not_found()

    def file(request: Request) -> Response:
        shelf = world.shelves.get(request.path_params["service"])
        path = request.path_params["path"]
        if shelf is None or path not in shelf:
            return no_such_key(path)
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return answer_file(request, shelf.read(path), kind)

    routes = [
        Route("/thumbnails/{item}.jpg", picture),
        Route("/{service}/search", search, methods=["GET", "POST"]),
        Route("/{service}/collections/{collection}/items/{item}", item),
        Route("/{service}/collections/{collection}/items/{item}/thumbnail", thumbnail),
        Route("/{service}", stac_root),
        Route("/{service}/", stac_root),
        Route("/{service}/{path:path}", file),
    ]
    return Starlette(routes=routes)


async def asked_of(request: Request) -> dict:
    """Return what a search asks for, however it was sent."""
    if request.method == "POST":
        return json.loads(await request.body() or b"{}")
    asked = dict(request.query_params)
    for name in ("bbox", "collections", "ids"):
        if name in asked:
            asked[name] = asked[name].split(",")
    for name in ("intersects", "query", "filter"):
        if name in asked:
            asked[name] = json.loads(asked[name])
    return asked


def not_found() -> Response:
    return JSONResponse({"code": "NotFound", "description": "Not Found"}, 404)


def no_such_key(path: str) -> Response:
    """Answer as a bucket does."""
    body = f'<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Key>{path}</Key></Error>'
    return Response(body, 404, media_type="application/xml")


class Logged:
    """Writes down each request, and lets it be answered wrongly where that was asked for."""

    def __init__(self, app, world: World) -> None:
        self.app, self.world = app, world

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        query = f"?{request.url.query}" if request.url.query else ""
        self.world.requests.append(
            (request.method, f"{request.url.path}{query}", dict(request.headers))
        )
        await self.world.misbehaviours.answer(self.app, scope, receive, send)


@contextmanager
def running(world_folder: Path) -> Iterator[World]:
    """Serve the test archive on a free port of this machine."""
    config = uvicorn.Config(lambda: None, host="127.0.0.1", port=0, log_level="critical")
    socket = config.bind_socket()
    address = f"http://127.0.0.1:{socket.getsockname()[1]}"
    world = World(address, world_folder)
    config = uvicorn.Config(
        Logged(application(world), world),
        log_level="critical",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        yield world
    finally:
        server.should_exit = True
        thread.join(10)
        socket.close()


@contextmanager
def serve_world(folder: Path) -> Iterator[str]:
    """Serve the test archive, its files made in a folder; yield its address."""
    with running(Path(folder)) as world:
        yield world.address
