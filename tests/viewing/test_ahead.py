import threading
import time

import pytest

from glacier_core.errors import StorageError
from glacier_core.viewing.ahead import WAITING, Ahead

PATIENCE = 10.0


class Drawn:
    """A picture that notes which of its tiles were drawn, and waits where it is told to."""

    def __init__(self, beside=3, fails=False):
        self.beside, self.fails = beside, fails
        self.tiles, self.go = [], threading.Event()
        self.go.set()

    def is_large(self):
        return False

    def around(self, tile):
        zoom, column, row = tile
        for step in range(1, self.beside + 1):
            yield zoom, column + step, row

    def tile(self, tile):
        self.go.wait(PATIENCE)
        self.tiles.append(tile)
        if self.fails:
            raise StorageError("optical.tif cannot be read.")


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_what_lies_around_is_drawn_once():
    ahead, picture = Ahead(), Drawn()
    for _ in range(3):
        ahead.look(picture, (5, 0, 0))
    ahead.look(picture, (6, 0, 0))
    wait_until(lambda: len(picture.tiles) == 6)
    time.sleep(0.05)
    expected = [(zoom, column, 0) for zoom in (5, 6) for column in (1, 2, 3)]
    assert sorted(picture.tiles) == expected


def test_nothing_is_begun_while_somebody_waits():
    ahead, picture = Ahead(), Drawn()
    with ahead.first():
        ahead.look(picture, (5, 0, 0))
        time.sleep(0.1)
        assert picture.tiles == []
    wait_until(lambda: len(picture.tiles) == 3)


def test_nothing_is_gone_on_with_while_somebody_waits():
    ahead, picture = Ahead(), Drawn()
    picture.go.clear()
    ahead.look(picture, (5, 0, 0))
    with ahead.first():
        picture.go.set()
        time.sleep(0.1)
        assert len(picture.tiles) <= 1
    wait_until(lambda: len(picture.tiles) == 3)


def test_newest_look_comes_first_and_old_ones_are_given_up():
    ahead, picture = Ahead(), Drawn(beside=1)
    with ahead.first():
        for zoom in range(WAITING + 10):
            ahead.look(picture, (zoom, 0, 0))
    wait_until(lambda: len(picture.tiles) == WAITING)
    time.sleep(0.05)
    assert [zoom for zoom, *_ in picture.tiles] == list(range(WAITING + 9, 9, -1))


@pytest.mark.parametrize("broken", [Drawn(fails=True), Drawn(beside="none")])
def test_what_cannot_be_drawn_stops_nothing(broken):
    """Neither a damaged file, nor a fault of our own."""
    ahead, picture = Ahead(), Drawn()
    ahead.look(broken, (5, 0, 0))
    ahead.look(picture, (5, 0, 0))
    wait_until(lambda: len(picture.tiles) == 3)


class Large:
    """A large picture that notes which of its tiles were kept; no tile lies around another."""

    def __init__(self, path, related=(), fails=False, room=100):
        self.path, self.related, self.fails, self.room = path, related, fails, room
        self.kept = []

    def around(self, tile):
        return iter(())

    def is_large(self):
        return True

    def relatives(self):
        return [self, *self.related]

    def all_tiles(self):
        return iter([(zoom, 0, 0) for zoom in range(10)])

    def keep(self, tile):
        if self.fails:
            raise StorageError("optical.tif cannot be read.")
        self.kept.append(tile)
        return len(self.kept) < self.room


@pytest.fixture
def raster(tmp_path):
    path = tmp_path / "optical.tif"
    path.write_bytes(b"one")
    return path


def test_all_of_a_large_picture_is_kept_once_and_its_relatives_too(raster):
    other = Large(raster)
    ahead, picture = Ahead(), Large(raster, related=[other])
    for zoom in range(5):
        ahead.look(picture, (zoom, 0, 0))
        ahead.look(other, (zoom, 0, 0))
    wait_until(lambda: len(other.kept) == 10)
    time.sleep(0.05)
    assert picture.kept == other.kept == [(zoom, 0, 0) for zoom in range(10)]


def test_a_raster_that_changed_is_kept_anew(raster):
    ahead, picture = Ahead(), Large(raster)
    ahead.look(picture, (5, 0, 0))
    wait_until(lambda: len(picture.kept) == 10)
    raster.write_bytes(b"another")
    ahead.look(picture, (6, 0, 0))
    wait_until(lambda: len(picture.kept) == 20)


def test_a_large_picture_goes_on_slowly_while_somebody_always_waits(raster, monkeypatch):
    monkeypatch.setattr("glacier_core.viewing.ahead.STOOD_BACK_S", 0.05)
    ahead, picture = Ahead(), Large(raster)
    with ahead.first():
        started = time.monotonic()
        ahead.look(picture, (5, 0, 0))
        wait_until(lambda: len(picture.kept) == 10)
        assert time.monotonic() - started >= 10 * 0.05


def test_where_the_disk_takes_no_more_keeping_ends(raster):
    ahead, full, other = Ahead(), Large(raster, room=3), Large(raster)
    ahead.look(full, (5, 0, 0))
    ahead.look(other, (5, 0, 0))
    wait_until(lambda: len(other.kept) == 10)
    assert len(full.kept) == 3


def test_a_large_picture_that_cannot_be_drawn_stops_nothing(raster):
    ahead, picture = Ahead(), Large(raster)
    ahead.look(Large(raster, fails=True), (5, 0, 0))
    ahead.look(Large(raster.with_name("gone.tif")), (5, 0, 0))
    ahead.look(picture, (5, 0, 0))
    wait_until(lambda: len(picture.kept) == 10)
