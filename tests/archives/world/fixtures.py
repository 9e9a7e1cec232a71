"""The pytest fixtures of the test archive; import them into the conftest of a folder to use them."""

import pytest

from glacier_core.settings import settings

from .server import running


@pytest.fixture(scope="session")
def archive_server(tmp_path_factory):
    """Serve one test archive to all tests of a process."""
    with running(tmp_path_factory.mktemp("archive")) as world:
        yield world


@pytest.fixture
def archive_world(archive_server, own_data_dir, monkeypatch):
    """Return the test archive, well-behaved again, with the app's services pointed at it."""
    monkeypatch.setenv("GLACIER_SERVICES_ROOT", archive_server.address)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    settings.cache_clear()
    archive_server.reset()
    return archive_server
