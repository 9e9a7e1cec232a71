import pytest
import torch

from glacier_core.errors import StorageError
from glacier_core.inference.device import choose_device
from glacier_core.training import loop
from glacier_core.training.batches import make_batch
from glacier_core.training.checkpoint import load_checkpoint, save_checkpoint
from glacier_core.training.material import NO_SCENES, Material

CPU = choose_device("cpu")


@pytest.fixture
def state(tiny_recipe, make_scene, tmp_path):
    state = loop.fresh_state(tiny_recipe, CPU)
    run = loop.Run(tiny_recipe, Material(NO_SCENES), tmp_path, CPU, print)
    loop.update_weights(run, state, make_batch(tiny_recipe, [make_scene(0, 32)]))
    state.generator.standard_normal(7)
    state.seconds = 12.5
    state.best, state.best_score, state.waited = {"a": torch.ones(2)}, 0.75, 3
    return state


def test_everything_comes_back(tiny_recipe, state, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(state, path, "abc")
    other = loop.fresh_state(tiny_recipe, CPU)
    load_checkpoint(other, path, "abc")
    assert (other.step, other.seconds) == (1, 12.5)
    assert (other.best_score, other.waited) == (0.75, 3)
    assert other.best["a"].tolist() == [1.0, 1.0]
    assert other.generator.standard_normal() == state.generator.standard_normal()
    for name, value in state.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[name])
        assert torch.equal(state.average[name], other.average[name])
    first, second = (s.optimiser.state_dict()["state"] for s in (state, other))
    assert first.keys() == second.keys()
    for index in first:
        for key in ("exp_avg", "exp_avg_sq", "step"):
            assert torch.equal(first[index][key], second[index][key])


def test_a_write_that_fails_leaves_the_old_checkpoint(state, tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(state, path, "abc")
    before = path.read_bytes()

    def full_disk(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr("glacier_core.training.checkpoint.save_file", full_disk)
    with pytest.raises(StorageError, match="No space left"):
        save_checkpoint(state, path, "abc")
    assert path.read_bytes() == before


def test_a_damaged_checkpoint_is_refused(tiny_recipe, state, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(state, path, "abc")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(StorageError, match="damaged"):
        load_checkpoint(loop.fresh_state(tiny_recipe, CPU), path, "abc")


def test_a_foreign_checkpoint_is_refused(tiny_recipe, state, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(state, path, "abc")
    with pytest.raises(StorageError, match="another recipe"):
        load_checkpoint(loop.fresh_state(tiny_recipe, CPU), path, "xyz")
