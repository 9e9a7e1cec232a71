"""The documentation keeps up with the code."""

from pathlib import Path

import pytest

from glacier_core.settings import Settings

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented_with_its_default(name):
    row = next(
        line
        for line in (DOCS / "settings.md").read_text().splitlines()
        if f"`GLACIER_{name.upper()}`" in line
    )
    field = Settings.model_fields[name]
    assert field.description in row
    if not field.default_factory and field.default is not None:
        assert f"| {field.default} |" in row
