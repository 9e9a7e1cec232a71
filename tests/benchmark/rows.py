"""Rows of the benchmark's tables."""


def figure_row(**changes):
    known = {
        "run": "a",
        "model": "a network",
        "architecture": "glavitu",
        "strategy": "global",
        "track": "optical+dem",
        "parameters": 1_000_000,
        "seconds_per_patch": 0.25,
        "dataset": "test.hdf5",
        "generalisation": "in-distribution",
        "region": "ALP",
        "subregion": "",
        "stratum": "all",
        "metric": "IoU",
        "value": 0.8,
        "count": 1000,
        "simulated": True,
        "published": False,
        "source": "measured by glacier-core benchmark",
    }
    return known | changes


def run_row(**changes):
    known = {
        "run": "a",
        "model": "a network",
        "model_sha256": "ab" * 32,
        "dataset": "test.hdf5",
        "dataset_sha256": "cd" * 32,
        "generalisation": "in-distribution",
        "seed": 7,
        "tiles": 12,
        "tiles_left_out": 1,
        "seconds": 60.0,
        "made": "2026-01-01T00:00:00+00:00",
        "program": "glacier-explorer 0.1.0",
        "command": "glacier-core benchmark --model a-network --tiles in-distribution=test.hdf5 "
        "--out benchmark.parquet",
        "log": "logs/a.log",
        "error": "",
    }
    return known | changes
