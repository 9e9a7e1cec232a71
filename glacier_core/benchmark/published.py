"""Figures that others published, to stand beside ours; each says where it was read."""

from pathlib import Path
from typing import Any, Final

import pandas as pd

from glacier_core.benchmark.table import Benchmark, empty_benchmark, figures_table

FILE: Final = Path(__file__).with_name("published.csv")


def published_figures() -> Benchmark:
    """Return figures of the authors of GlaViTU as a benchmark without runs.

    They were measured on real imagery with other weights and other test data than ours, so they
    are no target that ours reach or miss; ``source`` says where each was read, and how well.
    """
    rows = pd.read_csv(FILE, keep_default_na=False, na_values={"parameters": [""]})
    facts: dict[str, Any] = {
        "run": "published-" + rows["set"].astype(str),
        "seconds_per_patch": float("nan"),
        "generalisation": "in-distribution",
        "subregion": "",
        "stratum": "all",
        "metric": "IoU",
        "count": pd.NA,
        "simulated": False,
        "published": True,
    }
    return Benchmark(figures_table(rows.assign(**facts)), empty_benchmark().runs)
