"""A glacier map: what the network made of a scene, and what it made it from."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import geopandas as gpd
import numpy as np
import rioxarray  # noqa: F401  (registers the .rio accessor)
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from pydantic import ValidationError
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from scipy import ndimage

from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.disk import disk_errors, write_file
from glacier_core.errors import StorageError
from glacier_core.grid import AREA_BLOCK, pixel_areas
from glacier_core.inference.rasters import (
    by_rows,
    lazy_layer,
    read_layer,
    write_layer,
)
from glacier_core.outlines.polygonizing import polygonize
from glacier_core.outlines.writing import write_outlines
from glacier_core.scene import SceneAttributes
from glacier_core.strips import is_large, strips_of

PROVENANCE = "provenance.json"
OUTLINES = "outlines.parquet"
LAYERS = ("probability", "confidence", "glacier", "unmapped")
NO_CLASS = 255  # in glacier.tif, where nothing was mapped
GLACIER_COLOURS = {0: (0, 0, 0, 0), 1: (213, 94, 0, 255), NO_CLASS: (0, 0, 0, 0)}
UNMAPPED_COLOURS = {0: (0, 0, 0, 0), 1: (95, 95, 95, 255)}


@dataclass(frozen=True, eq=False)
class GlacierMap:
    """What the network made of a scene.

    Attributes
    ----------
    data : xarray.Dataset
        Carried by rioxarray, on the grid of the scene; all (y, x). ``probability`` float32 of
        glacier, NaN where unmapped; ``confidence`` float32, the calibrated chance that the class
        is right, NaN where unmapped; ``glacier`` bool, False where unmapped; ``unmapped`` bool,
        True where the scene has no data.
    attributes : SceneAttributes
        Of the scene.
    provenance : dict
        Scene, model, options, processor, time, software and notes, as JSON can hold them.
    key : str
        SHA-256 of all that decided the result.
    folder : Path or None
        Where the map lies on disk, if it does.
    read_from : Path or None
        Of a map with more pixels than ``settings().memory_pixels``: the folder that
        ``probability`` and ``confidence`` are read from whenever they are asked for.
    """

    data: xr.Dataset
    attributes: SceneAttributes
    provenance: dict[str, Any]
    key: str
    folder: Path | None = None
    read_from: Path | None = None

    @property
    def probability(self) -> xr.DataArray:
        """Probability of glacier, NaN where unmapped."""
        return self.data["probability"]

    @property
    def confidence(self) -> xr.DataArray:
        """Calibrated chance that the class is right, NaN where unmapped."""
        return self.data["confidence"]

    @property
    def raw_confidence(self) -> xr.DataArray:
        """One minus the entropy of the probability, before calibration."""
        raw = by_rows(entropy_confidence, self.probability, np.float32)
        return self.probability.copy(data=raw)

    @property
    def glacier(self) -> xr.DataArray:
        """Where the probability of glacier is above a half, smoothed where that was asked for."""
        return self.data["glacier"]

    @property
    def unmapped(self) -> xr.DataArray:
        """Where the scene has no data, so that nothing can be said."""
        return self.data["unmapped"]

    @property
    def crs(self) -> CRS:
        """Projected, metric coordinate system of the grid."""
        return self.data.rio.crs

    @property
    def transform(self) -> Affine:
        """Affine transform from pixel corners to coordinates, in metres."""
        return Affine.from_gdal(*map(float, self.data.spatial_ref.attrs["GeoTransform"].split()))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.data.sizes["y"], self.data.sizes["x"]

    @property
    def resolution(self) -> float:
        """Side of a pixel, in metres of the coordinate system."""
        return float(self.transform.a)

    @property
    def scene_id(self) -> str:
        """Short name of the scene."""
        return self.attributes.id

    @property
    def title(self) -> str:
        """What people read of the scene."""
        return self.attributes.title

    @property
    def simulated(self) -> bool:
        """Whether the scene was simulated rather than observed."""
        return self.attributes.simulated

    @property
    def model_name(self) -> str:
        """Name of the model."""
        return str(self.provenance["model"]["name"])

    @property
    def notes(self) -> list[str]:
        """What a reader of this map must know, a sentence each."""
        return list(self.provenance["notes"])

    def outlines(self, min_area_km2: float = 0.01) -> gpd.GeoDataFrame:
        """Return the outlines of the mapped ice, in the one schema, the largest first.

        Parameters
        ----------
        min_area_km2 : float
            Smaller patches of ice are left out.

        Returns
        -------
        geopandas.GeoDataFrame
            Ids ``predicted-0001``, ``predicted-0002`` and so on; the source is the model, and
            says whether the scene is simulated; the date is that of the imagery.
        """
        acquired = self.attributes.acquired
        return polygonize(
            self.glacier.to_numpy(),
            self.transform,
            self.crs,
            min_area_km2=min_area_km2,
            id_prefix="predicted",
            source=self.model_name + (", simulated scene" if self.simulated else ""),
            date="" if acquired is None else acquired.isoformat(),
        )

    def area_km2(self) -> float:
        """Area of all mapped ice on the ellipsoid, in km².

        Every glacier pixel counts, however small its patch, with its true area
        (`grid.pixel_areas`).
        """
        return self._area_km2

    @cached_property
    def _area_km2(self) -> float:
        counts = _block_sums(self.glacier.to_numpy())
        return float(np.sum(counts * pixel_areas(self.transform, self.shape, self.crs))) / 1e6

    @cached_property
    def mean_confidence(self) -> float:
        """Mean of the confidence of all mapped pixels, NaN where there is none."""
        total, mapped = 0.0, self.unmapped.size - int(self.unmapped.sum())
        for first, end in strips_of(self.shape[0]):
            rows = self.confidence.isel(y=slice(first, end)).to_numpy()
            total += float(np.nansum(rows, dtype=np.float64))
        return total / mapped if mapped else float("nan")

    def save(self, folder: str | Path) -> Path:
        """Write the map into a folder that QGIS and `open_map` read.

        ``probability.tif``, ``confidence.tif``, ``glacier.tif`` (1 glacier, 0 none, 255 unmapped)
        and ``unmapped.tif`` are cloud-optimised GeoTIFFs; ``outlines.parquet`` is GeoParquet;
        ``provenance.json`` says what the map was made from.

        Returns
        -------
        Path
            The folder, made if need be.

        Raises
        ------
        StorageError
            If the disk refuses.
        """
        folder = Path(folder)
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._write_layers(folder)
        write_outlines(self.outlines(), folder / OUTLINES)
        content = json.dumps(self.provenance, indent=1, ensure_ascii=False)
        write_file(folder / PROVENANCE, content.encode())
        return folder

    def _write_layers(self, folder: Path) -> None:
        unmapped = self.unmapped.to_numpy()
        glacier = self.glacier.to_numpy().astype(np.uint8)
        glacier[unmapped] = NO_CLASS
        place: dict[str, Any] = {
            "transform": self.transform,
            "crs": self.crs,
            "tags": map_tags(self.attributes, self.model_name, self.key),
        }
        for name in ("probability", "confidence"):
            self._write_measured(name, folder / f"{name}.tif", place)
        write_layer(
            folder / "glacier.tif", glacier, nodata=NO_CLASS, colours=GLACIER_COLOURS, **place
        )
        write_layer(
            folder / "unmapped.tif",
            unmapped.astype(np.uint8),
            nodata=None,
            colours=UNMAPPED_COLOURS,
            **place,
        )

    def _write_measured(self, name: str, path: Path, place: dict[str, Any]) -> None:
        if self.read_from is None:
            write_layer(path, self.data[name].to_numpy(), nodata=float("nan"), **place)
        elif self.read_from != path.parent:
            with disk_errors(path):
                shutil.copyfile(self.read_from / path.name, path)

    def with_note(self, note: str) -> Self:
        """Return the same map with one more note in its provenance."""
        provenance = self.provenance | {"notes": [*self.provenance["notes"], note]}
        return replace(self, provenance=provenance)


def map_tags(attributes: SceneAttributes, model_name: str, key: str) -> dict[str, str]:
    """Return what the rasters of a map say of themselves."""
    tags = {
        "SCENE": attributes.title,
        "SCENE_ID": attributes.id,
        "MODEL": model_name,
        "KEY": key,
    }
    if attributes.simulated:
        tags["SIMULATED"] = "The scene was simulated, not observed."
    return tags


def make_map(
    probability: NDArray[np.float32] | xr.DataArray,
    confidence: NDArray[np.float32] | xr.DataArray,
    *,
    transform: Affine,
    crs: CRS,
    provenance: dict[str, Any],
) -> GlacierMap:
    """Put a map together; whatever has no probability is unmapped.

    Parameters
    ----------
    probability, confidence : ndarray of float32 or lazy DataArray, (rows, columns)
        NaN where unmapped.
    transform : affine.Affine
    crs : rasterio.crs.CRS
    provenance : dict
        With ``key``, ``scene`` (its ``attributes`` among it), ``model`` and ``notes``; where the
        classes are smoothed, ``options`` say by how much.
    """
    measured = {
        name: layer if isinstance(layer, xr.DataArray) else _frozen(layer)
        for name, layer in (("probability", probability), ("confidence", confidence))
    }
    unmapped = by_rows(np.isnan, measured["probability"], bool)
    glacier = by_rows(lambda rows: rows > 0.5, measured["probability"], bool)
    if smoothing := provenance.get("options", {}).get("smoothing", 0):
        glacier = ndimage.median_filter(glacier, smoothing, mode="nearest") & ~unmapped
    layers = measured | {"glacier": _frozen(glacier), "unmapped": _frozen(unmapped)}
    rows, columns = probability.shape
    data = xr.Dataset(
        layers,
        coords={
            "y": transform.f + (np.arange(rows) + 0.5) * transform.e,
            "x": transform.c + (np.arange(columns) + 0.5) * transform.a,
        },
    )
    # In place, as a copy would double the memory and could be written to.
    data.rio.write_crs(crs, inplace=True).rio.write_transform(transform, inplace=True)
    return GlacierMap(
        data,
        SceneAttributes.model_validate_json(json.dumps(provenance["scene"]["attributes"])),
        provenance,
        str(provenance["key"]),
    )


def _frozen(layer: NDArray[Any]) -> xr.DataArray:
    layer.setflags(write=False)
    return xr.DataArray(layer, dims=("y", "x"))


def open_map(folder: str | Path) -> GlacierMap:
    """Open a map that `GlacierMap.save` wrote.

    Raises
    ------
    StorageError
        If the folder holds no map, or a damaged one.
    """
    folder = Path(folder)
    try:
        provenance = json.loads((folder / PROVENANCE).read_bytes())
        _check_provenance(provenance)
        layers, transform, crs = _read_layers(folder)
        found = make_map(
            layers["probability"],
            layers["confidence"],
            transform=transform,
            crs=crs,
            provenance=provenance,
        )
        _check_belonging(found, layers)
    except (
        *(OSError, ValueError, KeyError, TypeError),
        *(RasterioError, ValidationError, StorageError),
    ) as error:
        raise StorageError(
            f"{folder} holds no whole glacier map ({error}). Map the scene again."
        ) from error
    lazy = isinstance(layers["probability"], xr.DataArray)
    return replace(found, folder=folder, read_from=folder if lazy else None)


def _check_provenance(provenance: dict[str, Any]) -> None:
    absent = {"key", "scene", "model", "notes"} - set(provenance)
    if absent:
        raise StorageError(f"its provenance lacks {', '.join(sorted(absent))}")


def _read_layers(
    folder: Path,
) -> tuple[dict[str, NDArray[Any] | xr.DataArray], Affine, CRS]:
    """Read the layers; of a large map probability and confidence only when they are asked for."""
    paths = {name: folder / f"{name}.tif" for name in LAYERS}
    glacier, transform, crs = read_layer(paths["glacier"])
    large = is_large(glacier.shape)
    layers: dict[str, NDArray[Any] | xr.DataArray] = {"glacier": glacier}
    grids = {(glacier.shape, transform)}
    for name in ("probability", "confidence", "unmapped"):
        read = lazy_layer if large and name != "unmapped" else read_layer
        layers[name], grid, _ = read(paths[name])
        grids.add((layers[name].shape, grid))
    if len(grids) > 1:
        raise StorageError("its layers lie on different grids")
    return layers, transform, crs


def _check_belonging(found: GlacierMap, layers: Mapping[str, NDArray[Any] | xr.DataArray]) -> None:
    """Raise StorageError unless classes and gaps follow from the probability, as they must."""
    gaps = by_rows(np.isnan, found.confidence, bool)
    fits = (
        np.array_equal(layers["glacier"] == 1, found.glacier)
        and np.array_equal(layers["unmapped"] == 1, found.unmapped)
        and np.array_equal(gaps, found.unmapped)
    )
    if not fits:
        raise StorageError("its layers do not belong together")


def _block_sums(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the True pixels of each block of AREA_BLOCK x AREA_BLOCK."""
    rows, columns = (np.arange(0, length, AREA_BLOCK) for length in mask.shape)
    # Row by row of blocks, as numpy would turn all of the mask into whole numbers first.
    by_rows = [mask[row : row + AREA_BLOCK].sum(axis=0, dtype=np.int64) for row in rows]
    return np.add.reduceat(np.stack(by_rows), columns, axis=1)
