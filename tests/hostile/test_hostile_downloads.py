"""Downloads that go wrong, from a real server: what is kept is right or not there."""

import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from glacier_core.errors import SourceError, StorageError
from glacier_core.settings import settings
from glacier_core.sources.fetching import fetch_files
from glacier_core.sources.samples import Sample

CONTENT = bytes(range(256)) * 2000


class Server(BaseHTTPRequestHandler):
    """Serve CONTENT at any path; the path says what goes wrong."""

    def do_GET(self):
        self.server.asked.append(self.path)
        fault = self.path.split("/")[1]
        if fault == "missing" or (fault == "late" and len(self.server.asked) < 3):
            self.send_error(404 if fault == "missing" else 503)
            return
        if fault == "slow":
            time.sleep(3)
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if fault == "cut":
            self.wfile.write(CONTENT[:100_000])
            self.close_connection = True
        else:
            self.wfile.write(CONTENT[::-1] if fault == "wrong" else CONTENT)

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("GLACIER_SAMPLES_MIRROR", raising=False)
    monkeypatch.setenv("GLACIER_RETRY_PAUSE", "0.01")
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    monkeypatch.setenv("GLACIER_SERVICES_ROOT", f"http://127.0.0.1:{serving.server_port}")
    settings.cache_clear()
    serving.asked = []
    serving.daemon_threads = True
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()
    thread.join()


def sample(server, fault):
    """Return an entry of the registry whose one file is served with a fault."""
    return Sample(
        title="A sample", acquired="2020-01-01", sensor="s", reflectance="toa",
        outlines_complete=False, source="s", licence="l", notes=(),
        home=f"http://127.0.0.1:{server.server_port}/{fault}", mirror="served",
        files=[{"role": "blue", "name": "blue.tif", "sha256": hashlib.sha256(CONTENT).hexdigest()}],
    )  # fmt: skip


def refused(server, fault, sentence, kept=()):
    with pytest.raises(SourceError, match=sentence):
        fetch_files(sample(server, fault))
    folder = settings().data_dir / "samples" / "served"
    assert [path.name for path in folder.iterdir()] == list(kept)


def test_a_download(server):
    folder = fetch_files(sample(server, "fine"))
    assert (folder / "blue.tif").read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == ["blue.tif"]


def test_a_file_is_fetched_once(server):
    for _ in range(3):
        fetch_files(sample(server, "fine"))
    assert len(server.asked) == 1


def test_a_killed_download(server):
    refused(server, "cut", "could not be fetched")


def test_wrong_bytes(server):
    refused(server, "wrong", "is not the file expected")


def test_a_missing_file(server):
    refused(server, "missing", "could not be fetched")


def test_a_silent_server(server, monkeypatch):
    monkeypatch.setenv("GLACIER_DOWNLOAD_TIMEOUT", "0.3")
    settings.cache_clear()
    start = time.monotonic()
    refused(server, "slow", r"could not be fetched\..*no answer in time")
    assert len(server.asked) == 3
    assert time.monotonic() - start < 8


def test_no_network(server):
    server.server_close()
    refused(
        server,
        "fine",
        r"could not be fetched\..*simulated scenes .* need none.*GLACIER_SAMPLES_MIRROR",
    )


def test_a_server_that_recovers(server):
    folder = fetch_files(sample(server, "late"))
    assert (folder / "blue.tif").read_bytes() == CONTENT
    assert len(server.asked) == 3


def test_a_broken_file_of_an_earlier_time_is_fetched_anew(server):
    folder = fetch_files(sample(server, "fine"))
    (folder / "blue.tif").write_bytes(CONTENT[:50])
    fetch_files(sample(server, "fine"))
    assert (folder / "blue.tif").read_bytes() == CONTENT


def test_a_bad_download_does_not_harm_a_good_file(server):
    fetch_files(sample(server, "fine"))
    fetch_files(sample(server, "wrong"))
    assert len(server.asked) == 1


def test_a_wrong_file_in_the_mirror(server, tmp_path, monkeypatch):
    monkeypatch.setenv("GLACIER_SAMPLES_MIRROR", str(tmp_path))
    settings.cache_clear()
    (tmp_path / "served").mkdir()
    origin = tmp_path / "served" / "blue.tif"
    origin.write_bytes(CONTENT[::-1])
    refused(server, "fine", "its SHA-256 is another")
    origin.write_bytes(CONTENT)
    assert (fetch_files(sample(server, "fine")) / "blue.tif").read_bytes() == CONTENT
    assert server.asked == []


def test_a_broken_copy_of_an_earlier_time_is_copied_anew(server, tmp_path, monkeypatch):
    monkeypatch.setenv("GLACIER_SAMPLES_MIRROR", str(tmp_path))
    settings.cache_clear()
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "blue.tif").write_bytes(CONTENT)
    copied = fetch_files(sample(server, "fine")) / "blue.tif"
    copied.write_bytes(CONTENT[:50])
    fetch_files(sample(server, "fine"))
    assert copied.read_bytes() == CONTENT


def test_a_folder_that_cannot_be_written(server, own_data_dir):
    own_data_dir.mkdir()
    (own_data_dir / "samples").write_text("in the way")
    with pytest.raises(StorageError, match="could not be kept"):
        fetch_files(sample(server, "fine"))
