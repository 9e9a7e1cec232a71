import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.inventories.names import folded, search_key, search_keys, tidy_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ölduféllsjökull", "Oeldufellsjoekull"),
        ("Skeiðarárjökull", "skeidararjokull"),
        ("Þjórsárjökull", "Thjorsarjoekull"),
        ("Weißseeferner", "Weissseeferner"),
        ("Mittelberg Ferner", "Mittelbergferner"),
        ("Glacier d'Argentière", "argentiere"),
        ("Glacier de Saint-Sorlin", "St. Sorlin Glacier"),
        ("Glaciar Pío XI", "pio xi"),
        ("Bråsvellbreen", "Braasvellbreen"),
        ("Columbia Glacier", "COLUMBIA"),
    ],
)
def test_spellings_of_one_name_have_one_key(one, other):
    assert search_key(one) == search_key(other) != ""


def test_names_that_differ_keep_different_keys():
    names = ("Columbia", "Colombia", "Hintereis", "Vordereis", "Nigardsbreen", "Ледник Федченко")
    assert len({search_key(name) for name in names}) == len(names)


def test_every_name_of_a_glacier_has_its_key():
    assert search_keys("Vallelunga / Langtauferer Ferner") == (
        "vallelungalangtaufererferner",
        "vallelunga",
        "langtaufererferner",
        "vallelungalangtauferer",
        "langtauferer",
    )
    assert "hofsjokulle" in search_keys("Thjorsarjoekull (Hofsjoekull E)")
    assert search_keys("") == ()


def test_a_name_of_common_words_only_keeps_them():
    assert search_key("Glacier") == "glacier"


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text):
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Kesselwandferner               À", "Kesselwandferner"),
        ("À", ""),
        ("None", ""),
        ("  Blue Glacier ", "Blue Glacier"),
        ("X\x00\x00", ""),
    ],
)
def test_what_a_file_put_into_a_name_by_mistake_goes(text, kept):
    assert tidy_name(text) == kept
