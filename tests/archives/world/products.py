"""Which products the archives hold of each place."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from .ground import Sight
from .landsat import LandsatProduct
from .places import PLACES, Place
from .sentinel2 import Product

CLEAR = Sight()
OVER_THE_GLACIER = ((-200.0, 400.0, 700.0), (900.0, 900.0, 500.0))
IN_THE_CORNER = ((-1900.0, -1900.0, 500.0),)
REPROCESSED = datetime(2023, 4, 3, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Take:
    """What the products of one acquisition share, whatever the place."""

    year: int
    satellite: str
    baseline: str
    sight: Sight
    scene_cloud: float
    more: tuple[tuple[str, object], ...] = ()

    def over(self, place: Place, zone: int = 0) -> Product:
        month, day = (int(part) for part in place.summer.split("-"))
        sensed = datetime(self.year, month, day, 10, 36, 3, tzinfo=UTC)
        sensed += timedelta(days=dict(self.more).get("later", 0))
        more = {name: value for name, value in self.more if name != "later"}
        more.setdefault("generated", sensed + timedelta(hours=3))
        epsg, mgrs = place.utm[zone]
        return Product(
            place, epsg, mgrs, self.satellite, sensed, self.baseline, self.sight,
            self.scene_cloud, **more,
        )  # fmt: skip


WINTER = Sight(sun_elevation=22.0, sun_azimuth=165.0, snow_line=500.0)
TAKES = {
    "plain": Take(2020, "S2A", "02.09", CLEAR, 5.25),
    "reprocessed": Take(
        2020, "S2A", "05.00", CLEAR, 5.25, (("generated", REPROCESSED), ("sequence", 1))
    ),
    "cloudy": Take(2021, "S2B", "03.01", Sight(clouds=OVER_THE_GLACIER), 12.5),
    "offset": Take(
        2022, "S2B", "04.00", Sight(clouds=IN_THE_CORNER), 61.0, (("has_defects", True),)
    ),
    "clear": Take(2023, "S2A", "05.09", CLEAR, 0.5),
    "half": Take(2023, "S2B", "05.09", CLEAR, 1.5, (("covered", 0.5), ("later", 5))),
    "winter": Take(2023, "S2A", "05.09", WINTER, 0.0, (("later", 180),)),
    "newest": Take(2025, "S2C", "05.11", Sight(clouds=OVER_THE_GLACIER), 3.0, (("psd", "psd-15"),)),
}
"""The acquisitions of the Alps; the other places have "plain", "offset" and "clear"."""

ELSEWHERE = ("plain", "offset", "clear")

SIDES = {"west": ("38TQL", 0.0, 0.55), "east": ("38TRL", 0.45, 1.0)}
"""Two tiles of one pass over the Caucasus, the columns with data: the glacier lies on both."""


def sentinel2_products() -> dict[tuple[str, str], Product]:
    """Return all Level-1C products by place and acquisition; zones beyond the first add "@1"."""
    found = {}
    for key, place in PLACES.items():
        for name in TAKES if key == "alps" else ELSEWHERE:
            for zone in range(len(place.utm)):
                label = f"{name}@{zone}" if zone else name
                found[key, label] = TAKES[name].over(place, zone)
    return found | _sides()


def _sides() -> dict[tuple[str, str], Product]:
    whole = replace(TAKES["clear"], year=2024, satellite="S2B").over(PLACES["caucasus"])
    return {
        ("caucasus", side): replace(whole, mgrs=mgrs, seen_from=start, covered=stop)
        for side, (mgrs, start, stop) in SIDES.items()
    }


NIGHT = Sight(sun_elevation=-41.46)
LANDSAT_TAKES = {
    "landsat 5": ("LT05", 1998, Sight(melted=-300.0), 2.0, {}),
    "landsat 7": ("LE07", 2010, Sight(melted=-100.0), 4.0, {"has_gaps": True}),
    "landsat 8": ("LC08", 2020, Sight(clouds=IN_THE_CORNER), 31.0, {}),
    "real time": ("LC08", 2020, Sight(clouds=IN_THE_CORNER), 31.0, {"tier": "RT"}),
    "night": ("LC08", 2021, NIGHT, 0.0, {"row": 217}),
    "landsat 9": ("LC09", 2023, CLEAR, 1.0, {}),
}
"""Sensor, year, sight and cloud of each acquisition of the Alps; elsewhere there is the last."""

PATHS_AND_ROWS = {
    "alps": (195, 28),
    "border": (192, 27),
    "caucasus": (167, 31),
    "antimeridian": (95, 12),
    "north": (40, 1),
    "south": (231, 94),
    "antarctica": (40, 120),
}


def landsat_products() -> dict[tuple[str, str], LandsatProduct]:
    """Return all Level-1 products by place and acquisition."""
    found = {}
    for key, place in PLACES.items():
        for name in LANDSAT_TAKES if key == "alps" else ("landsat 9",):
            code, year, sight, cloud, more = LANDSAT_TAKES[name]
            month, day = (int(part) for part in place.summer.split("-"))
            sensed = datetime(year, month, day, 10, 16, 40, tzinfo=UTC) + timedelta(days=1)
            wait = timedelta(days=1 if more.get("tier") == "RT" else 15)
            path, row = PATHS_AND_ROWS[key]
            found[key, name] = LandsatProduct(
                place,
                code,
                sensed,
                sensed + wait,
                sight,
                cloud,
                **{"path": path, "row": row} | more,
            )
    return found
