import numpy as np
import pytest

from glacier_core.viewing import palettes

MEANINGS = ("PREDICTED", "EXPERT", "AGREEMENT")

# Machado, Oliveira & Fernandes (2009), severity 1.0, on linear light.
DEFICIENCIES = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(color):
    shares = np.array(palettes.rgb(color)) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def lightness_and_hue(light):
    """CIE L*a*b* under D65, of linear sRGB."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ np.clip(light, 0, 1) / np.array([0.95047, 1, 1.08883])
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_meanings_are_told_apart_with_every_colour_vision(deficiency):
    seen = [
        lightness_and_hue(np.array(DEFICIENCIES[deficiency]) @ linear(getattr(palettes, name)))
        for name in MEANINGS
    ]
    for first in range(len(seen)):
        for second in range(first):
            assert np.linalg.norm(seen[first] - seen[second]) > 20


@pytest.mark.parametrize("ramp", [palettes.PROBABILITY, palettes.CONFIDENCE])
def test_ramps_of_values_change_evenly_in_lightness(ramp):
    lightness = np.array([lightness_and_hue(linear(color))[0] for color in ramp.colors])
    steps = np.diff(lightness)
    assert (steps > 5).all() or (steps < -5).all()


def test_table_takes_the_colours_at_its_ends_and_the_mean_between():
    ramp = palettes.Ramp((0.0, 1.0), ("#000000", "#FF8040"))
    table = ramp.table(3)
    np.testing.assert_array_equal(table, [[0, 0, 0], [128, 64, 32], [255, 128, 64]])


def test_table_keeps_uneven_stops_where_they_are():
    ramp = palettes.Ramp((0.0, 0.9, 1.0), ("#000000", "#5A0000", "#FF0000"))
    assert ramp.table(11)[9, 0] == 0x5A


def test_rgba_is_what_css_understands():
    assert palettes.rgba("#FF8000", 0.25) == "rgba(255, 128, 0, 0.25)"
