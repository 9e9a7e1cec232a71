"""How long a search among all glaciers takes: median and 95th percentile of many searches.

    python benchmarks/glacier_search.py [--rows 275000] [--index FILE]

Without `--index`, the index is synthetic: so many glaciers at random places, every one with a made
name of its own (of the RGI most have none, so it is the harder one). With it, names and ids of that
index are searched, as `build_index` wrote it. Times are of this process alone, so that other work
on the machine does not count, and beside them as a clock on the wall shows them.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import shapely
import typer

from glacier_core.inventories.finding import find_glaciers, glaciers_in
from glacier_core.inventories.index_table import TEXTS
from glacier_core.inventories.loaded import GlacierIndex, indexed, opened_index

SYLLABLES = "ka lo mi ter vann gra shu bol ri sten hor fel jo kul pe sar dun wei ach tal".split()  # noqa: SIM905
SEED = 11


def synthetic_index(rows: int) -> GlacierIndex:
    """Make an index of so many glaciers, with names of five syllables and random places."""
    random = np.random.default_rng(SEED)
    names = ["".join(part).title() for part in random.choice(SYLLABLES, (rows, 5))]
    ids = [f"RGI2000-v7.0-G-{1 + row % 19:02d}-{row // 19 + 1:05d}" for row in range(rows)]
    west, south = random.uniform(-180, 179, rows), random.uniform(-75, 82, rows)
    table = pd.DataFrame(dict.fromkeys(TEXTS, ""), index=range(rows), dtype="str").assign(
        name=names,
        glacier_id=ids,
        rgi7_id=ids,
        search_keys=[name.lower() for name in names],
        west=west,
        south=south,
        east=west + 0.03,
        north=south + 0.02,
        longitude=west + 0.015,
        latitude=south + 0.01,
        area_km2=random.lognormal(-1, 1.5, rows),
    )
    return indexed(table)


def mistyped(name: str, random: np.random.Generator) -> str:
    """Leave out one letter of a name and swap two."""
    place = int(random.integers(1, max(2, len(name) - 2)))
    shorter = name[:place] + name[place + 1 :]
    return shorter[:-2] + shorter[-1:] + shorter[-2:-1]


def questions(index: GlacierIndex, count: int) -> dict[str, list[str]]:
    """Draw texts to search for, of every kind."""
    random = np.random.default_rng(SEED)
    named = index.table[index.table["name"].str.len() > 5]
    rows = named.iloc[random.integers(0, len(named), count)]
    return {
        "name": list(rows["name"]),
        "beginning of a name": [name[:5] for name in rows["name"]],
        "mistyped name": [mistyped(name, random) for name in rows["name"]],
        "name that nobody has": [mistyped(name, random)[::-1] for name in rows["name"]],
        "id": list(rows["glacier_id"]),
        "place": [
            f"{latitude:.3f}, {longitude:.3f}"
            for latitude, longitude in zip(rows["latitude"], rows["longitude"], strict=True)
        ],
    }


def timed(search: Callable[[], object]) -> tuple[float, float]:
    """Return the milliseconds of this process, and those on the wall."""
    wall, own = time.perf_counter(), time.process_time()
    search()
    return (time.process_time() - own) * 1000, (time.perf_counter() - wall) * 1000


def row(kind: str, times: list[tuple[float, float]]) -> str:
    """Write one line of the table."""
    own, wall = np.array(times).T
    figures = [np.median(own), np.percentile(own, 95), np.median(wall), np.percentile(wall, 95)]
    return f"| {kind} | " + " | ".join(f"{figure:.0f}" for figure in figures) + " |"


def main(
    rows: Annotated[int, typer.Option(help="Glaciers of the synthetic index.")] = 275_000,
    index: Annotated[Path | None, typer.Option(help="An index built before.")] = None,
    searches: Annotated[int, typer.Option(help="Searches of every kind.")] = 40,
) -> None:
    """Print a table of search times."""
    start = time.process_time()
    searched = synthetic_index(rows) if index is None else opened_index(index)
    made = "made" if index is None else "opened"
    print(f"{len(searched.table):,} glaciers, {made} in {time.process_time() - start:.1f} s")
    find_glaciers("warm up", index=searched)
    glaciers_in(shapely.box(0, 0, 1, 1), index=searched)
    print("| search | median ms | p95 ms | wall median ms | wall p95 ms |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for kind, texts in questions(searched, searches).items():
        times = [timed(lambda text=text: find_glaciers(text, index=searched)) for text in texts]
        print(row(kind, times))
    corners = np.random.default_rng(SEED).uniform([-180, -70], [178, 78], (searches, 2))
    boxes = [shapely.box(west, south, west + 1, south + 1) for west, south in corners]
    times = [timed(lambda box=box: glaciers_in(box, index=searched)) for box in boxes]
    print(row("drawn box of a degree", times))


if __name__ == "__main__":
    typer.run(main)
