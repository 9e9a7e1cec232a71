import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import glacier_core as gc
from glacier_core.errors import ModelError, StorageError
from glacier_core.inference.location import location_vector
from glacier_core.training.location_optimising import (
    LocationOptions,
    mean_entropy,
    optimise_location,
)
from tests.inference.stubs import TINY, make_card, make_scene, stub_model, tiny_glavitu

REGIONS = ("ALP", "HMA", "unknown")
BY_REGION = replace(TINY, location="region", regions=3)
FACTS = {"regions": REGIONS}


class SureInHMA(nn.Module):
    """Surer, the more weight the second region is given."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(3.0), requires_grad=False)

    def forward(self, inputs, location):
        glacier = self.weight * location[:, 1, None, None] * torch.ones_like(inputs["dem"][:, 0])
        return torch.stack([torch.zeros_like(glacier), glacier], dim=1)


@pytest.fixture
def model():
    model = stub_model(SureInHMA())
    return replace(model, card=make_card(BY_REGION, **FACTS))


def test_entropy_by_hand():
    logits = torch.tensor([0.0, 0.0, np.log(3.0)]).reshape(1, 1, 1, 3)
    logits = torch.cat([torch.zeros(1, 1, 1, 3), logits], dim=1).float()
    # H2(0.5) = 1, H2(0.75) = 0.8113 bits
    assert mean_entropy(logits).item() == pytest.approx((1 + 1 + 0.811278) / 3, abs=1e-4)


def test_weight_moves_to_the_region_that_leaves_least_doubt(model):
    options = LocationOptions(learning_rate=0.05, epochs=40, batch=2)
    found = optimise_location(make_scene(), model, options, device="cpu")
    assert found.regions == REGIONS
    assert sum(found.weights) == pytest.approx(1.0)
    assert found.weights[1] > 0.6
    assert found.weights[0] == pytest.approx(found.weights[2])
    assert list(found.entropy) == sorted(found.entropy, reverse=True)


def test_weights_start_equal_and_adam_moves_them_by_its_rate(model):
    options = LocationOptions(learning_rate=1e-3, epochs=1, batch=8)
    found = optimise_location(make_scene(), model, options, device="cpu")
    # One step of Adam moves each logit by the rate, up or down.
    logits = np.log(found.weights)
    assert logits[1] - logits[0] == pytest.approx(2e-3, rel=1e-3)


def test_it_stops_when_the_weights_barely_move(model):
    lines = []
    options = LocationOptions(learning_rate=1e-6, epochs=50, batch=8)
    found = optimise_location(make_scene(), model, options, device="cpu", progress=lines.append)
    assert len(found.entropy) == len(lines) == 5


def test_the_network_stays_as_it_is():
    model = tiny_glavitu(config=BY_REGION, **FACTS)
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    optimise_location(make_scene(), model, LocationOptions(epochs=2, batch=2), device="cpu")
    assert all(before[name].equal(value) for name, value in model.network.state_dict().items())


def test_what_is_saved_is_a_location_to_map_with(tmp_path):
    model = tiny_glavitu(config=BY_REGION, **FACTS)
    scene = make_scene()
    found = optimise_location(scene, model, LocationOptions(epochs=1, batch=2), device="cpu")
    path = tmp_path / "weights.json"
    found.save(path)
    for location in (path, str(path), found.weights):
        assert location_vector(scene, model.card, location).tolist() == pytest.approx(found.weights)
    by_file = gc.map_glaciers(scene, model, location=path, cache=False)
    by_numbers = gc.map_glaciers(scene, model, location=found.weights, cache=False)
    assert np.array_equal(by_file.probability, by_numbers.probability, equal_nan=True)


def test_weights_for_other_regions_are_refused(tmp_path):
    path = tmp_path / "weights.json"
    path.write_text(json.dumps({"regions": ["ALP", "NZ", "unknown"], "weights": [1, 0, 0]}))
    card = make_card(BY_REGION, **FACTS)
    with pytest.raises(ModelError, match="is for the regions ALP, NZ, unknown"):
        location_vector(make_scene(), card, path)
    path.write_text("[]")
    with pytest.raises(ModelError, match="cannot be read"):
        location_vector(make_scene(), card, path)


def test_models_not_told_the_region_are_refused():
    with pytest.raises(ModelError, match="is not told a region"):
        optimise_location(make_scene(), tiny_glavitu(), device="cpu")


def test_a_disk_that_refuses_is_told(model, tmp_path):
    found = optimise_location(make_scene(), model, LocationOptions(epochs=1), device="cpu")
    with pytest.raises(StorageError, match="cannot be written"):
        found.save(tmp_path / "absent" / "weights.json")
