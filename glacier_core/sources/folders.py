"""Scenes on disk: a folder of cloud-optimised GeoTIFFs and a scene.json."""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, get_args
from uuid import uuid4

import geopandas as gpd
from affine import Affine
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from rasterio.crs import CRS
from rasterio.errors import CRSError, RasterioError

from glacier_core.disk import FileState, file_sha256, file_state
from glacier_core.errors import GlacierError, SceneError, StorageError
from glacier_core.outlines.reading import read_outlines
from glacier_core.outlines.schema import empty_outlines
from glacier_core.outlines.writing import write_outlines
from glacier_core.scene import Scene, SceneAttributes, build_scene, scene_dataset
from glacier_core.settings import settings
from glacier_core.sources.scene_rasters import (
    RADAR,
    RasterName,
    lazy_raster,
    read_raster,
    write_raster,
)
from glacier_core.strips import is_large

FORMAT: Final = 1
"""Version of the layout; a folder of another version is refused with a sentence."""

_DESCRIPTION: Final = "scene.json"
_OUTLINES: Final = "expert_outlines.gpkg"
_REPLACED: Final = ".replaced-"
"""Between name and number of a folder that is being replaced; no id of a scene holds a dot."""


class _Description(BaseModel):
    """What scene.json holds."""

    model_config = ConfigDict(extra="forbid")

    format: int
    attributes: SceneAttributes
    crs: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]
    rasters: list[RasterName]
    outlines: int | None
    outlines_sha256: str | None
    fingerprint: str


def scene_folder(scene_id: str) -> Path:
    """Return the folder in which the scene of an id lives, whether or not it is there yet."""
    return settings().data_dir / "scenes" / scene_id


def keep_scene(scene: Scene) -> Path:
    """Write a scene where :func:`scene_folder` of its id says, and return that folder."""
    return write_scene(scene, scene_folder(scene.id))


def scene_state(scene_id: str) -> FileState | None:
    """Return what tells the scene kept under an id from any other that was or will be.

    Nothing is read; None where none is kept.
    """
    try:
        return file_state(scene_folder(scene_id) / _DESCRIPTION)
    except (OSError, ValueError):
        return None


def bring_back_scenes() -> None:
    """Put back what a killed process had moved away to replace it, and had not replaced yet."""
    home = settings().data_dir / "scenes"
    for moved in home.glob(f".*{_REPLACED}*"):
        folder = home / moved.name[1:].partition(_REPLACED)[0]
        try:
            moved.rename(folder)
        except FileNotFoundError:  # another process was faster
            continue
        except OSError:  # the new one is in its place
            shutil.rmtree(moved, ignore_errors=True)


def is_scene_folder(folder: Path) -> bool:
    """Return whether a folder looks like a scene."""
    return (folder / _DESCRIPTION).is_file()


def write_scene(scene: Scene, folder: str | Path) -> Path:
    """Write a scene into a folder, whole or not at all.

    The folder holds ``optical.tif`` (six described bands), ``elevation.tif``, ``slope.tif``,
    ``valid.tif`` and any optional feature as cloud-optimised GeoTIFFs, float32 with NaN for no
    data (``valid`` as 0 and 1, ``observed`` as YYYYMMDD), ``expert_outlines.gpkg`` where there
    are outlines, and ``scene.json``. QGIS opens every one of them.

    Parameters
    ----------
    scene : Scene
    folder : str or Path
        A scene already there is replaced; any other folder that holds something is refused.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    StorageError
        When the disk is full, the place cannot be written, or holds something else. Nothing
        half written is left behind, and what was there before stays.
    """
    folder = Path(folder)
    # Twice, as others put scenes in place by renaming: a look may fall upon one that is going.
    if _holds_something_else(folder) and _holds_something_else(folder):
        raise StorageError(
            f"{folder} already holds something that is no scene. Choose another folder."
        )
    beside = folder.with_name(f".{folder.name}-{uuid4().hex}")
    try:
        with _disk_troubles(folder):
            beside.mkdir(parents=True)
            _fill(beside, scene)
            _flush(beside)
            _exchange(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def read_scene(folder: str | Path) -> Scene:
    """Read a scene that :func:`write_scene` wrote, bit for bit.

    A scene with more pixels than ``settings().memory_pixels`` stays on disk: its pixels are read
    whenever they are asked for, and only ``valid`` is in memory.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    Scene

    Raises
    ------
    SceneError
        When the folder is no scene, or of a layout this version does not know.
    StorageError
        When a file is missing, damaged, or not what was written.
    """
    folder = Path(folder)
    described = _description(folder)
    if is_large(described.shape):
        scene = _laid_out(folder, described)
    else:
        layers: dict[str, NDArray[Any]] = {}
        for name in described.rasters:
            layers[name] = read_raster(folder / f"{name}.tif", described.shape)
        scene = _assemble(folder, described, layers)
    _check_fingerprint(scene, described, folder)
    return scene


def _check_fingerprint(scene: Scene, described: _Description, folder: Path) -> None:
    if scene.fingerprint() != described.fingerprint:
        raise StorageError(
            f"The rasters in {folder} are not the ones that were written: they are damaged, or "
            "another program changed them. Delete the folder and make the scene again."
        )


def read_attributes(folder: Path) -> SceneAttributes:
    """Return what a scene folder tells of itself, without reading a pixel.

    Raises
    ------
    SceneError, StorageError
        As :func:`read_scene`.
    """
    return _description(folder).attributes


def _holds_something_else(folder: Path) -> bool:
    """Tell whether a path holds anything but a scene."""
    try:
        names = {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        return True
    return bool(names) and _DESCRIPTION not in names


@contextmanager
def _disk_troubles(folder: Path) -> Iterator[None]:
    try:
        yield
    except StorageError as problem:
        raise StorageError(f"The scene could not be kept in {folder}: {problem}") from problem
    except OSError as problem:
        raise StorageError(
            f"The scene could not be written to {folder}: {problem}. Nothing was kept. "
            "Check the free space and the rights of that folder."
        ) from problem


def _fill(folder: Path, scene: Scene) -> None:
    names = [name for name in get_args(RasterName) if name in scene.data]
    for name in names:
        write_raster(folder / f"{name}.tif", scene, name)
    has_outlines = scene.outlines is not None and len(scene.outlines) > 0
    if has_outlines:
        write_outlines(scene.outlines, folder / _OUTLINES)
    described = _Description(
        format=FORMAT,
        attributes=scene.attributes,
        crs=scene.crs.to_wkt(),
        transform=tuple(scene.transform)[:6],
        shape=scene.shape,
        rasters=names,
        outlines=None if scene.outlines is None else len(scene.outlines),
        outlines_sha256=file_sha256(folder / _OUTLINES) if has_outlines else None,
        fingerprint=scene.fingerprint(),
    )
    if is_large(scene.shape):
        # Rasters that GDAL wrote itself: it may not have told that the disk was full.
        _check_fingerprint(_laid_out(folder, described), described, folder)
    text = described.model_dump_json(indent=2) + "\n"
    (folder / _DESCRIPTION).write_text(text, encoding="utf-8")


def _flush(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _exchange(new: Path, folder: Path) -> None:
    """Put the new folder in the old one's place; the old one goes only when the new one stands."""
    old = folder.with_name(f".{folder.name}{_REPLACED}{uuid4().hex}")
    while True:
        with suppress(FileNotFoundError):
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError as problem:
            if problem.errno in (errno.ENOTEMPTY, errno.EEXIST):
                # Somebody else put the same scene there in between: theirs goes aside next.
                shutil.rmtree(old, ignore_errors=True)
                continue
            if old.exists():
                old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)
        return


def _description(folder: Path) -> _Description:
    path = folder / _DESCRIPTION
    if not path.is_file():
        raise SceneError(
            f"{folder} is no scene: it holds no {_DESCRIPTION}. "
            "Make a scene from GeoTIFFs with scene_from_files and write_scene."
        )
    try:
        described = _Description.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as problem:
        raise StorageError(
            f"{path} is damaged and tells nothing about the scene. Make the scene again."
        ) from problem
    if described.format != FORMAT:
        raise SceneError(
            f"{folder} is laid out in format {described.format}; this version reads format "
            f"{FORMAT}. Make the scene again, or use the version that wrote it."
        )
    return described


def lay_out(
    folder: Path,
    names: Iterable[str],
    shape: tuple[int, int],
    attributes: SceneAttributes,
    transform: Affine,
    crs: CRS,
) -> Scene:
    """Put a scene without outlines together from rasters whose pixels stay on disk.

    Nothing is checked but their shape: the fingerprint of the scene tells whether it is whole.

    Raises
    ------
    StorageError
        When a raster is missing or damaged.
    """
    try:
        variables: dict[str, Any] = {
            name: lazy_raster(folder / f"{name}.tif", shape, name) for name in names
        }
        valid = variables["valid"].to_numpy().astype(bool)
        data = scene_dataset(variables | {"valid": (("y", "x"), valid)}, transform, crs)
    except (GlacierError, RasterioError, OSError, KeyError) as problem:
        raise StorageError(
            f"The scene in {folder} is damaged: {problem} Make the scene again."
        ) from problem
    return Scene(data, attributes, None)


def _laid_out(folder: Path, described: _Description) -> Scene:
    try:
        transform, crs = Affine(*described.transform), CRS.from_wkt(described.crs)
        outlines = _expert_outlines(folder, described)
    except (GlacierError, CRSError, OSError) as problem:
        raise StorageError(
            f"The scene in {folder} is damaged: {problem} Make the scene again."
        ) from problem
    place = (described.shape, described.attributes, transform, crs)
    return lay_out(folder, described.rasters, *place).with_outlines(outlines)


def _assemble(folder: Path, described: _Description, layers: dict[str, NDArray[Any]]) -> Scene:
    radar: dict[str, ArrayLike] = {name: layers[name] for name in RADAR if name in layers}
    try:
        return build_scene(
            layers["optical"],
            layers["elevation"][0],
            slope=layers["slope"][0],
            valid=layers["valid"][0],
            radar=radar,
            thermal=layers["thermal"][0] if "thermal" in layers else None,
            observed=layers["observed"][0] if "observed" in layers else None,
            transform=Affine(*described.transform),
            crs=CRS.from_wkt(described.crs),
            attributes=described.attributes,
            outlines=_expert_outlines(folder, described),
        )
    except (GlacierError, CRSError, KeyError) as problem:
        raise StorageError(
            f"The scene in {folder} is damaged: {problem} Make the scene again."
        ) from problem


def _expert_outlines(folder: Path, described: _Description) -> gpd.GeoDataFrame | None:
    if described.outlines is None:
        return None
    if described.outlines == 0:
        return empty_outlines(described.crs)
    path = folder / _OUTLINES
    if path.is_file() and file_sha256(path) != described.outlines_sha256:
        raise StorageError(f"{_OUTLINES} is not the file that was written.")
    return read_outlines(path)
