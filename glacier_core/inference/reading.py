"""Windows of a scene, scaled as a network takes them, read while it still works on others."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from glacier_core.inference.compatibility import filled
from glacier_core.inference.request import Request
from glacier_core.inference.tiling import Window
from glacier_core.models.inputs import scale_features

FloatArray = NDArray[np.float32]
Inputs = dict[str, FloatArray]


def read_batch(request: Request, batch: Sequence[Window]) -> Inputs:
    """Scale the features of some windows.

    Invalid pixels and pixels beyond the scene become zeros, which networks know as missing.

    Returns
    -------
    dict of float32 arrays (N, C, patch, patch)

    Raises
    ------
    ModelError
        If the scene cannot be taken in the authors' way.
    """
    patches = [_patch(request, window) for window in batch]
    return {name: np.stack([patch[name] for patch in patches]) for name in patches[0]}


@contextmanager
def reading_ahead(
    request: Request, batches: Sequence[Sequence[Window]]
) -> Iterator[Iterator[Inputs]]:
    """Give the inputs of batches in turn; the next is read while the last is worked on."""
    with ThreadPoolExecutor(1, thread_name_prefix="glacier-reading") as reader:

        def inputs() -> Iterator[Inputs]:
            ahead = [reader.submit(read_batch, request, batch) for batch in batches[:1]]
            for following in [*batches[1:], None]:
                read = ahead.pop().result()
                if following is not None:
                    ahead.append(reader.submit(read_batch, request, following))
                yield read

        yield inputs() if batches else iter(())


def _patch(request: Request, window: Window) -> Inputs:
    scene = request.scene
    rows, columns = window.inside(scene.shape)
    within = window.within_patch(scene.shape)
    needed = {"elevation", "slope", *request.model.card.inputs}
    arrays = {
        str(name): layer.isel(y=rows, x=columns).to_numpy()
        for name, layer in scene.data.data_vars.items()
        if name in needed
    }
    as_authors = request.method.compatibility == "authors"
    if as_authors:
        arrays = filled(arrays)
    patch: Inputs = {}
    for name, scaled in scale_features(arrays, request.model.card).items():
        if not as_authors:
            scaled[:, ~scene.valid[rows, columns]] = 0.0
        patch[name] = np.zeros((len(scaled), window.size, window.size), np.float32)
        patch[name][:, *within] = scaled
    return patch
