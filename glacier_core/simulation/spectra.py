"""Reflectance statistics of the ground, measured where they can be and assumed where not.

The measured ones come from the labelled pixels of the USGS benchmark glaciers (Wolverine,
Gulkana, South Cascade, Sperry; published with github.com/RaineyAbe/glacier-snow-cover-mapping,
MIT licence). One group is one class on one image. Only the statistics are shipped, made by

    python -m glacier_core.simulation.spectra FOLDER OUT.json
"""

import json
import sys
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BANDS = ("blue", "green", "red", "nir", "swir1", "swir2")
LANDSAT_COLUMNS = ("SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B6", "SR_B7")
SENTINEL_COLUMNS = ("B2", "B3", "B4", "B8A", "B11", "B12")
# The Landsat table was scaled by 2.75e-5 without the offset of the product (Landsat Collection 2
# Level 2 Science Product Guide): reflectance = 2.75e-5 DN - 0.2.
LANDSAT_OFFSET = -0.2
LABELS = {1: "snow", 2: "shadowed snow", 3: "ice", 4: "rock", 5: "water"}

# TOA = gain * surface + offset, fitted over 11,729 pixels that the benchmark holds both as surface
# and as TOA reflectance of Sentinel-2. Its TOA table holds the cirrus band in the place of SWIR1,
# so the SWIR1 pair is interpolated by wavelength between NIR and SWIR2: an assumption.
TOA_GAIN = (0.765, 0.766, 0.824, 0.843, 0.905, 0.943)
TOA_OFFSET = (0.060, 0.037, 0.024, 0.033, 0.018, 0.006)

SMALLEST_GROUP = 20  # pixels; fewer say nothing about a covariance of six bands
FLOOR, CEILING = 0.004, 1.25  # reflectances outside are retrieval errors on small targets
DIRTY_SNOW_GREEN = 0.66  # median green below which late-summer snow counts as firn
VEGETATION_NDVI = 0.42

# Groups kept for held-out scenes: one Landsat and two Sentinel-2 images, so that each measured
# class has at least one group that no training scene has seen.
HELD_OUT = (
    ("Landsat", "Gulkana", "20210804"),
    ("Sentinel-2", "SouthCascade", "20210825"),
    ("Sentinel-2", "Sperry", "20210730"),
)


@dataclass(frozen=True)
class SpectralGroup:
    """Log-normal reflectance of one class on one image.

    Attributes
    ----------
    surface : str
        What the pixels show.
    sensor, site, date : str
        The image; the site of an assumed group names the assumption.
    pixels : int
        How many pixels were measured, 0 when assumed.
    mean : tuple of float
        Mean of the natural logarithm of reflectance, six bands.
    components : tuple of tuple of float
        Rows are principal components of log reflectance times their standard deviation, largest
        first, each with a positive sum.
    held_out : bool
        Whether only held-out scenes may use it.
    """

    surface: str
    sensor: str
    site: str
    date: str
    pixels: int
    mean: tuple[float, ...]
    components: tuple[tuple[float, ...], ...]
    held_out: bool

    @property
    def name(self) -> str:
        """Surface, sensor, site and date in one word."""
        return f"{self.surface}/{self.sensor}/{self.site}/{self.date}"


@cache
def spectral_groups() -> tuple[SpectralGroup, ...]:
    """All groups shipped with the package, measured first, then assumed."""
    text = resources.files("glacier_core.simulation").joinpath("spectra.json").read_text("utf-8")
    return tuple(
        SpectralGroup(
            **{
                **entry,
                "mean": tuple(entry["mean"]),
                "components": tuple(tuple(row) for row in entry["components"]),
            }
        )
        for entry in json.loads(text)["groups"]
    )


def groups_of(surface: str, *, held_out: bool) -> tuple[SpectralGroup, ...]:
    """Return the groups of a surface that scenes of one side of the split may use.

    Assumed groups belong to both sides unless they say otherwise.
    """
    return tuple(
        group
        for group in spectral_groups()
        if group.surface == surface and (group.held_out == held_out or group.pixels == 0)
    )


def read_benchmark(folder: Path) -> pd.DataFrame:
    """Read the labelled pixels with their known faults put right.

    Parameters
    ----------
    folder : Path
        Holds ``Landsat_training_data.csv`` and ``Sentinel-2_SR_training_data.csv``.

    Returns
    -------
    DataFrame
        Columns surface, sensor, site, date and the six bands, surface reflectance. Rows whose six
        values the tables repeat (one under a second site name, one for hundreds of places) are
        kept once.
    """
    landsat = _read(folder / "Landsat_training_data.csv", "Landsat", LANDSAT_COLUMNS)
    landsat[list(BANDS)] += LANDSAT_OFFSET
    sentinel = _read(folder / "Sentinel-2_SR_training_data.csv", "Sentinel-2", SENTINEL_COLUMNS)
    pixels = pd.concat([landsat, sentinel], ignore_index=True)
    return pixels.drop_duplicates(subset=["sensor", "date", *BANDS])


def _read(path: Path, sensor: str, columns: tuple[str, ...]) -> pd.DataFrame:
    table = pd.read_csv(path, dtype={"image_date": str})
    table = table.rename(columns=dict(zip(columns, BANDS, strict=True)))
    table = table.rename(columns={"site_name": "site", "image_date": "date"})
    table["surface"] = table["class"].map(LABELS)
    table["sensor"] = sensor
    return table[["surface", "sensor", "site", "date", *BANDS]].dropna()


def clean(pixels: pd.DataFrame) -> pd.DataFrame:
    """Take out pixels that contradict their label.

    Shadow and snow leave rock; dark and SWIR-bright pixels leave snow and ice; green rock is
    vegetation.
    """
    label = pixels["surface"]
    ndvi = (pixels["nir"] - pixels["red"]) / (pixels["nir"] + pixels["red"])
    ndsi = (pixels["green"] - pixels["swir1"]) / (pixels["green"] + pixels["swir1"])
    frozen = label.isin(["snow", "ice", "shadowed snow"])
    wrong = (
        ((label == "rock") & ((pixels["swir1"] < 0.06) | (ndsi > 0.1) | (pixels["blue"] < 0.02)))
        | ((label == "snow") & ((pixels["green"] < 0.25) | (pixels["swir1"] > 0.14)))
        | ((label == "ice") & ((pixels["green"] < 0.14) | (pixels["swir1"] > 0.12)))
        | (frozen & (ndsi < 0.35))
        | ((label == "water") & (pixels["swir1"] > 0.05))
    )
    kept = pixels.assign(
        surface=label.where(~((label == "rock") & (ndvi > VEGETATION_NDVI)), "vegetation")
    )
    return kept[~wrong]


def measure(pixels: pd.DataFrame) -> list[SpectralGroup]:
    """Log-space mean and principal components of every group with enough pixels."""
    groups = []
    for key, table in pixels.groupby(["surface", "sensor", "site", "date"], sort=True):
        surface, sensor, site, date = (str(part) for part in key)
        if len(table) < SMALLEST_GROUP:
            continue
        values = table[list(BANDS)].to_numpy(dtype=np.float64)
        if surface == "snow" and float(np.median(values[:, 1])) < DIRTY_SNOW_GREEN:
            surface = "firn"
        held_out = (sensor, site, date) in HELD_OUT
        mean, components = log_statistics(values)
        groups.append(
            SpectralGroup(surface, sensor, site, date, len(table), mean, components, held_out)
        )
    return groups


def log_statistics(
    reflectance: NDArray[np.float64],
) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Mean and scaled principal components of log reflectance, outliers pulled in.

    Parameters
    ----------
    reflectance : ndarray, (pixels, bands)

    Returns
    -------
    mean : tuple of float
    components : tuple of tuple of float
        ``components.T @ components`` is the covariance.
    """
    low, high = np.quantile(reflectance, [0.02, 0.98], axis=0)
    logs = np.log(np.clip(np.clip(reflectance, low, high), FLOOR, CEILING))
    variance, vectors = np.linalg.eigh(np.cov(logs, rowvar=False))
    order = np.argsort(variance)[::-1]
    scaled = (vectors[:, order] * np.sqrt(np.maximum(variance[order], 0.0))).T
    scaled *= np.where(scaled.sum(axis=1, keepdims=True) < 0.0, -1.0, 1.0)
    rows = tuple(tuple(round(float(value), 4) for value in row) for row in scaled)
    return tuple(round(float(value), 4) for value in logs.mean(axis=0)), rows


# What the benchmark does not hold. Medians are typical field and image values, rounded; the
# spreads are guesses. (surface, name of the assumption, medians, common spread, colour spread)
ASSUMED: tuple[tuple[str, str, tuple[float, ...], float, float], ...] = (
    ("vegetation", "alpine meadow", (0.035, 0.065, 0.055, 0.300, 0.210, 0.110), 0.20, 0.10),
    ("vegetation", "shrub", (0.025, 0.050, 0.040, 0.280, 0.160, 0.075), 0.22, 0.10),
    ("vegetation", "conifer forest", (0.018, 0.032, 0.024, 0.170, 0.080, 0.040), 0.28, 0.10),
    ("vegetation", "sparse tundra", (0.050, 0.075, 0.085, 0.200, 0.230, 0.160), 0.18, 0.08),
    ("rock", "dark schist", (0.060, 0.072, 0.080, 0.095, 0.130, 0.125), 0.22, 0.06),
    ("rock", "pale granite", (0.170, 0.200, 0.220, 0.260, 0.290, 0.250), 0.18, 0.05),
    ("rock", "rusty gneiss", (0.080, 0.110, 0.150, 0.190, 0.240, 0.220), 0.20, 0.06),
    ("rock", "limestone", (0.210, 0.250, 0.280, 0.310, 0.330, 0.270), 0.18, 0.05),
    ("water", "clear lake", (0.030, 0.026, 0.014, 0.008, 0.005, 0.004), 0.15, 0.10),
    ("water", "silty lake", (0.150, 0.195, 0.165, 0.060, 0.008, 0.006), 0.15, 0.10),
    ("water", "milky lake", (0.240, 0.290, 0.270, 0.140, 0.012, 0.008), 0.15, 0.10),
    ("water", "sea", (0.045, 0.040, 0.022, 0.009, 0.005, 0.004), 0.12, 0.10),
    ("cloud", "water cloud", (0.720, 0.720, 0.730, 0.760, 0.560, 0.420), 0.15, 0.03),
)


def assumed_groups() -> list[SpectralGroup]:
    """Return `ASSUMED` as groups: one brightness component and one tilt across the spectrum."""
    tilt = np.linspace(-1.0, 1.0, len(BANDS))
    groups = []
    for surface, name, medians, common, colour in ASSUMED:
        rows = np.zeros((len(BANDS), len(BANDS)))
        rows[0], rows[1] = common, colour * tilt
        rows[2:] = 0.25 * colour * np.eye(len(BANDS))[2:]
        components = tuple(tuple(round(float(value), 4) for value in row) for row in rows)
        mean = tuple(round(float(value), 4) for value in np.log(medians))
        groups.append(SpectralGroup(surface, "assumed", name, "", 0, mean, components, False))
    return groups


def write_statistics(folder: Path, out: Path) -> int:
    """Measure the benchmark in `folder`, write all groups to `out`, return how many."""
    groups = measure(clean(read_benchmark(folder))) + assumed_groups()
    lines = ",\n".join(json.dumps(asdict(group)) for group in groups)
    out.write_text(f'{{"bands": {json.dumps(BANDS)}, "groups": [\n{lines}\n]}}\n', "utf-8")
    return len(groups)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Usage: python -m glacier_core.simulation.spectra FOLDER OUT.json")
    print(f"{write_statistics(Path(sys.argv[1]), Path(sys.argv[2]))} groups written")
