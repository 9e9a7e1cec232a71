"""The words of inventories, translated."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.outlines.attributes import (
    iso_date,
    stated_uncertainty,
    tidy_text,
    translate,
)


def first(**attributes):
    """Return the translation of one row."""
    table = pd.DataFrame({name: [value] for name, value in attributes.items()})
    return {name: texts[0] for name, texts in translate(table, file_name="file.gpkg").items()}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (  # RGI 7
            {
                "rgi_id": "RGI2000-v7.0-G-11-03116",
                "glims_id": "G010752E46802N",
                "src_date": "2003-07-30T00:00:00",
                "glac_name": "Hintereisferner",
                "area_km2": 8.0,
            },
            ("RGI2000-v7.0-G-11-03116", "Hintereisferner", "2003-07-30", "", "RGI 7.0"),
        ),
        (  # RGI 6
            {
                "RGIId": "RGI60-11.00897",
                "GLIMSId": "G010758E46800N",
                "BgnDate": "20030799",
                "EndDate": "20030999",
                "Name": "Hintereisferner",
            },
            ("RGI60-11.00897", "Hintereisferner", "2003-07", "", "RGI 6"),
        ),
        (  # RGI 5
            {"RGIId": "RGI50-01.10299", "BgnDate": "19709999", "Name": "Coxe Glacier   "},
            ("RGI50-01.10299", "Coxe Glacier", "1970", "", "RGI 5"),
        ),
        (  # GLIMS
            {
                "anlys_id": 1013152,
                "glac_id": "G238149E48785N",
                "src_date": pd.Timestamp("2015-09-09"),
                "glac_name": "Coleman Glacier",
                "analysts": "Fountain, Andrew G.",
                "wgms_id": None,
            },
            ("G238149E48785N", "Coleman Glacier", "2015-09-09", "Fountain, Andrew G.", "GLIMS"),
        ),
        (  # Second Chinese Glacier Inventory
            {
                "Glc_Name": None,
                "FCGI_ID": "5X043P0038",
                "Rep_Date": "2009年8月8日",
                "Compiler": "李萍",
            },
            ("5X043P0038", "", "2009-08-08", "李萍", "Second Chinese Glacier Inventory"),
        ),
        (  # plain words
            {"ID": 7.0, "Glacier Name": "Mine", "Year": 2015, "Author": "me"},
            ("7", "Mine", "2015", "me", "file.gpkg"),
        ),
        (  # our own, where the source is known to be unknown
            {"glacier_id": "a", "name": "", "source": "", "analyst": "", "date": ""},
            ("a", "", "", "", ""),
        ),
    ],
)
def test_inventories(attributes, expected):
    found = first(**attributes)
    columns = ("glacier_id", "name", "date", "analyst", "source")
    assert tuple(found[column] for column in columns) == expected


def test_without_attributes_ids_are_made_up():
    texts = translate(pd.DataFrame(index=range(3)), file_name="drawn.geojson")
    assert texts["glacier_id"] == ["outline-0001", "outline-0002", "outline-0003"]
    assert texts["source"] == ["drawn.geojson"] * 3


def test_ids_are_made_unique():
    """GLIMS has one glacier at several dates under one id."""
    table = pd.DataFrame({"id": ["a", "a", None, "a-2", "a", ""]})
    ids = translate(table, file_name="f")["glacier_id"]
    assert ids == ["a", "a-2", "outline-0003", "a-2-2", "a-3", "outline-0006"]


@given(st.lists(st.sampled_from(["", "a", "a-2", "outline-0001", "b"]), max_size=12))
def test_ids_are_unique_whatever_they_were(ids):
    unique = translate(pd.DataFrame({"id": ids}), file_name="f")["glacier_id"]
    assert len(set(unique)) == len(unique) == len(ids)
    assert all(unique)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "${document.title=1}",
        "=HYPERLINK('http://127.0.0.1')",
        "`rm -rf`",
        "Robert'); DROP TABLE glaciers;--",
        "../../etc/passwd",
        "A\u202egnp.exe",
    ],
)
def test_names_stay_the_text_they_were(hostile):
    assert first(name=hostile)["name"] == hostile


@pytest.mark.parametrize(
    "value", [np.array([1, 2]), [1, 2], {"a": 1}, b"\xff\xfe", pd.NaT, pd.NA, True, 1e300]
)
def test_any_value_becomes_text(value):
    table = pd.DataFrame({"name": pd.Series([value], dtype=object)})
    assert isinstance(translate(table, file_name="f")["name"][0], str)


def test_a_column_without_a_value_gives_way_to_the_next():
    assert first(glac_id=None, num=12)["glacier_id"] == "12"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("-9999999", ""),
        ("99999999", ""),
        ("0", ""),
        ("2015", "2015"),
        ("2015-09", "2015-09"),
        ("2015-09-09", "2015-09-09"),
        ("2015-9-9", "2015-09-09"),
        ("2015/09/09", "2015-09-09"),
        ("2015-09-09 00:00:00", "2015-09-09"),
        ("2003-07-30T00:00:00", "2003-07-30"),
        ("20030730", "2003-07-30"),
        ("20030799", "2003-07"),
        ("20039999", "2003"),
        ("2009年8月8日", "2009-08-08"),
        ("2009年", "2009"),
        ("LIA", "LIA"),
        ("1985-1990", "1985-1990"),
        ("summer 2003", "summer 2003"),
    ],
)
def test_dates(text, expected):
    assert iso_date(text) == expected


@given(st.dates())
def test_any_day_is_understood(day):
    texts = (day.isoformat(), day.strftime("%Y%m%d").zfill(8), f"{day.isoformat()}T12:00:00Z")
    assert {iso_date(text) for text in texts} == {day.isoformat()}


@given(st.text(max_size=12))
def test_dates_are_translated_once_and_for_all(text):
    assert iso_date(iso_date(text)) == iso_date(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("None", ""),
        ("nan", ""),
        ("Fountain, Andrew G.", "Fountain, Andrew G."),
        ("Kesselwandferner               À", "Kesselwandferner"),
        ("B\x8eCHLIGLETSCHER", "BÄCHLIGLETSCHER"),  # MS-DOS, code page 850
        ("Deieren\x84lpetli", "Deierenälpetli"),
        ("Glacier d\x92Argentière", "Glacier d’Argentière"),  # Windows
        ("Grüner Ferner", "Grüner Ferner"),
    ],
)
def test_what_a_file_did_to_a_text_by_mistake_is_undone(text, kept):
    assert tidy_text(text) == kept


def test_stated_uncertainty_is_the_larger_of_both_axes_and_zero_is_none():
    table = pd.DataFrame(
        {"loc_unc_x": [50, 0, "None"], "loc_unc_y": [40, 0, None], "glob_unc_x": [0.0, 0.0, 0.0]}
    )
    found = stated_uncertainty(table)
    assert list(found) == ["local_uncertainty_m"]
    assert found["local_uncertainty_m"][0] == 50
    assert np.isnan(found["local_uncertainty_m"][1:]).all()
    assert stated_uncertainty(pd.DataFrame({"Name": ["A"]})) == {}
