"""Which windows of a scene the network must look at, and which can hold no glacier."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glacier_core.inference.compatibility import authors_windows
from glacier_core.inference.request import Request
from glacier_core.inference.tiling import Window, grid_corner, windows
from glacier_core.scene import BANDS, Scene

SEA_NIR = 0.1
"""Highest near-infrared reflectance of open water seen from above the atmosphere: pure water
reflects next to nothing there, and haze and glint add a few hundredths. Sea ice reflects more."""

NOTE_SKIPPED = (
    "{share:.0%} of the pixels with data were counted as no glacier without a look by the network, "
    "as {why}."
)


@dataclass(frozen=True)
class Plan:
    """Windows in the order of work, and why others were left out.

    Attributes
    ----------
    windows : tuple of Window
        Row by row.
    sea, low : int
        Windows left out as open sea, and as lower than any glacier.
    """

    windows: tuple[Window, ...]
    sea: int = 0
    low: int = 0

    def batches(self, size: int) -> list[tuple[Window, ...]]:
        """Cut the windows into batches of one size, the last maybe smaller.

        The same windows always come together, as a network's answer for one window may differ in
        the last bits with the number of its companions.
        """
        return [self.windows[at : at + size] for at in range(0, len(self.windows), size)]

    def why_skipped(self) -> str:
        """Say why windows were left out, empty where none were."""
        sea = "they are open sea (at 0 m, and dark)" if self.sea else ""
        low = "they lie below every glacier of the region, as asked" if self.low else ""
        return " or ".join(reason for reason in (sea, low) if reason)


def plan_windows(request: Request) -> Plan:
    """Lay windows over a scene, and leave out those that cannot hold a glacier.

    Windows without any data are left out; so is open sea, and what lies below
    ``request.method.lowest_ice`` metres, where that is given. In the authors' way none is left out.
    """
    scene, patch, method = request.scene, request.model.card.patch_size, request.method
    if method.compatibility == "authors":
        return Plan(tuple(authors_windows(scene.shape, patch, method.stride)))
    corner = grid_corner(scene.transform)
    kept: list[Window] = []
    sea = low = 0
    for window in windows(scene.shape, patch, method.stride, corner):
        inside = window.inside(scene.shape)
        valid = scene.valid[inside]
        if not valid.any():
            continue
        elevation = _cut(scene, "elevation", window)
        if not elevation[valid].any() and _is_dark(scene, window, valid):
            sea += 1
        elif method.lowest_ice is not None and elevation[valid].max() < method.lowest_ice:
            low += 1
        else:
            kept.append(window)
    return Plan(tuple(kept), sea, low)


def _is_dark(scene: Scene, window: Window, valid: NDArray[np.bool_]) -> bool:
    rows, columns = window.inside(scene.shape)
    nir = scene.data["optical"].isel(band=BANDS.index("nir"), y=rows, x=columns).to_numpy()
    return bool(nir[valid].max() <= SEA_NIR)


def _cut(scene: Scene, name: str, window: Window) -> NDArray[np.float32]:
    rows, columns = window.inside(scene.shape)
    return scene.data[name].isel(y=rows, x=columns).to_numpy()
