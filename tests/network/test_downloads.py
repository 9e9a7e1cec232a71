import hashlib
import subprocess
import sys
import threading
import time

import pytest

from glacier_core.errors import JobCancelled, MissingError, SourceError, StorageError
from glacier_core.network import downloads, transport
from glacier_core.network.downloads import PageError, download
from glacier_core.settings import settings
from tests.network.servers import CONTENT, cut_after, silent, status

URL = "https://ihp-wins.unesco.org/file.zip?key=secret"
PATH = "/rgi7/file.zip"
HASH = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def archive(server):
    server.files[PATH] = CONTENT
    return server


@pytest.fixture
def target(tmp_path):
    return tmp_path / "kept" / "file.zip"


def refused(target, sentence, kind=SourceError, kept=(), **given):
    with pytest.raises(kind, match=sentence) as problem:
        download(URL, target, **given)
    assert "secret" not in str(problem.value)
    assert sorted(path.name for path in target.parent.iterdir()) == sorted(kept)


def ranges(server):
    return [headers.get("Range") for _, _, headers in server.asked]


PARTS = (".file.zip.part", ".file.zip.part.json")


def test_a_download(archive, target):
    told = []
    assert download(URL, target, sha256=HASH, report=told.append) == target
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["file.zip"]
    assert told[-1].done == told[-1].total == len(CONTENT)
    assert told[-1].seconds_left == 0
    assert "file.zip" in told[0].message


def test_a_file_with_its_hash_is_fetched_once(archive, target):
    for _ in range(3):
        download(URL, target, sha256=HASH)
    assert len(archive.asked) == 1


def test_another_file_is_replaced(archive, target):
    target.parent.mkdir()
    target.write_bytes(b"old")
    download(URL, target, sha256=HASH)
    assert target.read_bytes() == CONTENT


def test_wrong_bytes(archive, target):
    archive.files[PATH] = CONTENT[::-1]
    refused(target, "it is not the file expected", sha256=HASH)


def test_wrong_bytes_do_not_harm_the_old_file(archive, target):
    target.parent.mkdir()
    target.write_bytes(b"old")
    refused(target, "not the file expected", sha256="0" * 64, kept=["file.zip"])
    assert target.read_bytes() == b"old"


def test_a_missing_file(archive, target):
    del archive.files[PATH]
    refused(target, "does not hold", MissingError)


def test_cut_connections_go_on_where_they_stopped(archive, target):
    archive.misbehave(PATH, cut_after(300_000), times=3)
    download(URL, target, sha256=HASH)
    assert target.read_bytes() == CONTENT
    assert ranges(archive) == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_connection_that_is_always_cut_at_once(archive, target):
    archive.misbehave(PATH, cut_after(0))
    refused(target, "broke off")
    assert len(archive.asked) == transport.RETRIES + 1


def test_a_page_instead_of_a_file(archive, target):
    """What came before stays: tomorrow the archive may hand out the rest."""
    archive.misbehave(PATH, cut_after(300_000), times=1)
    archive.misbehave(PATH, status(200, b"<title>Log in</title>", Content_Type="text/html"))
    with pytest.raises(PageError, match="a page for people") as problem:
        download(URL, target)
    assert problem.value.page == b"<title>Log in</title>"
    assert sorted(path.name for path in target.parent.iterdir()) == sorted(PARTS)
    archive.faults[PATH].clear()
    download(URL, target, sha256=HASH)
    assert ranges(archive)[-1] == "bytes=300000-"


def test_a_silent_archive(archive, target, monkeypatch):
    monkeypatch.setenv("GLACIER_DOWNLOAD_TIMEOUT", "0.1")
    monkeypatch.setattr(transport, "RETRIES", 0)
    monkeypatch.setattr(downloads, "RETRIES", 0)
    settings.cache_clear()
    archive.misbehave(PATH, silent(0.4))
    refused(target, "gave no answer in time")


def test_a_file_that_changes_between_two_parts(archive, target):
    archive.misbehave(PATH, cut_after(300_000), times=1)

    def changed(handler):
        archive.files[PATH] = CONTENT[::-1]
        handler.serve(archive.files[PATH])

    archive.misbehave(PATH, changed, times=1)
    download(URL, target)
    assert target.read_bytes() == CONTENT[::-1]


def test_an_archive_that_knows_no_ranges(archive, target):
    archive.misbehave(PATH, cut_after(300_000), times=1)
    archive.misbehave(PATH, lambda h: h.answer(200, CONTENT, {"ETag": '"x"'}), times=1)
    download(URL, target, sha256=HASH)
    assert ranges(archive) == [None, "bytes=300000-"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": "bytes 299999-1023999/1024000"},
        {"Content-Range": "bytes 0-723999/1024000"},
        {"Content-Range": "bytes 300000-1023999/1024001"},
        {"Content-Range": "bytes 300000-1023998/1024000"},
        {"Content-Range": "bytes */1024000"},
        {"Content-Range": "nonsense"},
        {"Content-Range": "bytes 300000-1023999/1024000", "ETag": '"another"'},
        {},
    ],
)
def test_wrong_parts_are_never_joined(archive, target, headers):
    archive.misbehave(PATH, cut_after(300_000), times=1)
    archive.misbehave(PATH, lambda h: h.answer(206, CONTENT[:724_000], headers), times=1)
    download(URL, target)
    assert target.read_bytes() == CONTENT
    assert ranges(archive) == [None, "bytes=300000-", None]


def test_fewer_bytes_than_the_range_promised(archive, target):
    archive.misbehave(PATH, cut_after(300_000), times=1)
    right = f"bytes 300000-{len(CONTENT) - 1}/{len(CONTENT)}"
    archive.misbehave(
        PATH, lambda h: h.answer(206, CONTENT[300_000:500_000], {"Content-Range": right}), times=1
    )
    download(URL, target)
    assert target.read_bytes() == CONTENT


def test_wrong_parts_that_stay(archive, target):
    archive.misbehave(PATH, cut_after(300_000), times=1)
    archive.misbehave(PATH, lambda h: h.answer(206, b"x", {"Content-Range": "bytes 0-0/9"}))
    refused(target, "sent other parts of")
    assert len(archive.asked) == transport.RETRIES + 2


def test_without_any_sign_of_its_version_a_file_is_fetched_from_its_beginning(archive, target):
    def anonymous(handler):
        handler.answer(200, CONTENT[:1000], length=len(CONTENT))

    archive.misbehave(PATH, anonymous, times=1)
    download(URL, target)
    assert ranges(archive) == [None, None]


def test_a_part_of_another_address_is_not_gone_on_with(archive, target):
    archive.misbehave(PATH, cut_after(300_000), times=1)
    with pytest.raises(JobCancelled):
        download(URL, target, cancelled=lambda: len(archive.asked) > 1)
    archive.faults.clear()
    assert (target.parent / PARTS[0]).stat().st_size == 300_000
    same_tag = f'"{hashlib.md5(CONTENT).hexdigest()}"'
    archive.misbehave("/rgi7/other.zip", lambda h: h.serve(CONTENT[::-1], same_tag))
    download("https://ihp-wins.unesco.org/other.zip", target)
    assert target.read_bytes() == CONTENT[::-1]


def test_packed_though_asked_not_to(archive, target):
    archive.misbehave(PATH, lambda h: h.answer(200, b"x", {"Content-Encoding": "gzip"}))
    refused(target, "packed, though asked not to")
    assert archive.asked[0][2]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_that_is_too_large(archive, target, monkeypatch, chunked):
    def in_chunks(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for _ in range(40):
            handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n")

    monkeypatch.setenv("GLACIER_MAX_DOWNLOAD_MEGABYTES", "1")
    settings.cache_clear()
    if chunked:
        archive.misbehave(PATH, in_chunks)
    refused(target, r"larger than 1 MB \(GLACIER_MAX_DOWNLOAD_MEGABYTES\)")


def test_a_disk_without_room(archive, target, monkeypatch):
    usage = type("Usage", (), {"free": 50_500_000})
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda _: usage)
    refused(target, "has only 50 MB left|has only 51 MB left", StorageError)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from glacier_core.errors import StorageError
from glacier_core.network.downloads import PageError, download

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write fails, as on a full disk
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
try:
    download(sys.argv[1], Path(sys.argv[2]))
    raise AssertionError("written into a full disk")
except StorageError as problem:
    assert "free some space" in str(problem), problem
"""


def test_a_disk_that_fills_up_on_the_way(archive, target):
    pytest.importorskip("resource", reason="limits of file size are a matter of Unix")
    run(FULL_DISK, URL, str(target))
    assert list(target.parent.iterdir()) == []


def run(script, *arguments):
    ran = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_a_killed_process_is_gone_on_from(archive, target):
    held = threading.Event()

    def stuck(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.send_header("ETag", f'"{hashlib.md5(CONTENT).hexdigest()}"')
        handler.end_headers()
        handler.wfile.write(CONTENT[:400_000])
        handler.wfile.flush()
        held.wait(20)
        handler.close_connection = True

    archive.misbehave(PATH, stuck, times=1)
    script = """
import sys
from pathlib import Path
from glacier_core.network.downloads import PageError, download
download(sys.argv[1], Path(sys.argv[2]), report=lambda p: print(p.done, flush=True))
"""
    child = subprocess.Popen(
        [sys.executable, "-c", script, URL, str(target)], stdout=subprocess.PIPE, text=True
    )
    try:
        while int(child.stdout.readline() or 400_000) < 400_000:
            pass
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        held.set()
    assert not target.exists()
    download(URL, target, sha256=HASH)
    assert ranges(archive) == [None, "bytes=400000-"]


def test_a_stopped_download_goes_on_later(archive, target):
    done = []
    with pytest.raises(JobCancelled):
        download(URL, target, report=done.append, cancelled=lambda: len(done) > 3)
    assert not target.exists()
    download(URL, target, sha256=HASH)
    assert ranges(archive) == [None, f"bytes={done[-1].done}-"]


def test_two_that_fetch_the_same_file(archive, target):
    def slowly(handler):
        time.sleep(0.2)
        handler.serve(CONTENT)

    archive.misbehave(PATH, slowly, times=1)
    other = threading.Thread(target=download, args=(URL, target), kwargs={"sha256": HASH})
    other.start()
    download(URL, target, sha256=HASH)
    other.join()
    assert len(archive.asked) == 1


def test_a_note_that_is_damaged(archive, target):
    target.parent.mkdir()
    for note in (b"", b"[]", b"{}", b'{"source": 1}', b"\xff"):
        (target.parent / ".file.zip.part").write_bytes(b"wrong")
        (target.parent / ".file.zip.part.json").write_bytes(note)
        download(URL, target)
        assert target.read_bytes() == CONTENT


def test_trouble_that_passes(archive, target):
    archive.misbehave(PATH, status(503), times=2)
    download(URL, target, sha256=HASH)


def test_an_address_of_nobody(archive, target):
    with pytest.raises(SourceError, match="none of the archives"):
        download("https://example.org/file.zip", target)
