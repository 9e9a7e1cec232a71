"""The questions of the page Models, on tables of a few rows."""

import pytest

from glacier_core.benchmark import views
from glacier_core.benchmark.storage import open_benchmark
from glacier_core.benchmark.table import figures_table
from tests.benchmark.rows import figure_row


def cell(table, **chosen):
    for column, value in chosen.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_models_of_one_region_each_are_one_row_with_their_mean():
    rows = [
        figure_row(run=run, model=f"for-{code}", strategy="regional", region=code, value=value)
        for run, code, value in (("a", "ALP", 0.8), ("b", "NZ", 0.6))
    ]
    rows += [figure_row(run=run, model="m", strategy="regional", region="mean") for run in "ab"]
    table = views.strategies_by_region(figures_table(rows))
    assert set(table["label"]) == {"regional: glavitu"}
    assert cell(table, region="NZ")["run"] == "b"
    mean = cell(table, region="mean")
    assert mean["value"] == pytest.approx(0.7)
    assert mean["run"] == ""
    assert mean["model"] == "2 models"
    more = [*rows, figure_row(run="c", region="SA")]
    without = views.strategies_by_region(figures_table(more))
    assert "mean" not in set(without["region"])  # there is no regional model of the Southern Andes


def test_a_strategy_stands_for_its_only_model():
    rows = [
        figure_row(run="a", model="m-global"),
        figure_row(run="b", model="m-coded", strategy="region-encoding"),
        figure_row(run="c", model="n-coded", strategy="region-encoding"),
    ]
    table = views.strategies_by_region(figures_table(rows))
    assert list(table["label"]) == [
        "global",
        "region-encoding: m-coded",
        "region-encoding: n-coded",
    ]


def test_of_two_sets_of_tiles_the_larger_one_counts():
    rule = {"strategy": "rule", "track": "optical", "model": "NDSI > 0.4"}
    rows = [
        figure_row(run="a", count=10, value=0.1, **rule),
        figure_row(run="b", count=99, value=0.2, **rule),
    ]
    table = views.strategies_by_region(figures_table(rows))
    assert cell(table, region="ALP")["run"] == "b"
    assert cell(table, region="ALP")["kind"] == views.RULE


def test_the_gain_of_data_is_only_told_on_the_same_pixels():
    rows = [
        figure_row(run="a", value=0.80),
        figure_row(run="a", value=0.70, region="NZ", count=500),
        figure_row(run="b", track="all", value=0.85),
        figure_row(run="b", track="all", value=0.99, region="NZ", count=400),
    ]
    table = views.track_gains(figures_table(rows))
    gain = cell(table, run="b")
    assert gain["region"] == "ALP"
    assert gain["value"] == pytest.approx(0.05)
    assert gain["base"] == 0.80


def test_a_gain_is_held_against_the_network_of_most_equal_size():
    rows = [
        figure_row(run="a", value=0.80, parameters=1_000_000),
        figure_row(run="b", value=0.90, parameters=10_000_000, model="full"),
        figure_row(run="c", value=0.85, parameters=1_040_000, track="+coherence"),
    ]
    gain = cell(views.track_gains(figures_table(rows)), run="c")
    assert gain["value"] == pytest.approx(0.05)


def test_published_gain_by_radar_is_that_of_the_alps():
    gain = cell(views.track_gains(open_benchmark([]).figures), kind=views.PUBLISHED)
    assert gain["value"] == pytest.approx(0.873 - 0.844)


def test_networks_are_compared_by_their_mean_when_trained_for_the_whole_world():
    rows = [
        figure_row(run="a", region="mean", value=0.8),
        figure_row(run="a", region="all", value=0.9),
        figure_row(run="b", region="mean", strategy="region-encoding"),
        figure_row(run="c", region="mean", generalisation="place"),
    ]
    table = views.architectures(figures_table(rows))
    assert list(table["run"]) == ["a"]
    assert list(table["value"]) == [0.8]


def test_generalisation_goes_from_near_to_far():
    kinds = ["sensor", "in-distribution", "place+date+sensor", "place"]
    rows = [figure_row(run=k, region="mean", generalisation=k, dataset=k) for k in kinds]
    table = views.generalisation(figures_table(rows))
    assert list(table["generalisation"]) == [
        "in-distribution",
        "place",
        "sensor",
        "place+date+sensor",
    ]


def test_every_row_has_an_index_of_its_own():
    for view in (
        views.strategies_by_region,
        views.architectures,
        views.track_gains,
        views.generalisation,
        views.strata,
    ):
        table = view(open_benchmark([]).figures)
        assert list(table.index) == list(range(len(table)))


def test_strategies_are_compared_on_the_network_that_has_most_of_them():
    rows = [
        figure_row(run="a"),
        figure_row(run="b", strategy="region-encoding"),
        figure_row(run="c", architecture="resunet"),
        figure_row(run="d", architecture="rule", strategy="rule"),
    ]
    assert list(views.strategies_by_region(figures_table(rows))["run"]) == ["a", "b", "d"]


def test_networks_are_called_by_what_tells_them_apart():
    rows = [
        figure_row(run="a", region="mean", model="m-1"),
        figure_row(run="b", region="mean", model="m-2", strategy="region-encoding"),
        figure_row(run="c", region="mean", model="m-3", architecture="resunet"),
        figure_row(run="d", region="mean", model="two", architecture="ensemble"),
    ]
    figures = figures_table(rows)
    told = dict(views.architectures(figures)[["run", "label"]].itertuples(index=False))
    assert told == {"a": "GlaViTU", "c": "ResU-Net", "d": "two"}
    told = dict(views.generalisation(figures)[["run", "label"]].itertuples(index=False))
    assert told == {"a": "GlaViTU, global", "b": "GlaViTU, region-encoding", "d": "two"}
    twins = [figure_row(run=run, region="mean", model=run) for run in "xy"]
    labels = views.architectures(figures_table(twins))["label"]
    assert list(labels) == ["GlaViTU: x, global", "GlaViTU: y, global"]
