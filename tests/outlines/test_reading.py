"""Outlines from files of every kind."""

import zipfile

import geopandas as gpd
import numpy as np
import pytest
import shapely

from glacier_core.errors import OutlineError
from glacier_core.outlines.reading import read_outlines
from glacier_core.outlines.schema import COLUMNS
from glacier_core.outlines.writing import write_outlines

UTM = "EPSG:32632"
WEST = shapely.box(640000, 5180000, 642000, 5181000)
EAST = shapely.Polygon(
    shapely.box(650000, 5180000, 651000, 5181000).exterior,
    [shapely.box(650200, 5180200, 650400, 5180400).exterior.coords],
)


def table(geometries=(WEST, EAST), crs=UTM, **attributes):
    names = [f"Glacier {number}" for number in range(len(geometries))]
    return gpd.GeoDataFrame({"Name": names} | attributes, geometry=list(geometries), crs=crs)


def saved(folder, suffix, frame=None):
    """Write a frame as a person's program would, and return the path to give to the reader."""
    frame = table() if frame is None else frame
    path = folder / f"outlines{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".zip":
        frame.to_file(folder / "inside.shp")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(folder.glob("inside.*")):
                archive.write(part, f"deep/{part.name}")
    else:
        frame.to_crs(4326).to_file(path) if suffix == ".geojson" else frame.to_file(path)
    return path


KINDS = (".gpkg", ".geojson", ".shp", ".zip", ".parquet")


@pytest.mark.parametrize("suffix", KINDS)
def test_every_kind_of_file(tmp_path, suffix):
    path = saved(tmp_path, suffix)
    frame = read_outlines(path)
    assert tuple(frame.columns) == COLUMNS
    assert list(frame["name"]) == ["Glacier 0", "Glacier 1"]
    assert list(frame.glacier_id) == ["outline-0001", "outline-0002"]
    assert set(frame.source) == {path.name}
    assert list(frame.area_km2) == pytest.approx([2.0, 0.96], rel=2e-3)
    back = frame.to_crs(UTM).geometry
    for geometry, expected in zip(back, (WEST, EAST), strict=True):
        assert geometry.hausdorff_distance(expected) < 0.01
        assert geometry.symmetric_difference(expected).area < 1
    if suffix != ".geojson":
        assert frame.crs == UTM


@pytest.mark.parametrize("suffix", [".GPKG", ".GeoJSON", ".ZIP", ".Parquet"])
def test_suffixes_in_capitals(tmp_path, suffix):
    path = saved(tmp_path, suffix.lower())
    assert len(read_outlines(path.rename(tmp_path / f"other{suffix}"))) == 2


def test_json_is_geojson(tmp_path):
    path = saved(tmp_path, ".geojson")
    assert len(read_outlines(path.rename(tmp_path / "polys98.json"))) == 2


def test_a_byte_order_mark_is_no_trouble(tmp_path):
    path = saved(tmp_path, ".geojson")
    path.write_bytes(b"\xef\xbb\xbf \n" + path.read_bytes())
    assert len(read_outlines(path)) == 2


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_missing_coordinate_system_can_be_named(tmp_path):
    path = saved(tmp_path, ".gpkg", table(crs=None))
    assert read_outlines(path, crs=UTM).crs == UTM
    with pytest.raises(OutlineError, match="'nonsense' is no coordinate system"):
        read_outlines(path, crs="nonsense")


def test_a_named_coordinate_system_goes_after_that_of_the_file(tmp_path):
    assert read_outlines(saved(tmp_path, ".gpkg"), crs="EPSG:3413").crs == UTM


def test_metres_in_geojson_are_not_taken_for_degrees(tmp_path):
    path = tmp_path / "metres.geojson"
    path.write_text(table().set_crs(4326, allow_override=True).to_json())
    with pytest.raises(OutlineError, match="says degrees but holds other numbers"):
        read_outlines(path)
    assert read_outlines(path, crs=UTM).area_km2.sum() == pytest.approx(2.96, rel=2e-3)


def test_lines_points_and_empty_rows_are_dropped(tmp_path):
    mixed = [shapely.Point(0, 0), WEST, None, shapely.LineString([(0, 0), (1, 1)]), EAST]
    frame = read_outlines(saved(tmp_path, ".gpkg", table(mixed)))
    assert list(frame["name"]) == ["Glacier 1", "Glacier 4"]
    assert list(frame.index) == [0, 1]


def test_only_glacier_boundaries_of_glims_are_taken(tmp_path):
    kinds = ["glac_bound", "intrnl_rock"]
    frame = read_outlines(saved(tmp_path, ".gpkg", table(line_type=kinds, anlys_id=[1, 2])))
    assert list(frame["name"]) == ["Glacier 0"]
    assert set(frame.source) == {"GLIMS"}


def test_layers_of_a_geopackage(tmp_path):
    path = tmp_path / "both.gpkg"
    table().to_file(path, layer="old")
    table([shapely.Point(0, 0)]).to_file(path, layer="stakes")
    assert len(read_outlines(path)) == 2
    table([WEST]).to_file(path, layer="new")
    with pytest.raises(OutlineError, match=r"several layers of polygons \(old, new\)"):
        read_outlines(path)
    assert len(read_outlines(path, layer="new")) == 1
    with pytest.raises(OutlineError, match="cannot be read"):
        read_outlines(path, layer="absent")


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1"])
def test_shapefiles_that_do_not_tell_their_encoding(tmp_path, encoding):
    table(Name=["Jökull", "À"]).to_file(tmp_path / "outlines.shp", encoding=encoding)
    (tmp_path / "outlines.cpg").unlink()
    assert list(read_outlines(tmp_path / "outlines.shp")["name"]) == ["Jökull", "À"]


AREAS = {
    "athabasca_hls_2020/athabasca_outline.shp": (1, 16.16),
    "baker_cop30/baker_glims.geojson": (7, 28.43),
    "baltoro_srtm_rgi/baltoro_wgs84.shp": (1, 552.1),
    "columbia_alaska/01_rgi60_Columbia.shp": (1, 935.9),
    "columbia_alaska/RGI60-01.10689.shp": (1, 773.9),
    "gnp_usgs_5dates/lia-poly.json": (39, 44.8),
    "gnp_usgs_5dates/polys66.json": (39, 21.64),
    "gnp_usgs_5dates/polys98.json": (39, 16.28),
    "gnp_usgs_5dates/polys05.json": (39, 15.45),
    "gnp_usgs_5dates/polys15.json": (39, 14.18),
    "iceland_rgi62/06_rgi62_Iceland.shp": (568, 11060),
    "oetztal_srtm_rgi/Hintereisferner_RGI6.shp": (1, 8.036),
    "oetztal_srtm_rgi/rgi7g_hef.shp": (1, 8.036),
    "oetztal_srtm_rgi/rgi7g_hef_complex.shp": (23, 77.67),
    "oetztal_srtm_rgi/rgi_oetztal.shp": (20, 87.74),
    "rainier_1970/rgi60_glacierpoly_rainier.shp": (168, 92.55),
    "small_dems_oggm/RGI50-05.08389.shp": (1, 188.498),
    "small_dems_oggm/RGI50-14.15990.shp": (1, 16.764),
    "small_dems_oggm/RGI60-14.03439.shp": (1, 8.11),
    "small_dems_oggm/RGI6_icecap.shp": (61, 706.2),
    "small_dems_oggm/cgi2.shp": (5, 9.11),
    "small_dems_oggm/outline_RGI50-11.01270.shp": (1, 9.023),
    "small_dems_oggm/rgi_RGI50-01.10299.shp": (1, 19.282),
    "south_glacier_yukon/SouthGlacier.shp": (1, 5.35),
}
"""Rows and km², as the inventories or the notes beside the files tell, where they do."""


@pytest.mark.samples
@pytest.mark.parametrize("name", AREAS)
def test_real_inventories(samples_mirror, name):
    rows, area = AREAS[name]
    frame = read_outlines(samples_mirror / name)
    assert len(frame) == rows
    assert frame.area_km2.sum() == pytest.approx(area, rel=1e-3)
    assert frame.is_valid.all()
    assert frame.glacier_id.is_unique


@pytest.mark.samples
def test_areas_are_those_that_rgi_7_tells(samples_mirror):
    """RGI 7 measures each outline in an equal-area projection of its own place."""
    path = samples_mirror / "oetztal_srtm_rgi" / "rgi7g_hef_complex.shp"
    theirs = gpd.read_file(path).area_km2
    np.testing.assert_allclose(read_outlines(path).area_km2, theirs, rtol=1e-3)


@pytest.mark.samples
@pytest.mark.parametrize(
    "name", ["gnp_usgs_5dates/glacier-pts.json", "baltoro_srtm_rgi/centerlines_baltoro_wgs84.shp"]
)
def test_points_and_lines_are_no_outlines(samples_mirror, name):
    with pytest.raises(OutlineError, match="holds no polygon"):
        read_outlines(samples_mirror / name)


def test_what_glims_states_of_its_uncertainty_is_kept_and_written_along(fixtures_dir, tmp_path):
    found = read_outlines(fixtures_dir / "metadata/glims_rgi/baker_glims.geojson")
    assert set(found["local_uncertainty_m"]) == {50.0}
    assert set(found["global_uncertainty_m"]) == {80.0}
    assert "None" not in set(found["name"])
    for suffix in ("gpkg", "parquet", "geojson"):
        again = read_outlines(write_outlines(found, tmp_path / f"again.{suffix}"))
        assert set(again["local_uncertainty_m"]) == {50.0}
