"""Run by test_cache_kills in a process of its own: kills writers of the cache, and looks then.

python -m inference.kills NUMBER SEED: prints what was found, as JSON. Only this process has
everything imported; the writers are forked from it, as it has a single thread.
"""

import json
import os
import random
import signal
import sys
import time
from types import SimpleNamespace

import numpy as np

from glacier_core.eviction import bytes_in
from glacier_core.inference import cache, verifying
from glacier_core.memory import memory

from .drawn import map_of

SHAPE = (20, 24)
MAPS = 3
FIT = 2  # of them in the cache, so that most keeping makes another leave


def limit_cache(megabytes):
    cache.settings = lambda: SimpleNamespace(cache_megabytes=megabytes)


def damage(entry, chance):
    """Change a byte of a file of an entry, so that whoever finds it puts it aside."""
    files = [file for file in entry.iterdir() if file.is_file()] if entry.is_dir() else []
    if files:
        file = chance.choice(files)
        content = bytearray(file.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        beside = file.with_name("damaged.part")
        beside.write_bytes(content)
        beside.replace(file)  # at once: half a damaged file would be another kind of damage


def write_until_killed(results, chance):
    while True:
        result = chance.choice(results)
        if chance.random() < 0.3:
            damage(cache.maps_folder() / result.key, chance)
            cache.find_map(result.key)
        cache.keep_map(result)


def kill_one(results, chance, longest):
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(tell, b"1")
        write_until_killed(results, chance)
    os.read(ready, 1)
    time.sleep(chance.uniform(0, longest))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    os.close(tell)


def forget():
    """Read everything anew, as another process would."""
    memory().forget()
    verifying._known.clear()


def look(results, seen):
    left = {path.name.split("-")[0] for path in cache.maps_folder().iterdir() if "-" in path.name}
    for name in left:
        seen[name] = seen.get(name, 0) + 1
    forget()
    for result in results:
        found = cache.find_map(result.key)
        if found is None:
            seen["miss"] += 1
        elif found.data.identical(result.data) and found.provenance == result.provenance:
            seen["right"] += 1
        else:
            seen["wrong"] += 1


def left_at_the_end(results):
    """Keep every map once more, and tell what lies in the folder then."""
    for result in results:
        cache.keep_map(result)
    folder = cache.maps_folder()
    return {
        "names": sorted({path.name.split("-")[0] for path in folder.iterdir()}),
        "bytes": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
    }


def main(number, seed):
    chance = random.Random(seed)
    results = [map_of(np.ones(SHAPE, bool), seed=seed) for seed in range(MAPS)]
    size = bytes_in(cache.keep_map(results[0]).folder)
    started = time.monotonic()  # the first has imported what is needed
    cache.keep_map(results[1])
    longest = 3 * (time.monotonic() - started)
    limit_cache(FIT * 1.2 * size / 1e6)
    seen = {"miss": 0, "right": 0, "wrong": 0}
    for _ in range(number):
        kill_one(results, random.Random(chance.random()), longest)
        look(results, seen)
    print(json.dumps({"seen": seen, "limit": FIT * 1.2 * size, "end": left_at_the_end(results)}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
