import pytest

from glacier_core.errors import JobCancelled, OutlineError, SourceError
from glacier_core.inventories import regional_files
from glacier_core.inventories.packages import opened
from glacier_core.inventories.regional_files import region_file
from glacier_core.inventories.rows import rows_of


def glaciers_of(path):
    with opened(path) as package:
        return [text for piece in rows_of(path, name=package.name) for text in piece["glacier_id"]]


def test_a_region_of_rgi7_with_its_tables(archive_world):
    path = region_file("rgi7", "11")
    assert path.name == "RGI2000-v7.0-G-11_central_europe.gpkg"
    assert "RGI2000-v7.0-G-11-00001" in glaciers_of(path)
    with opened(path) as package:
        assert package.rgi6_links is not None
        assert package.submissions is not None


def test_rgi6_comes_in_one_piece_and_every_region_is_kept(archive_world):
    path = region_file("rgi6", "11")
    assert "RGI60-11.00001" in glaciers_of(path)
    asked = len(archive_world.requests)
    other = region_file("rgi6", "17")
    assert len(archive_world.requests) == asked
    assert "RGI60-17.00001" in glaciers_of(other)
    with pytest.raises(SourceError, match="no region 03"):
        region_file("rgi6", "03")


def test_an_unknown_region_is_refused():
    with pytest.raises(OutlineError, match="no glacier region 42"):
        region_file("rgi7", "42")


@pytest.mark.parametrize("answer", [{}, {"result": {}}, [], {"result": {"resources": [{}]}}, None])
def test_a_catalogue_that_answers_nonsense_is_told(monkeypatch, answer):
    monkeypatch.setattr(regional_files, "get_json", lambda *args, **options: answer)
    with pytest.raises(SourceError, match="without a list of files"):
        region_file("rgi7", "11")


def test_a_stopped_transfer_keeps_no_region(archive_world):
    with pytest.raises(JobCancelled):
        region_file("rgi7", "11", cancelled=lambda: True)
    assert len(glaciers_of(region_file("rgi7", "11"))) > 0
