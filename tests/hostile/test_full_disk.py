"""A full disk, for real: a process whose files may not grow beyond a limit."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="limits of file size are a matter of Unix")

TESTS = Path(__file__).parent.parent

PREPARE = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from rasters import GRID, make_scene, reflectances
from glacier_core.errors import StorageError
from glacier_core.outlines.polygonizing import polygonize
from glacier_core.outlines.writing import write_outlines
from glacier_core.sources.folders import read_scene, write_scene

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write fails, as on a full disk

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def limits(sizes):
    '''Each file ends just too early, or long before.'''
    return sorted({0} | {size // 2 for size in sizes} | {size - 1 for size in sizes})

folder = Path(sys.argv[2])
outlines = polygonize(reflectances((60, 70))[0] > 0.1, GRID, "EPSG:32611", min_area_km2=0)
"""

SCENE = """
old = make_scene((60, 70), seed=1)
new = make_scene((60, 70), seed=2, outlines=outlines)
place = write_scene(new, folder / "scene")
sizes = [path.stat().st_size for path in place.iterdir()]
write_scene(old, place)
refused = 0
for size in limits(sizes):
    limit(size)
    try:
        write_scene(new, place)
        expected = new
    except StorageError as problem:
        assert "could not be" in str(problem), problem
        refused, expected = refused + 1, old
    limit(resource.RLIM_INFINITY)
    assert read_scene(place).fingerprint() == expected.fingerprint(), size
    assert [path.name for path in folder.iterdir()] == ["scene"], size
    write_scene(old, place)
limit(max(sizes))
write_scene(new, place)
print(refused, "refused of", len(limits(sizes)))
assert refused == len(limits(sizes)) - sum(size >= max(sizes) for size in limits(sizes))
"""

OUTLINES = """
for suffix in (".gpkg", ".geojson", ".parquet"):
    path = folder / f"outlines{suffix}"
    write_outlines(outlines, path)
    before, size = path.read_bytes(), path.stat().st_size
    for most in limits([size]):
        limit(most)
        try:
            write_outlines(outlines, path)
            raise AssertionError(f"{suffix} of {size} bytes written into {most}")
        except StorageError as problem:
            assert "free space" in str(problem)
        limit(resource.RLIM_INFINITY)
        assert path.read_bytes() == before
        assert list(folder.iterdir()) == [path], list(folder.iterdir())
    path.unlink()
"""


@pytest.mark.parametrize("code", [SCENE, OUTLINES], ids=["scene", "outlines"])
def test_nothing_is_lost_and_nothing_half_written_is_kept(tmp_path, code):
    run = subprocess.run(
        [sys.executable, "-c", PREPARE + code, str(TESTS), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
