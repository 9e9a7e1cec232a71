import geopandas as gpd
import pytest
import shapely

from glacier_core.errors import OutlineError
from glacier_core.inventories.building import build_index, index_path
from glacier_core.inventories.finding import find_glaciers
from glacier_core.inventories.loaded import glacier_index, opened_index
from glacier_core.inventories.well_known import well_known_glaciers


def test_without_an_index_the_well_known_glaciers_are_searched():
    assert len(glacier_index().table) == len(well_known_glaciers())


def test_a_well_known_glacier_gives_its_country_to_the_one_of_the_index(fixtures_dir):
    build_index([fixtures_dir / "metadata/glims_rgi/rgi7_rgi7g_hef.shp"])
    found = find_glaciers("Hintereisferner")
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["inventory"], row["country"]) == ("RGI 7.0", "Austria")
    assert row["label"] == "Hintereisferner, Austria"
    # Nothing else of the well-known ones went.
    assert len(glacier_index().table) == len(well_known_glaciers())


def test_glaciers_of_one_name_elsewhere_stay(tmp_path):
    path = tmp_path / "peru.gpkg"
    gpd.GeoDataFrame(
        {"rgi_id": ["RGI2000-v7.0-G-16-00001"], "o1region": ["16"], "glac_name": ["Blue Glacier"]},
        geometry=[shapely.box(-77.0, -9.0, -76.9, -8.9)],
        crs="EPSG:4326",
    ).to_file(path)
    build_index([path])
    found = find_glaciers("Blue Glacier")
    blue = found[found["match"] == "name"]
    assert set(blue["region"]) == {"02", "16"}
    assert blue.loc[blue["region"] == "16", "country"].iloc[0] == ""
    assert find_glaciers("Blue Glacier, Washington")["region"].iloc[0] == "02"
    assert find_glaciers("Blue Glacier, Low Latitudes")["region"].iloc[0] == "16"


def test_a_damaged_index_is_told(fixtures_dir):
    build_index([fixtures_dir / "metadata/glims_rgi/rgi7_rgi7g_hef.shp"])
    index_path().write_bytes(b"PAR1" + b"\x00" * 50)
    with pytest.raises(OutlineError, match="Build it again"):
        find_glaciers("Hintereisferner")


def test_a_table_that_is_no_index_is_told(tmp_path):
    path = tmp_path / "other.parquet"
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(0, 0)], crs=4326).to_parquet(path)
    with pytest.raises(OutlineError, match="cannot be read"):
        opened_index(path)
