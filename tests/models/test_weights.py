import hashlib

import pytest
import torch

from glacier_core.errors import ModelError, StorageError
from glacier_core.models.weights import read_weights, set_weights, write_weights


def test_round_trip(tiny_network, tmp_path):
    path = tmp_path / "weights.safetensors"
    digest = write_weights(tiny_network, path)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    weights = read_weights(path, digest)
    for name, tensor in tiny_network.state_dict().items():
        assert torch.equal(weights[name], tensor)
    assert list(tmp_path.iterdir()) == [path]


def test_channels_last_weights_are_kept(tiny_network, tmp_path):
    path = tmp_path / "weights.safetensors"
    tiny_network.to(memory_format=torch.channels_last)
    weights = read_weights(path, write_weights(tiny_network, path))
    for name, tensor in tiny_network.state_dict().items():
        assert torch.equal(weights[name], tensor)


def test_changed_byte_is_noticed(tiny_network, tmp_path):
    path = tmp_path / "weights.safetensors"
    digest = write_weights(tiny_network, path)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"damaged.*Fetch or convert"):
        read_weights(path, digest)


@pytest.mark.parametrize("kept", [0, 5, 300, -10])
def test_truncated_file_is_refused_even_with_its_hash(tiny_network, tmp_path, kept):
    path = tmp_path / "weights.safetensors"
    write_weights(tiny_network, path)
    content = path.read_bytes()[:kept]
    path.write_bytes(content)
    with pytest.raises(ModelError, match="no safetensors file"):
        read_weights(path, hashlib.sha256(content).hexdigest())


def test_absent_file_is_a_model_error(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        read_weights(tmp_path / "none", "0" * 64)


def test_disk_that_refuses_leaves_the_old_file(tiny_network, tmp_path, monkeypatch):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"old")

    def full_disk(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", full_disk)
    with pytest.raises(StorageError, match="No space left"):
        write_weights(tiny_network, path)
    assert path.read_bytes() == b"old"


def _without(weights):
    weights.pop("output.bias")


def _with_more(weights):
    weights["more"] = torch.zeros(1)


def _reshaped(weights):
    weights["output.weight"] = weights["output.weight"][:1]


def _as_integers(weights):
    weights["output.bias"] = weights["output.bias"].to(torch.int32)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_without, "output.bias"),
        (_with_more, "'more'"),
        (_reshaped, r"output.weight.*\(1, 4, 1, 1\)"),
        (_as_integers, "int32"),
    ],
)
def test_weights_must_fit_exactly(tiny_network, change, told):
    weights = dict(tiny_network.state_dict())
    change(weights)
    with pytest.raises(ModelError, match=told):
        set_weights(tiny_network, weights)


def test_weights_must_be_finite(tiny_network):
    weights = {name: tensor.clone() for name, tensor in tiny_network.state_dict().items()}
    weights["output.bias"][0] = torch.nan
    with pytest.raises(ModelError, match=r"not finite.*output.bias"):
        set_weights(tiny_network, weights)
