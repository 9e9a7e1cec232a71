"""A plan carried out: imagery, terrain and backscatter brought together as a kept scene."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.checks import check_imagery, check_kind
from glacier_core.archives.clouds import cloud_check
from glacier_core.archives.cost import estimate
from glacier_core.archives.describing import dates_of_pixels, describe
from glacier_core.archives.elevation import Terrain, read_elevation
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import Imagery, Radar, Why
from glacier_core.archives.landsat import read_landsat
from glacier_core.archives.medoid import clear_sky_composite, mosaic
from glacier_core.archives.plan import FetchPlan
from glacier_core.archives.sentinel1 import read_sentinel1
from glacier_core.archives.sentinel2 import read_sentinel2
from glacier_core.archives.steps import Steps
from glacier_core.errors import JobCancelled, SceneError, SourceError, StorageError
from glacier_core.network.transfer import IsCancelled, Report, never, unreported
from glacier_core.pace import keep_pace
from glacier_core.scene import ORBITS, FloatArray, Scene, build_scene
from glacier_core.sources.folders import keep_scene, read_scene, scene_folder

READERS: Final[Mapping[str, Callable[..., Imagery]]] = {
    "sentinel-2": read_sentinel2,
    "landsat": read_landsat,
}
"""What reads the optical archives, by the beginning of their names."""

_STRIP_BYTES: Final = 800_000_000
"""Memory for the images that one strip of a composite is made from."""

_BYTES_A_PIXEL: Final = 60
"""Of one image while it is read: six bands and their masks, heat, flags, and a copy."""


_IMAGE: Final = 7.0
_TERRAIN: Final = 1.0
_RADAR: Final = 2.0
"""What an image, the elevation and backscatter weigh in the progress: layers that are read."""


def fetch_scene(
    plan: FetchPlan, *, report: Report = unreported, cancelled: IsCancelled = never
) -> Scene:
    """Fetch what a plan says, bring it onto one grid, and keep it as a scene.

    What is fetched stays on disk piece by piece, so that a fetch that was stopped or killed goes
    on where it was; a plan that was carried out before is not fetched again.

    Parameters
    ----------
    plan : FetchPlan
    report, cancelled : callable, optional
        Told how far it is, and asked between two pieces.

    Returns
    -------
    Scene
        Kept under ``plan.scene_id``. Clouds, their shadows, defects and gaps are not valid, so
        that they stay unmapped. Of a composite of several days ``observed`` is the date of each
        pixel.

    Raises
    ------
    SourceError
        When something cannot be had or is not what it should be, it is more than the settings
        allow, nothing of the area is clear, or the imagery is surface reflectance and nobody
        insists on it (``plan.allow_surface``).
    StorageError
        When the disk refuses.
    JobCancelled
        When somebody stopped it.
    """
    check_kind(plan.scenes, allow_surface=plan.allow_surface)
    kept = find_fetched(plan)
    if kept is not None:
        return kept
    fetch = _Fetch(plan, report, cancelled)
    started = time.monotonic()
    scene = fetch.scene()
    fetch.stop_if_cancelled()
    keep_scene(scene)
    keep_pace("fetching", fetch.steps.fetched, time.monotonic() - started)
    return scene


def find_fetched(plan: FetchPlan) -> Scene | None:
    """Return the scene of a plan carried out before; None if it is not here, or damaged."""
    with suppress(SceneError, StorageError):
        return read_scene(scene_folder(plan.scene_id))
    return None


@dataclass(frozen=True, eq=False)
class _Optical:
    """Imagery of the whole grid, and which image each pixel is from."""

    imagery: Imagery
    image_index: NDArray[np.uint8] | None


class _Fetch:
    """One plan while it is carried out."""

    def __init__(self, plan: FetchPlan, report: Report, cancelled: IsCancelled) -> None:
        self._plan, self._grid, self._cancelled = plan, plan.grid, cancelled
        self._strips = list(_strips(self._grid, len(plan.scenes)))
        images = _IMAGE * len(plan.scenes) * len(self._strips)
        weight = images + _TERRAIN + _RADAR * len(plan.radar)
        self.steps = Steps(weight, estimate(plan).bytes, report)

    def scene(self) -> Scene:
        """Fetch all parts and put them together."""
        optical = self._optical()
        imagery = optical.imagery
        self._check_clear(imagery)
        terrain = self._terrain()
        radar, radar_notes, radar_facts = self._radar(terrain.elevation)
        return build_scene(
            imagery.optical,
            terrain.elevation,
            slope=terrain.slope,
            valid=imagery.why == Why.CLEAR,
            thermal=_if_any(imagery.thermal),
            radar=radar,
            observed=dates_of_pixels(self._plan, optical.image_index),
            transform=self._grid.transform,
            crs=self._grid.crs,
            attributes=describe(
                self._plan,
                imagery.why,
                optical.image_index,
                [*imagery.notes, *terrain.notes, *radar_notes],
                {**imagery.facts, **terrain.facts, **radar_facts},
            ),
        )

    def stop_if_cancelled(self) -> None:
        """Raise JobCancelled where somebody asked for it."""
        if self._cancelled():
            raise JobCancelled(
                "The fetch was stopped before all of it was here. What was fetched is kept, so "
                "that it can go on from there."
            )

    def _optical(self) -> _Optical:
        strips = [self._strip(grid) for grid in self._strips]
        if len(strips) == 1:
            return strips[0]
        imagery = _stacked([strip.imagery for strip in strips])
        indices = [strip.image_index for strip in strips if strip.image_index is not None]
        return _Optical(imagery, np.concatenate(indices) if indices else None)

    def _strip(self, grid: AreaGrid) -> _Optical:
        images = [self._image(found, grid) for found in self._plan.scenes]
        if len(images) == 1:
            return _Optical(images[0], None)
        return _Optical(*(clear_sky_composite if self._plan.composite else mosaic)(images))

    def _image(self, found: FoundScene, grid: AreaGrid) -> Imagery:
        self.stop_if_cancelled()
        reader = next(
            (each for name, each in READERS.items() if found.archive.startswith(name)), None
        )
        if reader is None:
            raise SourceError(
                f"{found.id} of {found.archive} is no optical scene. Choose one of Sentinel-2 or "
                "Landsat; backscatter goes with it as radar."
            )
        with self.steps.part(_reading(found), _IMAGE) as report:
            imagery = reader(found, grid, report=report, cancelled=self._cancelled)
        imagery = _with_cloud_check(imagery, found)
        oddities = check_imagery(imagery, found.id, found.reflectance)
        return replace(imagery, notes=(*imagery.notes, *oddities))

    def _terrain(self) -> Terrain:
        self.stop_if_cancelled()
        with self.steps.part("Reading elevation", _TERRAIN) as report:
            return read_elevation(self._grid, report=report, cancelled=self._cancelled)

    def _radar(self, elevation: FloatArray) -> tuple[dict[str, Any], list[str], dict[str, str]]:
        """Return the features of both orbits, and what must be known of them."""
        read = [self._backscatter(found, elevation) for found in self._plan.radar]
        notes = [f"Radar, {radar.orbit}: {note}" for radar in read for note in radar.notes]
        facts = {
            f"radar {number}: {name}": fact
            for number, radar in enumerate(read, start=1)
            for name, fact in {"quantity": radar.quantity, **radar.facts}.items()
        }
        return _radar_features(read, self._grid), notes, facts

    def _backscatter(self, found: FoundScene, elevation: FloatArray) -> Radar:
        self.stop_if_cancelled()
        with self.steps.part(_reading(found), _RADAR) as report:
            return read_sentinel1(
                found, self._grid, elevation=elevation, report=report, cancelled=self._cancelled
            )

    def _check_clear(self, imagery: Imagery) -> None:
        if (imagery.why == Why.CLEAR).any():
            return
        reasons = {
            reason.name.lower().replace("_", " "): float((imagery.why == reason).mean())
            for reason in Why
        }
        told = ", ".join(f"{name} {share:.0%}" for name, share in reasons.items() if share)
        raise SourceError(
            f"Nothing of the area is clear in {', '.join(each.id for each in self._plan.scenes)} "
            f"({told}), so there is nothing to map. Choose another date, or a composite of several."
        )


def _reading(found: FoundScene) -> str:
    return f"Reading {found.sensor} of {found.acquired:%Y-%m-%d}"


def _strips(grid: AreaGrid, images: int) -> Iterator[AreaGrid]:
    """Cut a grid into strips so low that all images of one of them fit into memory."""
    rows, columns = grid.shape
    height = max(1, _STRIP_BYTES // (columns * images * _BYTES_A_PIXEL))
    for top in range(0, rows, height):
        corner = grid.transform @ Affine.translation(0, top)
        yield AreaGrid(grid.crs, corner, (min(height, rows - top), columns))


def _stacked(strips: list[Imagery]) -> Imagery:
    """Join strips, the northernmost first; what they tell of themselves is told once."""
    facts: dict[str, list[str]] = {}
    for strip in strips:
        for name, fact in strip.facts.items():
            facts.setdefault(name, []).append(fact)
    heats = [strip.thermal for strip in strips if strip.thermal is not None]
    return Imagery(
        np.concatenate([strip.optical for strip in strips], axis=1),
        np.concatenate([strip.why for strip in strips]),
        np.concatenate(heats) if len(heats) == len(strips) else None,
        {name: " | ".join(dict.fromkeys(told)) for name, told in facts.items()},
        tuple(dict.fromkeys(note for strip in strips for note in strip.notes)),
    )


def _with_cloud_check(imagery: Imagery, found: FoundScene) -> Imagery:
    """Look for clouds in the pixels where the archive has no mask of them."""
    if imagery.facts.get("cloud mask") != "none":
        return imagery
    clouds = cloud_check(imagery.optical) & (imagery.why == Why.CLEAR)
    why = np.where(clouds, np.uint8(Why.CLOUD), imagery.why)
    note = (
        f"The archive has no cloud mask of {found.id}: a cautious rule on the pixels takes "
        f"{100 * clouds.mean():.1f} % for thick cloud; thin cloud and shadows it does not find."
    )
    return replace(imagery, why=why, notes=(*imagery.notes, note))


def _if_any(layer: FloatArray | None) -> FloatArray | None:
    return layer if layer is not None and np.isfinite(layer).any() else None


def _radar_features(read: list[Radar], grid: AreaGrid) -> dict[str, Any]:
    """Return both polarisations, (orbit, rows, columns); the first of an orbit goes on top."""
    features = {}
    for name, of in (("co_pol_sar", "co_pol"), ("cross_pol_sar", "cross_pol")):
        layers = np.full((len(ORBITS), *grid.shape), np.nan, dtype=np.float32)
        for radar in read:
            layer = layers[ORBITS.index(radar.orbit)]
            np.copyto(layer, getattr(radar, of), where=np.isnan(layer))
        if np.isfinite(layers).any():
            features[name] = layers
    return features
