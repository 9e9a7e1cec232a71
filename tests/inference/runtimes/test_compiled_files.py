import os

import pytest

from glacier_core.inference.runtimes.compiled_files import (
    find_compiled,
    is_compiled,
    keep_compiled,
)
from glacier_core.settings import settings


@pytest.fixture
def folder():
    return settings().data_dir / "networks"


def test_what_is_kept_is_found(folder):
    assert find_compiled("a") is None
    assert not is_compiled("a")
    keep_compiled("a", b"one")
    keep_compiled("b", b"")
    assert is_compiled("a")
    assert (find_compiled("a"), find_compiled("b")) == (b"one", b"")


def test_damage_of_any_kind_is_a_miss(folder):
    keep_compiled("a", b"one two three")
    (file,) = folder.glob("*.network")
    whole = file.read_bytes()
    for position in range(len(whole)):
        broken = bytearray(whole)
        broken[position] ^= 1
        file.write_bytes(broken)
        assert find_compiled("a") is None
        file.write_bytes(whole[:position])
        assert find_compiled("a") is None
    file.write_bytes(whole)
    assert find_compiled("a") == b"one two three"


def test_what_was_used_longest_ago_leaves_first(folder, monkeypatch):
    monkeypatch.setenv("GLACIER_COMPILED_MEGABYTES", "2")
    settings.cache_clear()
    for age, key in enumerate("cba"):
        keep_compiled(key, key.encode() * 600_000)
        files = folder.glob("*.network")
        (file,) = (path for path in files if path.read_bytes().endswith(key.encode()))
        os.utime(file, (1_000_000 + age, 1_000_000 + age))
    assert find_compiled("c")  # the oldest, but used just now
    keep_compiled("d", b"d" * 600_000)
    assert [is_compiled(key) for key in "abcd"] == [True, False, True, True]
    keep_compiled("e", b"e" * 3_000_000)  # larger than all there may be, and still kept
    assert [is_compiled(key) for key in "abcde"] == [False, False, False, False, True]


def test_remains_of_a_kill_leave_first(folder, monkeypatch):
    monkeypatch.setenv("GLACIER_COMPILED_MEGABYTES", "1")
    settings.cache_clear()
    keep_compiled("a", b"a" * 400_000)
    (folder / "x.network.part").write_bytes(b"x" * 900_000)
    keep_compiled("b", b"b" * 400_000)
    assert not list(folder.glob("*.part"))
    assert find_compiled("a")
    assert find_compiled("b")


def test_a_disk_that_refuses_is_no_matter(folder, caplog):
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")
    keep_compiled("a", b"one")
    assert find_compiled("a") is None
    assert "was not kept" in caplog.text
