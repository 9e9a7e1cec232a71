import math

import pytest
import torch

from glacier_core.training.losses import consistency_loss, deep_supervision_loss, focal_loss


def logits_of(probability: float, shape=(1, 1, 1)) -> torch.Tensor:
    glacier = torch.full(shape, math.log(probability / (1 - probability)))
    return torch.stack([torch.zeros(shape), glacier], dim=1)


@pytest.mark.parametrize(
    ("probability", "target", "expected"),
    [
        (0.9, 1, 0.01 * -math.log(0.9)),
        (0.9, 0, 0.81 * -math.log(0.1)),
        (0.5, 1, 0.25 * math.log(2)),
    ],
)
def test_focal_loss_of_one_pixel_by_hand(probability, target, expected):
    loss = focal_loss(logits_of(probability), torch.tensor([[[target]]]))
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_gamma_zero_is_cross_entropy():
    logits = torch.randn(2, 2, 4, 5, generator=torch.Generator().manual_seed(1))
    target = (torch.arange(40).reshape(2, 4, 5) % 3 == 0).long()
    expected = torch.nn.functional.cross_entropy(logits, target)
    assert focal_loss(logits, target, gamma=0.0).item() == pytest.approx(expected.item(), rel=1e-6)


def test_smoothed_labels_have_their_optimum_at_three_quarters():
    probabilities = torch.linspace(0.5, 0.999, 5000)
    logits = torch.stack(
        [torch.zeros_like(probabilities), torch.logit(probabilities)], dim=0
    )  # (2, 5000)
    target = torch.ones(1, 1, 1, dtype=torch.long)
    losses = [
        focal_loss(logits[:, i].reshape(1, 2, 1, 1), target, smoothing=0.1).item()
        for i in range(0, 5000, 10)
    ]
    best = probabilities[::10][int(torch.tensor(losses).argmin())].item()
    assert best == pytest.approx(0.750, abs=0.002)


def test_smoothing_by_hand():
    # -(0.2^2 * 0.95 * log 0.8 + 0.8^2 * 0.05 * log 0.2)
    expected = -(0.04 * 0.95 * math.log(0.8) + 0.64 * 0.05 * math.log(0.2))
    loss = focal_loss(logits_of(0.8), torch.ones(1, 1, 1, dtype=torch.long), smoothing=0.1)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_weight_ignores_and_emphasises():
    logits = torch.cat([logits_of(0.9), logits_of(0.6), logits_of(0.2)], dim=3)
    target = torch.tensor([[[1, 1, 1]]])
    single = [focal_loss(logits[..., i : i + 1], target[..., i : i + 1]) for i in range(3)]
    loss = focal_loss(logits, target, torch.tensor([[[1.0, 3.0, 0.0]]]))
    assert loss.item() == pytest.approx(((single[0] + 3 * single[1]) / 4).item(), rel=1e-6)


def test_nothing_that_counts_costs_nothing():
    logits = logits_of(0.1).requires_grad_()
    loss = focal_loss(logits, torch.ones(1, 1, 1, dtype=torch.long), torch.zeros(1, 1, 1))
    loss.backward()
    assert loss.item() == 0.0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_half_of_the_supervision_is_added():
    target = torch.ones(1, 1, 1, dtype=torch.long)
    output, supervision = logits_of(0.9), logits_of(0.4)
    expected = focal_loss(output, target) + 0.5 * focal_loss(supervision, target)
    assert deep_supervision_loss((output, supervision), target).item() == pytest.approx(
        expected.item(), rel=1e-6
    )


def test_bfloat16_logits_are_summed_in_float32():
    logits = logits_of(0.7, (1, 64, 64)).to(torch.bfloat16)
    target = torch.ones(1, 64, 64, dtype=torch.long)
    loss = focal_loss(logits, target)
    assert loss.dtype == torch.float32


def test_without_supervision_heads_the_output_is_all():
    target = torch.ones(1, 1, 1, dtype=torch.long)
    assert deep_supervision_loss((logits_of(0.9),), target) == focal_loss(logits_of(0.9), target)


def test_several_supervision_heads_share_the_supervision():
    target = torch.ones(1, 1, 1, dtype=torch.long)
    heads = [logits_of(p) for p in (0.9, 0.4, 0.6)]
    output, first, second = (focal_loss(head, target) for head in heads)
    loss = deep_supervision_loss(tuple(heads), target, supervision_share=0.3)
    assert loss.item() == pytest.approx((output + 0.15 * (first + second)).item(), rel=1e-6)


def test_disagreement_by_hand():
    first = torch.cat([logits_of(0.9), logits_of(0.2), logits_of(0.5)], dim=3)
    second = torch.cat([logits_of(0.6), logits_of(0.3), logits_of(0.5)], dim=3)
    weight = torch.tensor([[[1.0, 2.0, 1.0]]])
    # (1 x 0.3^2 + 2 x 0.1^2 + 1 x 0) / 4
    assert consistency_loss(first, second, weight).item() == pytest.approx(0.0275, rel=1e-5)
    assert consistency_loss(first, first, weight).item() == 0.0
    assert consistency_loss(first, second, torch.zeros(1, 1, 3)).item() == 0.0


def test_disagreement_teaches_both_images():
    first, second = (logits_of(p).requires_grad_() for p in (0.9, 0.4))
    consistency_loss(first, second, torch.ones(1, 1, 1)).backward()
    assert first.grad[0, 1] > 0 > second.grad[0, 1]
