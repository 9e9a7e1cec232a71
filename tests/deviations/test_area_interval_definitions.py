from dataclasses import fields

from glacier_core.confidence.area_interval import AreaInterval
from glacier_core.deviations.area_interval_definitions import AREA_INTERVAL_DEFINITIONS


def test_every_number_of_an_interval_is_defined():
    told = {field.name for field in fields(AreaInterval)} - {"level", "draws"}
    assert set(AREA_INTERVAL_DEFINITIONS) == told
