"""The table of the benchmark as Parquet files, with its provenance inside."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from glacier_core.benchmark.published import published_figures
from glacier_core.benchmark.table import (
    RUN_COLUMNS,
    Benchmark,
    figures_table,
    merge,
    runs_table,
)
from glacier_core.disk import disk_errors, write_file
from glacier_core.errors import StorageError
from glacier_core.provenance import record
from glacier_core.settings import settings

SHIPPED: Final = Path(__file__).parent / "results.parquet"
METADATA: Final = b"glacier_benchmark"
"""Key of the Parquet metadata under which runs and provenance are kept, as JSON."""


def write_benchmark(benchmark: Benchmark, path: str | Path) -> Path:
    """Write figures as a Parquet file, runs and provenance in its metadata, whole or not at all.

    Raises
    ------
    StorageError
        If the disk refuses.
    """
    path = Path(path)
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, benchmark_parquet(benchmark))
    return path


def benchmark_parquet(benchmark: Benchmark) -> bytes:
    """Return the bytes that `write_benchmark` writes."""
    table = pa.Table.from_pandas(benchmark.figures, preserve_index=False)
    kept = {"runs": _plain(benchmark.runs), "provenance": record("benchmark")}
    metadata = {**(table.schema.metadata or {}), METADATA: json.dumps(kept, allow_nan=False)}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(metadata), sink)
    return bytes(sink.getvalue().to_pybytes())


def read_benchmark(path: str | Path) -> Benchmark:
    """Read and check a file written by `write_benchmark`.

    Raises
    ------
    StorageError
        If it is absent, damaged, or not such a file.
    """
    path = Path(path)
    try:
        table = pq.read_table(path)
        kept = json.loads((table.schema.metadata or {})[METADATA])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise StorageError(
            f"{path.name} is no readable table of a benchmark ({type(error).__name__}). Make it "
            "again with `glacier-core benchmark`, or remove it."
        ) from error
    return Benchmark(figures_table(table.to_pandas()), runs_table(_frame(kept["runs"])))


def provenance_of(path: str | Path) -> dict[str, Any]:
    """Return when and by which software a file of `write_benchmark` was written."""
    metadata = pq.read_schema(Path(path)).metadata
    provenance: dict[str, Any] = json.loads(metadata[METADATA])["provenance"]
    return provenance


def benchmark_files() -> list[Path]:
    """Files at hand: the one that comes with the program, then those in the data folder."""
    own = sorted((settings().data_dir / "benchmarks").glob("*.parquet"))
    return [path for path in (SHIPPED, *own) if path.is_file()]


def open_benchmark(paths: Iterable[str | Path] | None = None) -> Benchmark:
    """Open benchmarks, put together, with the published figures beside them.

    Parameters
    ----------
    paths : iterable of path, optional
        Files of `write_benchmark`; those of `benchmark_files` if left out.

    Returns
    -------
    Benchmark
        Figures of others have ``published`` true and no run.

    Raises
    ------
    StorageError
        If a file cannot be read.
    """
    files = benchmark_files() if paths is None else list(paths)
    return merge([published_figures(), *(read_benchmark(path) for path in files)])


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records"))
    return rows


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=None if rows else list(RUN_COLUMNS))
