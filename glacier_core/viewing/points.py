"""What a scene and a map hold at one point, for the popup of a clicked pixel."""

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.warp import transform as transform_coordinates
from rasterio.windows import Window

from glacier_core.errors import SourceError, StorageError
from glacier_core.scene import BANDS
from glacier_core.viewing import files

_BAND_TITLES = ("Blue", "Green", "Red", "Near infrared", "SWIR1", "SWIR2")


def point_values(scene_id: str, lon: float, lat: float, map_key: str = "") -> dict[str, Any]:
    """Return the pixel of a scene, and of a map of it, under a point.

    Parameters
    ----------
    scene_id : str
    lon, lat : float
        Degrees.
    map_key : str
        Key of a map of the scene; empty for none.

    Returns
    -------
    dict
        ``inside`` (bool) and ``rows``, a list of label, text pairs in reading order.

    Raises
    ------
    SourceError
        When an id is unknown or the point is on no Earth.
    StorageError
        When a file cannot be read.
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise SourceError(f"There is no longitude {lon:g}, latitude {lat:g} on Earth.")
    optical = _pixel(files.scene_raster(scene_id, "optical"), lon, lat)
    if optical is None:
        return {"inside": False, "rows": []}
    rows = _reflectances(optical) + _terrain(scene_id, lon, lat)
    if map_key:
        rows = _mapped(map_key, lon, lat) + rows
    return {"inside": True, "rows": rows}


def confidence_at(map_key: str, lon: float, lat: float) -> float:
    """Return the calibrated confidence of the pixel under a point; NaN where nothing was mapped.

    Parameters
    ----------
    map_key : str
    lon, lat : float
        Degrees.

    Raises
    ------
    SourceError
        When there is no such map.
    StorageError
        When its file cannot be read.
    """
    pixel = _pixel(files.map_raster(map_key, "confidence"), lon, lat)
    return float("nan") if pixel is None else float(pixel[0])


def _reflectances(pixel: NDArray[np.float32]) -> list[tuple[str, str]]:
    rows = [
        (title, _text(value, "{:z.3f}")) for title, value in zip(_BAND_TITLES, pixel, strict=True)
    ]
    green, swir1 = pixel[BANDS.index("green")], pixel[BANDS.index("swir1")]
    total = green + swir1
    index = (green - swir1) / total if total > 1e-4 else np.nan
    return [*rows, ("NDSI", _text(index, "{:z.2f}"))]


def _terrain(scene_id: str, lon: float, lat: float) -> list[tuple[str, str]]:
    return [
        ("Elevation", _single(files.scene_raster(scene_id, "elevation"), lon, lat, "{:z.0f} m")),
        ("Slope", _single(files.scene_raster(scene_id, "slope"), lon, lat, "{:.0f}°")),
    ]


def _mapped(map_key: str, lon: float, lat: float) -> list[tuple[str, str]]:
    return [
        (title, _single(files.map_raster(map_key, name), lon, lat, "{:.0%}"))
        for name, title in (
            ("probability", "Probability of glacier"),
            ("confidence", "Calibrated confidence"),
        )
    ]


def _single(path: Path, lon: float, lat: float, form: str) -> str:
    pixel = _pixel(path, lon, lat)
    return _text(np.nan if pixel is None else pixel[0], form)


def _text(value: Any, form: str) -> str:
    if not np.isfinite(value):
        return "no data"
    return form.format(float(value)).replace("%", " %")  # with a space, as SI writes it


def _pixel(path: Path, lon: float, lat: float) -> NDArray[np.float32] | None:
    """Return the bands of the pixel under a point, NaN for no data; None outside the raster."""
    try:
        with rasterio.open(path, driver="GTiff") as dataset:
            (x,), (y,) = transform_coordinates("EPSG:4326", dataset.crs, [lon], [lat])
            if not (np.isfinite(x) and np.isfinite(y)):
                return None
            row, column = dataset.index(x, y)
            if not (0 <= row < dataset.height and 0 <= column < dataset.width):
                return None
            bands = dataset.read(window=Window(column, row, 1, 1), masked=True)
            scaled = bands[:, 0, 0] * np.array(dataset.scales) + np.array(dataset.offsets)
    except rasterio.errors.RasterioError as error:
        raise StorageError(f"{path.name} cannot be read; it seems damaged.") from error
    return np.ma.filled(scaled.astype(np.float32), np.nan)
