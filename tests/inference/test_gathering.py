import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from glacier_core.errors import JobCancelled, StorageError
from glacier_core.inference.gathering import (
    PROBABILITY,
    PROGRESS,
    RowsInFile,
    RowsInMemory,
    work_folder,
)
from glacier_core.settings import settings

SHAPE = (20, 7)


def values(seed=0):
    filled = np.random.default_rng(seed).random(SHAPE, np.float32)
    filled[3, 2] = np.nan
    return filled


def added(rows, content, *ends):
    for first, end in zip((rows.done, *ends[:-1]), ends, strict=True):
        rows.append(content[first:end])
    return rows


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "work"
    made.mkdir()
    return made


def test_rows_come_back_as_they_were_added(folder):
    for rows in (RowsInMemory(SHAPE), RowsInFile(folder, SHAPE)):
        added(rows, values(), 5, 6, 20)
        assert rows.done == 20
        assert np.array_equal(rows.read(2, 9), values()[2:9], equal_nan=True)


def test_what_is_read_can_be_written_to_without_changing_the_rows(folder):
    for rows in (RowsInMemory(SHAPE), RowsInFile(folder, SHAPE)):
        added(rows, values(), 20)
        rows.read(0, 20)[:] = 7
        assert np.array_equal(rows.read(0, 20), values(), equal_nan=True)


def test_another_process_goes_on_where_this_one_stopped(folder):
    added(RowsInFile(folder, SHAPE), values(), 5, 11)
    again = RowsInFile(folder, SHAPE)
    assert again.done == 11
    added(again, values(), 20)
    assert np.array_equal(RowsInFile(folder, SHAPE).read(0, 20), values(), equal_nan=True)


def test_bytes_that_were_never_counted_are_dropped(folder):
    """As when it was killed between the rows and the count of them."""
    added(RowsInFile(folder, SHAPE), values(), 5)
    with (folder / PROBABILITY).open("ab") as file:
        file.write(b"half a row")
    again = added(RowsInFile(folder, SHAPE), values(), 20)
    assert np.array_equal(again.read(0, 20), values(), equal_nan=True)


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_flipped_bit_or_a_cut_file_begins_anew(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("work")
    added(RowsInFile(folder, SHAPE), values(), 5, 11)
    name = data.draw(st.sampled_from([PROBABILITY, PROGRESS]))
    content = bytearray((folder / name).read_bytes())
    if data.draw(st.booleans()):
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    (folder / name).write_bytes(content)
    again = RowsInFile(folder, SHAPE)
    assert again.done in (0, 11)  # white space of the count may change without harm
    added(again, values(), 20)
    assert np.array_equal(again.read(0, 20), values(), equal_nan=True)


def test_rows_of_another_raster_are_not_gone_on_from(folder):
    added(RowsInFile(folder, SHAPE), values(), 5)
    assert RowsInFile(folder, (20, 8)).done == 0


def test_a_file_cut_while_it_is_in_use_is_an_error(folder):
    rows = added(RowsInFile(folder, SHAPE), values(), 20)
    os.truncate(folder / PROBABILITY, 100)
    with pytest.raises(StorageError, match="cut short"):
        rows.read(0, 20)


KILLED = """
import sys, time
from pathlib import Path
import numpy as np
from glacier_core.inference.gathering import RowsInFile
content = np.load(sys.argv[2])
rows = RowsInFile(Path(sys.argv[1]), content.shape)
print("ready", flush=True)
while rows.done < len(content):
    rows.append(content[rows.done : rows.done + 1])
    time.sleep(0.0005)
"""


def test_killed_at_any_moment_the_rows_that_count_are_whole(folder, tmp_path):
    content = np.random.default_rng(1).random((400, 300), np.float32)
    np.save(tmp_path / "content.npy", content)
    reached = 0
    for turn in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, folder, tmp_path / "content.npy"],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        process.stdout.readline()
        time.sleep(0.02 + 0.03 * turn)
        process.kill()
        process.wait()
        process.stdout.close()
        rows = RowsInFile(folder, content.shape)
        assert rows.done >= reached
        reached = rows.done
        assert np.array_equal(rows.read(0, reached), content[:reached])
    assert reached > 0


def test_work_that_ends_well_leaves_nothing_and_broken_work_stays():
    with work_folder("a" * 64, None) as folder:
        (folder / "file").write_text("x")
    assert not folder.exists()
    with pytest.raises(FileNotFoundError), work_folder("a" * 64, None) as folder:
        (folder / "nowhere" / "file").write_text("x")
    assert folder.exists()


def test_the_same_work_of_another_process_is_waited_for():
    home = settings().data_dir / "work"
    home.mkdir(parents=True)
    lock, entered = FileLock(home / f"{'a' * 64}.lock", thread_local=False), threading.Event()
    lock.acquire()

    def wait():
        with work_folder("a" * 64, None):
            entered.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert not entered.wait(0.3)
    lock.release()
    waiting.join(10)
    assert entered.is_set()


def test_waiting_can_be_cancelled():
    home = settings().data_dir / "work"
    home.mkdir(parents=True)
    cancel = threading.Event()
    with FileLock(home / f"{'a' * 64}.lock"):
        threading.Timer(0.2, cancel.set).start()
        with pytest.raises(JobCancelled), work_folder("a" * 64, cancel):
            pass


def test_work_nobody_came_back_to_is_removed(monkeypatch):
    monkeypatch.setenv("GLACIER_KEEP_WORK_DAYS", "2")
    settings.cache_clear()
    home = settings().data_dir / "work"
    for name, days in (("old", 3), ("young", 1)):
        (home / name).mkdir(parents=True)
        (home / name / PROGRESS).write_text(json.dumps({}))
        then = time.time() - days * 86_400
        os.utime(home / name, (then, then))
    with work_folder("a" * 64, None):
        assert not (home / "old").exists()
        assert (home / "young").exists()
