"""A map beside an expert, on scenes small enough to count by hand."""

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely

import glacier_core as gc
from glacier_core.deviations.comparison import BOTH, NEITHER, ONLY_EXPERT, ONLY_PREDICTED, UNMAPPED
from glacier_core.errors import OutlineError
from glacier_core.outlines.schema import COLUMNS, equal_area_km2

from .maps import SIDE, UTM, block, box, experts, glacier_map

SHAPE = (60, 80)
RINGS = ("all", "external")
DISTANCES = ["polis_m", "mean_m", "median_m", "p95_m", "hausdorff_m", "signed_mean_m"]


def row(comparison, glacier_id="g1"):
    return comparison.glaciers.set_index("glacier_id").loc[glacier_id]


def km2(geometry):
    return float(experts(geometry)["area_km2"].iloc[0])


def test_a_perfect_map():
    found = gc.compare(
        glacier_map(block(SHAPE, (20, 40), (20, 50))), experts(box((20, 40), (20, 50)))
    )
    glacier = row(found)
    assert glacier["expert_area_km2"] == pytest.approx(glacier["predicted_area_km2"])
    assert glacier["area_deviation_percent"] == pytest.approx(0, abs=1e-6)
    assert list(glacier[DISTANCES]) == pytest.approx([0] * 6, abs=1e-3)
    assert glacier["iou"] == 1
    assert (found.pixels["iou"] == 1).all()
    assert glacier["boundary_left_out_percent"] == pytest.approx(0, abs=1e-6)


def test_a_map_two_pixels_too_large():
    found = gc.compare(
        glacier_map(block(SHAPE, (18, 42), (18, 52))), experts(box((20, 40), (20, 50)))
    )
    glacier = row(found)
    assert glacier["area_deviation_percent"] == pytest.approx(100 * (24 * 34 / 600 - 1), rel=1e-6)
    corner = math.hypot(60, 60)
    assert glacier["hausdorff_m"] == pytest.approx(corner, rel=1e-3)
    assert glacier["polis_m"] == pytest.approx((corner + 60) / 2, rel=1e-3)
    assert glacier["median_m"] == pytest.approx(60, rel=1e-3)
    assert glacier["signed_mean_m"] > 60
    assert glacier["iou"] == pytest.approx(600 / (24 * 34))


def test_an_empty_prediction():
    found = gc.compare(glacier_map(block(SHAPE, (0, 0), (0, 0))), experts(box((20, 40), (20, 50))))
    glacier = row(found)
    assert glacier["area_deviation_percent"] == -100
    assert glacier[DISTANCES].isna().all()
    assert glacier["iou"] == 0
    assert found.predicted.geometry.is_empty.all()


def test_a_prediction_of_everything_has_no_margin_to_measure():
    found = gc.compare(
        glacier_map(block(SHAPE, (0, 60), (0, 80))), experts(box((20, 40), (20, 50)))
    )
    glacier = row(found)
    assert glacier["area_deviation_percent"] > 100
    assert glacier["area_deviation_without_continuing_percent"] == pytest.approx(0, abs=1e-6)
    assert glacier[DISTANCES].isna().all()
    assert glacier["boundary_left_out_percent"] == pytest.approx(100)


def test_unmapped_ground_is_neither_glacier_nor_none():
    """A third of the outline has no data; the rest is right."""
    unmapped = block(SHAPE, (0, 60), (40, 80))
    glacier = block(SHAPE, (20, 40), (20, 50)) & ~unmapped
    found = gc.compare(glacier_map(glacier, unmapped), experts(box((20, 40), (20, 50))))
    only = row(found)
    assert only["area_deviation_percent"] == pytest.approx(0, abs=1e-6)
    assert only["unmapped_percent"] == pytest.approx(100 / 3, rel=1e-6)
    assert only["expert_area_km2"] == pytest.approx(km2(box((20, 40), (20, 40))))
    assert only["outline_area_km2"] == pytest.approx(km2(box((20, 40), (20, 50))))
    assert only["iou"] == 1
    assert list(only[DISTANCES]) == pytest.approx([0] * 6, abs=1e-3)
    # of 2 x 60 pixel sides, 20 are the edge of the data on either outline
    assert only["boundary_left_out_percent"] == pytest.approx(100 * 20 / 80, rel=1e-3)
    assert found.pixels.loc["whole scene", "unmapped"] == 60 * 40
    assert not only["cut_by_scene"]


def test_an_outline_wholly_unmapped_is_undefined():
    unmapped = block(SHAPE, (15, 45), (15, 55))
    found = gc.compare(
        glacier_map(block(SHAPE, (0, 5), (0, 5)), unmapped), experts(box((20, 40), (20, 50)))
    )
    only = row(found)
    assert only["unmapped_percent"] == pytest.approx(100)
    assert math.isnan(only["area_deviation_percent"])
    assert only[DISTANCES].isna().all()
    assert math.isnan(only["iou"])
    assert math.isnan(only["mean_confidence"])


def test_an_outline_cut_by_the_scene():
    """Half of it lies in the scene, where the map is right."""
    found = gc.compare(
        glacier_map(block(SHAPE, (50, 60), (20, 50))), experts(box((50, 70), (20, 50)))
    )
    only = row(found)
    assert only["cut_by_scene"]
    assert only["unmapped_percent"] == pytest.approx(50, abs=0.01)
    assert only["area_deviation_percent"] == pytest.approx(0, abs=1e-6)
    assert only["hausdorff_m"] == pytest.approx(0, abs=1e-3)


def test_ice_that_ends_before_the_edge_of_the_scene():
    """The outline goes on past the scene; the map's front, 60 m from the edge, cannot be judged."""
    found = gc.compare(
        glacier_map(block(SHAPE, (40, 58), (20, 50))), experts(box((40, 70), (20, 50)))
    )
    only = row(found)
    assert only["area_deviation_percent"] == pytest.approx(-10, rel=1e-6)
    assert only["hausdorff_m"] == pytest.approx(60, abs=6)  # a piece of 10 m ends at the edge
    # back: two sides of 18 + 2; there: two sides and the front's ends, nearer to them than the edge
    there, whole = 30 + 2 * 18 + 2 * 2, 2 * (30 + 18)
    assert only["boundary_left_out_percent"] == pytest.approx(
        100 * (1 - (there + 30 + 40) / (whole + 100)), abs=1
    )


def test_ice_that_ends_before_the_data_do():
    """The same with a gap in the data instead of the scene's edge."""
    unmapped = block(SHAPE, (50, 56), (10, 60))
    outline = experts(box((30, 58), (20, 50)))
    only = row(gc.compare(glacier_map(block(SHAPE, (30, 48), (20, 50)), unmapped), outline))
    assert only["hausdorff_m"] == pytest.approx(300, abs=1)  # the strip of outline past the gap
    front = 30 - 2 * 2  # its middle is nearer to the gap than to the outline's sides
    assert only["boundary_left_out_percent"] == pytest.approx(
        100 * (front + 2 * 30) / (2 * (30 + 18) + 2 * (30 + 20) + 2 * (30 + 2)), abs=2
    )


def test_a_divide_between_two_experts_is_no_error():
    """Each glacier is right but for a free end 60 m too far out."""
    found = gc.compare(
        glacier_map(block(SHAPE, (20, 40), (18, 62))),
        experts(box((20, 40), (20, 40)), box((20, 40), (40, 60))),
    )
    for glacier_id in ("g1", "g2"):
        glacier = row(found, glacier_id)
        assert glacier["area_deviation_percent"] == pytest.approx(10, rel=1e-6)
        assert glacier["hausdorff_m"] == pytest.approx(60, rel=1e-3)
        # of 82 and 80 sides, one long side of 20 each is the divide
        assert glacier["boundary_left_out_percent"] == pytest.approx(100 * 40 / 164, abs=0.5)
        assert glacier["continuing_area_km2"] == 0


def test_neighbouring_ice_past_the_buffer():
    """An icefield: the ice goes on to the east, 10 pixels of it within 300 m."""
    found = gc.compare(
        glacier_map(block(SHAPE, (20, 40), (20, 75))), experts(box((20, 40), (20, 50)))
    )
    only = row(found)
    assert only["predicted_area_km2"] == pytest.approx(km2(box((20, 40), (20, 60))))
    assert only["continuing_area_km2"] == pytest.approx(km2(box((20, 40), (50, 60))), rel=1e-6)
    assert only["area_deviation_percent"] == pytest.approx(100 / 3, rel=1e-6)
    assert only["area_deviation_without_continuing_percent"] == pytest.approx(0, abs=1e-6)
    assert found.total["predicted_elsewhere_km2"] == pytest.approx(km2(box((20, 40), (60, 75))))


def test_buffer_of_nothing_sees_only_the_outlines():
    found = gc.compare(
        glacier_map(block(SHAPE, (10, 50), (10, 60))), experts(box((20, 40), (20, 50))), buffer_m=0
    )
    assert row(found)["area_deviation_percent"] == pytest.approx(0, abs=1e-6)
    assert found.pixels.index[1] == "within 0 m of the expert outlines"
    assert found.pixels["false_positives"].tolist() == [40 * 50 - 600, 0]


def test_a_nunatak_both_agree_on():
    glacier = block(SHAPE, (20, 40), (20, 50)) & ~block(SHAPE, (28, 32), (30, 36))
    outline = box((20, 40), (20, 50)).difference(box((28, 32), (30, 36)))
    found = gc.compare(glacier_map(glacier), experts(outline))
    assert row(found)["hausdorff_m"] == pytest.approx(0, abs=1e-3)
    assert row(found)["area_deviation_percent"] == pytest.approx(0, abs=1e-6)


def test_specks_below_the_smallest_glacier_are_not_outlines_but_are_pixels():
    glacier = block(SHAPE, (20, 40), (20, 50)) | block(SHAPE, (45, 47), (30, 32))
    found = gc.compare(glacier_map(glacier), experts(box((20, 40), (20, 50))))
    assert row(found)["hausdorff_m"] == pytest.approx(0, abs=1e-3)
    assert found.pixels["false_positives"].tolist() == [4, 4]


def test_agreement_codes():
    predicted, unmapped = block(SHAPE, (20, 40), (25, 55)), block(SHAPE, (20, 25), (20, 60))
    found = gc.compare(
        glacier_map(predicted & ~unmapped, unmapped), experts(box((20, 40), (20, 50)))
    )
    codes = found.agreement
    assert codes.dtype == np.uint8
    assert [int(codes[place]) for place in ((0, 0), (30, 30), (30, 52), (30, 22), (22, 30))] == [
        NEITHER,
        BOTH,
        ONLY_PREDICTED,
        ONLY_EXPERT,
        UNMAPPED,
    ]
    assert (codes == UNMAPPED).sum() == unmapped.sum()
    assert codes.rio.crs == UTM
    assert codes.rio.nodata == UNMAPPED


def test_agreement_counts_are_the_pixel_scores():
    rng = np.random.default_rng(0)
    glacier, unmapped = rng.random(SHAPE) < 0.4, rng.random(SHAPE) < 0.1
    found = gc.compare(glacier_map(glacier & ~unmapped, unmapped), experts(box((20, 40), (20, 50))))
    counts = np.bincount(found.agreement.to_numpy().ravel(), minlength=256)
    scores = found.pixels.loc["whole scene"]
    names = ["true_negatives", "true_positives", "false_positives", "false_negatives", "unmapped"]
    assert counts[[NEITHER, BOTH, ONLY_PREDICTED, ONLY_EXPERT, UNMAPPED]].tolist() == (
        scores[names].astype(int).tolist()
    )


def test_mean_confidence_is_that_of_the_glaciers_own_pixels():
    """Sure on 500 of the expert's 600 pixels, not on those it misses and 40 that only it has."""
    confidence = np.full(SHAPE, 0.2, dtype=np.float32)
    confidence[20:40, 25:50], confidence[20:40, 50:52] = 1.0, 0.5
    confidence[20:40, 20:25] = 0.6
    found = gc.compare(
        glacier_map(block(SHAPE, (20, 40), (25, 52)), confidence=confidence),
        experts(box((20, 40), (20, 50))),
    )
    assert row(found)["mean_confidence"] == pytest.approx((500 + 100 * 0.6 + 40 * 0.5) / 640)


def test_parts_are_in_the_schema_and_carry_the_ids():
    found = gc.compare(
        glacier_map(block(SHAPE, (20, 40), (18, 62))),
        experts(box((20, 40), (20, 40)), box((20, 40), (40, 60)), name=["A", "B"]),
    )
    assert tuple(found.predicted.columns) == COLUMNS
    assert found.predicted["glacier_id"].tolist() == ["g1", "g2"]
    assert found.predicted["name"].tolist() == ["A", "B"]
    assert found.predicted["date"].tolist() == ["2020-08-16"] * 2
    assert found.predicted["area_km2"].tolist() == found.glaciers["predicted_area_km2"].tolist()


def test_totals_add_up():
    found = gc.compare(
        glacier_map(block(SHAPE, (20, 40), (18, 60))),
        experts(box((20, 40), (20, 40)), box((20, 40), (40, 60))),
    )
    assert found.total["glaciers"] == 2
    assert found.total["area_deviation_percent"] == pytest.approx(5, rel=1e-6)
    assert found.total["expert_area_km2"] == pytest.approx(found.glaciers["expert_area_km2"].sum())


def test_simulated_scenes_say_so():
    outlines = experts(box((20, 40), (20, 50)))
    glacier = block(SHAPE, (20, 40), (20, 50))
    found = gc.compare(glacier_map(glacier, simulated=True), outlines)
    assert found.simulated
    assert found.glaciers["simulated"].all()
    assert found.provenance["simulated"] is True
    assert "simulated" in found.predicted["source"].iloc[0]
    assert not gc.compare(glacier_map(glacier), outlines).simulated


def test_provenance_names_map_and_outlines():
    outlines = experts(box((20, 40), (20, 50)), box((900, 910), (20, 50)), ids=["in", "out"])
    found = gc.compare(glacier_map(block(SHAPE, (20, 40), (20, 50))), outlines, buffer_m=150)
    assert found.outside_scene == ("out",)
    assert found.provenance["expert"]["outside_scene"] == ["out"]
    assert found.provenance["buffer_m"] == 150
    assert found.provenance["map"]["model"]["name"] == "by-hand"
    moved = outlines.set_geometry(outlines.translate(1.0))
    again = gc.compare(glacier_map(block(SHAPE, (20, 40), (20, 50))), moved)
    hashes = {one.provenance["expert"]["geometry_sha256"] for one in (found, again)}
    assert len(hashes) == 2


def test_what_is_given_stays_as_it_was():
    outlines = experts(box((20, 40), (20, 50))).to_crs("EPSG:4326")
    before = outlines.copy()
    gc.compare(glacier_map(block(SHAPE, (20, 40), (20, 50))), outlines)
    assert outlines.equals(before)


@pytest.mark.parametrize("shape", [(1, 1), (3, 400)])
def test_odd_shapes_of_scene(shape):
    found = gc.compare(
        glacier_map(np.ones(shape, dtype=bool)), experts(box((0, shape[0]), (0, shape[1])))
    )
    assert found.pixels["iou"].tolist() == [1, 1]


@pytest.mark.parametrize("buffer_m", [-1, math.inf, math.nan])
def test_a_buffer_that_is_none(buffer_m):
    with pytest.raises(OutlineError, match="buffer"):
        gc.compare(
            glacier_map(np.ones((9, 9), bool)), experts(box((0, 9), (0, 9))), buffer_m=buffer_m
        )


def test_areas_are_true_areas():
    """UTM areas are 0.08 % too small near the central meridian; those told are not."""
    found = gc.compare(
        glacier_map(block(SHAPE, (20, 40), (20, 50))), experts(box((20, 40), (20, 50)))
    )
    planar = 600 * SIDE**2 / 1e6
    told = row(found)["predicted_area_km2"]
    assert told == pytest.approx(planar * 1.0008, rel=1e-4)
    whole = shapely.box(*found.predicted.total_bounds)
    assert told == pytest.approx(float(equal_area_km2(experts(whole).geometry)[0]))


def test_where_the_largest_deviation_is():
    """A tongue of the map, 6 pixels long and 4 wide, in the north; its corners are farthest."""
    glacier = block(SHAPE, (20, 40), (20, 50)) | block(SHAPE, (14, 20), (30, 34))
    only = row(gc.compare(glacier_map(glacier), experts(box((20, 40), (20, 50)))))
    place = gpd.GeoSeries(
        gpd.points_from_xy([only["largest_deviation_lon"]], [only["largest_deviation_lat"]]),
        crs="EPSG:4326",
    ).to_crs(UTM)[0]
    assert only["hausdorff_m"] == pytest.approx(6 * SIDE, rel=1e-3)
    end = shapely.LineString(box((14, 20), (30, 34)).exterior.coords).intersection(
        box((14, 14), (30, 34))
    )
    assert place.distance(end) == pytest.approx(0, abs=0.1)


def test_nothing_to_compare_has_no_largest_deviation():
    glacier = glacier_map(block(SHAPE, (0, 0), (0, 0)))
    only = row(gc.compare(glacier, experts(box((20, 40), (20, 50)))))
    assert only[["largest_deviation_lon", "largest_deviation_lat"]].isna().all()


def test_nunataks_or_only_external_boundaries():
    """The expert drew a nunatak that the map has not: an error of area, not of the margin."""
    outlines = experts(box((20, 40), (20, 50)).difference(box((28, 32), (30, 36))))
    glacier = glacier_map(block(SHAPE, (20, 40), (20, 50)))
    everything, margin = (gc.compare(glacier, outlines, rings=rings) for rings in RINGS)
    assert row(everything)["hausdorff_m"] == pytest.approx(10 * SIDE, rel=1e-3)
    assert row(margin)["hausdorff_m"] == pytest.approx(0, abs=1e-3)
    assert len(margin.expert_profile) < len(everything.expert_profile)
    areas = [row(one)["area_deviation_percent"] for one in (everything, margin)]
    assert areas[0] == areas[1] > 0
    assert [one.provenance["rings"] for one in (everything, margin)] == list(RINGS)


def test_rings_that_are_none():
    with pytest.raises(OutlineError, match="external"):
        gc.compare(glacier_map(np.ones((9, 9), bool)), experts(box((0, 9), (0, 9))), rings="inner")
