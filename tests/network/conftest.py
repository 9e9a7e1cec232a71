"""A server of the test's own that stands in for every archive."""

import pytest

from glacier_core.settings import settings
from tests.network.servers import serving


@pytest.fixture
def server(monkeypatch):
    with serving() as running:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("GLACIER_SERVICES_ROOT", running.root)
        monkeypatch.setenv("GLACIER_RETRY_PAUSE", "0.01")
        settings.cache_clear()
        yield running
    settings.cache_clear()
