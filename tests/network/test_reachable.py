"""Whether somebody is at the door: a listener, nobody, a proxy, a name that takes for ever."""

import socket
import time

import pytest

from glacier_core.errors import SourceError
from glacier_core.network.reachable import is_reachable
from glacier_core.settings import settings


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def root(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def at(port):
        monkeypatch.setenv("GLACIER_SERVICES_ROOT", f"http://127.0.0.1:{port}")
        settings.cache_clear()

    return at


def test_listener_is_reachable(root, listener):
    root(listener)
    assert is_reachable("earth-search")


def test_closed_port_is_not(root, closed_port):
    root(closed_port)
    assert not is_reachable("earth-search")


def test_proxy_is_the_door(root, listener, closed_port, monkeypatch):
    root(closed_port)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{listener}")
    monkeypatch.setenv("NO_PROXY", "")
    assert is_reachable("earth-search")


def hang(*_, **__):
    time.sleep(1)
    raise TimeoutError


def test_name_that_is_looked_up_for_ever_is_given_up(root, listener, monkeypatch):
    root(listener)
    monkeypatch.setattr(socket, "create_connection", hang)
    started = time.monotonic()
    assert not is_reachable("earth-search", seconds=0.2)
    assert time.monotonic() - started < 1


def test_unknown_service_is_an_error(root, listener):
    root(listener)
    with pytest.raises(SourceError, match="no known service"):
        is_reachable("nobody")
