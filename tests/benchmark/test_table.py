import pandas as pd
import pytest

from glacier_core.benchmark.storage import open_benchmark
from glacier_core.benchmark.table import (
    Benchmark,
    empty_benchmark,
    figures_table,
    merge,
    runs_table,
)
from glacier_core.errors import StorageError
from tests.benchmark.rows import figure_row, run_row


def test_types_and_order_of_columns_are_always_the_same():
    full, empty = figures_table([figure_row()]), empty_benchmark().figures
    assert list(full.columns) == list(empty.columns)
    assert full.dtypes.equals(empty.dtypes)
    assert runs_table([run_row()]).dtypes.equals(empty_benchmark().runs.dtypes)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"value": float("nan")}, "no finite numbers"),
        ({"value": 87.0}, "not per cent"),
        ({"generalisation": "somewhere"}, "'somewhere'"),
        ({"parameters": "many"}, "wrong type"),
    ],
)
def test_what_cannot_be_a_figure_is_refused(change, told):
    with pytest.raises(StorageError, match=told):
        figures_table([figure_row(**change)])


def test_a_figure_twice_and_a_missing_column_are_refused():
    with pytest.raises(StorageError, match="twice: run 'a', region 'ALP'"):
        figures_table([figure_row(), figure_row(value=0.1)])
    with pytest.raises(StorageError, match="lacks the columns metric"):
        figures_table(pd.DataFrame([figure_row()]).drop(columns="metric"))


def test_a_distance_may_be_above_one():
    assert figures_table([figure_row(metric="mean distance, m", value=87.0)])["value"][0] == 87


def test_the_later_of_two_equal_runs_counts_whole():
    old = Benchmark(
        figures_table([figure_row(), figure_row(metric="F1")]), runs_table([run_row(seconds=1.0)])
    )
    other = Benchmark(figures_table([figure_row(run="b")]), runs_table([run_row(run="b")]))
    new = Benchmark(figures_table([figure_row(value=0.5)]), runs_table([run_row(seconds=2.0)]))
    merged = merge([old, other, new])
    assert sorted(zip(merged.figures["run"], merged.figures["value"], strict=True)) == [
        ("a", 0.5),
        ("b", 0.8),
    ]
    assert merged.run("a")["seconds"] == 2.0
    assert merged.run("nobody") == {}


def test_published_figures_are_marked_and_sourced():
    published = open_benchmark([]).figures
    assert published["published"].all()
    assert not published["simulated"].any()
    assert (published["source"].str.len() > 60).all()
    overview = published[published["run"] == "published-overview"].set_index("region")["value"]
    assert len(overview) == 12
    regions = overview.drop("mean")
    assert overview["HMA"] == regions.min() == 0.78
    # Each value was read to a hundredth, so their mean can be off by half of one.
    assert overview["mean"] == pytest.approx(regions.mean(), abs=0.005)
    alps = published[published["dataset"].str.contains("Alps")].set_index("track")["value"]
    assert alps["+backscatter+coherence"] == 0.873
    assert open_benchmark([]).ours.empty
