"""The archives as one server on 127.0.0.1, each service under its own name."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.requests import Request

from .elevation import bucket
from .misbehaviour import Misbehaviours, Misconduct
from .products import landsat_products, sentinel2_products
from .rgi import rgi6_zip, rgi7_files
from .routes import Routes
from .sentinel1 import radar_takes
from .sentinel1_grd import GroundRange
from .shelf import Shelf
from .stac import Catalogue
from .surface import surface_landsats, surface_sentinels


@dataclass
class World:
    """A running test archive.

    Attributes
    ----------
    address : str
        Root of all services: the value of GLACIER_SERVICES_ROOT.
    requests : list of (method, path with query, headers)
        What was asked, in order.
    searches : list of (service, what was asked for)
        The searches among them.
    sentinel2, landsat, radar : mapping
        The products by place and acquisition: the truth that a client's reading is held against.
    surface_sentinel2, surface_landsat : list
        Their surface reflectance, in the Alps.
    """

    address: str
    folder: Path
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    searches: list[tuple[str, dict]] = field(default_factory=list)
    recorded: dict[str, list[Path]] = field(default_factory=dict)
    shelves: dict[str, Shelf] = field(default_factory=dict)
    catalogues: dict[str, Catalogue] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    misbehaviours: Misbehaviours = field(default_factory=Misbehaviours)

    def __post_init__(self) -> None:
        self.sentinel2 = sentinel2_products()
        self.landsat = landsat_products()
        self.radar = radar_takes()
        self.surface_sentinel2 = surface_sentinels(self.sentinel2)
        self.surface_landsat = surface_landsats(self.landsat)
        self._fill()

    def misbehave(self, pattern: str, what: Misconduct, times: int | None = None) -> None:
        """Answer requests whose path holds a pattern wrongly, so many times or for good."""
        self.misbehaviours.add(pattern, what, times)

    def replay(self, service: str, pages: Iterable[Path]) -> None:
        """Answer the next searches of a service with recorded responses, one each, in order."""
        self.recorded[service] = [*pages]

    def reset(self) -> None:
        """Behave again, and forget what was asked."""
        self.misbehaviours.clear()
        self.recorded.clear()
        self.requests.clear()
        self.searches.clear()

    def put(self, service: str, files: Iterable) -> None:
        """Lay files on the shelf of a service."""
        shelf = self.shelves.setdefault(service, Shelf(self.folder / service))
        for path, make in files:
            shelf.add(path, make)

    def _fill(self) -> None:
        for product in self.sentinel2.values():
            self.put("sentinel-2-google", product.files())
            self.put("sentinel-2-l1c-s3", product.files_on_amazon())
            picture = f"sentinel-s2-l1c/{product.folder_on_amazon}/preview.jpg"
            self.put("sentinel-hub-pictures", [(picture, product.thumbnail)])
            self.pictures[product.id] = f"sentinel-hub-pictures/{picture}"
        for product in self.landsat.values():
            self.put("landsat-s3", product.files())
        for take in self.radar.values():
            self.put("planetary-computer-sentinel-1-rtc", take.files())
            self.put("planetary-computer-sentinel-1-grd", GroundRange(take).files())
        for product in self.surface_sentinel2:
            self.put(product.service, product.files())
        for product in self.surface_landsat:
            self.put("planetary-computer-landsat", product.files())
        self.put("copernicus-dem-30m", bucket(10))
        self.put("copernicus-dem-90m", bucket(30))
        self.put("rgi7", rgi7_files())
        self.put("rgi6", [("rgi62.zip", rgi6_zip)])
        self._list("earth-search", "Earth Search", "next token", self._earth_search())
        self._list("landsatlook", "LandsatLook", "page number", self.landsat.values())
        takes = self.radar.values()
        ground_range = [GroundRange(take) for take in takes]
        products = [*takes, *ground_range, *self.surface_landsat]
        self._list("planetary-computer", "Planetary Computer", "token", products)

    def _earth_search(self) -> list:
        return [*self.sentinel2.values(), *self.surface_sentinel2]

    def _list(self, service: str, title: str, paging: str, products) -> None:
        items = [product.item(self.address) for product in products]
        self.catalogues[service] = Catalogue(title, paging, items)


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
    socket = uvicorn.Config(
        lambda: None, host="127.0.0.1", port=0, log_level="critical"
    ).bind_socket()
    with closing(socket):
        world = World(f"http://127.0.0.1:{socket.getsockname()[1]}", Path(world_folder))
        app = Logged(Routes(world).application(), world)
        config = uvicorn.Config(
            app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
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


@contextmanager
def serve_world(folder: Path) -> Iterator[str]:
    """Serve the test archive, its files made in a folder; yield its address."""
    with running(folder) as world:
        yield world.address
