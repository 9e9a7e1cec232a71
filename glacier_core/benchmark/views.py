"""The tidy table, turned to the questions that people ask of it: one table a question.

Each row carries the run that made it, and ``kind``: `OURS`, `RULE` or `PUBLISHED`.
"""

from collections.abc import Hashable, Mapping
from typing import Any, Final

import pandas as pd

from glacier_core.benchmark.strata import CALVING, DEBRIS, SHADOW, SMALL, SNOW, WATER
from glacier_core.benchmark.table import ALL, GENERALISATIONS, MEAN, SPREAD
from glacier_core.models.architectures import ARCHITECTURES

OURS, RULE, PUBLISHED = "ours", "rule", "published"

OF_ONE_REGION: Final = ("regional", "finetuning")
"""Strategies that make a model a region: their models are one row together."""

STRATA: Final = (
    (ALL, "IoU"),
    (DEBRIS, "recall"),
    (SHADOW, "IoU"),
    (SMALL, "IoU"),
    (CALVING, "IoU"),
    (SNOW, "called glacier"),
    (WATER, "called glacier"),
)
"""What is shown of the strata, in this order; of the last two less is better."""

ENSEMBLE: Final = "ensemble"
_USUAL_TRACKS: Final = ("optical+dem", "optical")
_KEPT: Final = [
    "kind",
    "label",
    "region",
    "value",
    "count",
    "model",
    "architecture",
    "strategy",
    "track",
    "dataset",
    "generalisation",
    "metric",
    "stratum",
    "parameters",
    "seconds_per_patch",
    "simulated",
    "run",
    "source",
]


def strategies_by_region(figures: pd.DataFrame) -> pd.DataFrame:
    """IoU of every strategy in every region, and the unweighted mean, on in-distribution tiles.

    Models of one region each are one row of the picture; it has a mean only where there is a model
    for every region, as that of some regions could not be held against the others'. Only the
    architecture that was trained by most strategies is shown.

    Returns
    -------
    DataFrame
        ``label`` names the strategy and model, ``region`` the region or ``"mean"``.
    """
    found = _iou(figures)
    found = found[~found["region"].isin([ALL, SPREAD]) & _usual(found)]
    found = found[_in_distribution(found)]
    found = found[~found["published"] | (found["run"] == "published-overview")]
    found = _of_most_strategies(_largest_runs(found))
    together = _together(found)
    found = found[~(together & (found["region"] == MEAN))]
    everywhere = set(found.loc[~found["published"], "region"]) - {MEAN}
    means = _mean_of_regions(found[_together(found)], everywhere)
    return _named_by_strategy(_ordered(pd.concat([found, means])))


def architectures(figures: pd.DataFrame) -> pd.DataFrame:
    """IoU, parameters and seconds a patch of every network trained in the same way.

    Ours are means over regions of in-distribution tiles, strategy "global"; published ones are of
    whatever their source measured, which ``dataset`` tells. ``spread`` is the population standard
    deviation over our regions.
    """
    found = _iou(figures)
    found = found[_in_distribution(found) & _usual(found)]
    ours = ~found["published"] & (found["strategy"].isin(["global", RULE]))
    ours &= found["region"] == MEAN
    theirs = found["published"] & ~found["track"].str.startswith("+")
    theirs &= (found["region"] == MEAN) | (found["run"] != "published-overview")
    spread = _iou(figures).loc[lambda rows: rows["region"] == SPREAD].set_index("run")["value"]
    chosen = _largest_runs(found[ours | theirs])
    table = _ordered(chosen.assign(spread=chosen["run"].map(spread)), more=["spread"])
    return _named_by_network(table)


def track_gains(figures: pd.DataFrame) -> pd.DataFrame:
    """How much more IoU a network gets from more data than from imagery and terrain alone.

    Only regions are compared where both saw equally many pixels of the same file.

    Returns
    -------
    DataFrame
        As the others, with ``value`` the gain and ``base`` the IoU without the data; ``label``
        is the track.
    """
    found = _iou(figures)
    found = found[~found["region"].isin([ALL, SPREAD, MEAN]) & (found["strategy"] != RULE)]
    key = ["published", "architecture", "strategy", "dataset", "generalisation", "region"]
    base = found[found["track"] == "optical+dem"]
    more = found[~found["track"].isin(["optical+dem", "not named"])]
    compared = [*key, "value", "count", "parameters"]
    pairs = more.merge(base[compared], on=key, suffixes=("", "_base"))
    same = pairs["published"] | (pairs["count"] == pairs["count_base"]).fillna(False)
    pairs = _most_alike(pairs[same]).rename(columns={"value_base": "base"})
    pairs["value"] -= pairs["base"]
    table = _ordered(pairs, more=["base"])
    return table.assign(label=table["track"].replace({"all": "all of them"}))


def generalisation(figures: pd.DataFrame) -> pd.DataFrame:
    """Mean IoU over regions, by how the tiles differ from those trained on.

    Shown are ensembles, such as the default model, and the architecture that was trained by most
    strategies.
    """
    found = _iou(figures)
    found = found[(found["region"] == MEAN) & _usual(found)]
    found = found[~found["strategy"].isin(OF_ONE_REGION)]
    found = found[~found["published"] | (found["run"] == "published-overview")]
    order = {kind: place for place, kind in enumerate(GENERALISATIONS)}
    table = _named_by_network(_ordered(_of_most_strategies(_largest_runs(found), ENSEMBLE)))
    return table.sort_values("generalisation", key=lambda kinds: kinds.map(order), kind="stable")


def strata(figures: pd.DataFrame) -> pd.DataFrame:
    """Figures of debris, shadow, small glaciers, snow and water, all regions pooled."""
    wanted = pd.MultiIndex.from_tuples(STRATA)
    chosen = pd.MultiIndex.from_frame(figures[["stratum", "metric"]]).isin(wanted)
    found = figures[chosen & (figures["region"] == ALL) & ~figures["published"]]
    found = found[_in_distribution(found) & _usual(found)]
    found = found[~found["strategy"].isin(OF_ONE_REGION)]
    return _named_by_network(_ordered(_largest_runs(found)))


def _iou(figures: pd.DataFrame) -> pd.DataFrame:
    """Return the plain IoU of whole regions."""
    return figures[
        (figures["metric"] == "IoU") & (figures["stratum"] == ALL) & (figures["subregion"] == "")
    ]


def _usual(found: pd.DataFrame) -> "pd.Series[bool]":
    return found["track"].isin(_USUAL_TRACKS) | found["published"]


def _in_distribution(found: pd.DataFrame) -> "pd.Series[bool]":
    return found["generalisation"] == GENERALISATIONS[0]


def _largest_runs(found: pd.DataFrame) -> pd.DataFrame:
    """Where a contender was scored on several sets of tiles, keep the figure of most pixels."""
    key = ["published", "model", "strategy", "track", "generalisation", "region", "stratum"]
    ours = found[~found["published"]].sort_values("count", ascending=False, kind="stable")
    return pd.concat([ours.drop_duplicates([*key, "metric"]), found[found["published"]]])


def _of_most_strategies(found: pd.DataFrame, *besides: str) -> pd.DataFrame:
    """Keep the rules, what others published, the network trained in most ways and some more."""
    networks = found[~found["published"] & (found["strategy"] != RULE)]
    if networks.empty:
        return found
    chosen = networks.groupby("architecture", sort=False)["strategy"].nunique().idxmax()
    other = found["run"].isin(networks["run"]) & ~found["architecture"].isin([chosen, *besides])
    return found[~other]


def _most_alike(pairs: pd.DataFrame) -> pd.DataFrame:
    """Of several networks that a figure could be held against, keep that of most equal size."""
    apart = (pairs["parameters"] - pairs["parameters_base"]).abs()
    return pairs.loc[apart.sort_values(kind="stable").index].drop_duplicates(["run", "region"])


def _together(found: pd.DataFrame) -> "pd.Series[bool]":
    return found["strategy"].isin(OF_ONE_REGION)


def _mean_of_regions(found: pd.DataFrame, everywhere: set[str]) -> pd.DataFrame:
    """Return the mean over regions of the strategies whose models are of one region each."""
    rows = []
    for (strategy, architecture), some in found.groupby(["strategy", "architecture"]):
        if set(some["region"]) != everywhere:
            continue
        first = some.iloc[0].to_dict()
        told = {"model": f"{len(some)} models", "run": "", "region": MEAN}
        mean = {"value": float(some["value"].mean()), "count": some["count"].sum()}
        rows.append(first | told | mean | {"strategy": strategy, "architecture": architecture})
    return pd.DataFrame(rows, columns=found.columns).astype(found.dtypes)


def _ordered(found: pd.DataFrame, more: list[str] | None = None) -> pd.DataFrame:
    """Give rows their kind and label; networks first, then rules, then what others published."""
    rows = found.to_dict(orient="records")
    table = found.assign(
        kind=pd.Series([_kind(row) for row in rows], index=found.index, dtype="string"),
        label=pd.Series([_label(row) for row in rows], index=found.index, dtype="string"),
    )
    order = {OURS: 0, RULE: 1, PUBLISHED: 2}
    table = table.sort_values("kind", key=lambda kinds: kinds.map(order), kind="stable")
    return table[[*_KEPT, *(more or [])]].reset_index(drop=True)


def _named_by_strategy(table: pd.DataFrame) -> pd.DataFrame:
    """Call ours by their strategy alone where that says which one is meant."""
    ours = (table["kind"] == OURS) & ~_together(table)
    models = table[ours].groupby("strategy")["model"].transform("nunique")
    alone = models.reindex(table.index, fill_value=0) == 1
    return table.assign(label=table["label"].where(~alone, table["strategy"]))


def _named_by_network(table: pd.DataFrame) -> pd.DataFrame:
    """Call ours by their architecture, with the strategy or the model where that says too little.

    An ensemble is called by its model's name.
    """
    ours = table[table["kind"] == OURS]
    asked = ours[["architecture", "model", "strategy"]].drop_duplicates()
    ways = asked["architecture"].value_counts()
    trained = ours.groupby(["architecture", "strategy"])["model"].nunique()

    def named(row: "pd.Series[Any]") -> str:
        architecture, strategy = row["architecture"], row["strategy"]
        if architecture == ENSEMBLE:
            return str(row["model"])
        title = ARCHITECTURES[architecture].title
        if ways[architecture] == 1:
            return title
        if trained[architecture, strategy] == 1:
            return f"{title}, {strategy}"
        return f"{title}: {row['model']}, {strategy}"

    labels = table["label"].copy()
    labels[ours.index] = [named(row) for _, row in ours.iterrows()]
    return table.assign(label=labels)


def _kind(row: Mapping[Hashable, Any]) -> str:
    if row["published"]:
        return PUBLISHED
    return RULE if row["strategy"] == RULE else OURS


def _label(row: Mapping[Hashable, Any]) -> str:
    if row["published"] or row["strategy"] == RULE:
        return str(row["model"])
    if row["strategy"] in OF_ONE_REGION:
        return f"{row['strategy']}: {row['architecture']}"
    return f"{row['strategy']}: {row['model']}"
