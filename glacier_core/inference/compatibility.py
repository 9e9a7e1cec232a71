"""The way the authors' own programs map a scene, quirks included, to repeat published maps.

Maslov et al. (2025, Nature Communications 16:43). Where ours differs on purpose: no-data is left
unmapped, windows lie on a fixed grid and are not padded, and coordinates are radians.
"""

import numpy as np
from numpy.typing import NDArray

from glacier_core.errors import ModelError
from glacier_core.inference.tiling import Window, check_stride

FloatArray = NDArray[np.float32]


def padded_length(length: int, patch: int) -> int:
    """Length of a raster's side after padding: at least one pixel more, in whole patches."""
    return patch * (length // patch + 1)


def authors_windows(shape: tuple[int, int], patch: int, stride: int) -> list[Window]:
    """Lay windows over a raster padded to whole patches, the raster in the middle.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the raster.
    patch, stride : int
        Pixels.

    Returns
    -------
    list of Window
        Row by row; those that touch only padding are left out, as they change no pixel.

    Raises
    ------
    ModelError
        If the stride would leave gaps.
    """
    check_stride(stride, patch)
    rows, columns = (_starts(length, patch, stride) for length in shape)
    return [Window(row, column, patch) for row in rows for column in columns]


def _starts(length: int, patch: int, stride: int) -> list[int]:
    padded = padded_length(length, patch)
    before = (padded - length) // 2
    if (padded - patch) % stride:
        raise ModelError(
            f"The authors' way of mapping leaves gaps with a stride of {stride} pixels, as "
            f"{padded - patch} pixels of the padded scene are no multiple of it. Take {patch // 2} "
            "as they did, or map in our own way."
        )
    starts = range(-before, padded - patch - before + 1, stride)
    return [start for start in starts if start < length and start + patch > 0]


def filled(arrays: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Fill missing reflectance with 0, before scaling.

    Raises
    ------
    ModelError
        If another feature is missing anywhere: the authors' programs answer such a scene with
        no numbers at all.
    """
    for name, values in arrays.items():
        if name != "optical" and not np.isfinite(values).all():
            raise ModelError(
                f"The {name} has pixels without data, which the authors' way of mapping cannot "
                "take. Fill them first, or map in our own way, which leaves them unmapped."
            )
    return arrays | {"optical": np.nan_to_num(arrays["optical"], posinf=0.0, neginf=0.0)}


def authors_coordinates(longitude: float, latitude: float) -> FloatArray:
    """Location vector [sin lat, cos lat, sin lon, cos lon] with degrees taken for radians.

    The authors' deployment does this; their training took radians.
    """
    return np.array(
        [np.sin(latitude), np.cos(latitude), np.sin(longitude), np.cos(longitude)], np.float32
    )
