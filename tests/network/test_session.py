import gzip
import json
import socket
import threading
import time

import pytest
import requests

from glacier_core.errors import JobCancelled, MissingError, SourceError
from glacier_core.network import transport
from glacier_core.network.faults import ExpiredError
from glacier_core.network.session import get_bytes, get_json, session
from glacier_core.settings import settings
from tests.network.servers import CONTENT, cut_after, serving, silent, status

URL = "https://earth-search.aws.element84.com/v1/search"
PATH = "/earth-search/search"


@pytest.fixture
def answer(server):
    server.files[PATH] = json.dumps({"features": []}).encode()
    return server


def refused(sentence, kind=SourceError, **given):
    with pytest.raises(kind, match=sentence) as problem:
        get_json(URL, **given)
    assert "secret" not in str(problem.value)


def test_a_question_and_its_answer(answer):
    assert get_json(URL, params={"limit": 3}) == {"features": []}
    command, path, headers = answer.asked[0]
    assert (command, path) == ("GET", f"{PATH}?limit=3")
    assert headers["User-Agent"].startswith("glacier-explorer/")


def test_a_question_with_a_body(answer):
    get_json(URL, body={"limit": 3}, headers={"X-Test": "1"})
    command, _, headers = answer.asked[0]
    assert (command, headers["Content-Type"]) == ("POST", "application/json")
    assert headers["X-Test"] == "1"


def test_a_session_belongs_to_one_thread():
    others = []
    thread = threading.Thread(target=lambda: others.append(session()))
    thread.start()
    thread.join()
    assert session() is session()
    assert others[0] is not session()


def test_threads_come_and_go_and_the_connection_stays(answer):
    for _ in range(4):
        thread = threading.Thread(target=get_json, args=(URL,))
        thread.start()
        thread.join()
    assert len(answer.asked) == 4
    assert answer.connections == 1


def test_no_cookie_is_taken(answer):
    cookie = status(200, b"[]", Set_Cookie="who=me; Path=/")
    answer.misbehave(PATH, cookie, times=1)
    get_json(URL)
    get_json(URL)
    assert "Cookie" not in answer.asked[1][2]


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504, 403])
def test_trouble_that_passes(answer, code):
    answer.misbehave(PATH, status(code), times=transport.RETRIES)
    assert get_json(URL) == {"features": []}
    assert len(answer.asked) == transport.RETRIES + 1


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (429, "earth-search.*is asked too often: it answered 429.*Wait some minutes"),
        (500, "earth-search .*is in trouble: it answered 500"),
        (503, "is in trouble: it answered 503"),
        (403, "refused .*403.*wants an account.*asked too often"),
    ],
)
def test_trouble_that_stays(answer, code, sentence):
    answer.misbehave(PATH, status(code))
    refused(sentence)
    assert len(answer.asked) == transport.RETRIES + 1


def test_the_pauses_that_an_archive_wishes_for(answer):
    answer.misbehave(PATH, status(429, Retry_After="1"), times=1)
    start = time.monotonic()
    get_json(URL)
    assert 1.0 <= time.monotonic() - start < 3


def test_no_wish_is_granted_beyond_reason(answer, monkeypatch):
    monkeypatch.setattr(transport, "LONGEST_PAUSE", 0.05)
    answer.misbehave(PATH, status(503, Retry_After="86400"), times=2)
    start = time.monotonic()
    get_json(URL)
    assert time.monotonic() - start < 5


def test_a_pause_can_be_cut_short(answer):
    answer.misbehave(PATH, status(429, Retry_After="30"))
    start = time.monotonic()
    with pytest.raises(JobCancelled):
        get_json(URL, cancelled=lambda: time.monotonic() - start > 0.3)
    assert time.monotonic() - start < 3
    answer.faults.clear()
    assert get_json(URL) == {"features": []}, "the stop does not outlive its transfer"


@pytest.mark.parametrize(
    ("code", "content", "kind", "sentence"),
    [
        (404, b"", MissingError, "does not hold .*earth-search/search: it answered 404"),
        (410, b"", MissingError, "does not hold"),
        (401, b"", SourceError, "refused .*wants an account"),
        (401, b"<Code>ExpiredToken</Code>", ExpiredError, "permission has run out"),
        (400, b"bad \x00\x1b[31m limit", SourceError, r"did not understand.*400.*bad.*limit"),
    ],
)
def test_refusals(answer, code, content, kind, sentence):
    answer.misbehave(PATH, status(code, content))
    refused(sentence, kind)
    assert len(answer.asked) == 1


@pytest.mark.parametrize(
    "content", [b"", b"<html>log in</html>", b'{"a": NaN}', b"\xff", b"[" * 100_000]
)
def test_nonsense(answer, content):
    answer.files[PATH] = content
    refused("answered .* with nonsense instead of JSON")


def test_an_answer_that_breaks_off_once(answer):
    answer.misbehave(PATH, cut_after(5), times=2)
    assert get_json(URL) == {"features": []}


def test_an_answer_that_always_breaks_off(answer):
    answer.misbehave(PATH, cut_after(5))
    refused("broke off in the middle of its answer")


def test_a_length_that_lies(answer):
    answer.misbehave(PATH, lambda h: h.answer(200, b"{}", length=50))
    refused("broke off in the middle")


def test_a_silent_archive(answer, monkeypatch):
    monkeypatch.setenv("GLACIER_DOWNLOAD_TIMEOUT", "0.1")
    settings.cache_clear()
    answer.misbehave(PATH, silent(0.6))
    refused("gave no answer in time.*GLACIER_DOWNLOAD_TIMEOUT")
    assert len(answer.asked) == 3


def test_an_archive_that_answers_drop_by_drop(answer, monkeypatch):
    def drops(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(40):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    monkeypatch.setenv("GLACIER_DOWNLOAD_TIMEOUT", "0.1")
    settings.cache_clear()
    answer.misbehave(PATH, drops)
    refused("drop by drop")


def test_a_body_without_end(answer):
    def endless(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while True:
            handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    answer.misbehave(PATH, endless)
    with pytest.raises(SourceError, match="more than 1,000,000 bytes"):
        get_bytes(URL, most_bytes=1_000_000)


def test_a_small_answer_that_swells(answer):
    packed = gzip.compress(b" " * 50_000_000)
    assert len(packed) < 100_000
    answer.misbehave(PATH, lambda h: h.answer(200, packed, {"Content-Encoding": "gzip"}))
    with pytest.raises(SourceError, match="more than 1,000,000 bytes"):
        get_bytes(URL, most_bytes=1_000_000)


def test_a_packed_answer(answer):
    packed = gzip.compress(CONTENT)
    answer.misbehave(PATH, lambda h: h.answer(200, packed, {"Content-Encoding": "gzip"}))
    assert get_bytes(URL, most_bytes=len(CONTENT)) == CONTENT


def test_an_answer_that_cannot_be_unpacked(answer):
    answer.misbehave(PATH, lambda h: h.answer(200, b"no gzip", {"Content-Encoding": "gzip"}))
    refused("cannot be unpacked")


def test_nobody_is_there(answer):
    answer.shutdown()
    answer.server_close()
    refused("cannot be reached.*Check the network")


class TestRedirects:
    def test_within_the_archive(self, answer):
        answer.files["/landsat-s3/found"] = b"[1]"
        answer.misbehave(PATH, status(302, Location=f"{answer.root}/landsat-s3/found"))
        assert get_json(URL) == [1]

    @pytest.mark.parametrize(
        "place", ["http://localhost:{port}/x", "http://127.0.0.1:{other}/x", "https://evil.org/x",
                  "http://169.254.169.254/latest", "file:///etc/passwd", "//[::1]:{port}/x"]
    )  # fmt: skip
    def test_elsewhere(self, answer, place):
        with serving() as other:
            other.files["/x"] = b'"secret"'
            to = place.format(port=answer.server_port, other=other.server_port)
            answer.misbehave(PATH, status(302, Location=to))
            with pytest.raises(SourceError):
                get_json(URL)
            assert other.asked == []
        assert len(answer.asked) == 1

    def test_to_a_public_place_that_is_no_archive(self, answer, monkeypatch):
        monkeypatch.setattr(transport, "check_place", lambda *_: None)
        monkeypatch.setattr(transport, "check_peer", lambda *_: None)
        with serving() as other:
            answer.misbehave(PATH, status(302, Location=f"{other.root}/x"))
            refused("is not asked: '127.0.0.1:.*' is none of the archives|https only")
            assert other.asked == []

    def test_in_circles(self, answer):
        answer.misbehave(PATH, status(302, Location=PATH))
        refused("round in circles")
        assert len(answer.asked) < 10

    def test_passwords_stay_with_their_host(self, answer, monkeypatch):
        led = requests.PreparedRequest()
        secret = {
            "Authorization": "s",
            "x-amz-security-token": "s",
            "X-Amz-Date": "d",
            "Range": "r",
        }
        led.prepare("GET", "https://storage.googleapis.com/x", headers=secret)
        first = requests.Response()
        first.request = requests.Request("GET", "https://landsatlook.usgs.gov/x").prepare()
        session().rebuild_auth(led, first)
        assert dict(led.headers) == {"Range": "r"}


def test_no_password_is_read_from_a_netrc_file(answer, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    get_json(URL)
    assert "Authorization" not in answer.asked[0][2]


def test_a_name_server_that_changes_its_mind(answer, monkeypatch):
    """The check sees a public address, the connection meets another one: nothing is sent."""
    port, real = answer.server_port, socket.getaddrinfo
    monkeypatch.setenv("GLACIER_SERVICES_ROOT", "http://192.0.2.9:1")
    monkeypatch.setenv("NO_PROXY", "*")
    settings.cache_clear()
    monkeypatch.setattr(transport, "check_named", lambda url: None)
    asked = []

    def look_up(host, port, *args, **kwargs):
        asked.append(host)
        place = "142.250.74.91" if len(asked) == 1 else "127.0.0.1"
        return real(place, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(SourceError, match=r"leads to 127\.0\.0\.1"):
        get_json(f"http://rebound.example:{port}{PATH}")
    assert len(asked) == 2
    assert answer.asked == []
