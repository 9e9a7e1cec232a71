"""How many pixels change their class by bfloat16: the trained default model on simulated scenes.

    python benchmarks/precision.py [--scenes 4] [--model glavitu-small]

Simulated scenes that no training saw are mapped twice, window by window as the engine does, in
float32 and in bfloat16 by torch's autocast. On a processor without bfloat16 torch imitates it: the
answers are the same kind, the time says nothing, and the app refuses "approximate" there. Prints
the share of mapped pixels whose class differs, that share near the threshold and far from it, the
largest and the mean difference in probability, and the seconds a window of both.
"""

import time
from collections.abc import Iterator
from typing import Annotated

import numpy as np
import typer

from glacier_core.inference.device import choose_device, has_bfloat16
from glacier_core.inference.runtimes.eager import EagerNetwork
from glacier_core.inference.runtimes.prepared import FloatArray
from glacier_core.models.inputs import scale_features
from glacier_core.models.registry import Model, load_model
from glacier_core.scene import Scene
from glacier_core.simulation.demonstrations import simulate_scene

NEAR = 0.1  # of the threshold, in probability
FIRST_SEED = 900_000  # beyond those of training and of the shipped scenes


def windows_of(scene: Scene, model: Model) -> Iterator[tuple[dict[str, FloatArray], np.ndarray]]:
    """Yield the windows of a scene that lie wholly inside, side by side, with what is valid."""
    arrays = {str(name): layer.to_numpy() for name, layer in scene.data.items()}
    valid, patch = arrays.pop("valid"), model.card.patch_size
    for row in range(0, scene.shape[0] - patch + 1, patch):
        for column in range(0, scene.shape[1] - patch + 1, patch):
            place = np.s_[..., row : row + patch, column : column + patch]
            scaled = scale_features({n: a[place] for n, a in arrays.items()}, model.card)
            for layer in scaled.values():
                layer[:, ~valid[place]] = 0.0
            yield {name: layer[None] for name, layer in scaled.items()}, valid[place]


def main(
    scenes: Annotated[int, typer.Option(help="Simulated scenes.")] = 4,
    model: Annotated[str, typer.Option(help="A model id or a folder.")] = "glavitu-small",
) -> None:
    """Print how the two precisions compare."""
    loaded, device = load_model(model), choose_device()
    networks = {
        kind: EagerNetwork(loaded.network, device.torch_device, kind)
        for kind in ("exact", "approximate")
    }
    seconds = dict.fromkeys(networks, 0.0)
    exact: list[FloatArray] = []
    approximate: list[FloatArray] = []
    number = 0
    for seed in range(FIRST_SEED, FIRST_SEED + scenes):
        for inputs, valid in windows_of(simulate_scene(seed=seed), loaded):
            number += 1
            for (kind, network), kept in zip(networks.items(), (exact, approximate), strict=True):
                started = time.perf_counter()
                kept.append(network.run(inputs, None, None)[0][valid])
                seconds[kind] += time.perf_counter() - started
    true, near = np.concatenate(exact), np.concatenate(approximate)
    changed = (true > 0.5) != (near > 0.5)
    close = np.abs(true - 0.5) < NEAR
    typer.echo(
        f"{device.description}; bfloat16 {'computed' if has_bfloat16(device) else 'imitated'}; "
        f"{model}, {scenes} simulated scenes, {number} windows, {true.size} pixels\n"
        f"classes changed            {changed.mean():.3%}\n"
        f"  within {NEAR} of a half     {changed[close].mean():.3%}, {close.mean():.2%} of pixels\n"
        f"  farther from it          {changed[~close].mean():.4%}\n"
        f"difference in probability  largest {np.abs(true - near).max():.3f}, "
        f"mean {np.abs(true - near).mean():.2e}\n"
        f"seconds a window           {seconds['exact'] / number:.3f} exact, "
        f"{seconds['approximate'] / number:.3f} approximate"
    )


if __name__ == "__main__":
    typer.run(main)
