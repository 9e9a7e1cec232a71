import pytest
from geopandas.testing import assert_geodataframe_equal
from shapely import box

from glacier_core.errors import OutlineError
from glacier_core.outlines.keeping import keep_outlines, kept_outlines
from glacier_core.outlines.schema import to_schema
from glacier_core.settings import settings


def outlines(side=1000.0):
    return to_schema(
        [box(500_000, 5_000_000, 500_000 + side, 5_001_000)],
        "EPSG:32632",
        glacier_id=["a-1"],
        name="Upper",
        source="somebody",
        analyst="N. N.",
        date="2015-08-01",
    )


def test_kept_outlines_come_back_as_they_were():
    assert_geodataframe_equal(kept_outlines(keep_outlines(outlines())), outlines())


def test_the_same_outlines_have_the_same_id_and_others_another():
    assert keep_outlines(outlines()) == keep_outlines(outlines())
    assert keep_outlines(outlines()) != keep_outlines(outlines(side=1030.0))
    renamed = outlines().assign(name="Lower")
    assert keep_outlines(renamed) != keep_outlines(outlines())


@pytest.mark.parametrize("outlines_id", ["upload-0123456789abcdef", "../secret", ""])
def test_unknown_outlines_are_told_in_a_sentence(outlines_id):
    with pytest.raises(OutlineError, match="Upload them again"):
        kept_outlines(outlines_id)


def test_damaged_outlines_are_told_in_a_sentence():
    outlines_id = keep_outlines(outlines())
    (file,) = (settings().data_dir / "outlines").iterdir()
    file.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(OutlineError, match="damaged"):
        kept_outlines(outlines_id)
