import pytest

from glacier_core.inventories.identifiers import Identifier, identifier_in


@pytest.mark.parametrize(
    ("text", "kind", "written"),
    [
        ("RGI2000-v7.0-G-11-03116", "rgi7_id", "RGI2000-v7.0-G-11-03116"),
        (" rgi2000-V7.0-g-11-03116 ", "rgi7_id", "RGI2000-v7.0-G-11-03116"),
        ("RGI2000-v7.0-C-11-02192", "complex_id", "RGI2000-v7.0-C-11-02192"),
        ("rgi60-11.00897", "rgi6_id", "RGI60-11.00897"),
        ("RGI62-11.00897", "rgi6_id", "RGI60-11.00897"),
        ("g010752e46802n", "glims_id", "G010752E46802N"),
    ],
)
def test_ids_are_told_and_written_as_their_inventory_does(text, kind, written):
    assert identifier_in(text) == Identifier(kind, written)


@pytest.mark.parametrize(
    "text",
    ["", "Hintereisferner", "RGI2000-v7.0-G-11-0311", "RGI60-11.008970", "G010752W46802N", "G1"],
)
def test_other_texts_are_no_ids(text):
    assert identifier_in(text) is None
