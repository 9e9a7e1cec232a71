"""Calibration and noise of ground-range images: real annotations, and layouts of our own."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from glacier_core.archives.sentinel1_metadata import parse_calibration, parse_noise
from glacier_core.errors import SourceError

from .radar_files import calibration, noise, old_noise

STEM = "s1c-s4-grd-hh-20250118t171404-20250118t171421-000638-000538-001.xml"


@pytest.fixture(scope="module")
def real(fixtures_dir):
    folder = fixtures_dir / "metadata" / "s1"
    if not folder.is_dir():
        pytest.skip("real metadata needed: set GLACIER_FIXTURES to its folder")
    return lambda kind: (folder / f"{kind}{STEM}").read_bytes()


def test_a_real_calibration_is_met_at_its_own_points_and_halfway_between(real):
    content = real("calibration-")
    table = parse_calibration(content, "a")
    assert len(table.lines) == 20
    vectors = ElementTree.fromstring(content).findall(".//calibrationVector")
    rows = [np.array(v.findtext("sigmaNought").split(), dtype=float) for v in vectors]
    pixels = np.array(vectors[0].findtext("pixel").split(), dtype=float)
    assert len(pixels) == 204
    np.testing.assert_allclose(table.at(table.lines, pixels), rows, rtol=1e-12)
    halfway = table.at(np.array([334.0]), np.array([20.0]))[0, 0]
    corners = (rows[0][0] + rows[0][1] + rows[1][0] + rows[1][1]) / 4
    assert halfway == pytest.approx(corners, rel=1e-12)
    assert 200 < halfway < 250


def test_real_noise_is_met_at_its_own_points(real):
    content = real("noise-")
    told = parse_noise(content, "a")
    vectors = ElementTree.fromstring(content).findall(".//noiseRangeVector")
    rows = [np.array(v.findtext("noiseRangeLut").split(), dtype=float) for v in vectors]
    pixels = np.array(vectors[0].findtext("pixel").split(), dtype=float)
    np.testing.assert_allclose(told.at(told.across.lines, pixels), rows, rtol=1e-12)
    assert len(rows) == 19
    assert told.along == ()  # stripmaps have no noise that varies along the track


def test_other_real_annotations_are_refused_by_name(real):
    with pytest.raises(SourceError, match="is a <product> document; needed is the <calibration>"):
        parse_calibration(real(""), "a.xml")
    with pytest.raises(SourceError, match="is a <rfi> document; needed is the <noise>"):
        parse_noise(real("rfi-"), "a.xml")


PLANE = {
    -100: ([0, 100, 250], [1.0, 2.0, 3.5]),
    400: ([0, 50, 250], [6.0, 6.5, 8.5]),
}  # 2 + 0.01 pixel + 0.01 line, at other pixels on each line


def test_tables_are_bilinear_whatever_their_pixels():
    lines, pixels = np.arange(-100.0, 401, 7), np.arange(0.0, 251, 3)
    expected = 2 + 0.01 * pixels[None, :] + 0.01 * lines[:, None]
    read = parse_calibration(calibration(PLANE), "a").at(lines, pixels)
    np.testing.assert_allclose(read, expected, rtol=1e-9)
    backwards = parse_calibration(calibration(dict(reversed(PLANE.items()))), "a")
    np.testing.assert_array_equal(backwards.at(lines, pixels), read)
    part = parse_calibration(calibration(PLANE), "a").at(lines[10:12], pixels[5:9])
    np.testing.assert_array_equal(part, read[10:12, 5:9])


def test_tables_stay_as_at_their_rim_beyond_it():
    table = parse_calibration(calibration(PLANE), "a")
    beyond = table.at(np.array([-500.0, 900.0]), np.array([-5.0, 9000.0]))
    np.testing.assert_allclose(beyond, [[1.0, 3.5], [6.0, 8.5]])


def test_a_table_may_bend_at_each_of_its_lines():
    table = {0: ([0, 9], [1, 1]), 10: ([0, 9], [3, 3]), 20: ([0, 9], [1, 1])}
    read = parse_calibration(calibration(table), "a").at(np.arange(21.0), np.array([4.0]))
    np.testing.assert_allclose(read[:, 0], 3 - 0.2 * np.abs(np.arange(21) - 10))


def test_noise_of_before_2018_varies_across_only():
    old, new = (
        parse_noise(write(PLANE), "a").at(np.arange(5.0), np.arange(9.0))
        for write in (old_noise, noise)
    )
    np.testing.assert_array_equal(old, new)


def test_noise_along_the_track_is_a_factor_of_its_own_part():
    parts = [((0, 9), (0, 4), {0: 2.0, 9: 2.9}), ((10, 19), (0, 4), {10: 5.0})]
    told = parse_noise(noise({0: ([0, 9], [10, 10]), 19: ([0, 9], [10, 10])}, parts), "a")
    read = told.at(np.arange(20.0), np.arange(10.0))
    np.testing.assert_allclose(read[:10, :5], (20 + np.arange(10))[:, None] + np.zeros(5))
    np.testing.assert_allclose(read[10:, :5], 50)
    np.testing.assert_allclose(read[:, 5:], 10)
    np.testing.assert_array_equal(told.at(np.arange(3.0, 12), np.arange(2.0, 7)), read[3:12, 2:7])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({0: ([0, 1], [1, 1])}, "calibrationVectors of 1 lines"),
        ({}, "calibrationVectors of 0 lines"),
        ({0: ([0, 1], [1, 1]), 9: ([0, 1], [1, 0])}, "zero or less"),
        ({0: ([0, 1], [1, 1]), 9: ([0, 1], [1, -1])}, "zero or less"),
        ({0: ([1, 0], [1, 1]), 9: ([0, 1], [1, 1])}, "should not fall"),
        ({0: ([0, 1, 2], [1, 1]), 9: ([0, 1], [1, 1])}, "2 values at 3 positions"),
        ({0: ([0, 1], [1, np.nan]), 9: ([0, 1], [1, 1])}, "1 of them not finite"),
        ({0: ([0, 1], [1, np.inf]), 9: ([0, 1], [1, 1])}, "1 of them not finite"),
    ],
)
def test_damaged_tables_are_refused(table, message):
    with pytest.raises(SourceError, match=f"a.xml .*{message}"):
        parse_calibration(calibration(table), "a.xml")


def test_a_line_told_twice_and_a_step_between_two_pixels_alike_are_read():
    once = calibration(PLANE)
    first = once[once.index(b"<calibrationVector>") : once.index(b"</calibrationVector>") + 20]
    assert first.endswith(b"</calibrationVector>")
    twice = parse_calibration(once.replace(first, first + first), "a")
    assert twice.lines.tolist() == [-100, 400]
    step = {0: ([0, 5, 5, 9], [1, 1, 3, 3]), 9: ([0, 9], [1, 1])}
    read = parse_calibration(calibration(step), "a").at(np.zeros(1), np.array([4.9, 5.1]))
    assert read.tolist() == [[1, 3]]


def test_lists_shorter_than_they_say_and_words_are_refused():
    content = calibration(PLANE)
    with pytest.raises(SourceError, match="3 of 4 numbers"):
        parse_calibration(content.replace(b'count="3">1.0', b'count="4">1.0'), "a.xml")
    with pytest.raises(SourceError, match="no list of numbers"):
        parse_calibration(content.replace(b"3.500000000e+00", b"none"), "a.xml")
    with pytest.raises(SourceError, match="tells no sigmaNought"):
        parse_calibration(content.replace(b"sigmaNought", b"betaNought"), "a.xml")
    with pytest.raises(SourceError, match="holds 2 numbers as line"):
        parse_calibration(content.replace(b"<line>400<", b"<line>400 401<"), "a.xml")
