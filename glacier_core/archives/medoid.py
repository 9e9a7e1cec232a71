"""Several images of one season made into one, and the date of each of its pixels."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from glacier_core.archives.imagery import Imagery, Why
from glacier_core.errors import SourceError
from glacier_core.scene import FloatArray

NO_IMAGE: Final = 255
"""Index of a pixel that no image saw clearly."""

Index = NDArray[np.uint8]

_BLOCK_PIXELS: Final = 50_000
"""Pixels that are compared at once; it bounds memory."""


def clear_sky_composite(images: Sequence[Imagery]) -> tuple[Imagery, Index]:
    """Take each pixel from the image that is most like all others that saw it clearly.

    The medoid is the observation with the least sum of Euclidean distances, over the six bands,
    to all other clear ones. It is one of them, so its bands belong together and it has a date;
    of several alike (and so of only two) the one that comes first is taken.

    Parameters
    ----------
    images : sequence of Imagery
        All on one grid, the best first, 255 at most.

    Returns
    -------
    composite : Imagery
        Where no image is clear, the first that has data is shown, and ``why`` tells what hides
        the ground there.
    image_index : ndarray of uint8, (rows, columns)
        Index of the image each pixel is from; :data:`NO_IMAGE` where none is clear.

    Raises
    ------
    SourceError
        When there is no image, too many, or they do not fit together.

    References
    ----------
    Flood (2013), Seasonal composite Landsat TM/ETM+ images using the medoid (a multi-dimensional
    median), Remote Sensing 5(12).
    """
    return _put_together(images, medoid_index)


def mosaic(images: Sequence[Imagery]) -> tuple[Imagery, Index]:
    """Take each pixel from the first image that saw it clearly.

    Parameters, results and errors are those of :func:`clear_sky_composite`; images of neighbouring
    tiles become one so, and nothing is chosen by its values.
    """
    return _put_together(images, first_index)


def medoid_index(optical: FloatArray, clear: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return which observation of each pixel is the medoid of the clear ones.

    Parameters
    ----------
    optical : ndarray of float32, (images, bands, pixels)
    clear : ndarray of bool, (images, pixels)
        The bands of clear observations are finite.

    Returns
    -------
    ndarray of uint8, (pixels,)
        :data:`NO_IMAGE` where there is no clear one.
    """
    count = len(optical)
    known = np.where(clear[:, None], optical, 0).astype(np.float64)
    totals = np.zeros(clear.shape)
    for one in range(count):
        for other in range(one + 1, count):
            apart = np.sqrt(np.square(known[one] - known[other]).sum(axis=0))
            apart[~(clear[one] & clear[other])] = 0
            totals[one] += apart
            totals[other] += apart
    totals[~clear] = np.inf
    return np.where(clear.any(axis=0), totals.argmin(axis=0), NO_IMAGE).astype(np.uint8)


def first_index(optical: FloatArray, clear: NDArray[np.bool_]) -> NDArray[np.uint8]:  # noqa: ARG001
    """Return which observation of each pixel is the first clear one; see `medoid_index`."""
    return np.where(clear.any(axis=0), clear.argmax(axis=0), NO_IMAGE).astype(np.uint8)


_Choice = Callable[[FloatArray, NDArray[np.bool_]], Index]


def _put_together(images: Sequence[Imagery], choose: _Choice) -> tuple[Imagery, Index]:
    rows, columns = _common_shape(images)
    optical = np.empty((6, rows, columns), dtype=np.float32)
    why = np.empty((rows, columns), dtype=np.uint8)
    thermal = None if all(image.thermal is None for image in images) else np.empty_like(optical[0])
    index = np.empty((rows, columns), dtype=np.uint8)
    step = max(1, _BLOCK_PIXELS // columns)
    for top in range(0, rows, step):
        block = slice(top, top + step)
        seen = np.stack([image.optical[:, block].reshape(6, -1) for image in images])
        reasons = np.stack([_reasons(image, block) for image in images])
        chosen = choose(seen, reasons == Why.CLEAR)
        shown = np.where(chosen == NO_IMAGE, _first_with_data(reasons), chosen)[None]
        flat = (-1, columns)
        index[block] = chosen.reshape(flat)
        why[block] = np.take_along_axis(reasons, shown, axis=0).reshape(flat)
        optical[:, block] = np.take_along_axis(seen, shown[:, None], axis=0).reshape(
            6, *why[block].shape
        )
        if thermal is not None:
            heat = np.stack([_heat(image, block) for image in images])
            thermal[block] = np.take_along_axis(heat, shown, axis=0).reshape(flat)
    return Imagery(optical, why, thermal, _facts(images), _notes(images)), index


def _common_shape(images: Sequence[Imagery]) -> tuple[int, int]:
    if not 0 < len(images) <= NO_IMAGE:
        raise SourceError(f"{len(images)} images cannot be put together: give 1 to {NO_IMAGE}.")
    shapes = {image.optical.shape for image in images}
    if len(shapes) > 1:
        raise SourceError(
            f"The images have shapes {sorted(shapes)}; only images on one grid can be put together."
        )
    _, rows, columns = shapes.pop()
    return rows, columns


def _reasons(image: Imagery, block: slice) -> NDArray[np.uint8]:
    """Return why pixels are not mapped, no data wherever a band has none."""
    gaps = ~np.isfinite(image.optical[:, block]).all(axis=0)
    reasons: NDArray[np.uint8] = np.where(gaps, np.uint8(Why.NO_DATA), image.why[block])
    return reasons.reshape(-1)


def _first_with_data(reasons: NDArray[np.uint8]) -> NDArray[np.uint8]:
    first: Index = np.argmax(reasons != Why.NO_DATA, axis=0).astype(np.uint8)
    return first


def _heat(image: Imagery, block: slice) -> FloatArray:
    if image.thermal is not None:
        return image.thermal[block].ravel()
    return np.full(image.why[block].size, np.nan, dtype=np.float32)


def _facts(images: Sequence[Imagery]) -> dict[str, str]:
    return {
        f"image {number}: {name}": fact
        for number, image in enumerate(images, start=1)
        for name, fact in image.facts.items()
    }


def _notes(images: Sequence[Imagery]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for image in images for note in image.notes))
