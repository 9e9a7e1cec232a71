import pytest

from glacier_core.deviations.calibration_definitions import CALIBRATION_DEFINITIONS
from glacier_core.models.calibration_comparison import CalibrationFigures


def test_every_number_of_the_comparison_is_defined():
    columns = {*CalibrationFigures.model_fields, "method", "monotone"} - {"count"}
    assert columns | {"like_pixels"} == set(CALIBRATION_DEFINITIONS)


@pytest.mark.parametrize("definition", CALIBRATION_DEFINITIONS.values())
def test_definitions_are_whole(definition):
    assert definition.name
    assert definition.source
    assert definition.meaning.endswith(".")
