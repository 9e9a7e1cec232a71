"""Two hundred writers killed at random moments: a map that is found is the right one."""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

KILLS = 200


@pytest.fixture
def home(tmp_path):
    """A folder in memory where there is one: a kill loses nothing that a program wrote before."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="os.fork")
def test_after_every_kill_a_map_is_right_or_not_there(home):
    seed = random.randrange(10**6)
    told = subprocess.run(
        [sys.executable, "-m", "inference.kills", str(KILLS), str(seed)],
        cwd=Path(__file__).parents[1],
        env=os.environ | {"GLACIER_DATA_DIR": str(home), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        check=True,
        timeout=280,
    ).stdout
    found = json.loads(told.splitlines()[-1])
    print(f"seed {seed}: {found}")
    seen, end = found["seen"], found["end"]
    assert seen["wrong"] == 0, seed
    # The kills did hit: while writing, and maps were there and were not.
    assert min(seen["tmp"], seen["miss"], seen["right"]) > 10, found
    assert set(end["names"]) <= {".lock", "quarantine", *(f"{seed:064x}" for seed in range(3))}
    assert end["bytes"] <= found["limit"]
