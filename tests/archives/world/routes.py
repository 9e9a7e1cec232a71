"""How the services of the test archive answer."""

import json
import mimetypes
import re
from hashlib import md5
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from . import glims, rgi
from .gates import refused, token_for
from .misbehaviour import is_to_be_empty
from .stac import BadSearchError

GEOJSON = "application/geo+json"
PUBLIC = re.compile(r".*_thumb_(small|large)\.jpeg")  # what LandsatLook shows without a log-in


class Routes:
    """The answers of a world's services."""

    def __init__(self, world) -> None:
        self.world = world

    def application(self) -> Starlette:
        routes = [
            Route("/landsatlook-data/{path:path}", self.landsatlook_file),
            Route("/planetary-computer-token/token/{wanted:path}", self.token),
            Route("/glims", glims.answer),
            Route("/rgi7/api/3/action/package_show", self.package_show),
            Route("/{service}/search", self.search, methods=["GET", "POST"]),
            Route("/{service}/collections/{collection}", self.collection),
            Route("/{service}/collections/{collection}/items", self.search),
            Route("/{service}/collections/{collection}/items/{item}", self.item),
            Route("/{service}/collections/{collection}/items/{item}/thumbnail", self.thumbnail),
            Route("/{service}", self.root),
            Route("/{service}/", self.root),
            Route("/{service}/{path:path}", self.file),
        ]
        return Starlette(routes=routes)

    def home(self, request: Request) -> str:
        return f"{self.world.address}/{request.path_params['service']}"

    def catalogue(self, request: Request):
        return self.world.catalogues.get(request.path_params["service"])

    def root(self, request: Request) -> Response:
        catalogue, home = self.catalogue(request), self.home(request)
        shelf = self.world.shelves.get(request.path_params["service"])
        if shelf is not None and "prefix" in request.query_params:
            return listing(shelf.paths(), **request.query_params)
        if catalogue is None:
            return not_found()
        search = [
            {"rel": "search", "type": GEOJSON, "href": f"{home}/search", "method": method}
            for method in ("GET", "POST")
        ]
        return JSONResponse(
            {
                "type": "Catalog",
                "stac_version": "1.0.0",
                "id": request.path_params["service"],
                "title": catalogue.title,
                "description": "Simulated: a test archive.",
                "links": [{"rel": "self", "href": home}, {"rel": "root", "href": home}, *search],
                "conformsTo": [
                    "https://api.stacspec.org/v1.0.0/core",
                    "https://api.stacspec.org/v1.0.0/collections",
                    "https://api.stacspec.org/v1.0.0/item-search",
                    "https://api.stacspec.org/v1.0.0/item-search#query",
                    "https://api.stacspec.org/v1.0.0/item-search#sort",
                ],
            }
        )

    async def search(self, request: Request) -> Response:
        catalogue = self.catalogue(request)
        if catalogue is None:
            return not_found()
        service = request.path_params["service"]
        try:
            asked = await asked_of(request)
            self.world.searches.append((service, asked))
            if service in self.world.recorded:
                return replayed(self.world.recorded[service])
            answer = catalogue.search(asked, home=self.home(request), method=request.method)
        except (BadSearchError, ValueError, KeyError, TypeError, AttributeError) as error:
            return JSONResponse({"code": "BadRequest", "description": str(error)}, 400)
        if is_to_be_empty(request.scope):
            answer["features"], answer["links"] = [], answer["links"][-1:]
        return JSONResponse(answer, media_type=GEOJSON)

    def collection(self, request: Request) -> Response:
        catalogue, wanted = self.catalogue(request), request.path_params["collection"]
        if catalogue is None or wanted not in {item["collection"] for item in catalogue.items}:
            return not_found()
        home = self.home(request)
        return JSONResponse(
            {
                "type": "Collection",
                "stac_version": "1.0.0",
                "id": wanted,
                "description": "Simulated: a test archive.",
                "license": "other",
                "extent": {
                    "spatial": {"bbox": [[-180, -90, 180, 90]]},
                    "temporal": {"interval": [["1984-01-01T00:00:00Z", None]]},
                },
                "links": [{"rel": "self", "href": f"{home}/collections/{wanted}"}],
            }
        )

    def item(self, request: Request) -> Response:
        catalogue, wanted = self.catalogue(request), request.path_params["item"]
        for held in catalogue.items if catalogue else ():
            if held["id"] == wanted:
                return JSONResponse(held, media_type=GEOJSON)
        return not_found()

    def thumbnail(self, request: Request) -> Response:
        """Send on to where the picture lies, as Earth Search does."""
        path = self.world.pictures.get(request.path_params["item"])
        return RedirectResponse(f"{self.world.address}/{path}", 302) if path else not_found()

    def token(self, request: Request) -> Response:
        expired = request.scope.get("misconduct") == "expired token"
        return token_for(request.path_params["wanted"], expired=expired)

    def package_show(self, request: Request) -> Response:
        """Tell which files CKAN keeps of the Randolph Glacier Inventory."""
        if request.query_params.get("id") != rgi.PACKAGE:
            return JSONResponse({"success": False, "error": {"message": "Not found"}}, 404)
        told = rgi.package_show()
        if is_to_be_empty(request.scope):
            told["result"]["resources"] = []
        return JSONResponse(told)

    def landsatlook_file(self, request: Request) -> Response:
        """Show pictures; for all else, send to the log-in page."""
        path = request.path_params["path"]
        if path == "login":
            return HTMLResponse("<html><title>EROS Registration System</title></html>")
        if not PUBLIC.fullmatch(path):
            return RedirectResponse(f"{self.world.address}/landsatlook-data/login", 302)
        return self._file(request, "landsat-s3", path)

    def file(self, request: Request) -> Response:
        service, path = request.path_params["service"], request.path_params["path"]
        refusal = refused(request, service)
        return refusal or self._file(request, service, path)

    def _file(self, request: Request, service: str, path: str) -> Response:
        shelf = self.world.shelves.get(service)
        if shelf is None or path not in shelf:
            return no_such_key(path)
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return answer_file(request, shelf.read(path), kind)


def replayed(pages: list[Path]) -> Response:
    """Answer with the next recorded response, byte for byte; its name tells of an error."""
    if not pages:
        return JSONResponse({"message": "nothing more was recorded"}, 500)
    page = pages.pop(0)
    status = int(found[1]) if (found := re.search(r"_error_(\d{3})_", page.name)) else 200
    return Response(page.read_bytes(), status, media_type=GEOJSON)


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
    if "collection" in request.path_params:
        asked["collections"] = [request.path_params["collection"]]
    return asked


def listing(paths: list[str], prefix: str, delimiter: str = "/") -> Response:
    """List the folders of a bucket whose names begin so."""
    below = [path[len(prefix) :].partition(delimiter) for path in paths if path.startswith(prefix)]
    folders = sorted({f"{prefix}{head}{mark}" for head, mark, _ in below if mark})
    each = "".join(f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>" for name in folders)
    body = (
        "<?xml version='1.0' encoding='UTF-8'?>"
        "<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>"
        f"<Prefix>{prefix}</Prefix><IsTruncated>false</IsTruncated>{each}</ListBucketResult>"
    )
    return Response(body, media_type="application/xml")


def not_found() -> Response:
    return JSONResponse({"code": "NotFound", "description": "Not Found"}, 404)


def no_such_key(path: str) -> Response:
    """Answer as a bucket does."""
    body = f'<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Key>{path}</Key></Error>'
    return Response(body, 404, media_type="application/xml")
