import pytest

from glacier_core.inference.runtimes.keeping import SHELF
from glacier_core.settings import settings


@pytest.fixture(autouse=True)
def own_folder_and_shelf(tmp_path, monkeypatch):
    """No test finds what another remembered or made ready."""
    monkeypatch.setenv("GLACIER_DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    SHELF.clear()
    yield
    SHELF.clear()
    settings.cache_clear()
