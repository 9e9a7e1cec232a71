"""Tables as people read them, made of what a model card holds."""

import re
from typing import Final

import pandas as pd

from glacier_core.models.card import ModelCard

_RULE: Final = re.compile(r"(?P<metric>.+), (?P<rule>NDSI > [\d.]+)")


def accuracy_table(card: ModelCard) -> pd.DataFrame:
    """Return the measured figures of a model, with the NDSI rule's beside them.

    Parameters
    ----------
    card : ModelCard
        A figure called ``"IoU, NDSI > 0.4"`` is the rule's and stands beside the ``"IoU"`` of the
        same data set.

    Returns
    -------
    DataFrame
        ``dataset``, ``metric``, ``network`` and, where the card holds any, a column named after
        the rule; ``data`` (``"simulated"`` or ``"observed"``). In the order of the card.
    """
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for figure in card.accuracy:
        found = _RULE.fullmatch(figure.metric)
        metric, column = (found["metric"], found["rule"]) if found else (figure.metric, "network")
        row = rows.setdefault((figure.dataset, metric), {})
        row |= {"dataset": figure.dataset, "metric": metric, column: figure.value}
        row["data"] = "simulated" if figure.simulated else "observed"
    table = pd.DataFrame(list(rows.values()))
    rules = [name for name in table if name not in ("dataset", "metric", "network", "data")]
    return table.reindex(columns=["dataset", "metric", "network", *rules, "data"])
