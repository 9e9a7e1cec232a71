import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from glacier_core.inventories.finding import find_glaciers
from glacier_core.inventories.identifiers import identifier_in
from glacier_core.inventories.index_table import COLUMNS
from glacier_core.inventories.regions import regions
from glacier_core.inventories.well_known import APPROXIMATE, well_known_glaciers


def test_some_hundred_glaciers_of_every_region():
    known = well_known_glaciers()
    assert tuple(known.columns) == COLUMNS
    assert len(known) > 400
    assert set(known["region"]) == set(regions())
    assert known["glacier_id"].is_unique
    assert (known["country"] != "").all()


def test_every_place_is_in_its_rectangle_and_its_region():
    known = well_known_glaciers()
    for row in known.itertuples():
        place = shapely.Point(row.longitude, row.latitude)
        assert row.geometry.covers(place), row.name
        assert regions()[row.region].ground.covers(place), row.name


def test_rectangles_are_of_the_size_of_glaciers():
    known = well_known_glaciers()
    height = (known["north"] - known["south"]) * 111.2
    width = (known["east"] - known["west"]) * 111.2 * np.cos(np.radians(known["latitude"]))
    assert height.between(0.5, 400).all()
    assert width.between(0.5, 400).all()


def test_rows_say_how_exact_they_are_and_ids_are_never_guessed():
    known = well_known_glaciers()
    measured = known["exactness"] != APPROXIMATE
    assert known.loc[measured, "exactness"].str.startswith("rectangle around the outline of").all()
    for column in ("rgi7_id", "rgi6_id", "glims_id"):
        ids = known[column][known[column] != ""]
        assert all(identifier_in(text).kind == column for text in ids)
        assert ids.is_unique


def _nearest_of_name(name, shape):
    found = find_glaciers(name)
    here = shapely.centroid(shape)
    away = shapely.distance(shapely.points(found["longitude"], found["latitude"]), here)
    return found.iloc[int(np.argmin(away))]


def _check(name, shape):
    """The rectangle holds most of the real outline, and is not many times as large."""
    row = _nearest_of_name(name, shape)
    assert row["match"] == "name", name
    box = row.geometry
    assert box.intersection(shape).area >= 0.8 * shape.area, name
    # Rectangles are rounded to 0.005 degrees, of small glaciers too.
    assert shapely.box(*shape.bounds).buffer(0.01, join_style="mitre").area >= 0.3 * box.area, name
    return row


def test_the_real_samples_are_where_the_shipped_index_says(samples_mirror):
    files = {
        "Baltoro": "baltoro_srtm_rgi/baltoro_wgs84.shp",
        "Columbia Glacier": "columbia_alaska/RGI60-01.10689.shp",
        "South Glacier": "south_glacier_yukon/SouthGlacier.shp",
        "Chhota Shigri": "small_dems_oggm/RGI50-14.15990.shp",
        "Athabasca Glacier": "athabasca_hls_2020/athabasca_outline.shp",
        "Oberer Grindelwaldgletscher": "small_dems_oggm/outline_RGI50-11.01270.shp",
        "Hintereisferner": "oetztal_srtm_rgi/Hintereisferner_RGI6.shp",
    }
    for name, file in files.items():
        frame = gpd.read_file(samples_mirror / file).to_crs("EPSG:4326")
        _check(name, frame.geometry.union_all())


@pytest.mark.parametrize(
    ("file", "column", "ids", "theirs"),
    [
        ("iceland_rgi62/06_rgi62_Iceland.shp", "Name", "rgi6_id", "RGIId"),
        ("oetztal_srtm_rgi/rgi7g_hef_complex.shp", "glac_name", "rgi7_id", "rgi_id"),
        ("baker_cop30/baker_glims.geojson", "glac_name", "glims_id", "glac_id"),
        ("gnp_usgs_5dates/polys66.json", "GLACNAME", None, None),
    ],
)
def test_every_named_glacier_of_the_samples_is_found(samples_mirror, file, column, ids, theirs):
    frame = gpd.read_file(samples_mirror / file).to_crs("EPSG:4326")
    # The "Langjökull Ice Cap" of the RGI is the middle part of Langjökull.
    named = frame[frame[column].notna() & (frame[column] != "Langjoekull Ice Cap")]
    assert len(named) >= 7
    for _, glacier in named.iterrows():
        row = _check(glacier[column].split("/")[-1].split("(")[0].strip(), glacier.geometry)
        if ids:
            assert row[ids] == glacier[theirs]


def test_the_parts_of_vatnajokull_lie_in_vatnajokull(samples_mirror):
    whole = find_glaciers("Vatnajökull").iloc[0].geometry
    for name in ("Skeiðarárjökull", "Brúarjökull", "Dyngjujökull", "Breiðamerkurjökull"):
        part = find_glaciers(name).iloc[0].geometry
        assert part.intersection(whole).area >= 0.9 * part.area, name


def test_the_table_is_sorted_so_that_changes_are_seen():
    known = pd.DataFrame(well_known_glaciers().drop(columns="geometry"))
    assert list(known["region"]) == sorted(known["region"])
