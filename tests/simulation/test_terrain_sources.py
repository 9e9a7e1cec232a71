import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from glacier_core.errors import SourceError
from glacier_core.simulation.terrain_sources import (
    SAMPLES,
    SampleTerrain,
    load_terrain,
    real_terrain,
)


@pytest.fixture
def geographic_sample(tmp_path):
    """An elevation model in degrees at 60° N with one square glacier of 0.02° by 0.01°."""
    elevation = np.tile(np.arange(120, dtype=np.int16) * 10, (100, 1))
    elevation[:5, :5] = -32768
    with rasterio.open(
        tmp_path / "dem.tif",
        "w",
        driver="GTiff",
        width=120,
        height=100,
        count=1,
        dtype="int16",
        crs="EPSG:4326",
        transform=from_origin(9.0, 60.1, 0.001, 0.001),
        nodata=-32768,
    ) as dataset:
        dataset.write(elevation, 1)
    square = shapely.box(9.05, 60.04, 9.07, 60.05)
    in_the_void = shapely.box(9.0, 60.097, 9.003, 60.1)
    gpd.GeoDataFrame(geometry=[square, in_the_void], crs="EPSG:4326").to_file(
        tmp_path / "ice.geojson"
    )
    return SampleTerrain("test", "dem.tif", "ice.geojson", sea_level=200.0)


def test_degrees_become_square_metres(tmp_path, geographic_sample):
    terrain = load_terrain(tmp_path, geographic_sample)
    assert terrain.resolution == pytest.approx(111.32, rel=1e-3)
    area = (terrain.labels == 1).sum() * terrain.resolution**2
    # 0.02° of longitude at 60.045° N and 0.01° of latitude on the WGS 84 ellipsoid.
    assert area == pytest.approx(0.02 * 55_724.0 * 0.01 * 111_420.0, rel=0.08)
    known = terrain.elevation[np.isfinite(terrain.elevation)]
    assert known.min() == 200.0
    assert np.isnan(terrain.elevation).any()
    assert not terrain.labels[np.isnan(terrain.elevation)].any()
    assert not terrain.procedural


def test_a_missing_file_is_named(tmp_path, geographic_sample):
    (tmp_path / "ice.geojson").unlink()
    with pytest.raises(SourceError, match=r"ice\.geojson.*GLACIER_SAMPLES_MIRROR"):
        load_terrain(tmp_path, geographic_sample)


def test_the_split_keeps_places_apart():
    training = {sample.name for sample in SAMPLES if not sample.held_out}
    held_out = {sample.name for sample in SAMPLES if sample.held_out}
    assert held_out == {"south-glacier", "oetztal"}
    assert "rainier" in training
    assert not any("athabasca" in (s.elevation + s.outlines) for s in SAMPLES)
    assert {s.name for s in SAMPLES if s.complete} == {"rainier", "oetztal"}


@pytest.mark.samples
def test_real_areas_agree_with_the_inventory(samples_mirror):
    sources = {source.name: source for source, _ in real_terrain(samples_mirror, held_out=True)}
    south = sources["south-glacier"]
    area = (south.labels > 0).sum() * south.resolution**2 / 1e6
    assert area == pytest.approx(5.35, rel=0.01)
    assert sources["oetztal"].labels.max() == 23
