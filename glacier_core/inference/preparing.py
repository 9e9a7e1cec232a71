"""Making a model ready on this machine before there is anything to map."""

from collections.abc import Callable

import numpy as np

from glacier_core.inference.device import choose_device
from glacier_core.inference.runner import Runner
from glacier_core.models.inputs import FEATURE_CHANNELS
from glacier_core.models.registry import Model
from glacier_core.settings import settings


def prepare_model(model: Model, tell: Callable[[str], None]) -> None:
    """Time the runtimes for a model, and keep what they compiled, so that the first map is quick.

    Parameters
    ----------
    model : Model
    tell : callable
        Receives sentences: which processor maps, and how fast each runtime is on it.
    """
    device = choose_device("auto")
    tell(device.sentence)
    if device.is_gpu:
        tell("There is one runtime for a GPU, so there is nothing to choose.")
        return
    if settings().runtime != "auto":
        tell(f"GLACIER_RUNTIME asks for {settings().runtime}, so there is nothing to choose.")
        return
    size, config = model.card.patch_size, model.network.config
    number = settings().batch_size
    # How long a window takes does not depend on what is in it.
    slope = np.linspace(0.1, 0.4, size, dtype=np.float32)
    windows = {
        name: np.broadcast_to(slope, (number, FEATURE_CHANNELS[name], size, size)).copy()
        for name in model.card.inputs
    }
    location = np.zeros(config.location_length, np.float32) if config.location else None
    Runner(model.network, location, device, number, tell).time_runtimes(windows)
