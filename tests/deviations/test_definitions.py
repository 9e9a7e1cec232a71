"""Every number that is shown has a definition."""

import pytest

from glacier_core.deviations.comparison import compare
from glacier_core.deviations.definitions import DEFINITIONS

from .maps import block, box, experts, glacier_map


@pytest.fixture(scope="module")
def comparison():
    glacier = block((20, 30), (5, 15), (5, 15))
    return compare(glacier_map(glacier), experts(box((5, 15), (5, 14))))


def test_every_column_and_total_is_defined_and_nothing_else(comparison):
    shown = {*comparison.glaciers.columns, *comparison.pixels.reset_index().columns}
    assert shown | set(comparison.total) == set(comparison.definitions)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_definitions_are_whole_sentences_with_a_source(name):
    definition = DEFINITIONS[name]
    assert definition.name
    assert definition.source
    assert definition.meaning.endswith(".")


def test_units_agree_with_the_names():
    endings = {"_km2": "km²", "_percent": "%", "_m": "m"}
    for name, definition in DEFINITIONS.items():
        for ending, unit in endings.items():
            if name.endswith(ending):
                assert definition.unit == unit, name
