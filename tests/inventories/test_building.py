import zipfile

import geopandas as gpd
import pytest

from glacier_core.errors import JobCancelled, OutlineError, SourceError
from glacier_core.inventories.building import build_index, index_path
from glacier_core.inventories.finding import find_glaciers
from glacier_core.inventories.index_table import COLUMNS
from glacier_core.inventories.loaded import has_full_index
from glacier_core.network.transfer import TransferProgress


def test_an_index_is_geoparquet_with_links_to_rgi6_and_complexes(regional_file):
    path = build_index([regional_file])
    assert path == index_path()
    found = gpd.read_parquet(path)
    assert tuple(found.columns) == COLUMNS
    assert found.crs == "EPSG:4326"
    assert list(found["rgi6_id"]) == ["RGI60-11.00012", "", "RGI60-11.00013"]
    assert list(found["rgi6_others"]) == ["RGI60-11.00011", "", ""]
    assert list(found["complex_id"]) == ["RGI2000-v7.0-C-11-00007"] * 2 + [""]
    assert found.geometry.iloc[0].bounds == (10.0, 46.0, 10.1, 46.1)


def test_a_zipped_region_with_its_tables_is_the_same(regional_file, tmp_path):
    archive = tmp_path / "region.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for part in sorted(tmp_path.glob("RGI2000*")):
            packed.write(part, f"RGI2000-v7.0-G-11_central_europe/{part.name}")
    plain = gpd.read_parquet(build_index([regional_file], target=tmp_path / "plain.parquet"))
    zipped = gpd.read_parquet(build_index([archive], target=tmp_path / "zipped.parquet"))
    assert zipped.equals(plain)


def test_what_was_built_is_found(regional_file):
    assert not has_full_index()
    assert "Weißer Ferner" not in set(find_glaciers("Weisser Ferner")["name"])
    build_index([regional_file])
    assert has_full_index()
    found = find_glaciers("Weisser Ferner")
    assert found["rgi7_id"].iloc[0] == "RGI2000-v7.0-G-11-00003"
    # Every id leads to the glacier, also that of the smaller overlap.
    for text in ("RGI60-11.00011", "RGI60-11.00012", "RGI2000-v7.0-G-11-00001", "vedretta sud"):
        assert find_glaciers(text)["rgi7_id"].iloc[0] == "RGI2000-v7.0-G-11-00001"
    members = find_glaciers("RGI2000-v7.0-C-11-00007")
    assert list(members["match"]) == ["part of the complex"] * 2


def test_a_new_index_takes_the_place_of_the_old_one(regional_file, fixtures_dir):
    build_index([regional_file])
    assert len(find_glaciers("Weisser Ferner, Central Europe")) > 0
    build_index([fixtures_dir / "metadata/glims_rgi/rgi7_rgi7g_hef.shp"])
    assert find_glaciers("Weisser Ferner")["match"].ne("name").all()


def test_progress_counts_files(regional_file, tmp_path):
    told: list[TransferProgress] = []
    build_index([regional_file, regional_file], report=told.append)
    assert [(one.done, one.total) for one in told] == [(1, 2), (2, 2)]
    assert told[-1].message == "6 glaciers indexed"


def test_a_stopped_or_failed_build_leaves_the_old_index_alone(regional_file, tmp_path):
    path = build_index([regional_file])
    before = path.read_bytes()
    with pytest.raises(JobCancelled):
        build_index([regional_file], cancelled=lambda: True)
    wrong = tmp_path / "wrong.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=gpd.points_from_xy([1], [1]), crs=4326).to_file(wrong)
    with pytest.raises(OutlineError, match="no ids of glaciers"):
        build_index([regional_file, wrong])
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("files", "message"),
    [((), "nothing to build"), (("missing.shp",), "no file"), (("notes.txt",), "known here")],
)
def test_nothing_to_build_from(tmp_path, files, message):
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(OutlineError, match=message):
        build_index([tmp_path / file for file in files])


def test_regions_are_fetched_once(archive_world):
    build_index(fetch=True, numbers=["11", "17"])
    found = gpd.read_parquet(index_path())
    assert set(found["region"]) == {"11", "17"}
    assert "RGI2000-v7.0-G-11-00001" in set(found["glacier_id"])
    row = find_glaciers("Testgletscher").iloc[0]
    assert (row["rgi7_id"], row["rgi6_id"]) == ("RGI2000-v7.0-G-11-00001", "RGI60-11.00001")
    asked = len(archive_world.requests)
    build_index(fetch=True, numbers=["11"])
    assert len(archive_world.requests) == asked
    assert set(gpd.read_parquet(index_path())["region"]) == {"11"}


def test_a_region_that_the_mirror_lacks_is_told(archive_world):
    with pytest.raises(SourceError, match=r"no file of region 03 \(Arctic Canada North\)"):
        build_index(fetch=True, numbers=["03"])


def test_trouble_of_the_archive_is_told(archive_world):
    archive_world.misbehave("rgi7", 500)
    with pytest.raises(SourceError):
        build_index(fetch=True, numbers=["11"])
    assert not index_path().exists()
