import subprocess
import sys

import pytest

from glacier_core.errors import ModelError
from glacier_core.models.config import GLAVITU_SMALL, GlaViTUConfig


def test_defaults_are_the_published_size():
    config = GlaViTUConfig()
    assert config.native_size == 384
    assert config.size_multiple == 16
    assert config.location_length == 0


def test_location_lengths():
    assert GlaViTUConfig(location="region").location_length == 12
    assert GlaViTUConfig(location="region", regions=5).location_length == 5
    assert GlaViTUConfig(location="coordinates").location_length == 4


def test_small_is_native_at_256_pixels():
    assert GLAVITU_SMALL.native_size == 256
    assert GLAVITU_SMALL.expanded_inputs


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"features": ()}, "one or more"),
        ({"features": ("optical", "radar")}, "radar"),
        ({"features": ("dem", "dem")}, "each once"),
        ({"location": "latitude"}, "latitude"),
        ({"width": 0}, "1 or more"),
        ({"heads": 3}, "3 heads"),
        ({"token_patch": 12}, "12"),
        ({"token_patch": 2}, "2"),
    ],
)
def test_impossible_sizes_are_refused(wrong, told):
    with pytest.raises(ModelError, match=told):
        GlaViTUConfig(**wrong)


def test_cards_are_read_without_torch():
    code = "import sys, glacier_core.models.card; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
