import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.errors import SourceError
from glacier_core.inventories.places import Place, place_in


@pytest.mark.parametrize(
    ("text", "latitude", "longitude"),
    [
        ("46.80, 10.75", 46.8, 10.75),
        ("46.80,10.75", 46.8, 10.75),
        ("46.80 10.75", 46.8, 10.75),
        ("46,80 10,75", 46.8, 10.75),
        ("46,8; 10,75", 46.8, 10.75),
        ("46.80N 10.75E", 46.8, 10.75),
        ("10.75E 46.8N", 46.8, 10.75),
        ("E10.75 N46.8", 46.8, 10.75),
        ("S49.3 W73.1", -49.3, -73.1),
        ("-49.3 -73.1", -49.3, -73.1),
        ("−49.3, −73.1", -49.3, -73.1),
        ("46.8°, 10.75°", 46.8, 10.75),
        ("46°48'N 10°45'E", 46.8, 10.75),
        ("46°48′36″N, 10°45′0″W", 46.81, -10.75),
        ("N 46 48.6' E 10 45.3'", 46.81, 10.755),
        ("N 46 48.6 E 10 45.3", 46.81, 10.755),
        ("46 48 36 N 10 45 0 W", 46.81, -10.75),
        ("G010752E46802N", 46.802, 10.752),
        ("G213112E61299N", 61.299, -146.888),
        ("G286900E49300S", -49.3, -73.1),
    ],
)
def test_common_spellings_of_coordinates(text, latitude, longitude):
    found = place_in(text)
    assert (found.latitude, found.longitude) == pytest.approx((latitude, longitude), abs=1e-9)


@pytest.mark.parametrize(
    "text",
    ["Hintereisferner", "South Glacier", "Glacier No. 354", "AX010", "46.8", "1 2 3", "46N 47N",
     "46°70'N 10°0'E", "", "RGI60-11.00897", "RGI2000-v7.0-G-11-03116"],
)  # fmt: skip
def test_what_is_no_pair_of_coordinates(text):
    assert place_in(text) is None


@pytest.mark.parametrize("text", ["91, 10", "46.8, 181", "10E 95N"])
def test_a_place_beyond_the_earth_is_refused(text):
    with pytest.raises(SourceError, match=r"latitude \(-90 to 90\) first"):
        place_in(text)


def test_the_letter_o_is_asked_back():
    with pytest.raises(SourceError, match="Write E or W"):
        place_in("46°48′N, 10°45′ O")


@given(
    st.floats(-90, 90).map(lambda degrees: round(degrees, 4)),
    st.floats(-180, 180).map(lambda degrees: round(degrees, 4)),
)
def test_every_place_is_read_back_in_either_order(latitude, longitude):
    north = f"{abs(latitude):.4f}{'N' if latitude >= 0 else 'S'}"
    east = f"{abs(longitude):.4f}{'E' if longitude >= 0 else 'W'}"
    place = Place(latitude, longitude)
    assert place_in(f"{latitude:.4f}, {longitude:.4f}") == place
    assert place_in(f"{north} {east}") == place
    assert place_in(f"{east}, {north}") == place
