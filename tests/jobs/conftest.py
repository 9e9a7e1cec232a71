import pytest

from .queues import Tray


@pytest.fixture
def tray():
    tray = Tray()
    yield tray
    tray.queue.close()
