import base64
from xml.etree import ElementTree

import numpy as np
import pytest

from glacier_core.viewing import palettes
from glacier_core.viewing.deviation_bars import HEIGHT, REACH, WIDTH, deviation_bars

SVG = "{http://www.w3.org/2000/svg}"
START = "data:image/svg+xml;base64,"


def drawn(percent):
    """Return the picture of a deviation."""
    (address,) = deviation_bars([percent])
    assert address.startswith(START)
    return ElementTree.fromstring(base64.b64decode(address.removeprefix(START)))


def rectangles(percent, color):
    """Return left and right end of the rectangles of a colour."""
    return [
        (float(one.get("x")), float(one.get("x")) + float(one.get("width")))
        for one in drawn(percent).iter(f"{SVG}rect")
        if one.get("fill") == color
    ]


def test_the_bar_has_the_length_and_side_of_the_deviation():
    ((more_left, more_right),) = rectangles(REACH / 2, palettes.PREDICTED)
    ((less_left, less_right),) = rectangles(-REACH / 4, palettes.EXPERT)
    assert more_left == less_right == WIDTH / 2
    assert more_right - more_left == pytest.approx(2 * (less_right - less_left))


def test_the_band_is_that_of_the_experts():
    debris, clean = rectangles(10.0, palettes.HUMAN_BAND)
    ((_, end),) = rectangles(30.0, palettes.PREDICTED)
    assert debris[1] == pytest.approx(end)
    assert debris[0] == pytest.approx(WIDTH - debris[1])
    # Places are written to a hundredth of a pixel.
    assert clean[1] - clean[0] == pytest.approx((debris[1] - debris[0]) / 6, abs=0.02)


@pytest.mark.parametrize(("percent", "tip"), [(150.0, f"M{WIDTH} "), (-80.0, "M0 ")])
def test_what_goes_beyond_ends_in_an_arrow(percent, tip):
    (arrow,) = drawn(percent).iter(f"{SVG}path")
    assert arrow.get("d").startswith(tip)
    assert not list(drawn(np.sign(percent) * REACH).iter(f"{SVG}path"))


@pytest.mark.parametrize("percent", [0.0, -0.3, 1e9, -1e9])
def test_everything_stays_in_the_picture(percent):
    picture = drawn(percent)
    assert (picture.get("width"), picture.get("height")) == (str(WIDTH), str(HEIGHT))
    for one in picture.iter(f"{SVG}rect"):
        assert float(one.get("x")) >= 0
        assert float(one.get("x")) + float(one.get("width")) <= WIDTH
        assert float(one.get("y")) >= 0
        assert float(one.get("y")) + float(one.get("height")) <= HEIGHT


def test_no_deviation_no_picture():
    assert deviation_bars([float("nan")]) == [""]
    assert deviation_bars([]) == []
    assert len(deviation_bars([1.0, float("nan"), -2.0])) == 3
