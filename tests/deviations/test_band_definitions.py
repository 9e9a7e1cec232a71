from dataclasses import fields

from glacier_core.confidence.band import OutlineBand
from glacier_core.confidence.hints import COLUMNS
from glacier_core.deviations.band_definitions import BAND_DEFINITIONS


def test_every_number_is_defined():
    numbers = {field.name for field in fields(OutlineBand) if field.name.endswith("_km2")}
    numbers |= {"band_km2", "level", "expected_gain_km2", "mean_confidence"}
    assert set(BAND_DEFINITIONS) == numbers
    assert {"expected_gain_km2", "mean_confidence"} <= set(COLUMNS)


def test_definitions_say_what_people_need():
    for name, definition in BAND_DEFINITIONS.items():
        assert definition.name
        assert definition.meaning.endswith(".")
        assert (definition.unit == "km²") == name.endswith("_km2")
