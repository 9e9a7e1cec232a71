"""Rows of the benchmark's tables, and a made-up benchmark."""

from glacier_core.benchmark.table import Benchmark, figures_table, runs_table


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


REGIONS = ("ALP", "AN", "AWA", "CA", "GR", "HMA", "LL", "NZ", "SA", "SC", "SVAL")
ADDED = {"+backscatter": 0.02, "+coherence": 0.03, "+thermal": -0.005, "all": 0.035}
STRATA = (
    ("debris-covered ice", "recall", 0.6),
    ("shadow", "IoU", 0.5),
    ("glaciers below 1 km²", "IoU", 0.65),
    ("glaciers that end in water", "IoU", 0.8),
    ("snow off the glaciers", "called glacier", 0.3),
    ("open water", "called glacier", 0.04),
)


def contender(run, level, regions=REGIONS, **facts):
    """Return the figures of a run: a level of IoU, a little different in every region."""
    values = {code: level - 0.013 * (place % 5) for place, code in enumerate(regions)}
    rows = [
        figure_row(run=run, region=code, value=value, **facts) for code, value in values.items()
    ]
    mean = sum(values.values()) / len(values)
    rows.append(figure_row(run=run, region="mean", value=mean, count=1000 * len(values), **facts))
    rows.append(figure_row(run=run, region="standard deviation", value=0.02, **facts))
    rows += [
        figure_row(run=run, region="all", stratum=name, metric=metric, value=value * level, **facts)
        for name, metric, value in STRATA
    ]
    return rows


def demonstration():
    """Return a made-up benchmark that answers every question of the page Models."""
    facts = {
        "a" * 16: {"model": "glavitu-small", "value": 0.86},
        "b" * 16: {"model": "encoded", "strategy": "region-encoding", "value": 0.88},
        "c" * 16: {"model": "NDSI > 0.4", "strategy": "rule", "architecture": "rule"},
        "d" * 16: {"model": "resunet-small", "architecture": "resunet", "value": 0.83},
    }
    facts["c" * 16] |= {"track": "optical", "parameters": 0, "seconds_per_patch": float("nan")}
    facts["d" * 16] |= {"parameters": 2_052_930, "seconds_per_patch": 0.1}
    rows = []
    for run, known in facts.items():
        known = dict(known)
        rows += contender(run, known.pop("value", 0.7), **known)
    for number, code in enumerate(REGIONS[:3]):
        told = {"model": f"for-{code}", "strategy": "regional"}
        rows += contender(f"{number}" * 16, 0.8, regions=[code], **told)
    for number, (track, gain) in enumerate(ADDED.items(), start=4):
        told = {"model": f"with-{number}", "track": track}
        rows += contender(f"{number}" * 16, 0.86 + gain, regions=REGIONS[-4:], **told)
    for number, (kind, loss) in enumerate({"place": 0.03, "date": 0.05, "sensor": 0.1}.items()):
        told = {"generalisation": kind, "dataset": f"{kind}.hdf5"}
        rows += contender(f"e{number}" * 8, 0.86 - loss, model="glavitu-small", **told)
        rows += contender(
            f"f{number}" * 8,
            0.7 - loss,
            **told,
            **{k: v for k, v in facts["c" * 16].items() if k != "value"},
        )
    figures = figures_table(rows)
    runs = figures.drop_duplicates("run")
    return Benchmark(
        figures,
        runs_table(
            run_row(run=row.run, model=row.model, dataset=row.dataset) for row in runs.itertuples()
        ),
    )
