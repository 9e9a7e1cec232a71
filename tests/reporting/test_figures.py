"""Figures in files: the same bytes, at the right place, harmless texts, told when simulated."""

import base64
import io
import re
import xml.etree.ElementTree as ET
from functools import cache

import numpy as np
import pytest
import shapely
from PIL import Image

import glacier_core as gc
from glacier_core.reporting.figures import (
    bounds_around,
    deviation_figure,
    figure_file,
    map_figure,
    small_svg,
)
from tests.tiny_world import EXPERT, TRANSFORM, expert_outlines, tiny_map, tiny_scene


@cache
def world():
    scene = tiny_scene(simulated=True)
    return scene, gc.compare(tiny_map(scene), scene.outlines)


@pytest.fixture
def scene():
    return world()[0]


@pytest.fixture
def comparison():
    return world()[1]


def words(svg):
    return [text for part in ET.fromstring(svg).iter() if (text := (part.text or "").strip())]


def embedded(kind, svg):
    found = re.search(rf"image/{kind};base64,([^\"]+)", svg)
    return Image.open(io.BytesIO(base64.b64decode(found[1])))


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_same_figure_is_the_same_bytes(scene, kind):
    files = {figure_file(map_figure(scene, None, scene.outlines), kind) for _ in range(2)}
    assert len(files) == 1


def test_a_map_tells_whose_line_is_whose_and_that_it_is_simulated(scene, comparison):
    told = words(figure_file(map_figure(scene, comparison.predicted, comparison.expert), "svg"))
    assert {"Network's outline", "Expert's outline", "Simulated scene"} <= set(told)
    alone = words(figure_file(map_figure(tiny_scene()), "svg"))
    assert not {"Network's outline", "Expert's outline", "Simulated scene"} & set(alone)


def test_a_map_of_surface_reflectance_says_so():
    told = words(figure_file(map_figure(tiny_scene(reflectance="surface")), "svg"))
    assert "Surface reflectance" in told
    both = tiny_scene(reflectance="surface", simulated=True)
    assert "Simulated scene, Surface reflectance" in words(figure_file(map_figure(both), "svg"))


def test_a_map_shows_its_part_of_the_scene(scene):
    """The picture within bounds is that of the pixels there: all ice, all bright."""
    (first, last), (west, east) = EXPERT["upper"]
    x, y = TRANSFORM @ (west, last)
    x_end, y_end = TRANSFORM @ (east, first)
    figure = map_figure(scene, bounds=(x, y, x_end, y_end))
    (image,) = figure.axes[0].images
    assert image.get_extent() == [x, x_end, y, y_end]
    assert image.get_array().shape == (last - first, east - west, 3)
    assert np.asarray(image.get_array()).min() > 200


def test_outlines_lie_where_they_are_whatever_their_coordinates(scene):
    axes = map_figure(scene, expert=scene.outlines.to_crs(4326)).axes[0]
    (lines,) = axes.collections
    drawn = shapely.MultiLineString([path.vertices for path in lines.get_paths()])
    np.testing.assert_allclose(drawn.bounds, scene.outlines.total_bounds, atol=0.01)


def test_bounds_hold_the_shapes_with_a_margin():
    assert bounds_around(shapely.box(0, 0, 2000, 500)) == (-160.0, -910.0, 2160.0, 1410.0)
    assert bounds_around(shapely.box(0, 0, 10, 10)) == (-495.0, -495.0, 505.0, 505.0)
    assert bounds_around(shapely.Polygon()) is None


def test_deviations_are_those_of_the_table(comparison):
    areas, distances = deviation_figure(comparison).axes
    (dots,) = (line for line in areas.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(
        dots.get_xdata()[::-1], comparison.glaciers["area_deviation_percent"]
    )
    np.testing.assert_array_equal(
        distances.lines[1].get_xdata()[::-1], comparison.glaciers["p95_m"]
    )


def test_a_figure_of_a_simulated_scene_says_so(comparison):
    assert words(figure_file(deviation_figure(comparison), "svg"))[-1].startswith("Simulated: ")


def test_names_stay_texts(scene):
    outlines = expert_outlines().assign(name=["$\\frac{1}{0}$ <script>", "_a_"])
    svg = figure_file(deviation_figure(gc.compare(tiny_map(scene), outlines)), "svg")
    assert "$\\frac{1}{0}$ <script>" in words(svg)


def test_many_glaciers_are_cut_to_the_largest_and_that_is_told(comparison, monkeypatch):
    monkeypatch.setattr("glacier_core.reporting.figures.MOST_ROWS", 1)
    figure = deviation_figure(comparison)
    assert "the 1 largest of 2 glaciers" in figure.get_suptitle()
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["Upper Glacier"]


def test_a_small_svg_shows_the_same_picture(scene):
    whole = figure_file(map_figure(scene), "svg").decode()
    small = small_svg(map_figure(scene), quality=95)
    pictures = [
        Image.open(
            io.BytesIO(base64.b64decode(re.search(rf"image/{kind};base64,([^\"]+)", text)[1]))
        )
        for kind, text in (("png", whole), ("jpeg", small))
    ]
    first, second = (np.asarray(picture.convert("RGB")).astype(int) for picture in pictures)
    assert np.abs(first - second).mean() < 4


def test_every_part_and_hole_of_an_outline_is_drawn(scene):
    """Most mapped glaciers are multipolygons, whose rings shapely gives only part by part."""
    holed = shapely.box(480_300, 5_782_800, 481_200, 5_783_700).difference(
        shapely.box(480_600, 5_783_100, 480_900, 5_783_400)
    )
    parts = shapely.MultiPolygon([holed, shapely.box(482_000, 5_782_500, 482_300, 5_782_800)])
    frame = scene.outlines.iloc[[0]].set_geometry([parts], crs=scene.outlines.crs)
    (lines,) = map_figure(scene, predicted=frame).axes[0].collections
    assert len(lines.get_paths()) == 3
