import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from glacier_core.viewing import palettes
from glacier_core.viewing.boundary_charts import (
    INSIDE,
    MOST_PIECES,
    OUTSIDE,
    boundary_pieces,
    boundary_profile_chart,
    distance_histogram,
    distance_histogram_chart,
)


def profile(distances, *, glacier_id="g-1", length=10.0):
    distances = np.asarray(distances, dtype=float)
    along = length * (np.arange(len(distances)) + 0.5)
    return pd.DataFrame(
        {
            "glacier_id": glacier_id,
            "along_m": along,
            "lon": -117.0 + along / 1e5,
            "lat": 52.0 + along / 1e5,
            "distance_m": distances,
            "bearing_deg": 90.0,
            "length_m": length,
        }
    )


def counted(table, **facts):
    return distance_histogram(table, **{"resolution": 30.0, "simulated": False} | facts)


def test_a_histogram_by_hand():
    """Half a pixel, 15 m, is the narrowest bin; 100 m of boundary, 60 of them outside."""
    table = counted(profile([-20, -20, -1, -1, 0, 1, 1, 16, 16, 29]))
    length = dict(zip(table["lower_m"], table["length_km"].round(6), strict=True))
    assert length == {-30: 0.02, -15: 0.02, 0: 0.03, 15: 0.03}
    assert list(table["share_percent"].round(6)) == [20, 20, 30, 30]


@hypothesis_settings(max_examples=30)
@given(
    st.lists(st.floats(-2000, 2000), min_size=1, max_size=60),
    st.lists(st.floats(0.1, 50), min_size=60, max_size=60),
)
def test_no_boundary_is_lost(distances, lengths):
    pieces = profile(distances).assign(length_m=lengths[: len(distances)])
    table = counted(pieces)
    assert table["length_km"].sum() * 1000 == pytest.approx(pieces["length_m"].sum())
    assert table["share_percent"].sum() == pytest.approx(100)
    assert (table["upper_m"].iloc[:-1].to_numpy() == table["lower_m"].iloc[1:].to_numpy()).all()
    outside = table.loc[table["lower_m"] >= 0, "length_km"].sum() * 1000
    assert outside == pytest.approx(pieces.loc[pieces["distance_m"] >= 0, "length_m"].sum())
    assert len(table) <= 42


def test_what_lies_far_out_is_kept_in_open_bins():
    table = counted(profile([*[5.0] * 400, 3000.0, -3000.0]))
    assert np.isneginf(table["lower_m"].iloc[0])
    assert np.isposinf(table["upper_m"].iloc[-1])
    assert table["length_km"].iloc[[0, -1]].tolist() == [0.01, 0.01]
    assert table["upper_m"].iloc[-2] < 100


def test_one_glacier_beside_all():
    both = pd.concat([profile([10.0] * 30), profile([-10.0] * 10, glacier_id="g-2")])
    table = counted(both, selected="g-2").set_index("lower_m")
    assert table.loc[-15, "share_percent"] == 25
    assert table.loc[-15, "selected_share_percent"] == 100
    assert "selected_share_percent" not in counted(both, selected="g-3")
    assert "selected_share_percent" not in counted(profile([10.0]), selected="g-1")


def test_outside_is_orange_and_inside_blue():
    table = counted(profile([20.0, 20.0, -10.0]))
    figure = distance_histogram_chart(table, simulated=False)
    bars = {trace.name: trace for trace in figure.data if trace.type == "bar"}
    assert bars[OUTSIDE].marker.color == palettes.PREDICTED
    assert bars[INSIDE].marker.color == palettes.EXPERT
    assert sum(bars[OUTSIDE].y) == pytest.approx(200 / 3)
    assert min(bars[OUTSIDE].x) > 0 > max(bars[INSIDE].x)


def test_open_bins_are_drawn_beside_the_others():
    table = counted(profile([*[5.0] * 400, 3000.0]))
    figure = distance_histogram_chart(table, simulated=False)
    assert all(np.isfinite(trace.x).all() for trace in figure.data)
    assert "farther" in figure.layout.xaxis.title.text
    words = [told[1] for trace in figure.data for told in trace.customdata]
    assert "30 m outside or more" in words
    assert "0 to 15 m outside" in words
    assert "0 to 15 m inside" in words


def test_the_selected_glacier_is_a_line_that_leads_to_it():
    both = pd.concat([profile([20.0, -10.0]), profile([5.0], glacier_id="g-2")])
    table = counted(both, selected="g-1")
    figure = distance_histogram_chart(table, simulated=False, selected="g-1", name="<b>Loud</b>")
    (line,) = [trace for trace in figure.data if trace.type == "scatter"]
    assert line.line.color == palettes.SELECTED
    assert line.customdata[0][0] == "g-1"
    assert "<b>Loud" not in figure.to_json()


def test_a_short_boundary_is_drawn_piece_by_piece():
    pieces = boundary_pieces(profile([10.0, -20.0, 30.0]), "g-1", simulated=True)
    assert list(pieces["distance_m"]) == list(pieces["largest_m"]) == [10, -20, 30]
    assert list(pieces["along_m"]) == [5, 15, 25]
    assert pieces["simulated"].all()
    figure = boundary_profile_chart(pieces, resolution=30, simulated=False, name="Upper")
    bars = {trace.name: trace for trace in figure.data}
    assert list(bars[OUTSIDE].y) == [10, 30]
    assert list(bars[INSIDE].y) == [-20]
    assert list(bars[INSIDE].width) == [0.01]
    glacier_id, lon, lat = bars[INSIDE].customdata[0][:3]
    assert glacier_id == "g-1"
    assert (lon, lat) == pytest.approx((-117 + 15e-5, 52 + 15e-5))
    assert "Upper" in figure.layout.xaxis.title.text
    levels = {shape.y0 for shape in figure.layout.shapes}
    assert levels == {30, -30}


def test_a_long_boundary_keeps_its_length_mean_and_worst_place():
    random = np.random.default_rng(1)
    distances = random.normal(0, 20, 30_000)
    distances[12_345] = -900.0
    long = profile(distances)
    pieces = boundary_pieces(long, "g-1", simulated=False)
    assert len(pieces) <= MOST_PIECES
    assert pieces["length_m"].sum() == pytest.approx(long["length_m"].sum())
    mean = np.average(pieces["distance_m"], weights=pieces["length_m"])
    assert mean == pytest.approx(distances.mean())
    worst = pieces.loc[pieces["largest_m"].idxmin()]
    assert worst["largest_m"] == -900
    assert worst["lon"] == long["lon"].iloc[12_345]


def test_pieces_are_those_of_one_glacier_in_order():
    both = pd.concat([profile([1.0, 2.0, 3.0]), profile([-9.0], glacier_id="g-2")])
    pieces = boundary_pieces(both.iloc[::-1], "g-1", simulated=False)
    assert list(pieces["distance_m"]) == [1, 2, 3]


def test_a_piece_tells_its_surface_where_that_is_known():
    pieces = boundary_pieces(profile([10.0, 20.0]), "g-1", simulated=True)
    known = boundary_profile_chart(
        pieces.assign(surface=["debris", ""]), resolution=30, simulated=True
    )
    assert [row[5] for row in known.data[0].customdata] == ["<br>debris", ""]
    silent = boundary_profile_chart(pieces, resolution=30, simulated=True)
    assert [row[5] for row in silent.data[0].customdata] == ["", ""]


@pytest.mark.parametrize("distances", [[], [np.nan, np.nan]])
def test_without_a_boundary_there_is_a_sentence(distances):
    empty = profile(distances)
    table = counted(empty)
    assert table["length_km"].sum() == 0
    for figure in (
        distance_histogram_chart(table, simulated=True),
        boundary_profile_chart(
            boundary_pieces(empty, "g-1", simulated=True), resolution=30, simulated=True
        ),
    ):
        assert "no boundary" in figure.layout.annotations[0].text
        assert figure.layout.title.text.endswith(" (simulated)")


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_figures_and_tables_say_so(simulated):
    made = profile([10.0, -20.0])
    table = counted(made, simulated=simulated)
    pieces = boundary_pieces(made, "g-1", simulated=simulated)
    assert table["simulated"].eq(simulated).all()
    assert pieces["simulated"].eq(simulated).all()
    for figure in (
        distance_histogram_chart(table, simulated=simulated),
        boundary_profile_chart(pieces, resolution=30, simulated=simulated),
    ):
        assert figure.layout.title.text.endswith(" (simulated)") == simulated
