"""The pytest fixtures of the test archive, for the conftest of a folder to import."""

import os

import pytest

from glacier_core.settings import settings

from .gates import KEY, SECRET
from .server import running


@pytest.fixture(scope="session")
def archive_server(tmp_path_factory):
    """Serve one test archive to all tests of a process; its files are all processes' together."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with running(folder / "archive files") as world:
        yield world


@pytest.fixture
def archive_world(archive_server, own_data_dir, monkeypatch):
    """Return the test archive, well-behaved again, with the app's services pointed at it."""
    monkeypatch.setenv("GLACIER_SERVICES_ROOT", archive_server.address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    settings.cache_clear()
    archive_server.reset()
    return archive_server
