import pandas as pd
import pyarrow.parquet as pq
import pytest

from glacier_core.benchmark.storage import (
    benchmark_files,
    open_benchmark,
    provenance_of,
    read_benchmark,
    write_benchmark,
)
from glacier_core.benchmark.table import Benchmark, empty_benchmark, figures_table, runs_table
from glacier_core.errors import StorageError
from glacier_core.settings import settings
from tests.benchmark.rows import figure_row, run_row


@pytest.fixture
def benchmark():
    rows = [figure_row(), figure_row(region="NZ", parameters=pd.NA, count=pd.NA)]
    return Benchmark(figures_table(rows), runs_table([run_row(seed=pd.NA)]))


def test_what_is_written_is_read_again(benchmark, tmp_path):
    path = write_benchmark(benchmark, tmp_path / "new" / "b.parquet")
    again = read_benchmark(path)
    pd.testing.assert_frame_equal(again.figures, benchmark.figures)
    pd.testing.assert_frame_equal(again.runs, benchmark.runs)


def test_an_empty_benchmark_survives_too(tmp_path):
    again = read_benchmark(write_benchmark(empty_benchmark(), tmp_path / "b.parquet"))
    assert again.figures.empty
    assert again.runs.empty


def test_the_file_is_plain_parquet_with_its_provenance(benchmark, tmp_path):
    path = write_benchmark(benchmark, tmp_path / "b.parquet")
    assert list(pd.read_parquet(path)["value"]) == [0.8, 0.8]
    assert "glacier-explorer" in provenance_of(path)["software"]


def test_a_damaged_or_foreign_file_is_a_sentence(benchmark, tmp_path):
    path = write_benchmark(benchmark, tmp_path / "b.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StorageError, match=r"b\.parquet is no readable table"):
        read_benchmark(path)
    pd.DataFrame({"value": [1]}).to_parquet(tmp_path / "foreign.parquet")
    with pytest.raises(StorageError, match=r"foreign\.parquet is no readable table"):
        read_benchmark(tmp_path / "foreign.parquet")
    table = pq.read_table(write_benchmark(benchmark, path)).drop_columns("metric")
    pq.write_table(table, path)
    with pytest.raises(StorageError, match="lacks the columns metric"):
        read_benchmark(path)


def test_benchmarks_of_the_data_folder_are_found(benchmark):
    before = benchmark_files()
    path = write_benchmark(benchmark, settings().data_dir / "benchmarks" / "mine.parquet")
    assert benchmark_files() == [*before, path]
    assert "a" in set(open_benchmark().ours["run"])
