"""What all tests share: a home of their own, tiny scenes, and the real samples where they are."""

import os
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from glacier_core.memory import memory
from glacier_core.settings import settings

REPOSITORY = Path(__file__).parent.parent

# Machines that run tests are shared: a slow moment is no fault. pytest-timeout ends what hangs.
hypothesis_settings.register_profile("shared machine", deadline=None)
hypothesis_settings.load_profile("shared machine")


@pytest.fixture(autouse=True)
def own_data_dir(tmp_path, monkeypatch):
    """Give every test an empty data folder, so that none sees another's cache."""
    monkeypatch.setenv("GLACIER_DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    memory.cache_clear()
    yield tmp_path / "data"
    settings.cache_clear()
    memory.cache_clear()


@pytest.fixture(scope="session")
def samples_mirror():
    """Return the folder of real samples, or skip loudly."""
    folder = os.environ.get("GLACIER_SAMPLES_MIRROR")
    if not folder:
        pytest.skip("real samples needed: set GLACIER_SAMPLES_MIRROR to their folder")
    path = (REPOSITORY / folder).resolve()
    if not path.is_dir():
        pytest.skip(f"real samples needed: GLACIER_SAMPLES_MIRROR={folder} is not a folder")
    return path


@pytest.fixture(scope="session")
def fixtures_dir():
    """Return the folder of tensors from the authors' own network, or skip loudly."""
    folder = os.environ.get("GLACIER_FIXTURES", "../shared/fixtures")
    path = (REPOSITORY / folder).resolve()
    if not path.is_dir():
        pytest.skip("reference tensors needed: set GLACIER_FIXTURES to their folder")
    return path
