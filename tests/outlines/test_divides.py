import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from real_complexes import RESOLUTION, iou, mount_baker, oetztal
from skimage.segmentation import watershed

from glacier_core.deviations.divides import shared_borders
from glacier_core.errors import OutlineError
from glacier_core.outlines.divides import split_by_inventory
from glacier_core.outlines.labels import labelled_outlines
from glacier_core.outlines.schema import to_schema

CRS = "EPSG:32632"
CELL = 50.0
SHAPE = (80, 160)
GRID = Affine(CELL, 0, 0, 0, -CELL, SHAPE[0] * CELL)
COLUMN, ROW = np.meshgrid(np.arange(SHAPE[1]) + 0.5, np.arange(SHAPE[0]) + 0.5)
EAST, NORTH = COLUMN * CELL, (SHAPE[0] - ROW) * CELL


def inventory(*shapes):
    ids = [f"G{number}" for number in range(len(shapes))]
    return to_schema(shapes, CRS, glacier_id=ids, name=[f"Glacier {one}" for one in ids])


def split(mask, elevation, known):
    return split_by_inventory(mask, elevation, GRID, CRS, known)


def test_two_cones_part_halfway_between_their_summits():
    """Ice on two equal cones: all that lies above the same saddle belongs to the nearer summit."""
    summits = ((2500.0, 2000.0), (5500.0, 2000.0))
    away = [np.hypot(EAST - x, NORTH - y) for x, y in summits]
    elevation = 4000 - 0.4 * np.minimum(*away)
    known = inventory(*(shapely.Point(place).buffer(400) for place in summits))
    ice = np.minimum(*away) < 1800
    labels = split(ice, elevation, known)
    assert ((labels > 0) == ice).all()
    nearer = np.where(away[0] < away[1], 1, 2)
    far_from_border = abs(away[0] - away[1]) > 4 * CELL
    assert (labels == nearer)[ice & far_from_border].all()
    assert (labels == 1).sum() == pytest.approx((labels == 2).sum(), rel=0.02)


def test_new_ice_above_goes_to_the_glacier_it_drains_to():
    """A roof with its ridge along the middle column; the inventory has the foot of either side."""
    middle = SHAPE[1] * CELL / 2
    elevation = 3000 - 0.3 * abs(EAST - middle)
    known = inventory(shapely.box(500, 500, 1500, 3500), shapely.box(6500, 500, 7500, 3500))
    ice = (EAST > 500) & (EAST < 7500) & (NORTH > 500) & (NORTH < 3500)
    labels = split(ice, elevation, known)
    # On the rim, ice falls as steeply to the ground beside it as to the glacier.
    sure = ice & (abs(EAST - middle) > CELL) & (NORTH > 500 + 3 * CELL) & (NORTH < 3500 - 3 * CELL)
    assert (labels == np.where(middle > EAST, 1, 2))[sure].all()


def test_an_advanced_tongue_goes_to_the_glacier_above_it():
    """Two tongues on one slope; both have grown down, side by side."""
    elevation = 2000 + 0.2 * NORTH
    known = inventory(shapely.box(1000, 2000, 4000, 3500), shapely.box(4000, 2000, 7000, 3500))
    ice = (EAST > 1000) & (EAST < 7000) & (NORTH > 500) & (NORTH < 3500)
    labels = split(ice, elevation, known)
    sure = ice & (abs(EAST - 4000) > 2 * CELL)
    assert (labels == np.where(EAST < 4000, 1, 2))[sure].all()


def test_what_the_inventory_has_stays_as_it_is():
    known = inventory(shapely.box(1000, 1000, 3000, 3000), shapely.box(3000, 1000, 5000, 3000))
    random = np.random.default_rng(0)
    elevation = random.uniform(1000, 3000, SHAPE)
    ice = (EAST > 1500) & (EAST < 6000) & (NORTH > 1000) & (NORTH < 2500)
    labels = split(ice, elevation, known)
    assert (labels[ice & (EAST < 3000)] == 1).all()
    assert (labels[ice & (EAST > 3000) & (EAST < 5000)] == 2).all()
    assert (labels[~ice] == 0).all()


def test_ice_that_the_inventory_does_not_have_is_a_glacier_of_its_own():
    known = inventory(shapely.box(1000, 1000, 2000, 3000))
    apart = (EAST > 4000) & (EAST < 5000) & (NORTH > 1000) & (NORTH < 3000)
    ice = ((EAST > 1000) & (EAST < 2500) & (NORTH > 1000) & (NORTH < 3000)) | apart
    labels = split(ice, np.full(SHAPE, 1000.0), known)
    assert set(np.unique(labels)) == {0, 1, 2}
    assert (labels[apart] == 2).all()
    drawn = labelled_outlines(labels, GRID, CRS, inventory=known, date="2020-08-16")
    assert sorted(drawn["glacier_id"]) == ["G0", "predicted-0001"]
    assert sorted(drawn["name"]) == ["", "Glacier G0"]


def test_a_glacier_that_is_gone_has_no_outline_and_a_tiny_one_is_kept():
    known = inventory(
        shapely.box(1000, 1000, 2000, 3000),
        shapely.box(2000, 1000, 2200, 1200),
        shapely.box(6000, 1000, 7000, 3000),
    )
    ice = (EAST > 1000) & (EAST < 2200) & (NORTH > 1000) & (NORTH < 3000)
    labels = split(ice & ((EAST < 2000) | (NORTH < 1200)), 1000 + NORTH, known)
    assert set(np.unique(labels)) == {0, 1, 2}
    assert (labels == 2).sum() == 16  # 0.04 km², below every limit of a sliver


def test_without_elevation_nobody_can_tell():
    with pytest.raises(OutlineError, match="no elevation"):
        split(np.ones(SHAPE, bool), np.full(SHAPE, np.nan), inventory(shapely.box(0, 0, 1, 1)))


def test_gaps_in_the_elevation_are_bridged():
    middle = SHAPE[1] * CELL / 2
    elevation = 3000 - 0.3 * abs(EAST - middle)
    elevation[:, 40:44] = np.nan
    known = inventory(shapely.box(500, 500, 1500, 3500), shapely.box(6500, 500, 7500, 3500))
    ice = (EAST > 500) & (EAST < 7500) & (NORTH > 500) & (NORTH < 3500)
    labels = split(ice, elevation, known)
    assert (labels[ice] > 0).all()
    assert (labels[ice & (middle - CELL > EAST)] == 1).mean() > 0.95


def halved(complex_, upper):
    """Return an inventory that knows only the upper or the lower half of every glacier."""
    known = complex_.labels.copy()
    for number in range(1, len(complex_.outlines) + 1):
        glacier = known == number
        middle = np.median(complex_.elevation[glacier])
        wrong = complex_.elevation < middle if upper else complex_.elevation > middle
        known[glacier & wrong] = 0
    return labelled_outlines(known, complex_.transform, complex_.crs, min_area_km2=0)


def recovered(complex_, known):
    labels = split_by_inventory(
        complex_.ice, complex_.elevation, complex_.transform, complex_.crs, known
    )
    ious = []
    for row, outline in enumerate(known.geometry):
        inside = outline.representative_point()
        column, line = ~complex_.transform @ (inside.x, inside.y)
        truth = complex_.labels[int(line), int(column)]
        ious.append(iou(complex_.labels == truth, labels == row + 1))
    return np.array(ious)


@pytest.mark.parametrize(("upper", "least"), [(False, 20), (True, 23)])
def test_real_glaciers_come_back_from_half_of_themselves_in_the_oetztal(
    samples_mirror, upper, least
):
    place = oetztal(samples_mirror)
    ious = recovered(place, halved(place, upper))
    assert len(ious) == 23
    assert (ious >= 0.8).sum() >= least


def test_a_watershed_upside_down_alone_gives_upper_halves_to_the_wrong_neighbour(samples_mirror):
    """The way of others, which the documentation of `split_by_inventory` holds against ours."""
    place = oetztal(samples_mirror)
    known = place.labels.copy()
    for number in range(1, 24):
        glacier = known == number
        known[glacier & (place.elevation > np.median(place.elevation[glacier]))] = 0
    labels = watershed(
        -place.elevation, known, connectivity=np.ones((3, 3), dtype=bool), mask=place.ice
    )
    ious = [iou(place.labels == number, labels == number) for number in range(1, 24)]
    assert max(ious) < 0.8


@pytest.mark.parametrize("upper", [False, True])
def test_real_glaciers_come_back_from_half_of_themselves_on_mount_baker(samples_mirror, upper):
    place = mount_baker(samples_mirror)
    ious = recovered(place, halved(place, upper))
    assert (ious >= 0.8).sum() == 7


def test_divides_are_those_that_the_rgi_has_as_lines(samples_mirror, fixtures_dir):
    """The product I of RGI 7.0 holds the borders of Hintereisferner as lines."""
    place = oetztal(samples_mirror)
    wider = np.pad(place.ice, 2)[:-4, 2:-2] | place.ice
    labels = split_by_inventory(wider, place.elevation, place.transform, place.crs, place.outlines)
    known = place.outlines.rename(columns={"rgi_id": "glacier_id", "glac_name": "name"})
    drawn = labelled_outlines(labels, place.transform, place.crs, inventory=known)
    lines = gpd.read_file(fixtures_dir / "metadata/glims_rgi/rgi7_rgi7g_hef_intersects.shp").to_crs(
        place.crs
    )
    borders = shared_borders(list(drawn.geometry), 1.0)
    hintereis = borders[list(drawn["glacier_id"]).index("RGI2000-v7.0-G-11-03116")]
    assert len(lines) == 5
    near = lines.intersection(hintereis.buffer(RESOLUTION))
    assert near.length.sum() >= 0.95 * lines.length.sum()
