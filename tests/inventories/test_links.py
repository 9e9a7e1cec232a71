import pytest

from glacier_core.errors import OutlineError
from glacier_core.inventories.links import complex_ids, rgi6_ids


def test_the_largest_overlap_comes_first(tmp_path):
    path = tmp_path / "x-rgi6_links.csv"
    path.write_text(
        "rgi7_id,rgi6_id,rgi7_reg,overlap_area_km2\nA,1,11,0.1\nB,2,11,5\nA,3,11,0.7\nA,4,11,0.3\n",
        encoding="utf-8",
    )
    assert rgi6_ids(path) == {"A": ["3", "4", "1"], "B": ["2"]}


def test_the_complex_of_hintereisferner(fixtures_dir):
    found = complex_ids(fixtures_dir / "metadata/glims_rgi/rgi7_hef-CtoG_links.json")
    assert len(found) == 23
    assert found["RGI2000-v7.0-G-11-03116"] == "RGI2000-v7.0-C-11-02192"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "\x00\x01"])
def test_no_table_of_links(tmp_path, text):
    path = tmp_path / "wrong.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OutlineError, match="no table of RGI 7 and RGI 6 overlaps"):
        rgi6_ids(path)


@pytest.mark.parametrize("text", ["", "[1]", '{"a": 1}', "{"])
def test_no_list_of_complexes(tmp_path, text):
    path = tmp_path / "wrong.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OutlineError, match="does not list the glaciers of complexes"):
        complex_ids(path)
