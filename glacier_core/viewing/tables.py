"""Tables as people read them, made of what a model card holds."""

import re
from typing import Final

import pandas as pd

from glacier_core.baselines import PIXEL_BASELINES
from glacier_core.models.card import Accuracy, ModelCard

_RULE: Final = re.compile(
    rf"(?P<metric>.+), (?P<rule>NDSI > [\d.]+|{'|'.join(map(re.escape, PIXEL_BASELINES))})"
)
_WORDS: Final = ("dataset", "metric", "interval", "data")


def accuracy_table(card: ModelCard) -> pd.DataFrame:
    """Return the measured figures of a model, with those of simple rules beside them.

    Parameters
    ----------
    card : ModelCard
        A figure called ``"IoU, NDSI > 0.4"`` is the rule's and stands beside the ``"IoU"`` of the
        same data set.

    Returns
    -------
    DataFrame
        ``dataset``, ``metric``, ``network``; where the card holds any, ``interval`` (of the
        network's figure, a text) and a column named after each rule; ``data`` (``"simulated"``
        or ``"observed"``). In the order of the card.
    """
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for figure in card.accuracy:
        found = _RULE.fullmatch(figure.metric)
        metric, column = (found["metric"], found["rule"]) if found else (figure.metric, "network")
        row = rows.setdefault((figure.dataset, metric), {})
        row |= {"dataset": figure.dataset, "metric": metric, column: figure.value}
        row["data"] = "simulated" if figure.simulated else "observed"
        if column == "network" and (told := _interval(figure)):
            row["interval"] = told
    table = pd.DataFrame(list(rows.values()))
    rules = [name for name in table if name not in (*_WORDS, "network")]
    interval = ["interval"] if "interval" in table else []
    return table.reindex(columns=["dataset", "metric", "network", *interval, *rules, "data"])


def _interval(figure: Accuracy) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"{figure.low:.3f} to {figure.high:.3f}".replace("-", "−")
