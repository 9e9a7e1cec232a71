import pytest
import torch
from torch import nn

from glacier_core.inference.runtimes import identity as module
from glacier_core.inference.runtimes.identity import identity
from glacier_core.models.ensemble import Ensemble
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.opinions import TurnedNetwork

from ..stubs import TINY, Brightness


def network(seed=0):
    torch.manual_seed(seed)
    return GlaViTU(TINY).eval()


def test_equal_networks_are_one():
    assert identity(network()) == identity(network())
    assert len(identity(network())) == 64


def test_training_mode_and_gradients_do_not_count():
    assert identity(network().train().requires_grad_(False)) == identity(network())


def test_every_weight_and_statistic_counts():
    plain = identity(network())
    assert identity(network(1)) != plain
    for name in network().state_dict():
        changed = network()
        changed.state_dict()[name].view(-1)[0] += 1
        assert identity(changed) != plain, name


def test_numbers_that_are_no_weights_count():
    seen = {identity(network())}
    for turn in ((0, False, 1.0), (1, False, 1.0), (1, True, 1.0), (1, True, 0.9)):
        seen.add(identity(TurnedNetwork(network(), *turn)))
    changed = network()
    changed.resunet.encoder[0].convolutions[2].negative_slope = 0.3
    seen.add(identity(changed))
    assert len(seen) == 6
    assert None not in seen


def test_an_ensemble_is_told_from_its_members_in_another_order():
    from glacier_core.models.config import EnsembleConfig

    torch.manual_seed(0)
    first = Ensemble(EnsembleConfig((TINY, TINY)))
    before = identity(first)
    first.members = nn.ModuleList([first.members[1], first.members[0]])
    assert identity(first) != before


def test_what_cannot_be_written_down_has_no_identity():
    assert identity(Brightness()) is None  # a module from elsewhere
    hooked = network()
    hooked.output.register_forward_hook(lambda *_: None)
    assert identity(hooked) is None
    strange = network()
    strange.helper = object()
    assert identity(strange) is None


@pytest.mark.usefixtures("monkeypatch")
def test_the_source_of_the_networks_counts(monkeypatch, tmp_path):
    before = identity(network())
    (tmp_path / "blocks.py").write_text("other code\n")
    monkeypatch.setattr(module, "MODELS", tmp_path)
    module._source.cache_clear()
    changed = identity(network())
    module._source.cache_clear()
    assert changed != before
