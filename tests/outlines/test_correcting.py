"""Corrected outlines: closed forms on squares, and what must hold for whatever is drawn."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from glacier_core.errors import OutlineError
from glacier_core.outlines.correcting import GRID_M, apply_edits
from glacier_core.outlines.edits import draw_edit
from glacier_core.outlines.schema import COLUMNS, empty_outlines, equal_area_km2, to_schema

CRS = "EPSG:32611"
WEST, SOUTH = 480_000.0, 5_780_000.0
FRAME = shapely.box(WEST - 1000, SOUTH - 1000, WEST + 5000, SOUTH + 5000)
TO_DEGREES = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def square(west, south, east, north):
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def outlines(*geometries, **facts):
    ids = [f"predicted-{number:04d}" for number in range(1, len(geometries) + 1)]
    known = {"source": "a-model", "date": "2020-08-16"}
    return to_schema(list(geometries), CRS, glacier_id=ids, **known | facts)


def drawn(kind, geometry, **options):
    ring = geometry.exterior if isinstance(geometry, shapely.Polygon) else geometry
    points = [TO_DEGREES.transform(*point) for point in ring.coords]
    return draw_edit(kind, points, **options)


def line(*points):
    return shapely.LineString([(WEST + x, SOUTH + y) for x, y in points])


def differs(first, second):
    """Return by how many square metres two geometries differ."""
    return shapely.symmetric_difference(first, second).area


ONE = square(0, 0, 1000, 1000)
TWO = square(2000, 0, 2500, 1000)


def test_no_edit_changes_nothing():
    given_ = outlines(ONE, TWO)
    made = apply_edits(given_, [])
    assert list(made.columns) == [*COLUMNS, "edits"]
    assert made[list(COLUMNS)].equals(given_)
    assert list(made["edits"]) == [0, 0]


def test_added_ice_joins_the_outline_it_meets():
    made = apply_edits(outlines(ONE, TWO), [drawn("add", square(900, 0, 1500, 500))])
    assert list(made["glacier_id"]) == ["predicted-0001", "predicted-0002"]
    assert list(made["edits"]) == [1, 0]
    assert differs(made.geometry[0], ONE.union(square(1000, 0, 1500, 500))) < 1
    assert made.geometry[1].equals_exact(TWO, 0)
    assert made["area_km2"].to_numpy() == pytest.approx(equal_area_km2(made.geometry))
    assert made["area_km2"][0] == pytest.approx(1.25, rel=1e-3)  # the scale of UTM is 0.9996


def test_ice_drawn_along_the_margin_leaves_no_seam():
    """On the way through degrees the corners move by a billionth of a metre."""
    made = apply_edits(outlines(ONE), [drawn("add", square(1000, 0, 1500, 1000))])
    assert len(made) == 1
    assert made.geometry[0].geom_type == "Polygon"
    assert made.geometry[0].length == pytest.approx(5000, abs=0.01)


def test_a_bridge_makes_one_outline_under_the_id_of_the_largest():
    made = apply_edits(outlines(TWO, ONE), [drawn("add", square(900, 400, 2100, 600))])
    assert list(made["glacier_id"]) == ["predicted-0002"]
    assert differs(made.geometry[0], ONE.union(TWO).union(square(900, 400, 2100, 600))) < 1


def test_a_named_outline_grows_and_its_neighbour_keeps_what_it_has():
    made = apply_edits(
        outlines(ONE, TWO),
        [drawn("add", square(900, 400, 2100, 600), glacier_id="predicted-0001")],
    )
    assert differs(made.geometry[0], ONE.union(square(1000, 400, 2000, 600))) < 1
    assert made.geometry[1].equals_exact(TWO, 0)


def test_ice_drawn_away_from_every_outline_is_a_new_one():
    far = square(3000, 3000, 3300, 3300)
    made = apply_edits(outlines(ONE), [drawn("add", far)])
    assert list(made["glacier_id"]) == ["predicted-0001", "added-0001"]
    assert list(made["source"]) == ["a-model"] * 2
    assert differs(made.geometry[1], far) < 1
    alone = apply_edits(empty_outlines(CRS), [drawn("add", far)])
    assert list(alone["glacier_id"]) == ["added-0001"]
    assert alone.crs == CRS


def test_a_cut_takes_ice_away_from_every_outline_it_meets():
    made = apply_edits(outlines(ONE, TWO), [drawn("cut", square(500, 0, 2250, 1000))])
    assert differs(made.geometry[0], square(0, 0, 500, 1000)) < 1
    assert differs(made.geometry[1], square(2250, 0, 2500, 1000)) < 1
    named = apply_edits(
        outlines(ONE, TWO),
        [drawn("cut", square(500, 0, 2250, 1000), glacier_id="predicted-0002")],
    )
    assert named.geometry[0].equals_exact(ONE, 0)
    assert list(named["edits"]) == [0, 1]


def test_a_cut_inside_is_a_nunatak():
    made = apply_edits(outlines(ONE), [drawn("cut", square(400, 400, 600, 600))])
    assert len(made.geometry[0].interiors) == 1
    assert made.geometry[0].area == pytest.approx(1e6 - 4e4, abs=1)


def test_a_wrong_outline_can_be_cut_away_as_a_whole_but_not_the_last():
    both = outlines(ONE, TWO)
    everything = square(-100, -100, 1100, 1100)
    assert list(apply_edits(both, [drawn("cut", everything)])["glacier_id"]) == ["predicted-0002"]
    with pytest.raises(OutlineError, match="no outline at all"):
        apply_edits(outlines(ONE), [drawn("cut", everything)])


def test_a_margin_is_drawn_anew():
    edit = drawn("reshape", line((900, 200), (1200, 200), (1200, 600), (900, 600)))
    made = apply_edits(outlines(TWO, ONE), [edit])
    assert made.geometry[0].equals_exact(TWO, 0)
    assert differs(made.geometry[1], ONE.union(square(1000, 200, 1200, 600))) < 1
    assert list(made["edits"]) == [0, 1]


def test_a_margin_drawn_into_a_neighbour_leaves_the_neighbour_whole():
    near = square(1100, 0, 1500, 1000)
    edit = drawn(
        "reshape",
        line((900, 200), (1200, 200), (1200, 600), (900, 600)),
        glacier_id="predicted-0001",
    )
    made = apply_edits(outlines(ONE, near), [edit])
    assert made.geometry[1].equals_exact(near, 0)
    assert differs(made.geometry[0], ONE.union(square(1000, 200, 1100, 600))) < 1


def test_undo_is_leaving_out_the_last_edit():
    edits = [
        drawn("add", square(900, 0, 1500, 500)),
        drawn("cut", square(-100, -100, 200, 1100)),
        drawn("reshape", line((100, 900), (600, 1300), (800, 900))),
    ]
    whole = apply_edits(outlines(ONE, TWO), edits)
    assert list(whole["edits"]) == [3, 0]
    again = apply_edits(apply_edits(outlines(ONE, TWO), edits[:2]), edits[2:])
    assert again.geometry.geom_equals(whole.geometry).all()
    assert apply_edits(outlines(ONE), edits[:0]).geometry[0].equals_exact(ONE, 0)


def test_what_is_drawn_beyond_the_scene_counts_for_nothing():
    edge = square(0, 0, 5000, 1000)
    made = apply_edits(outlines(edge), [drawn("add", square(4000, 0, 6000, 2000))], frame=FRAME)
    assert differs(made.geometry[0], edge.union(square(4000, 0, 5000, 2000))) < 1
    bulge = drawn("reshape", line((4900, 200), (5400, 200), (5400, 600), (4900, 600)))
    with pytest.raises(OutlineError, match="changes nothing"):
        apply_edits(made, [bulge], frame=FRAME)


@pytest.mark.parametrize(
    ("kind", "geometry", "options", "sentence"),
    [
        ("add", square(20_000, 0, 21_000, 1000), {}, "outside the scene"),
        ("cut", square(5100, 0, 6000, 1000), {}, "outside the scene"),
        ("reshape", line((20_000, 0), (21_000, 0)), {}, "outside the scene"),
        ("add", square(100, 100, 900, 900), {}, "inside the outline already"),
        ("cut", square(3000, 3000, 3100, 3100), {}, "meets no outline"),
        ("reshape", line((3000, 3000), (3100, 3100)), {}, "does not cross an outline twice"),
        ("reshape", line((500, 500), (1500, 500)), {}, "does not cross an outline twice"),
        (
            "reshape",
            line((999.9, 100), (1000.0004, 101), (1000.0004, 102), (999.9, 103)),
            {},
            "changes nothing",
        ),
        ("cut", square(0, 0, 100, 100), {"glacier_id": "gone"}, "no outline 'gone'"),
    ],
)
def test_an_edit_that_cannot_be_made_is_a_sentence(kind, geometry, options, sentence):
    with pytest.raises(OutlineError, match=sentence):
        apply_edits(outlines(ONE, TWO), [drawn(kind, geometry, **options)], frame=FRAME)


def test_outlines_in_degrees_are_refused():
    with pytest.raises(OutlineError, match="metric coordinate system"):
        apply_edits(outlines(ONE).to_crs("EPSG:4326"), [])


def stars():
    """Polygons around a point, corners at rising angles: they never cross themselves."""
    radii = st.lists(st.floats(20, 900), min_size=3, max_size=12)
    middle = st.tuples(st.floats(-300, 1300), st.floats(-300, 1300))
    return st.builds(star, radii, middle)


def star(radii, middle):
    angles = 2 * np.pi * np.arange(len(radii)) / len(radii)
    x = WEST + middle[0] + np.array(radii) * np.cos(angles)
    y = SOUTH + middle[1] + np.array(radii) * np.sin(angles)
    return shapely.Polygon(np.column_stack([x, y]))


def rounding(*geometries):
    """Return by how much rounding corners to millimetres may change areas, in square metres."""
    return 2 * GRID_M * sum(geometry.length for geometry in geometries)


def applied(table, *edits):
    try:
        return apply_edits(table, edits)
    except OutlineError:
        return None


def whole(table: gpd.GeoDataFrame):
    return shapely.union_all(table.geometry.array)


@settings(max_examples=12)
@given(stars())
def test_adding_never_shrinks_and_gives_the_union(area):
    table = outlines(ONE, TWO)
    made = applied(table, drawn("add", area))
    if made is None:
        assert differs(area, shapely.intersection(area, whole(table))) < 5
        return
    assert made.geometry.is_valid.all()
    assert made["area_km2"].sum() >= table["area_km2"].sum() - 1e-9
    assert differs(whole(made), shapely.union(whole(table), area)) < rounding(area, whole(table))


@settings(max_examples=12)
@given(stars())
def test_cutting_and_adding_the_same_area_gives_the_union(area):
    table = outlines(ONE, TWO)
    made = applied(table, drawn("cut", area), drawn("add", area))
    if made is None:
        return
    assert made.geometry.is_valid.all()
    assert differs(whole(made), shapely.union(whole(table), area)) < rounding(area, whole(table))
    added = applied(table, drawn("add", area))
    expected = whole(table) if added is None else whole(added)
    assert differs(whole(made), expected) < rounding(area, whole(table))


@settings(max_examples=12)
@given(
    st.lists(stars(), min_size=1, max_size=4),
    st.lists(st.sampled_from(["add", "cut"]), min_size=4, max_size=4),
)
def test_whatever_is_drawn_outlines_stay_valid_and_apart(areas, kinds):
    table = outlines(ONE, TWO)
    for area, kind in zip(areas, kinds, strict=False):
        made = applied(table, drawn(kind, area))
        table = table if made is None else made
    assert table.geometry.is_valid.all()
    assert not table.geometry.is_empty.any()
    assert table["glacier_id"].is_unique
    assert table.geometry.area.sum() == pytest.approx(whole(table).area, abs=1)


@settings(max_examples=12)
@given(st.floats(5, 995), st.floats(5, 990), st.floats(1, 800))
def test_a_bulge_has_the_area_of_its_box(low, high, out):
    low, high = sorted((low, high))
    if (high - low) * out < 2:
        return
    edit = drawn("reshape", line((990, low), (1000 + out, low), (1000 + out, high), (990, high)))
    made = apply_edits(outlines(ONE), [edit])
    assert made.geometry[0].area == pytest.approx(1e6 + out * (high - low), abs=5)
