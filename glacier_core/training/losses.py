"""What training minimises: focal loss on all heads, and disagreement of two images."""

import torch
import torch.nn.functional as F
from torch import Tensor

CLASSES = 2  # background, glacier


def focal_loss(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    gamma: float = 2.0,
    smoothing: float = 0.0,
) -> Tensor:
    """Weighted mean over pixels of the sum over classes of -(1 - p)^gamma y log p.

    Lin et al. (2017), "Focal loss for dense object detection", without class balancing. With
    smoothed labels y (1 becomes 1 - smoothing / 2) the perfect answer is no longer p = 1: for
    gamma 2 and smoothing 0.1 it is p = 0.750.

    Parameters
    ----------
    logits : Tensor (N, 2, H, W)
        Background and glacier.
    target : Tensor (N, H, W)
        0 background, 1 glacier.
    weight : Tensor (N, H, W), optional
        How much a pixel counts; 0 ignores it. Where nothing counts, the loss is 0.
    gamma : float
        How little pixels count that are right already.
    smoothing : float
        Share of each label that is spread evenly over the classes.

    Returns
    -------
    Tensor, scalar
    """
    log_p = F.log_softmax(logits.float(), dim=1)
    labels = F.one_hot(target.long(), CLASSES).movedim(-1, 1)  # (N, 2, H, W)
    labels = labels * (1.0 - smoothing) + smoothing / CLASSES
    each = -((1.0 - log_p.exp()) ** gamma * labels * log_p).sum(dim=1)  # (N, H, W)
    if weight is None:
        return each.mean()
    return (each * weight).sum() / weight.sum().clamp(min=1.0)


def deep_supervision_loss(
    logits: tuple[Tensor, ...],
    target: Tensor,
    weight: Tensor | None = None,
    *,
    supervision_share: float = 0.5,
    gamma: float = 2.0,
    smoothing: float = 0.0,
) -> Tensor:
    """Focal loss of the output plus `supervision_share` times that of the supervision heads.

    The same target feeds all, as in the published training of GlaViTU, which has one such head.
    Of several the mean is taken, so that the share means the same for every network.

    Parameters
    ----------
    logits : tuple of Tensor (N, 2, H, W)
        Output, then the deep-supervision heads, if any, as networks return them in training mode.
    target, weight, gamma, smoothing
        As in `focal_loss`.
    """
    output, *heads = (
        focal_loss(head, target, weight, gamma=gamma, smoothing=smoothing) for head in logits
    )
    if not heads:
        return output
    return output + supervision_share * torch.stack(heads).mean()


def consistency_loss(first: Tensor, second: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean over pixels of the squared difference of two glacier probabilities.

    Two images of one ground should give one map, whatever the light and the instrument.

    Parameters
    ----------
    first, second : Tensor (N, 2, H, W)
        Logits of the two images, pixel on pixel.
    weight : Tensor (N, H, W)
        How much a pixel counts, 0 where it is not seen in both. Where nothing counts, the loss
        is 0.

    Returns
    -------
    Tensor, scalar
    """
    one, other = (torch.softmax(logits.float(), dim=1)[:, 1] for logits in (first, second))
    return ((one - other) ** 2 * weight).sum() / weight.sum().clamp(min=1.0)
