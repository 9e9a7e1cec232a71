"""How long tiles take while many people move the map.

    python benchmarks/tiles.py [--clients 20] [--size 6000] [--tiles 40]

Starts the app on 127.0.0.1 with a data folder of its own that holds two scenes, 768 pixels and
`size` pixels square, and a map of each, all simulated. Every client asks for one tile after the
other without a pause, each tile of any layer and zoom, and none twice: as many people who never
stop moving the map, so a wait is longer than what readers see. Then one client alone asks for
other tiles; and all ask for tiles that are drawn already. Before all that, as many readers look
round the scene as people do: a screen of tiles at once, as browsers ask for it, a pause, a move.
All tiles of the larger scene are meanwhile drawn in the background; when they are, the readers
look round once more, at other places.
"""

import http.client
import os
import platform
import random
import socket
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from math import asinh, floor, pi, radians, tan
from pathlib import Path
from typing import Annotated

import numpy as np
import rasterio
import typer
from mapping import SCENE, empty_cache, mirrored
from numpy.typing import NDArray
from scipy import ndimage

import glacier_core as gc
from glacier_core.inference.cache import keep_map
from glacier_core.inference.result import make_map
from glacier_core.scene import Scene
from glacier_core.sources import keep_scene
from glacier_core.viewing.layers import (
    FINEST_CODES,
    FINEST_IMAGERY,
    finest_zoom,
    geographic_bounds,
)
from glacier_core.viewing.tiles import (
    MAP_LAYERS,
    SCENE_LAYERS,
    kept_tiles,
    map_picture,
    scene_picture,
)

SMALL = 768
ZOOMS_OUT = 6
"""Zooms below the finest that are asked for; the finest of the small scene has 16 to 36 tiles."""

PATIENCE_S = 60.0

CONNECTIONS = 6
"""What browsers open to one server at once."""

ON_SCREEN = 12
"""Tiles of 512 pixels on a screen."""

PAUSE_S, READING_S = 2.0, 60.0
"""Mean seconds between two moves of the map, and how long people look round."""

ALONE = 5
"""Tiles of each layer that one client alone asks for."""

KEPT = 60
"""Tiles asked for again: fewer than the server keeps."""


def keep(size: int) -> tuple[Scene, str]:
    """Put a simulated scene and a map of it into the data folder, and return them."""
    scene = mirrored(gc.open_scene(SCENE), size)
    attributes = scene.attributes.model_copy(update={"id": f"scene-{size}"})
    scene = replace(scene, attributes=attributes)
    keep_scene(scene)
    noise = np.random.default_rng(size).random(scene.shape, dtype=np.float32)
    smooth: NDArray[np.float32] = ndimage.gaussian_filter(noise, 12.0)
    probability = 1 / (1 + np.exp(-5 * (smooth - smooth.mean()) / smooth.std()))
    key = f"{size:064x}"
    told = {
        "key": key,
        "scene": {"attributes": attributes.model_dump(mode="json")},
        "model": {"name": "smooth noise"},
        "notes": [],
    }
    made = make_map(
        probability,
        np.maximum(probability, 1 - probability),
        transform=scene.transform,
        crs=scene.crs,
        provenance=told,
    )
    keep_map(made)
    return scene, key


def addresses(scene: Scene, key: str) -> dict[str, list[str]]:
    """Return the tiles of every layer that lie in a scene, by the layer's name."""
    imagery = places(scene, finest_zoom(scene, FINEST_IMAGERY))
    values = places(scene, finest_zoom(scene, FINEST_CODES))
    found = {
        layer: [f"/tiles/scenes/{scene.id}/{layer}/{place}" for place in imagery]
        for layer in SCENE_LAYERS
    }
    return found | {
        layer: [f"/tiles/maps/{key}/{layer}/{place}" for place in values] for layer in MAP_LAYERS
    }


def places(scene: Scene, finest: int) -> list[str]:
    """Return the tiles that lie in a scene, down to the finest zoom."""
    west, south, east, north = geographic_bounds(scene)
    found = []
    for zoom in range(max(finest - ZOOMS_OUT, 0), finest + 1):
        columns = [floor((lon + 180) / 360 * 2**zoom) for lon in (west, east)]
        rows = [floor((1 - asinh(tan(radians(lat))) / pi) / 2 * 2**zoom) for lat in (north, south)]
        among = product(range(columns[0], columns[1] + 1), range(rows[0], rows[1] + 1))
        found += [f"{zoom}/{column}/{row}" for column, row in among]
    return found


@contextmanager
def server() -> Iterator[int]:
    """Start the app, wait until it answers, yield its port, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = Path(__file__).parents[1] / "app.py"
    options = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    command = [sys.executable, "-m", "streamlit", "run", str(app), *options]
    with subprocess.Popen(command, cwd=app.parent, stdout=subprocess.DEVNULL) as process:
        try:
            for _ in range(int(PATIENCE_S / 0.2)):
                with socket.socket() as trial:
                    if trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.2)
            yield port
        finally:
            process.terminate()


def asked(port: int, wanted: list[str]) -> list[tuple[str, float]]:
    """Ask for one tile after the other; return the layer and milliseconds of each."""
    waited = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    for address in wanted:
        started = time.perf_counter()
        connection.request("GET", address)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise SystemExit(f"{address} was answered with {answer.status}.")
        waited.append((address.split("/")[4], 1000 * (time.perf_counter() - started)))
    connection.close()
    return waited


def at_once(port: int, wanted: list[str], clients: int) -> list[tuple[str, float]]:
    """Share addresses among clients that all ask at the same time."""
    with ThreadPoolExecutor(clients) as people:
        answers = people.map(lambda client: asked(port, wanted[client::clients]), range(clients))
        return [wait for waits in answers for wait in waits]


@dataclass
class Reader:
    """Somebody who looks round a scene: pans, zooms, switches layers, and pauses in between.

    Parameters
    ----------
    known : dict
        The tiles that there are, by layer.
    seed : int
    """

    known: dict[str, list[str]]
    seed: int
    first: list[tuple[str, float]] = field(default_factory=list)
    others: list[tuple[str, float]] = field(default_factory=list)

    def look_round(self, port: int, until: float) -> None:
        """Look round until then; note the layer and milliseconds of the first tiles and others."""
        chance, seen = random.Random(self.seed), set[str]()
        layer = "natural"
        place = self._opening(layer)
        with ThreadPoolExecutor(CONNECTIONS) as browser:
            while time.monotonic() < until:
                screen = [one for one in self._screen(layer, place) if one not in seen]
                seen.update(screen)  # a browser keeps what it has
                shares = [screen[n::CONNECTIONS] for n in range(CONNECTIONS)]
                waits = self.others if self.first else self.first
                for some in browser.map(lambda share: asked(port, share), shares):
                    waits += some
                time.sleep(chance.expovariate(1 / PAUSE_S))
                layer, place = self._moved(chance, layer, place)

    def _opening(self, layer: str) -> tuple[int, int, int]:
        """Return the middle of the scene at the closest zoom that shows all of it, as maps open."""
        parsed = self._parsed(layer)
        numbers = Counter(zoom for zoom, *_ in parsed)
        opened = max(zoom for zoom, number in numbers.items() if number <= ON_SCREEN)
        shown = sorted(one for one in parsed if one[0] == opened)
        return shown[len(shown) // 2]

    def _parsed(self, layer: str) -> list[tuple[int, int, int]]:
        found = [address.split("/")[-3:] for address in self.known[layer]]
        return [(int(zoom), int(column), int(row)) for zoom, column, row in found]

    def _screen(self, layer: str, place: tuple[int, int, int]) -> list[str]:
        """Return the tiles of a screen with a place in its middle, nearest first."""
        zoom, column, row = place
        home = self.known[layer][0].rsplit("/", 3)[0]
        wanted = [(abs(x) + abs(y), x, y) for x in range(-2, 2) for y in range(-1, 2)]
        there = set(self.known[layer])
        tiles = [f"{home}/{zoom}/{column + x}/{row + y}" for _, x, y in sorted(wanted)]
        return [tile for tile in tiles if tile in there]

    def _moved(
        self, chance: random.Random, layer: str, place: tuple[int, int, int]
    ) -> tuple[str, tuple[int, int, int]]:
        zoom, column, row = place
        move = chance.choices(("pan", "in", "out", "layer"), (5, 2, 2, 1))[0]
        if move == "layer":
            layer = chance.choice(list(self.known))
        elif move == "in":
            place = (zoom + 1, 2 * column + chance.randint(0, 1), 2 * row + chance.randint(0, 1))
        elif move == "out":
            place = (zoom - 1, column // 2, row // 2)
        else:
            place = (zoom, column + chance.randint(-1, 1), row + chance.randint(-1, 1))
        parsed = self._parsed(layer)
        return layer, place if place in parsed else chance.choice(parsed)


def readers(port: int, known: dict[str, list[str]], people: int, seed: int = 0) -> list[str]:
    """Return the rows of the report on readers who look round, all at the same time."""
    until = time.monotonic() + READING_S
    crowd = [Reader(known, seed + person) for person in range(people)]
    with ThreadPoolExecutor(people) as together:
        list(together.map(lambda reader: reader.look_round(port, until), crowd))
    first, others = (
        [wait for reader in crowd for wait in getattr(reader, name)] for name in ("first", "others")
    )
    return [
        *report(f"{people} readers who come at the same moment: the first tiles", first),
        *report(f"the same {people} readers, who look round for {READING_S:.0f} s", others),
    ]


def report(title: str, waits: list[tuple[str, float]]) -> list[str]:
    """Return the rows of the report on some waits."""
    by_layer = defaultdict(list)
    for layer, wait in waits:
        by_layer[layer].append(wait)
        by_layer["all layers"].append(wait)
    lines = [title]
    for layer, some in sorted(by_layer.items()):
        half, most, nearly_all = np.percentile(some, (50, 95, 99))
        lines.append(
            f"  {layer:<14} median {half:7.1f} ms, p95 {most:7.1f} ms, p99 {nearly_all:7.1f} ms "
            f"(n = {len(some)})"
        )
    return lines


def wait_until_kept(scene: Scene, key: str) -> str:
    """Wait until all tiles of a scene and its map are kept on disk; return the row on that."""
    started = time.monotonic()
    pictures = [scene_picture(scene.id, layer) for layer in SCENE_LAYERS]
    pictures += [map_picture(key, layer) for layer in MAP_LAYERS]
    number = sum(len(list(picture.all_tiles())) for picture in pictures)
    files: list[Path] = []
    while len(files) < number:
        time.sleep(1.0)
        files = [path for path in kept_tiles().home.glob("*/*/*") if "tmp-" not in path.name]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    waited = time.monotonic() - started
    return f"{waited:.0f} s later all {number} tiles were kept on disk, {megabytes:.0f} MB"


def measure(port: int, scene: Scene, key: str, clients: int, tiles: int) -> list[str]:
    """Return the rows of the report on one scene."""
    known = addresses(scene, key)
    generator = np.random.default_rng(0)
    shuffled = {layer: list(generator.permutation(some)) for layer, some in known.items()}
    asked(port, [some[-1] for some in shuffled.values()])  # the stretch of each picture
    lines = readers(port, known, clients)
    if scene_picture(scene.id, "natural").is_large():
        lines.append(wait_until_kept(scene, key))
        lines += readers(port, known, clients, seed=clients)
    alone = [address for some in shuffled.values() for address in some[:ALONE]]
    crowd = [address for some in shuffled.values() for address in some[ALONE : ALONE + tiles]]
    for title, wanted, people in (
        (
            f"{clients} clients without a pause, each tile once",
            list(generator.permutation(crowd)),
            clients,
        ),
        ("one client without a pause", alone, 1),
        (f"{clients} clients without a pause, tiles drawn already", [*alone[:KEPT]] * 10, clients),
    ):
        lines += report(title, at_once(port, wanted, people))
    return lines


def main(
    clients: Annotated[int, typer.Option(help="Clients that ask at once.")] = 20,
    size: Annotated[int, typer.Option(help="Side of the larger scene in pixels.")] = 6000,
    tiles: Annotated[int, typer.Option(help="New tiles of each layer.")] = 40,
) -> None:
    """Measure how long tiles take while many people move the map."""
    typer.echo(
        f"{platform.machine()}, {os.cpu_count()} cores, GDAL {rasterio.__gdal_version__}; "
        f"{SCENE} mirrored; clients and server share the cores"
    )
    with empty_cache():
        scenes = [keep(side) for side in (SMALL, size)]
        with server() as port:
            for scene, key in scenes:
                typer.echo(f"{scene.shape[0]} x {scene.shape[1]} pixels")
                typer.echo("\n".join(measure(port, scene, key, clients, tiles)))


if __name__ == "__main__":
    typer.run(main)
