import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer

from glacier_core.deviations.experts import place_experts
from glacier_core.deviations.layers import (
    CONFIDENCE_EDGES,
    EDGE_DISTANCES,
    FRONT_M,
    MOST_BANDS,
    SIZE_EDGES,
    SLOPE_EDGES,
    grid_north,
    intervals,
    strata,
)
from glacier_core.deviations.matching import make_zones
from glacier_core.deviations.surfaces import Surfaces, estimate_surfaces

from .maps import SIDE, TRANSFORM, UTM, block, box, experts, glacier_map
from .scenes import make_scene

SHAPE = (60, 80)


def layers(scene, result, outlines, surfaces=None):
    placed = place_experts(outlines, TRANSFORM, SHAPE, UTM)
    zones = make_zones(placed.labels, 300.0, SIDE)
    if surfaces is None:
        surfaces = estimate_surfaces(scene, zones.inside > 0)
    return {found.name: found for found in strata(result, scene, placed, zones, surfaces)}


def one_block(rows=(20, 40), columns=(20, 60)):
    return experts(box(rows, columns)), block(SHAPE, rows, columns)


def found(elevation=None, confidence=0.9, unmapped=None, outlines=None):
    drawn, glacier = one_block()
    result = glacier_map(glacier, unmapped, confidence)
    scene = make_scene(SHAPE, elevation=elevation)
    return layers(scene, result, drawn if outlines is None else outlines)


def names(stratum):
    """Return the class of every pixel as text, "" where not known."""
    return np.array([*stratum.classes, ""], dtype=object)[stratum.codes]


def test_intervals_are_half_open_and_named():
    assert intervals((5.0, 15.0), "°") == ("under 5°", "5 to 15°", "15° and more")


def test_every_stratum_is_there_on_the_grid_or_says_why_not():
    for stratum in found().values():
        assert stratum.basis
        if stratum.codes is not None:
            assert stratum.codes.shape == SHAPE
            assert stratum.codes.max() < len(stratum.classes)
    assert found()["shadow"].codes is None
    assert found()["front in water"].codes is None


@pytest.mark.parametrize(
    ("tangent", "name"), [(0.05, "under 5°"), (0.2, "5 to 15°"), (0.5, "15 to 30°"), (2, "45° and")]
)
def test_slope_classes_of_a_plane(tangent, name):
    rows = np.indices(SHAPE)[0]
    classes = names(found(elevation=1000 + tangent * SIDE * rows)["slope"])
    assert classes[30, 40].startswith(name)


@pytest.mark.parametrize(
    ("direction", "octant"),
    [(0, "N"), (22, "N"), (23, "NE"), (90, "E"), (135, "SE"), (180, "S"), (270, "W"), (338, "N")],
)
def test_a_plane_faces_its_octant(direction, octant):
    rows, columns = np.indices(SHAPE)
    angle = np.radians(direction)
    fall = 0.5 * SIDE * (columns * np.sin(angle) - rows * np.cos(angle))
    scene = make_scene(SHAPE)
    assert abs(grid_north(scene)) < 0.5  # the grid lies close to its central meridian
    assert names(found(elevation=3000 - fall)["aspect"])[30, 40] == octant


def test_level_ground_faces_nowhere():
    assert set(names(found()["aspect"]).ravel()) == {"level"}


def test_north_is_that_of_the_ground_not_of_the_grid():
    """East of the central meridian the grid's north lies clockwise of true north."""
    east = Affine(SIDE, 0, 700_000, 0, -SIDE, 7_800_000)
    scene = make_scene(SHAPE, transform=east)
    west_edge, south, east_edge, north = scene.bounds
    middle = ((west_edge + east_edge) / 2, (south + north) / 2)
    longitude, latitude = Transformer.from_crs(UTM, 4326, always_xy=True).transform(*middle)
    # Meridian convergence on a sphere, good to a hundredth of a degree here: the closed form.
    convergence = np.degrees(
        np.arctan(np.tan(np.radians(longitude + 117)) * np.sin(np.radians(latitude)))
    )
    assert grid_north(scene) == pytest.approx(convergence, abs=0.02)


def test_elevation_bands_are_round_and_few():
    rows = np.indices(SHAPE)[0]
    stratum = found(elevation=1005.0 + 20 * rows)["elevation"]
    assert names(stratum)[30, 40] == "1600 to 1700 m"  # 1605 m
    assert len(set(names(stratum)[10:50].ravel())) <= MOST_BANDS
    flat = found()["elevation"]
    assert flat.classes == ("1000 to 1050 m",)


def test_glaciers_have_the_size_of_their_outlines():
    drawn = experts(box((10, 20), (10, 30)), box((30, 50), (10, 70)), ids=["small", "large"])
    stratum = found(outlines=drawn)["glacier size"]
    classes = names(stratum)
    assert drawn["area_km2"].round(2).tolist() == [0.18, 1.08]
    assert classes[15, 20] == "0.1 to 0.5 km²"
    assert classes[40, 40] == "1 to 5 km²"
    assert classes[0, 79] == ""  # beyond the buffer nobody's


def test_distance_to_the_edge_counts_gaps_as_edges():
    gap = block(SHAPE, (0, 60), (40, 41))
    classes = names(found(unmapped=gap)["distance to the edge"])
    assert classes[30, 39] == "under 500 m"
    # 20 pixels of 30 m to the gap and to the frame, less half a pixel
    assert classes[30, 20] == "500 to 1000 m"


def test_confidence_classes():
    confidence = np.full(SHAPE, 0.995, dtype=np.float32)
    confidence[:, 40:] = 0.55
    classes = names(found(confidence=confidence)["confidence"])
    assert classes[30, 30] == "0.99 and more"
    assert classes[30, 50] == "under 0.6"


def test_a_front_is_where_ice_meets_water():
    drawn, glacier = one_block()
    scene = make_scene(SHAPE)
    water = block(SHAPE, (25, 35), (60, 70))
    surfaces = Surfaces(("any",), np.zeros(SHAPE, np.int16), "b", None, "none", water, "a lake")
    stratum = layers(scene, glacier_map(glacier), drawn, surfaces)["front in water"]
    near = names(stratum) == stratum.classes[0]
    assert near[30, 59]
    assert near[30, 59 - int(FRONT_M / SIDE)]
    assert not near[30, 59 - int(FRONT_M / SIDE) - 1]
    assert not near[30, 20]


def test_ice_away_from_water_has_no_front():
    drawn, glacier = one_block()
    water = block(SHAPE, (0, 5), (0, 5))
    surfaces = Surfaces(("any",), np.zeros(SHAPE, np.int16), "b", None, "none", water, "a lake")
    stratum = layers(make_scene(SHAPE), glacier_map(glacier), drawn, surfaces)["front in water"]
    assert set(names(stratum).ravel()) == {"elsewhere"}


def test_without_elevation_terrain_is_missing_with_a_reason():
    drawn, glacier = one_block()
    scene = make_scene(SHAPE)
    nothing = scene.data["elevation"].copy(data=np.full(SHAPE, np.nan, np.float32))
    for data in (
        scene.data.assign(elevation=nothing, slope=nothing),
        scene.data.drop_vars(["elevation", "slope"]),
    ):
        bare = type(scene)(data, scene.attributes)
        told = layers(bare, glacier_map(glacier), drawn)
        for name in ("elevation", "slope", "aspect"):
            assert told[name].codes is None
            assert "elevation" in told[name].basis or "slope" in told[name].basis


@pytest.mark.parametrize("edges", [SIZE_EDGES, SLOPE_EDGES, EDGE_DISTANCES, CONFIDENCE_EDGES])
def test_edges_rise(edges):
    assert list(edges) == sorted(set(edges))
