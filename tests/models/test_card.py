import numpy as np
import pytest
from pydantic import ValidationError

from glacier_core.errors import ModelError
from glacier_core.models.card import (
    Accuracy,
    CalibrationCurve,
    ModelCard,
    Reliability,
    ReliabilityBin,
    read_card,
)
from glacier_core.models.config import GLAVITU_SMALL, GlaViTUConfig
from glacier_core.models.inputs import PUBLISHED_REGIONS, PUBLISHED_SCALING, ChannelRange

BIN = ReliabilityBin(lower=0.9, upper=1.0, count=10, confidence=0.95, accuracy=0.9)


def card(**changes):
    facts = {
        "name": "some",
        "title": "Some network",
        "config": GlaViTUConfig(),
        "patch_size": 384,
        "training": "Random.",
        "licence": "BSD-3-Clause",
    }
    return ModelCard(**(facts | changes))


def test_round_trip_through_json(tmp_path):
    full = card(
        config=GlaViTUConfig(location="region", regions=3),
        regions=("ALP", "HMA", "unknown"),
        calibration=CalibrationCurve(x=(0, 0.1, 1), y=(0.5, 0.9, 1), fitted_on="Simulated scenes."),
        reliability=Reliability(
            dataset="held out",
            simulated=True,
            raw=(BIN,),
            calibrated=(BIN, BIN),
            raw_error=0.7,
            calibrated_error=0.01,
        ),
        accuracy=(Accuracy(dataset="held out", metric="IoU", value=0.8, simulated=True),),
        sha256="0" * 64,
    )
    path = tmp_path / "card.json"
    path.write_text(full.model_dump_json())
    assert read_card(path) == full
    assert isinstance(read_card(path).scaling["optical"][0], ChannelRange)


def test_inputs_and_location_come_from_the_config():
    made = card(config=GlaViTUConfig(("dem", "thermal"), location="coordinates"))
    assert made.inputs == ("dem", "thermal")
    assert made.location == "coordinates"


NARROW = PUBLISHED_SCALING | {
    "optical": tuple(ChannelRange(c.name, 0.0, 1.0) for c in PUBLISHED_SCALING["optical"])
}
UPSIDE_DOWN = PUBLISHED_SCALING | {
    "dem": (ChannelRange("elevation", 9000.0, 0.0), ChannelRange("slope", 0.0, 90.0))
}
SWAPPED = PUBLISHED_SCALING | {"dem": PUBLISHED_SCALING["dem"][::-1]}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"colour": "blue"}, "colour"),
        ({"architecture": "unet"}, "architecture"),
        ({"patch_size": 100}, "no multiple of 16"),
        ({"regions": ("ALP",)}, "0 different region names"),
        ({"config": GlaViTUConfig(location="region")}, "12 different region names"),
        (
            {"config": GlaViTUConfig(location="region"), "regions": ("ALP",) * 12},
            "12 different region names",
        ),
        (
            {"config": GlaViTUConfig(location="region", regions=1), "regions": ("ALP",)},
            "'unknown' must be",
        ),
        ({"scaling": {"optical": PUBLISHED_SCALING["optical"]}}, "'dem'"),
        ({"scaling": SWAPPED}, "'dem'"),
        ({"scaling": UPSIDE_DOWN}, "maximum below"),
        ({"config": GLAVITU_SMALL, "patch_size": 256, "scaling": NARROW}, "published scaling"),
        ({"sha256": "abc"}, "sha256"),
        ({"training": ""}, "training"),
    ],
)
def test_cards_that_contradict_themselves_are_refused(wrong, told):
    with pytest.raises(ValidationError, match=told):
        card(**wrong)


def test_own_scaling_is_fine_without_the_stem():
    assert card(scaling=NARROW).scaling["optical"][0].maximum == 1.0


def test_twelve_published_regions_fit():
    made = card(config=GlaViTUConfig(location="region"), regions=PUBLISHED_REGIONS)
    assert made.regions[11] == "unknown"


def test_reading_tells_which_file_and_field(tmp_path):
    path = tmp_path / "card.json"
    with pytest.raises(ModelError, match=r"card.json cannot be read"):
        read_card(path)
    path.write_text("{")
    with pytest.raises(ModelError, match="not valid at the card as a whole"):
        read_card(path)
    path.write_text(card().model_dump_json().replace('"width":64', '"width":"wide"'))
    with pytest.raises(ModelError, match=r"config.width"):
        read_card(path)
    path.write_text(card().model_dump_json().replace('"width":64', '"breadth":64'))
    with pytest.raises(ModelError, match=r"config.breadth"):
        read_card(path)


def test_impossible_size_in_a_card_is_a_model_error(tmp_path):
    path = tmp_path / "card.json"
    path.write_text(card().model_dump_json().replace('"heads":4', '"heads":5'))
    with pytest.raises(ModelError, match="5 heads"):
        read_card(path)


@pytest.mark.parametrize(
    ("x", "y"),
    [((0, 1), (0,)), ((0, 0), (0, 1)), ((0, 1), (1, 0)), ((0, 2), (0, 1)), ((), ())],
)
def test_curves_that_are_not_monotone_are_refused(x, y):
    with pytest.raises(ValidationError):
        CalibrationCurve(x=x, y=y)


def test_curve_is_linear_between_knots_and_constant_beyond():
    curve = CalibrationCurve(x=(0.2, 0.6), y=(0.5, 0.9))
    applied = curve.apply(np.array([[0.0, 0.2, 0.4], [0.6, 1.0, np.nan]]))
    np.testing.assert_allclose(applied, [[0.5, 0.5, 0.7], [0.9, 0.9, np.nan]], atol=1e-7)
    assert applied.dtype == np.float32


def test_an_interval_is_whole_or_absent():
    figure = {"dataset": "scenes", "metric": "IoU", "value": 0.8, "simulated": True}
    assert Accuracy(**figure).low is None
    whole = Accuracy(**figure, low=0.7, high=0.9, interval="bootstrap", count=100)
    assert (whole.low, whole.high, whole.count) == (0.7, 0.9, 100)
    for part in ({"low": 0.7}, {"low": 0.7, "high": 0.9}, {"interval": "bootstrap"}):
        with pytest.raises(ValidationError, match="interval needs"):
            Accuracy(**figure, **part)
    with pytest.raises(ValidationError, match="down to"):
        Accuracy(**figure, low=0.9, high=0.7, interval="bootstrap")


def test_a_card_written_before_limits_were_told_still_loads():
    new = card()
    old = new.model_dump(mode="json")
    for name in ("holds", "fails", "pictures", "seeds", "command", "deviations"):
        del old[name]
    assert ModelCard.model_validate(old) == new


def test_only_modality_dropout_makes_inputs_optional():
    config = GlaViTUConfig(features=("optical", "dem", "in_sar", "thermal"))
    known = {"name": "a", "title": "A", "config": config, "patch_size": 384, "training": "none"}
    plain = ModelCard(**known, licence="BSD-3-Clause")
    assert plain.optional_inputs == ()
    dropped = ModelCard(**known, licence="BSD-3-Clause", strategy="modality-dropout")
    assert dropped.optional_inputs == ("in_sar", "thermal")
