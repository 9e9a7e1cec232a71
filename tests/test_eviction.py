import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.eviction import LEAVING, bytes_in, last_use, make_room, remove


def folder(home, name, size, used):
    path = home / name
    path.mkdir(parents=True)
    (path / "content").write_bytes(bytes(size))
    os.utime(path, (used, used))
    return path


def names(home):
    return sorted(path.name for path in home.iterdir())


@given(
    sizes=st.lists(st.integers(0, 50), max_size=8),
    limit=st.integers(0, 200),
    shown=st.sets(st.integers(0, 7)),
)
def test_the_rest_fits_unless_it_is_in_use(tmp_path_factory, sizes, limit, shown):
    home = tmp_path_factory.mktemp("home")
    entries = [folder(home, str(age), size, 1000 + age) for age, size in enumerate(sizes)]
    beyond = make_room(home, entries, limit, stays=lambda path: int(path.name) in shown)
    left = {int(name) for name in names(home)}
    total = sum(sizes[age] for age in left)
    assert beyond == max(total - limit, 0)
    assert shown & set(range(len(sizes))) <= left
    if beyond:
        assert left <= shown
    gone = set(range(len(sizes))) - left
    for age in left - shown:  # older ones left first, and none without need
        assert all(other < age for other in gone)
    if gone:
        assert total + sizes[max(gone)] > limit


def test_what_is_worthless_leaves_first(tmp_path):
    worthless = folder(tmp_path, "damaged", 10, time.time())
    entries = [folder(tmp_path, "old", 10, 1000)]
    assert make_room(tmp_path, entries, 15, worthless=[worthless]) == 0
    assert names(tmp_path) == ["old"]


def test_a_time_to_come_becomes_this_moment(tmp_path):
    entry = folder(tmp_path, "entry", 1, time.time() + 10**6)
    assert abs(last_use(entry) - time.time()) < 60
    assert abs(entry.stat().st_mtime - time.time()) < 60
    assert last_use(entry, "absent") == 0


def test_links_are_removed_and_what_they_lead_to_stays(tmp_path):
    outside = folder(tmp_path / "outside", "precious", 1000, 1000)
    home = tmp_path / "home"
    home.mkdir()
    link = home / "link"
    link.symlink_to(outside)
    inside = folder(home, "inside", 1, 1000)
    (inside / "link").symlink_to(outside)
    assert bytes_in(inside) < 1000
    assert bytes_in(link) < 1000
    assert make_room(home, [link, inside], 0) == 0
    assert names(home) == []
    assert (outside / "content").stat().st_size == 1000
    (home / "link").symlink_to(outside)
    remove(home / "link")
    assert (outside / "content").exists()


def test_what_cannot_be_removed_is_told(tmp_path, caplog, monkeypatch):
    entry = folder(tmp_path, "entry", 10, 1000)

    def refuse(path, target):
        raise PermissionError("not allowed (test)")

    monkeypatch.setattr(type(entry), "replace", refuse)
    assert make_room(tmp_path, [entry], 0) == 10
    assert "cannot be removed to make room" in caplog.text


def test_what_is_gone_already_needs_no_removal(tmp_path):
    assert make_room(tmp_path, [tmp_path / "gone"], 0) == 0
    entries = [folder(tmp_path, "a", 10, 1000), tmp_path / "gone"]
    assert make_room(tmp_path, entries, 0) == 0
    assert not [name for name in names(tmp_path) if name.startswith(LEAVING)]


@pytest.mark.parametrize("kind", ["file", "folder", "absent"])
def test_removing_anything(tmp_path, kind):
    path = tmp_path / "it"
    if kind == "file":
        path.write_text("x")
    elif kind == "folder":
        folder(tmp_path, "it", 1, 1000)
    remove(path)
    assert names(tmp_path) == []
