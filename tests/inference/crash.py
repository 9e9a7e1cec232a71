"""Run by test_cache in a process of its own: keeps a map and stops in the middle of it.

python -m inference.crash POINT: says ``here`` when it has reached the point and waits to be
killed; ``none`` runs through.
"""

import sys
import time

import numpy as np

from glacier_core.errors import StorageError
from glacier_core.inference import cache, verifying

from .drawn import map_of

SHAPE = (20, 24)


def stop():
    print("here", flush=True)
    time.sleep(120)


def arm(point):
    write_file, flush_folder, describe = (
        verifying.write_file,
        cache.flush_folder,
        verifying._describe,
    )

    def write_and_stop(path, content):
        if point == "within meta":
            path.write_bytes(content[: len(content) // 2])
            stop()
        write_file(path, content)

    def flush_and_stop(folder):
        is_home = folder.name == "maps"
        if (point == "before renaming" and not is_home) or (point == "after renaming" and is_home):
            stop()
        flush_folder(folder)

    def describe_and_stop(file):
        if point == "between layers":
            (file.parent / "probability.tif").unlink()
            stop()
        return describe(file)

    verifying.write_file, cache.flush_folder = write_and_stop, flush_and_stop
    verifying._describe = describe_and_stop


if __name__ == "__main__":
    arm(sys.argv[1])
    try:
        cache.keep_map(map_of(np.ones(SHAPE, bool)))
    except StorageError as error:
        print(error, flush=True)
