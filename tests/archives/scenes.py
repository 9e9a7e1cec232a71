"""Found scenes for the tests of what is done with them."""

from datetime import UTC, datetime

import shapely

from glacier_core.archives.found import FoundScene

FOOTPRINT = shapely.box(7.5, 46.2, 8.5, 46.8)


def found(name="S2A_32TMS_20230820_0_L1C", day="2023-08-20", **more):
    """Return a scene of Sentinel-2 over the Alps, as a search would."""
    usual = {
        "archive": "sentinel-2-l1c",
        "sensor": "Sentinel-2A",
        "acquired": datetime.fromisoformat(f"{day}T10:36:03").replace(tzinfo=UTC),
        "footprint": FOOTPRINT,
        "coverage_percent": 100.0,
        "scene_cloud_percent": 1.0,
    }
    return FoundScene(name, **{**usual, **more})
