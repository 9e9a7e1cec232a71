import torch
from tiny_networks import TINY_CONFIGS, inputs_of

from glacier_core.models.architectures import build_network
from glacier_core.models.setr import double_probabilities


def test_probabilities_are_interpolated_not_logits():
    logits = torch.tensor([[[[0.0, 8.0]], [[0.0, -8.0]]]])  # (1, 2, 1, 2)
    first, second = logits.softmax(1)[0, 1, 0]
    doubled = double_probabilities(logits).softmax(1)[0, 1, 0]
    quarter = 0.75 * first + 0.25 * second  # half-pixel centres, held at the border
    three = 0.25 * first + 0.75 * second
    torch.testing.assert_close(doubled, torch.stack([first, quarter, three, second]))


def test_sure_classes_stay_finite_in_both_directions():
    logits = torch.full((1, 2, 2, 2), 200.0)
    logits[:, 1] = -200.0
    logits.requires_grad_()
    logs = double_probabilities(logits)
    logs.sum().backward()
    assert torch.isfinite(logs).all()
    assert torch.isfinite(logits.grad).all()


def test_output_is_log_probability():
    network = build_network(TINY_CONFIGS["setr"]).eval()
    logs = network(inputs_of(network.config, 32, 48))
    torch.testing.assert_close(logs.exp().sum(1), torch.ones(1, 32, 48))


def test_decoder_has_no_activation():
    network = build_network(TINY_CONFIGS["setr"]).eval()
    x = torch.rand(2, 8, 2, 2)
    for convolution in network.decoder:
        assert [type(layer).__name__ for layer in convolution] == ["Conv2d", "BatchNorm2d"]
    halfway = network.decoder[0](0.5 * x[:1] + 0.5 * x[1:])
    torch.testing.assert_close(halfway, network.decoder[0](x).mean(0, keepdim=True))
