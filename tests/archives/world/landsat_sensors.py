"""The Landsat sensors of the test archive: bands, coefficients of our own, thermal constants.

The thermal constants are those of the real sensors, as their metadata tell them; the gains are of
the real magnitude, one band of ETM+ made so steep that snow fills it.
"""

from dataclasses import dataclass

import numpy as np

OLI_BANDS = {
    "1": "B01", "2": "B02", "3": "B03", "4": "B04", "5": "B8A", "6": "B11", "7": "B12", "9": "B10",
}  # fmt: skip
TM_BANDS = {"1": "B02", "2": "B03", "3": "B04", "4": "B8A", "5": "B11", "7": "B12"}
OLI_KEYS = {
    "coastal": "1", "blue": "2", "green": "3", "red": "4", "nir08": "5", "swir16": "6",
    "swir22": "7", "cirrus": "9", "lwir11": "10", "lwir12": "11",
}  # fmt: skip
TM_KEYS = {"blue": "1", "green": "2", "red": "3", "nir08": "4", "swir16": "5", "swir22": "7"}

CIRRUS_BITS = 1 << 14
LOW = 1 << 8 | 1 << 10 | 1 << 12


@dataclass(frozen=True)
class Sensor:
    """A sensor; `bands` maps its band numbers to the like bands of Sentinel-2."""

    platform: str
    instrument: str
    instruments: tuple[str, ...]
    folder: str
    dtype: type
    bands: dict[str, str]
    keys: dict[str, str]
    reflectance: dict[str, tuple[float, float]]
    radiance: dict[str, tuple[float, float]]
    thermal: dict[str, tuple[float, float]]
    low_confidence: int


def _oli(platform: str, thermal: dict[str, tuple[float, float]]) -> Sensor:
    return Sensor(
        platform,
        "OLI_TIRS",
        ("OLI", "TIRS"),
        "oli-tirs",
        np.uint16,
        OLI_BANDS,
        OLI_KEYS,
        dict.fromkeys(OLI_BANDS, (2e-05, -0.1)),
        dict.fromkeys(OLI_BANDS, (0.0121, -60.5)) | dict.fromkeys(thermal, (3.342e-04, 0.1)),
        thermal,
        LOW | CIRRUS_BITS,
    )


SENSORS = {
    "LC08": _oli("LANDSAT_8", {"10": (774.8853, 1321.0789), "11": (480.8883, 1201.1442)}),
    "LC09": _oli("LANDSAT_9", {"10": (799.0284, 1329.2405), "11": (475.6581, 1198.3494)}),
    "LE07": Sensor(
        "LANDSAT_7",
        "ETM",
        ("ETM",),
        "etm",
        np.uint8,
        TM_BANDS,
        TM_KEYS | {"lwir": "6_VCID_1", "lwir_high": "6_VCID_2"},
        {
            "1": (1.9511e-03, -0.011021),
            "2": (3.4112e-03, -0.012204),
            "3": (3.2628e-03, -0.011419),
            "4": (3.0345e-03, -0.010832),
            "5": (1.5521e-03, -0.009911),
            "7": (1.6203e-03, -0.009504),
        },
        dict.fromkeys(TM_BANDS, (0.77874, -6.97874))
        | {"6_VCID_1": (6.7087e-02, -0.06709), "6_VCID_2": (3.7205e-02, 3.16280)},
        {"6_VCID_1": (666.09, 1282.71), "6_VCID_2": (666.09, 1282.71)},
        LOW,
    ),
    "LT05": Sensor(
        "LANDSAT_5",
        "TM",
        ("TM",),
        "tm",
        np.uint8,
        TM_BANDS,
        TM_KEYS | {"lwir": "6"},
        {
            "1": (3.3010e-03, -0.004811),
            "2": (3.3995e-03, -0.004920),
            "3": (3.1695e-03, -0.004601),
            "4": (3.0120e-03, -0.004498),
            "5": (1.6011e-03, -0.004302),
            "7": (1.7002e-03, -0.004112),
        },
        dict.fromkeys(TM_BANDS, (1.04400, -2.21398)) | {"6": (5.5375e-02, 1.18243)},
        {"6": (607.76, 1260.56)},
        LOW,
    ),
}
