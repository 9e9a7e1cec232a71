import errno
import os
import sys

import pytest

from glacier_core.disk import disk_errors, write_file
from glacier_core.errors import StorageError


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "file"
    write_file(path, b"first")
    write_file(path, b"second")
    assert path.read_bytes() == b"second"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full, a disk that is always full")
def test_a_disk_that_is_really_full_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    write_file(path, b"old")
    (tmp_path / "file.part").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"file cannot be written: the disk is full"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
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
