import errno
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from glacier_core import disk
from glacier_core.disk import disk_errors, write_file
from glacier_core.errors import StorageError


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "file"
    write_file(path, b"first")
    write_file(path, b"second")
    assert path.read_bytes() == b"second"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full, a disk that is always full")
def test_a_disk_that_is_really_full_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_file(path, b"old")
    monkeypatch.setattr(disk, "uuid4", lambda: UUID(int=1))
    (tmp_path / f"file.{UUID(int=1).hex}.part").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"file cannot be written: the disk is full"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_writers_of_one_file_at_once_never_leave_half_of_it(tmp_path):
    path = tmp_path / "file"
    contents = [bytes([number]) * 300_000 for number in range(4)]
    with ThreadPoolExecutor(len(contents)) as writers:
        written = [
            writers.submit(write_file, path, content) for content in contents for _ in range(10)
        ]
        while not all(one.done() for one in written):
            if path.exists():
                assert path.read_bytes() in contents
    assert [one.result() for one in written] == [None] * len(written)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EROFS, "writing there is not allowed"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_errors_of_the_disk_become_sentences(tmp_path, number, sentence):
    told = pytest.raises(StorageError, match=f"{tmp_path} cannot be written: {sentence}")
    with told, disk_errors(tmp_path):
        raise OSError(number, os.strerror(number))


def test_other_errors_pass():
    with pytest.raises(KeyError), disk_errors(None):
        raise KeyError
