import re

import pytest
import torch

from glacier_core.errors import ModelError
from glacier_core.inference import request as request_module
from glacier_core.inference.request import MappingOptions, resolve
from glacier_core.models.card import CalibrationCurve
from glacier_core.models.config import GlaViTUConfig
from glacier_core.models.inputs import PUBLISHED_SCALING, ChannelRange
from glacier_core.settings import settings

from .stubs import PATCH, TINY, Brightness, make_scene, stub_model, tiny_glavitu


def key(scene=None, model=None, **options):
    return resolve(
        scene or make_scene(), model or stub_model(Brightness()), MappingOptions(**options)
    ).key


def test_defaults_are_filled_in():
    request = resolve(make_scene(), stub_model(Brightness()), MappingOptions())
    assert request.stride == 3 * PATCH // 4
    assert request.batch_size == settings().batch_size
    assert request.location is None
    assert re.fullmatch("[0-9a-f]{64}", request.key)


def test_equal_inputs_have_equal_keys():
    assert key() == key()


def test_what_changes_no_result_changes_no_key():
    assert key(batch_size=1, device="cpu", cache=False) == key()
    assert key(stride=3 * PATCH // 4) == key()


def other_weights():
    network = Brightness()
    network.gain.data += 1e-6 * 40
    return stub_model(network)


def other_scaling():
    optical = (ChannelRange("blue", 0.0, 2.0), *PUBLISHED_SCALING["optical"][1:])
    return stub_model(Brightness(), scaling=PUBLISHED_SCALING | {"optical": optical})


@pytest.mark.parametrize(
    "changed",
    [
        {"scene": lambda: make_scene(seed=1)},
        {"scene": lambda: make_scene(crs="EPSG:32612")},
        {"scene": lambda: make_scene(simulated=True)},
        {"scene": lambda: make_scene(reflectance="surface")},
        {"scene": lambda: make_scene(title="Another title")},
        {"model": other_weights},
        {"model": other_scaling},
        {"model": lambda: stub_model(Brightness(), name="another")},
        {"model": lambda: stub_model(Brightness(), calibration=None)},
        {"model": lambda: stub_model(Brightness(), calibration=CalibrationCurve(x=(0,), y=(1,)))},
        {"model": lambda: stub_model(Brightness(), patch_size=24), "stride": 8},
        {"model": tiny_glavitu},
        {"stride": 4},
    ],
)
def test_whatever_changes_the_result_changes_the_key(changed):
    made = {name: value() if callable(value) else value for name, value in changed.items()}
    assert key(**made) != key()


def test_location_is_part_of_the_key():
    config = GlaViTUConfig(**{**vars(TINY), "location": "region", "regions": 2})
    model = stub_model(Brightness(), config=config, regions=("ALP", "unknown"))
    assert key(model=model, location="ALP") != key(model=model)
    assert key(model=model, location="unknown") == key(model=model)


def test_a_new_version_of_mapping_changes_every_key(monkeypatch):
    before = key()
    monkeypatch.setattr(request_module, "code_version", lambda: "another")
    assert key() != before


def test_a_missing_feature_is_named():
    config = GlaViTUConfig(**{**vars(TINY), "features": ("optical", "dem", "in_sar", "thermal")})
    with pytest.raises(ModelError, match="needs in_sar, thermal, which the scene tiny does not"):
        resolve(make_scene(), stub_model(Brightness(), config=config), MappingOptions())


@pytest.mark.parametrize("options", [{"stride": 0}, {"stride": PATCH + 1}, {"batch_size": 0}])
def test_impossible_options_are_refused(options):
    with pytest.raises(ModelError, match=r"must be 1 or more|possible are 1 to 16"):
        resolve(make_scene(), stub_model(Brightness()), MappingOptions(**options))


def test_the_network_is_only_looked_at():
    model = stub_model(Brightness())
    model.network.train()
    key(model=model)
    assert model.network.training
    assert torch.equal(model.network.gain, torch.tensor(40.0))
