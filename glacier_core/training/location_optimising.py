"""Where is this scene, for a network that is told the region? The answer that leaves least doubt.

Bias optimisation of Maslov et al. (2025), https://doi.org/10.1038/s41467-024-54956-x: the network
stays as it is, and one weight a region, of a softmax, is found for which its maps of a new scene
are surest. No outline is needed. With the published step of 1e-4 the weights tilt only mildly
away from equal ones.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glacier_core.errors import ModelError, StorageError
from glacier_core.inference.device import DeviceChoice, choose_device
from glacier_core.models.inputs import scale_features
from glacier_core.models.registry import Model
from glacier_core.scene import Scene

EPSILON = 1e-6  # inside the logarithm of the entropy

Inputs = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class LocationOptions:
    """How the weights are found; the defaults are the published numbers.

    Attributes
    ----------
    learning_rate : float
        Of Adam.
    batch : int
        Random patches a step.
    epochs : int
        At most; an epoch is as many steps as it takes to see as many pixels as the scene has.
    still_epochs : int
        Stop after so many epochs in a row in which the weights barely moved.
    still : float
        Squared change of the logits in an epoch below which they barely moved.
    seed : int
        Of the patches.
    """

    learning_rate: float = 1e-4
    batch: int = 8
    epochs: int = 100
    still_epochs: int = 5
    still: float = 1e-8
    seed: int = 0


@dataclass(frozen=True)
class OptimisedLocation:
    """One weight a region, and how it was found.

    Attributes
    ----------
    regions : tuple of str
        In the order of the model card.
    weights : tuple of float
        They sum to 1; `map_glaciers` takes them as its ``location``.
    entropy : tuple of float
        Mean entropy of the maps, bits, epoch by epoch.
    model, model_sha256, scene : str
        What they were found with and for.
    """

    regions: tuple[str, ...]
    weights: tuple[float, ...]
    entropy: tuple[float, ...]
    model: str
    model_sha256: str
    scene: str

    def save(self, path: str | Path) -> None:
        """Write a JSON file, which `map_glaciers` takes as its ``location``.

        Raises
        ------
        StorageError
            If the disk refuses.
        """
        try:
            Path(path).write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"The location {path} cannot be written: {error}.") from error


def optimise_location(
    scene: Scene,
    model: Model,
    options: LocationOptions | None = None,
    *,
    device: DeviceChoice = "auto",
    progress: Callable[[str], None] | None = None,
) -> OptimisedLocation:
    """Find the weights of the regions for which the maps of a scene are surest.

    Parameters
    ----------
    scene : Scene
    model : Model
        One that is told the region.
    options : LocationOptions, optional
    device : {"auto", "cpu", "cuda"}
    progress : callable, optional
        Is given a line an epoch.

    Raises
    ------
    ModelError
        If the model is not told the region, or the scene lacks a feature that it takes.
    """
    if model.card.location != "region":
        raise ModelError(
            f"The model {model.card.name} is not told a region, so there is none to find. Choose "
            "a model trained with the strategy 'region-encoding'."
        )
    options = options or LocationOptions()
    search = _Search(scene, model, options, choose_device(device).torch_device)
    entropies: list[float] = []
    still = 0
    while len(entropies) < options.epochs and still < options.still_epochs:
        before = search.logits.detach().clone()
        entropies.append(search.epoch())
        moved = float(((search.logits.detach() - before) ** 2).sum())
        still = still + 1 if moved < options.still else 0
        if progress is not None:
            progress(f"Epoch {len(entropies)}: entropy {entropies[-1]:.4f} bits, moved {moved:.1e}")
    model.network.cpu()
    return OptimisedLocation(
        regions=model.card.regions,
        weights=tuple(torch.softmax(search.logits.detach().cpu().double(), 0).tolist()),
        entropy=tuple(entropies),
        model=model.card.name,
        model_sha256=model.card.sha256,
        scene=scene.id,
    )


class _Search:
    """The weights on their way: one logit a region."""

    def __init__(
        self, scene: Scene, model: Model, options: LocationOptions, device: torch.device
    ) -> None:
        self.network = model.network.to(device).eval()
        self.size, self.batch, self.device = model.card.patch_size, options.batch, device
        self.inputs = _whole_inputs(scene, model)
        self.logits = torch.ones(len(model.card.regions), device=device, requires_grad=True)
        self.optimiser = torch.optim.Adam([self.logits], options.learning_rate)
        self.generator = np.random.Generator(np.random.PCG64(options.seed))
        rows, columns = next(iter(self.inputs.values())).shape[-2:]
        self.steps = max(1, round(rows * columns / self.size**2 / options.batch))

    def epoch(self) -> float:
        """Take the steps of an epoch, and return the mean entropy of its maps."""
        return float(np.mean([self._step() for _ in range(self.steps)]))

    def _step(self) -> float:
        patches = _draw(self.inputs, self.size, self.batch, self.generator)
        tensors = {name: torch.from_numpy(x).to(self.device) for name, x in patches.items()}
        told = torch.softmax(self.logits, 0).expand(self.batch, -1)
        loss = mean_entropy(self.network(tensors, told))
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return loss.item()


def mean_entropy(logits: Tensor) -> Tensor:
    """Mean over pixels of the entropy of the class probabilities, bits.

    Parameters
    ----------
    logits : Tensor (N, 2, H, W)
    """
    p = torch.softmax(logits.float(), dim=1)
    return -(p * torch.log2(p + EPSILON)).sum(dim=1).mean()


def _whole_inputs(scene: Scene, model: Model) -> Inputs:
    """Scaled features of a scene (C, H, W), padded with zeros to at least one patch."""
    arrays = {str(name): layer.values for name, layer in scene.data.items()}
    missing = ~arrays.pop("valid")
    short = [max(0, model.card.patch_size - length) for length in missing.shape]
    inputs = {}
    for name, scaled in scale_features(arrays, model.card).items():
        scaled[:, missing] = 0.0
        inputs[name] = np.pad(scaled, ((0, 0), (0, short[0]), (0, short[1])))
    return inputs


def _draw(inputs: Inputs, size: int, count: int, generator: np.random.Generator) -> Inputs:
    """Cut `count` random patches (N, C, size, size)."""
    rows, columns = next(iter(inputs.values())).shape[-2:]
    tops = generator.integers(rows - size + 1, size=count)
    lefts = generator.integers(columns - size + 1, size=count)
    corners = list(zip(tops, lefts, strict=True))
    return {
        name: np.stack([x[:, top : top + size, left : left + size] for top, left in corners])
        for name, x in inputs.items()
    }
