"""What the server of the browser tests keeps."""

from urllib.parse import urlencode

import pytest
import torch
from tiny_world import tiny_card, tiny_map, tiny_scene

from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import save_model
from glacier_core.settings import settings
from glacier_core.sources import keep_scene


def keep_world(data_dir, **facts):
    """Keep the tiny scene, its map and an untrained model; return the address that shows them."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("GLACIER_DATA_DIR", str(data_dir))
        settings.cache_clear()
        torch.manual_seed(0)
        card = tiny_card()
        save_model(GlaViTU(card.config), card, data_dir / "models" / "tiny")
        scene = tiny_scene(**facts)
        keep_scene(scene)
        result = tiny_map(scene)
    settings.cache_clear()
    return urlencode({"scene": scene.id, "model": "tiny", "map": result.key})
