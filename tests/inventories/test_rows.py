import geopandas as gpd
import pytest
import shapely

from glacier_core.errors import OutlineError
from glacier_core.inventories import rows as module
from glacier_core.inventories.index_table import COLUMNS
from glacier_core.inventories.rows import rows_of


def only(path):
    pieces = list(rows_of(path, name=path.name))
    assert len(pieces) == 1
    return pieces[0]


def test_rgi7(fixtures_dir):
    found = only(fixtures_dir / "metadata/glims_rgi/rgi7_rgi7g_hef.shp")
    assert tuple(found.columns) == COLUMNS
    row = found.iloc[0]
    assert row["glacier_id"] == row["rgi7_id"] == "RGI2000-v7.0-G-11-03116"
    assert (row["name"], row["glims_id"], row["region"]) == (
        "Hintereisferner", "G010752E46802N", "11",
    )  # fmt: skip
    assert row["region_name"] == "Central Europe"
    assert row["date"] == "2003-07-30"
    assert row["area_km2"] == pytest.approx(8.036, abs=1e-3)
    assert (row["latitude"], row["longitude"]) == pytest.approx((46.8023, 10.7518), abs=1e-4)
    outline = gpd.read_file(fixtures_dir / "metadata/glims_rgi/rgi7_rgi7g_hef.shp").geometry[0]
    assert row.geometry.equals(shapely.box(*outline.bounds))


def test_rgi6_with_an_unknown_day(fixtures_dir):
    row = only(fixtures_dir / "metadata/glims_rgi/Hintereisferner_RGI6.shp").iloc[0]
    assert (row["rgi6_id"], row["rgi7_id"], row["date"]) == ("RGI60-11.00897", "", "2003-07")
    assert row["area_km2"] == pytest.approx(8.036)


def test_glims_as_downloaded_in_2023(fixtures_dir):
    found = only(fixtures_dir / "metadata/glims_rgi/baker_glims.geojson")
    assert list(found["name"])[:2] == ["Coleman Glacier", "Mazama Glacier"]
    # The analyst's own `area` is in square metres there.
    assert found["area_km2"].between(3, 7).all()
    assert set(found["region"]) == {"02"}
    assert set(found["inventory"]) == {"GLIMS"}


def test_glims_as_downloaded_in_2016_in_letters_of_ms_dos(fixtures_dir, tmp_path):
    import tarfile

    archive = fixtures_dir / "metadata/glims_rgi/glims_download_18271.tar.gz"
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    path = next(tmp_path.rglob("glims_polygons.shp"))
    found = only(path)
    table = gpd.read_file(path)
    assert len(table) == 198
    bounds = table[table["line_type"] == "glac_bound"]
    assert len(bounds) > bounds["glac_id"].nunique() == len(found)
    newest = bounds.groupby("glac_id")["src_date"].max().str[:10]
    assert (found.set_index("glacier_id")["date"] == newest.loc[found["glacier_id"]]).all()
    # The names are in the letters of MS-DOS, and the file does not say so.
    assert {"BÄCHLIGLETSCHER", "Deierenälpetli-W"} <= set(found["name"])
    assert not (found["name"] == "None").any()
    assert set(found["region"]) == {"11"}


def test_a_whole_region_and_fields_of_fixed_width(samples_mirror):
    iceland = only(samples_mirror / "iceland_rgi62/06_rgi62_Iceland.shp")
    assert len(iceland) == 568
    assert iceland["area_km2"].sum() == pytest.approx(11_060, abs=1)
    assert set(iceland["region_name"]) == {"Iceland"}
    oetztal = only(samples_mirror / "oetztal_srtm_rgi/rgi_oetztal.shp")
    assert set(oetztal["name"]) == {"", "Kesselwandferner", "Vernagtferner", "Hintereisferner"}


def test_pieces_together_are_the_whole(samples_mirror, monkeypatch):
    path = samples_mirror / "iceland_rgi62/06_rgi62_Iceland.shp"
    whole = only(path)
    monkeypatch.setattr("glacier_core.inventories.packages.ROWS_AT_ONCE", 100)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 100)
    pieces = list(rows_of(path, name=path.name))
    assert [len(piece) for piece in pieces] == [100] * 5 + [68]
    assert [text for piece in pieces for text in piece["glacier_id"]] == list(whole["glacier_id"])


def test_a_glacier_across_the_antimeridian_keeps_a_small_rectangle(tmp_path):
    path = tmp_path / "split.geojson"
    halves = shapely.MultiPolygon(
        [shapely.box(179.9, 68.0, 180.0, 68.2), shapely.box(-180.0, 68.0, -179.7, 68.1)]
    )
    frame = gpd.GeoDataFrame(
        {"rgi_id": ["RGI2000-v7.0-G-10-00001"], "o1region": ["10"], "cenlon": [-179.9],
         "cenlat": [68.05]},
        geometry=[halves], crs="EPSG:4326",
    )  # fmt: skip
    frame.to_file(path)
    row = only(path).iloc[0]
    assert (row["west"], row["east"], row["longitude"]) == (179.9, -179.7, -179.9)
    assert row.geometry.area == pytest.approx(0.4 * 0.2)


@pytest.mark.parametrize(
    ("columns", "crs", "message"),
    [
        ({"rgi_id": ["x"]}, "EPSG:32632", "not in longitude and latitude"),
        ({"naam": ["x"]}, "EPSG:4326", "no ids of glaciers"),
    ],
)
def test_files_that_are_no_inventory_are_refused(tmp_path, columns, crs, message):
    path = tmp_path / "other.gpkg"
    gpd.GeoDataFrame(columns, geometry=[shapely.box(0, 0, 1, 1)], crs=crs).to_file(path)
    with pytest.raises(OutlineError, match=message):
        list(rows_of(path, name=path.name))
