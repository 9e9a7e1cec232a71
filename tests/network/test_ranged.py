import contextlib
import hashlib
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from rasterio.errors import RasterioError

from glacier_core.errors import JobCancelled, MissingError, SourceError
from glacier_core.network import remote_file, transport
from glacier_core.network.ranged import open_remote_raster
from glacier_core.network.remote_file import BLOCK
from glacier_core.settings import settings
from tests.network.rasters import PIXELS, empty, packed, window
from tests.network.servers import cut_after, silent, status

TIFF, JP2 = packed(), packed("JP2OpenJPEG")
URL = "https://storage.googleapis.com/gcp-public-data-sentinel-2/tiles/B02?key=secret"
PATH = "/sentinel-2-google/tiles/B02"


@pytest.fixture
def archive(server, monkeypatch):
    monkeypatch.setattr(transport, "RETRIES", 2)
    monkeypatch.setattr(remote_file, "RETRIES", 2)
    server.files[PATH] = TIFF
    return server


def read(where=None, **given):
    with open_remote_raster(URL, **given) as raster:
        return raster.read(1, window=where)


def right(archive, where=None):
    expected = PIXELS if where is None else PIXELS[where.toslices()]
    np.testing.assert_array_equal(read(where), expected)


def refused(sentence, kind=SourceError):
    with pytest.raises(kind, match=sentence) as problem:
        read()
    assert "secret" not in str(problem.value)


def sent(archive):
    """Return the bytes that were asked for, as (first, last)."""
    ranges = [headers["Range"][6:].split("-") for _, _, headers in archive.asked]
    return [(int(first), int(last)) for first, last in ranges]


@pytest.mark.parametrize("content", [TIFF, JP2], ids=["tiff", "jp2"])
def test_pixels_are_those_of_the_file(archive, content):
    assert len(content) > 4 * BLOCK
    archive.files[PATH] = content
    right(archive)
    right(archive, window(500, 300))


@pytest.mark.parametrize("content", [TIFF, JP2], ids=["tiff", "jp2"])
def test_only_what_is_needed_travels(archive, content):
    archive.files[PATH] = content
    right(archive, window(0, 0))
    travelled = sum(last + 1 - first for first, last in sent(archive))
    assert travelled < len(content) / 2


def test_nothing_travels_twice(archive):
    right(archive)
    archive.asked.clear()
    right(archive)
    assert sent(archive) == [(0, 0)], "one byte tells whether the file is still the same"


def test_georeferencing_and_overviews(archive):
    archive.files[PATH] = packed("JP2OpenJPEG")
    with open_remote_raster(URL) as raster:
        assert raster.crs.to_epsg() == 32632
        assert raster.transform.c == 500_000
        assert raster.driver == "JP2OpenJPEG"
        assert "secret" not in raster.name


def test_progress(archive):
    told = []
    read(report=told.append)
    assert told[-1].done == sum(last + 1 - first for first, last in sent(archive)) == len(TIFF)
    assert told[-1].total == 0
    assert "B02" in told[-1].message


class TestWrongAnswers:
    """Answers after the first one that are not what was asked for: healed, or an error."""

    @staticmethod
    def after_the_header(archive, fault, times=1):
        archive.misbehave(PATH, lambda h: h.serve(TIFF), times=1)
        archive.misbehave(PATH, fault, times=times)

    @staticmethod
    def wrong(kind):
        def fault(handler):
            first, last = (int(n) for n in handler.headers["Range"][6:].split("-"))
            last = min(last, len(TIFF) - 1)
            part, total = TIFF[first : last + 1], len(TIFF)
            if kind == "the whole":
                return handler.answer(200, TIFF)
            if kind == "shifted bytes":
                where = f"bytes {first + 1}-{last + 1}/{total}"
            elif kind == "short":
                part, where = part[:-1], f"bytes {first}-{last}/{total}"
            elif kind == "long":
                part, where = part + b"x" * 300_000, f"bytes {first}-{last}/{total}"
            elif kind == "less than asked":
                part, where = part[:-9], f"bytes {first}-{last - 9}/{total}"
            elif kind == "no place":
                return handler.answer(206, part)
            elif kind == "packed":
                where = f"bytes {first}-{last}/{total}"
                return handler.answer(206, part, {"Content-Range": where,
                                                  "Content-Encoding": "br"})  # fmt: skip
            headers = {"Content-Range": where, "ETag": etag(TIFF)}
            return handler.answer(206, part, headers)

        return fault

    KINDS = ("the whole", "shifted bytes", "short", "long", "less than asked", "no place", "packed")

    @pytest.mark.parametrize("kind", KINDS)
    def test_that_pass(self, archive, kind):
        self.after_the_header(archive, self.wrong(kind), times=2)
        right(archive)

    @pytest.mark.parametrize("kind", KINDS)
    def test_that_stay(self, archive, kind):
        self.after_the_header(archive, self.wrong(kind), times=10_000)
        refused("cannot be read piece by piece: for a part of")

    @pytest.mark.parametrize("kind", KINDS)
    def test_that_stay_from_the_first_on(self, archive, kind):
        archive.misbehave(PATH, self.wrong(kind))
        refused("cannot be read piece by piece: for a part of")

    @pytest.mark.parametrize("content", [TIFF, JP2], ids=["tiff", "jp2"])
    def test_trouble_in_the_middle_never_makes_wrong_pixels(self, archive, content):
        archive.files[PATH] = content
        failed = 0
        for good in (1, 2, 4, 7):
            archive.faults.clear()
            archive.misbehave(PATH, lambda h: h.serve(content), times=good)
            archive.misbehave(PATH, status(404))
            forget()
            try:
                np.testing.assert_array_equal(tiles(), PIXELS)
            except MissingError:
                failed += 1
        assert 1 <= failed <= 3, "some attempts fail, and later ones do not"

    def test_a_cut_connection_goes_on_with_the_next_piece(self, archive):
        self.after_the_header(archive, cut_after(BLOCK + 1000))
        right(archive)
        assert sent(archive)[2][0] == 2 * BLOCK

    def test_connections_that_are_always_cut(self, archive):
        self.after_the_header(archive, cut_after(1000), times=10_000)
        refused("broke off in the middle")

    def test_too_many_requests(self, archive):
        self.after_the_header(archive, status(429, Retry_After="0"), times=2)
        right(archive)

    def test_silence(self, archive, monkeypatch):
        monkeypatch.setenv("GLACIER_DOWNLOAD_TIMEOUT", "0.1")
        monkeypatch.setattr(transport, "RETRIES", 0)
        monkeypatch.setattr(remote_file, "RETRIES", 0)
        settings.cache_clear()
        self.after_the_header(archive, silent(0.4))
        refused("gave no answer in time")

    def test_a_file_that_is_replaced_while_it_is_read(self, archive):
        def changed(handler):
            archive.files[PATH] = TIFF[::-1]
            handler.serve(TIFF[::-1])

        self.after_the_header(archive, changed)
        refused("replaced .* while it was read")


def forget():
    """Remove every piece that is kept."""
    shutil.rmtree(settings().data_dir / "blocks", ignore_errors=True)


def etag(content):
    return f'"{hashlib.md5(content).hexdigest()}"'


def tiles():
    """Read all pixels, a block at a time, as readers of large files do."""
    pixels = np.zeros_like(PIXELS)
    with open_remote_raster(URL) as raster:
        for _, where in raster.block_windows(1):
            pixels[where.toslices()] = raster.read(1, window=where)
    return pixels


def test_a_file_that_was_replaced_since_is_fetched_anew(archive):
    right(archive)
    archive.files[PATH] = packed(pixels=PIXELS[::-1])
    np.testing.assert_array_equal(read(), PIXELS[::-1])


def test_without_any_sign_of_its_version_nothing_is_kept(archive):
    def anonymous(handler):
        first, last = (int(n) for n in handler.headers["Range"][6:].split("-"))
        last = min(last, len(TIFF) - 1)
        where = {"Content-Range": f"bytes {first}-{last}/{len(TIFF)}"}
        handler.answer(206, TIFF[first : last + 1], where)

    archive.misbehave(PATH, anonymous)
    right(archive)
    assert not (settings().data_dir / "blocks").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<html>please log in</html>", "neither a GeoTIFF nor a JPEG 2000.*log-in"),
        (b"x", "neither a GeoTIFF nor"),
        (TIFF[:8] + b"\x00" * 5000, "is damaged"),
        (JP2[:40], "is damaged"),
        (b"<VRTDataset rasterXSize='1' rasterYSize='1'/>", "neither a GeoTIFF"),
    ],
)
def test_no_raster(archive, content, sentence):
    archive.files[PATH] = content
    refused(sentence)


def test_a_cut_file(archive):
    archive.files[PATH] = TIFF[:-5000]
    refused("is damaged")


def test_blocks_that_swell(archive):
    bomb = empty(30_000, tiled=True, blockxsize=30_000, blockysize=30_000)
    assert len(bomb) < 1_000_000
    archive.files[PATH] = bomb
    refused("blocks of 30000 x 30000 pixels")


def test_a_missing_file(archive):
    del archive.files[PATH]
    refused("does not hold", MissingError)


def test_an_address_of_nobody(archive):
    refused = pytest.raises(SourceError, match="none of the archives")
    with refused, open_remote_raster("https://example.org/B02.tif"):
        pass


@pytest.mark.parametrize("url", ["/etc/passwd", "/vsicurl/http://127.0.0.1/x", "file:///etc/x.tif"])
def test_no_path_reaches_gdal(archive, url):
    refused = pytest.raises(SourceError, match=r"is not (a plain address|asked)")
    with refused, open_remote_raster(url):
        pass


def test_stopping(archive):
    done = []
    with pytest.raises(JobCancelled):
        read(report=done.append, cancelled=lambda: len(done) > 6)
    archive.asked.clear()
    right(archive)
    assert sum(last + 1 - first for first, last in sent(archive)) < len(TIFF)


def test_an_error_of_the_reader_stays_what_it_is(archive):
    with pytest.raises(ZeroDivisionError), open_remote_raster(URL):
        raise ZeroDivisionError


def test_a_failure_that_a_reader_swallows_is_told_all_the_same(archive):
    archive.misbehave(PATH, lambda h: h.serve(TIFF), times=1)
    archive.misbehave(PATH, status(404))
    told = pytest.raises(MissingError)
    with told, open_remote_raster(URL) as raster, contextlib.suppress(RasterioError):
        raster.read(1)


def test_many_threads_at_once(archive):
    wheres = [window(row, column) for row in range(0, 800, 200) for column in range(0, 800, 100)]
    with ThreadPoolExecutor(6) as pool:
        for where, pixels in zip(wheres, pool.map(read, wheres), strict=True):
            np.testing.assert_array_equal(pixels, PIXELS[where.toslices()])


def test_a_killed_process_is_gone_on_from(archive):
    held, reached = threading.Event(), threading.Event()

    def stuck(handler):
        reached.set()
        held.wait(20)
        handler.close_connection = True

    for _ in range(2):
        archive.misbehave(PATH, lambda h: h.serve(TIFF), times=1)
    archive.misbehave(PATH, stuck, times=1)
    script = """
import sys
from glacier_core.network.ranged import open_remote_raster
with open_remote_raster(sys.argv[1]) as raster:
    for _, where in raster.block_windows(1):
        raster.read(1, window=where)
"""
    child = subprocess.Popen([sys.executable, "-c", script, URL])
    try:
        assert reached.wait(20)
    finally:
        child.kill()
        child.wait()
        held.set()
    already = sent(archive)[:2]
    archive.asked.clear()
    np.testing.assert_array_equal(tiles(), PIXELS)
    anew = sent(archive)
    assert anew[0] == (0, 0)
    assert min(first for first, _ in anew[1:]) == already[-1][1] + 1


def test_a_full_disk_costs_speed_only(archive, monkeypatch, caplog):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    right(archive)
    assert "No space left on device" in caplog.text
    assert not list((settings().data_dir / "blocks").rglob("tmp-*"))


@pytest.mark.parametrize("content", [TIFF, JP2], ids=["tiff", "jp2"])
def test_pieces_that_are_read_in_turn_are_asked_for_together(archive, content):
    archive.files[PATH] = content
    np.testing.assert_array_equal(tiles(), PIXELS)
    assert len(content) > 5 * BLOCK
    assert len(archive.asked) <= 5
