import math

from tiny_world import tiny_card

from glacier_core.models.card import Accuracy
from glacier_core.viewing.tables import accuracy_table


def figure(metric, value, dataset="scenes", simulated=True):
    return Accuracy(dataset=dataset, metric=metric, value=value, simulated=simulated)


def test_the_rule_stands_beside_the_network_on_the_same_data():
    card = tiny_card(
        accuracy=(
            figure("IoU", 0.84),
            figure("recall of debris-covered ice", 0.53),
            figure("IoU, NDSI > 0.4", 0.77),
            figure("IoU", 0.79, "a valley", simulated=False),
            figure("IoU, NDSI > 0.4", 0.78, "a valley", simulated=False),
        )
    )
    table = accuracy_table(card).set_index(["dataset", "metric"])
    assert list(table.columns) == ["network", "NDSI > 0.4", "data"]
    assert list(table.loc[("scenes", "IoU")]) == [0.84, 0.77, "simulated"]
    assert list(table.loc[("a valley", "IoU")]) == [0.79, 0.78, "observed"]
    alone = table.loc[("scenes", "recall of debris-covered ice")]
    assert alone["network"] == 0.53
    assert math.isnan(alone["NDSI > 0.4"])


def test_no_rule_no_column_and_no_figure_no_row():
    assert list(accuracy_table(tiny_card(accuracy=(figure("IoU", 0.8),)))) == [
        "dataset",
        "metric",
        "network",
        "data",
    ]
    assert accuracy_table(tiny_card(accuracy=())).empty


def test_intervals_and_every_rule_have_their_columns():
    known = {"low": 0.81, "high": 0.87, "interval": "scenes drawn"}
    card = tiny_card(
        accuracy=(
            Accuracy(dataset="scenes", metric="IoU", value=0.84, simulated=True, **known),
            figure("IoU, per-pixel boosting", 0.79),
            figure("IoU, tuned NDSI", 0.77),
            figure("IoU of the two maps, no truth involved", 0.9),
        )
    )
    table = accuracy_table(card)
    assert list(table) == [
        *("dataset", "metric", "network", "interval"),
        *("per-pixel boosting", "tuned NDSI", "data"),
    ]
    first = table.iloc[0]
    assert (first["interval"], first["per-pixel boosting"]) == ("0.810 to 0.870", 0.79)
    assert table.iloc[1]["metric"] == "IoU of the two maps, no truth involved"
