import pytest

from glacier_core.errors import ModelError
from glacier_core.models.listing import summarise_model, summarise_models
from glacier_core.models.registry import save_model
from glacier_core.settings import settings


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GLACIER_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    yield settings().data_dir / "models"
    settings.cache_clear()


def test_parameters_are_counted_without_loading(home, tiny_network, tiny_card):
    card = save_model(tiny_network, tiny_card, home / "tiny")
    summary = summarise_model("tiny")
    assert summary.card == card
    assert summary.parameters == sum(one.numel() for one in tiny_network.parameters())
    size = (home / "tiny" / "weights.safetensors").stat().st_size
    assert summary.megabytes == size / 1e6
    assert summary.folder == home / "tiny"


def test_a_damaged_model_does_not_hide_the_others(home, tiny_network, tiny_card):
    for name in ("good", "torn", "odd"):
        save_model(tiny_network, tiny_card, home / name)
    (home / "torn" / "weights.safetensors").write_bytes(b"no weights")
    (home / "odd" / "card.json").write_text("{}")
    readable, faults = summarise_models()
    assert {"good", "glavitu-small"} <= {one.name for one in readable}
    assert [fault.split(":")[0] for fault in faults] == ["odd", "torn"]
    with pytest.raises(ModelError, match="cannot be read"):
        summarise_model("torn")
    with pytest.raises(ModelError, match="There is no model 'none'"):
        summarise_model("none")
