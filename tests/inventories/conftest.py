"""What the tests of the inventories share: a test archive, and small inventories of their own."""

import geopandas as gpd
import pytest
import shapely
from archives.world.fixtures import archive_server, archive_world

__all__ = ["archive_server", "archive_world"]


def rgi7(rows, path):
    """Write a file in the layout of RGI 7.0: (number, name, west, south, east, north) a glacier."""
    table = gpd.GeoDataFrame(
        [
            {
                "rgi_id": f"RGI2000-v7.0-G-11-{number:05d}",
                "o1region": "11",
                "o2region": "11-01",
                "glims_id": f"G{int(west * 1000):06d}E{int(south * 1000):05d}N",
                "anlys_id": number,
                "subm_id": 731,
                "src_date": "2003-07-30T00:00:00",
                "cenlon": (west + east) / 2,
                "cenlat": (south + north) / 2,
                "area_km2": 1.5 * number,
                "glac_name": name,
            }
            for number, name, west, south, east, north in rows
        ],
        geometry=[shapely.box(*row[2:]) for row in rows],
        crs="EPSG:4326",
    )
    table.to_file(path, encoding="utf-8")
    return path


ROWS = (
    (1, "Gletscher Süd / Vedretta Sud", 10.0, 46.0, 10.1, 46.1),
    (2, None, 10.2, 46.0, 10.3, 46.1),
    (3, "Weißer Ferner", 10.4, 46.0, 10.5, 46.1),
)


@pytest.fixture
def regional_file(tmp_path):
    """Return a regional file of three glaciers, with the tables RGI 7.0 has beside it."""
    path = rgi7(ROWS, tmp_path / "RGI2000-v7.0-G-11_central_europe.shp")
    (tmp_path / f"{path.stem}-rgi6_links.csv").write_text(
        "rgi7_id,rgi6_id,overlap_area_km2\n"
        "RGI2000-v7.0-G-11-00001,RGI60-11.00011,0.2\n"
        "RGI2000-v7.0-G-11-00001,RGI60-11.00012,0.9\n"
        "RGI2000-v7.0-G-11-00003,RGI60-11.00013,4\n",
        encoding="utf-8",
    )
    (tmp_path / f"{path.stem}-CtoG_links.json").write_text(
        '{"RGI2000-v7.0-C-11-00007": ["RGI2000-v7.0-G-11-00001", "RGI2000-v7.0-G-11-00002"]}',
        encoding="utf-8",
    )
    return path
