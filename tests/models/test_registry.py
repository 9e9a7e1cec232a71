import json
from pathlib import Path

import pytest
import torch

from glacier_core.errors import ModelError, StorageError
from glacier_core.models import registry
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import list_models, load_model, save_model


@pytest.fixture
def tiny_folder(tiny_network, tiny_card, tmp_path):
    save_model(tiny_network, tiny_card, tmp_path / "tiny")
    return tmp_path / "tiny"


def test_saved_model_gives_the_same_answer(tiny_folder, tiny_network):
    model = load_model(tiny_folder)
    inputs = {"optical": torch.rand(1, 6, 32, 32), "dem": torch.rand(1, 2, 32, 32)}
    with torch.inference_mode():
        assert torch.equal(model.network(inputs), tiny_network.eval()(inputs))


def test_loaded_model_is_ready_and_frozen(tiny_folder):
    model = load_model(str(tiny_folder))
    assert not model.network.training
    assert not any(parameter.requires_grad for parameter in model.network.parameters())
    with pytest.raises(AttributeError):
        model.card = None


def test_saving_completes_the_card(tiny_network, tiny_card, tmp_path):
    card = save_model(tiny_network, tiny_card, tmp_path / "deep" / "tiny")
    assert len(card.sha256) == 64
    assert load_model(tmp_path / "deep" / "tiny").card == card
    assert {path.name for path in (tmp_path / "deep" / "tiny").iterdir()} == {
        "card.json",
        "weights.safetensors",
    }


def test_models_are_found_by_name(tiny_network, tiny_card, own_data_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "SHIPPED", tmp_path / "shipped")
    save_model(tiny_network, tiny_card, tmp_path / "shipped" / "zebra")
    save_model(tiny_network, tiny_card, own_data_dir / "models" / "ant")
    (own_data_dir / "models" / "no-card").mkdir()
    assert list_models() == ["zebra", "ant"]
    assert load_model("ant").card.name == "tiny"


def test_shipped_model_comes_before_one_of_the_same_name(
    tiny_network, tiny_card, own_data_dir, tmp_path, monkeypatch
):
    monkeypatch.setattr(registry, "SHIPPED", tmp_path / "shipped")
    shipped = tiny_card.model_copy(update={"title": "Shipped"})
    save_model(tiny_network, shipped, tmp_path / "shipped" / "tiny")
    save_model(tiny_network, tiny_card, own_data_dir / "models" / "tiny")
    assert list_models() == ["tiny"]
    assert load_model("tiny").card.title == "Shipped"


def test_unknown_name_tells_the_known_ones(tiny_network, tiny_card, own_data_dir):
    save_model(tiny_network, tiny_card, own_data_dir / "models" / "ant")
    with pytest.raises(ModelError, match=r"no model 'bee'\. Known are .*ant"):
        load_model("bee")


def test_names_do_not_climb_out_of_the_data_folder(tiny_folder, own_data_dir):
    (own_data_dir / "models").mkdir(parents=True)
    with pytest.raises(ModelError, match="no model"):
        load_model("../../tiny")


def test_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"card.json cannot be read"):
        load_model(tmp_path)


def test_damaged_weights_are_refused(tiny_folder):
    weights = tiny_folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError, match="damaged"):
        load_model(tiny_folder)


def test_card_of_another_network_is_refused(tiny_folder):
    path = tiny_folder / "card.json"
    facts = json.loads(path.read_text())
    facts["config"]["mlp_width"] = 16
    path.write_text(json.dumps(facts))
    with pytest.raises(ModelError, match="do not fit the network"):
        load_model(tiny_folder)


def test_saving_refuses_a_card_of_another_network(tiny_network, tiny_card, tmp_path):
    other = tiny_card.model_copy(update={"config": GlaViTU().config})
    with pytest.raises(ModelError, match="the network is"):
        save_model(tiny_network, other, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_saving_onto_a_file_is_a_storage_error(tiny_network, tiny_card, tmp_path):
    Path(tmp_path / "taken").write_text("a file")
    with pytest.raises(StorageError, match="taken"):
        save_model(tiny_network, tiny_card, tmp_path / "taken")
