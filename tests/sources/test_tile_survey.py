"""A survey of a tile file: shares in closed form, every problem told."""

import numpy as np
import pytest
from tile_files import SHAPE, by_hand, make_tile

from glacier_core.errors import SourceError
from glacier_core.sources.tile_survey import survey_tiles
from glacier_core.sources.tile_writing import write_tiles


def mask(rows):
    known = np.zeros(SHAPE, dtype=bool)
    known[:rows] = True
    return known


def test_shares_by_subregion_and_features(tmp_path):
    half_seen = make_tile("NZ1-0-1", region="NZ", subregion="NZL", glacier=mask(6))
    half_seen.features["optical"][:, 6:] = np.nan
    tiles = [
        make_tile("NZ1-0-0", region="NZ", subregion="NZL", glacier=mask(3)),
        half_seen,
        make_tile("ALP-0-0", glacier=mask(6), labelled=mask(8), radar=("in_sar",)),
    ]
    path = write_tiles(tmp_path / "t.hdf5", tiles, attributes={"simulated": True})
    read = []
    survey = survey_tiles(path, read.append)
    assert survey.simulated is True
    assert survey.problems == ()
    assert read == ["ALP-0-0", "NZ1-0-0", "NZ1-0-1"]
    alps, zealand = survey.table.to_dict("records")
    assert alps == {
        "region": "ALP",
        "subregion": "ALP",
        "features": "optical dem in_sar",
        "tiles": 1,
        "valid": 1.0,
        "labelled": pytest.approx(8 / 12),
        "glacier": pytest.approx(6 / 8),
    }
    assert zealand["tiles"] == 2
    assert zealand["valid"] == pytest.approx(0.75)
    assert zealand["labelled"] == 1.0
    assert zealand["glacier"] == pytest.approx((3 + 6) / (12 + 6))


def test_every_problem_is_told(tmp_path):
    by_hand(tmp_path / "t.hdf5", "ALP-0-0", dem=None)
    by_hand(tmp_path / "t.hdf5", "ALP-0-1")
    path = by_hand(tmp_path / "t.hdf5", "ALP-0-2", attributes={"region": None})
    survey = survey_tiles(path)
    assert survey.table["tiles"].tolist() == [1]
    assert survey.simulated is False
    first, second = survey.problems
    assert "tile ALP-0-0 has no dataset 'dem'" in first
    assert "tile ALP-0-2 has no attribute 'region'" in second


def test_a_file_of_bad_tiles_only(tmp_path):
    survey = survey_tiles(by_hand(tmp_path / "t.hdf5", optical=None))
    assert survey.table.empty
    assert len(survey.problems) == 1


def test_no_tile_file(tmp_path):
    with pytest.raises(SourceError, match="There is no tile file"):
        survey_tiles(tmp_path / "absent.hdf5")
