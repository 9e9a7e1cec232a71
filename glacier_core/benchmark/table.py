"""The tidy table of the benchmark: one row a figure, and one row a run that made figures.

A figure says what it is worth only with what it was measured on, so every row carries it: the
data set, the region, the stratum, how many pixels or glaciers, simulated or observed, and
whether it is ours or was published by others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from glacier_core.errors import StorageError

ALL: Final = "all"
"""As a stratum, every scored pixel; as a region, the pixels of all regions pooled."""

MEAN: Final = "mean"
"""As a region: the unweighted mean over the regions."""

SPREAD: Final = "standard deviation"
"""As a region: the population standard deviation over the regions."""

SUMMARIES: Final = (ALL, MEAN, SPREAD)
"""What stands in the column ``region`` where no single region is meant."""

GENERALISATIONS: Final = ("in-distribution", "place", "date", "sensor", "place+date+sensor")
"""How test data differ from training data: not at all but for the tiles, or in these."""

FIGURE_COLUMNS: Final = {
    "run": "string",
    "model": "string",
    "architecture": "string",
    "strategy": "string",
    "track": "string",
    "parameters": "Int64",
    "seconds_per_patch": "float64",
    "dataset": "string",
    "generalisation": "string",
    "region": "string",
    "subregion": "string",
    "stratum": "string",
    "metric": "string",
    "value": "float64",
    "count": "Int64",
    "simulated": "bool",
    "published": "bool",
    "source": "string",
}
"""Columns of the table of figures and their types. ``subregion`` is empty for a whole region;
``parameters`` and ``count`` (pixels or glaciers) are absent where nobody tells them."""

RUN_COLUMNS: Final = {
    "run": "string",
    "model": "string",
    "model_sha256": "string",
    "dataset": "string",
    "dataset_sha256": "string",
    "generalisation": "string",
    "seed": "Int64",
    "tiles": "Int64",
    "tiles_left_out": "Int64",
    "seconds": "float64",
    "made": "string",
    "program": "string",
    "command": "string",
    "log": "string",
    "error": "string",
}
"""Columns of the table of runs. ``log`` is relative to the folder of the benchmark; ``error`` is
empty where the run ended well."""

KEY: Final = ["run", "region", "subregion", "stratum", "metric"]
"""No two figures agree in all of these."""


@dataclass(frozen=True, eq=False)
class Benchmark:
    """Figures and the runs that made them.

    Attributes
    ----------
    figures : DataFrame
        Columns `FIGURE_COLUMNS`.
    runs : DataFrame
        Columns `RUN_COLUMNS`; published figures have no run of ours.
    """

    figures: pd.DataFrame
    runs: pd.DataFrame

    @cached_property
    def ours(self) -> pd.DataFrame:
        """Figures that this program measured."""
        return self.figures[~self.figures["published"]]

    def run(self, run: str) -> dict[str, object]:
        """Return what is known of a run; empty where it is not one of ours."""
        found = self.runs[self.runs["run"] == run]
        return {} if found.empty else {str(k): v for k, v in found.iloc[0].items()}


def figures_table(rows: Iterable[dict[str, object]] | pd.DataFrame) -> pd.DataFrame:
    """Bring rows into the columns and types of the table of figures, and check them.

    Raises
    ------
    StorageError
        If a column is absent, a value is no finite number, a share is outside 0..1, a
        generalisation is unknown, or two rows are the same figure.
    """
    frame = _typed(pd.DataFrame(rows), FIGURE_COLUMNS, "figures")
    _check_figures(frame)
    return frame


def runs_table(rows: Iterable[dict[str, object]] | pd.DataFrame) -> pd.DataFrame:
    """Bring rows into the columns and types of the table of runs.

    Raises
    ------
    StorageError
        If a column is absent or a run is named twice.
    """
    frame = _typed(pd.DataFrame(rows), RUN_COLUMNS, "runs")
    _refuse_doubles(frame, ["run"], "runs")
    return frame


def empty_benchmark() -> Benchmark:
    """Return a benchmark without figures."""
    return Benchmark(
        figures_table(pd.DataFrame(columns=list(FIGURE_COLUMNS))),
        runs_table(pd.DataFrame(columns=list(RUN_COLUMNS))),
    )


def merge(parts: Iterable[Benchmark]) -> Benchmark:
    """Put benchmarks together; of a run that is in several, the last one counts whole."""
    merged = empty_benchmark()
    for part in parts:
        newer = set(part.runs["run"]) | set(part.figures["run"])
        figures, runs = (
            _joined(old[~old["run"].isin(newer)], new)
            for old, new in ((merged.figures, part.figures), (merged.runs, part.runs))
        )
        merged = Benchmark(figures, runs)
    return Benchmark(figures_table(merged.figures), runs_table(merged.runs))


def _joined(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    some = [frame for frame in (old, new) if not frame.empty]
    return pd.concat(some, ignore_index=True) if some else new


def _typed(frame: pd.DataFrame, columns: dict[str, str], what: str) -> pd.DataFrame:
    absent = [name for name in columns if name not in frame]
    if absent:
        raise StorageError(
            f"The table of {what} lacks the columns {', '.join(absent)}. It was not written by "
            "`glacier-core benchmark`, or by another version of it: make it again."
        )
    try:
        return frame[list(columns)].astype(columns).reset_index(drop=True)
    except (TypeError, ValueError) as error:
        raise StorageError(
            f"A column of the table of {what} has the wrong type: {error}. Make it again with "
            "`glacier-core benchmark`."
        ) from error


def _check_figures(frame: pd.DataFrame) -> None:
    unknown = set(frame["generalisation"]) - set(GENERALISATIONS)
    if unknown:
        raise StorageError(
            f"Unknown generalisation {', '.join(map(repr, sorted(unknown)))}; known are "
            f"{', '.join(GENERALISATIONS)}."
        )
    values = frame["value"].to_numpy()
    if not np.isfinite(values).all():
        raise StorageError(
            f"{np.count_nonzero(~np.isfinite(values))} figures are no finite numbers. What cannot "
            "be measured has no row."
        )
    share = frame["metric"].isin(SHARES).to_numpy()
    if np.any(share & ((values < 0) | (values > 1))):
        raise StorageError(
            f"A figure of {', '.join(SHARES)} is outside 0 to 1. They are shares, not per cent."
        )
    _refuse_doubles(frame, KEY, "figures")


SHARES: Final = ("IoU", "accuracy", "precision", "recall", "F1", "called glacier", "ECE")
"""Metrics that lie in 0..1."""


def _refuse_doubles(frame: pd.DataFrame, key: list[str], what: str) -> None:
    double = frame[frame.duplicated(key)]
    if not double.empty:
        first = ", ".join(f"{name} {double.iloc[0][name]!r}" for name in key)
        raise StorageError(f"The table of {what} holds a row twice: {first}.")
