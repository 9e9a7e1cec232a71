import re

import numpy as np
import pytest
from tiny_world import (
    EXPERT,
    PREDICTED,
    SHAPE,
    SIDE,
    expert_outlines,
    figures,
    numbers,
    paragraphs,
    pixels,
    table_with,
)

import glacier_core as gc


def pixel_count(blocks):
    return int(pixels(blocks).sum())


def metric(app, label):
    return next(found.value for found in app.metric if found.label.startswith(label))


def test_words_tables_and_figures_tell_the_same_numbers(world, open_page):
    app = open_page("compare", **world())
    assert not app.exception
    assert not app.error
    expert, predicted = pixel_count(EXPERT), pixel_count(PREDICTED)
    both = int((pixels(EXPERT) & pixels(PREDICTED)).sum())
    either = int((pixels(EXPERT) | pixels(PREDICTED)).sum())

    sentence = re.search(
        r"show ([\d.]+) km², 1 % more than the expert's ([\d.]+) km²", paragraphs(app)
    )
    said = [float(number) for number in sentence.groups()]
    np.testing.assert_allclose(said, np.array([predicted, expert]) * SIDE**2 / 1e6, rtol=3e-3)

    deviation = float(metric(app, "Area deviation").removesuffix(" %"))
    assert deviation == pytest.approx(100 * (predicted - expert) / expert, abs=0.1)
    assert float(metric(app, "IoU")) == pytest.approx(both / either, abs=5e-4)

    glaciers = table_with(app, "polis_m").set_index("glacier_id")
    assert glaciers.loc["upper", "area_deviation_percent"] == pytest.approx(10, abs=0.05)
    assert glaciers.loc["lower", "area_deviation_percent"] == pytest.approx(-25, abs=0.05)

    shown = figures(app)["Area against the expert's"]
    drawn = next(trace for trace in shown["data"] if trace["type"] == "box")
    np.testing.assert_allclose(np.sort(numbers(drawn["x"])), [-25, 10], atol=0.05)
    shares = figures(app)["Where network and expert agree"]["data"][0]["x"]
    np.testing.assert_allclose(numbers(shares), both / either)


def test_the_distance_is_that_of_the_ground(world, open_page):
    """The upper glacier ends three pixels too far right: 90 m is its largest distance."""
    glaciers = table_with(open_page("compare", **world()), "hausdorff_m").set_index("glacier_id")
    assert glaciers.loc["upper", "hausdorff_m"] == pytest.approx(3 * SIDE, rel=2e-3)
    assert glaciers.loc["lower", "hausdorff_m"] == pytest.approx(5 * SIDE, rel=2e-3)
    assert glaciers.loc["upper", "signed_mean_m"] > 0 > glaciers.loc["lower", "signed_mean_m"]


def test_outlines_of_another_year_are_warned_of(world, open_page):
    app = open_page("compare", **world())
    assert [warning.value for warning in app.warning] == [
        "The outlines are of 1984, the image of 2020: 36 years apart. Ice gained or lost in "
        "between counts as a difference, although neither is wrong."
    ]
    (caption, *_) = [element.value for element in app.caption]
    assert "Image: 2020-08-16" in caption
    assert "Expert: an inventory, 1984" in caption
    assert "older than the image" in paragraphs(app)


def test_a_simulated_scene_is_called_so_everywhere(world, open_page):
    app = open_page("compare", **world(simulated=True, outlines_complete=True))
    assert not app.exception
    assert "Simulated" in paragraphs(app).splitlines()[0]
    assert all(title.endswith("(simulated)") for title in figures(app))
    assert len(figures(app)) == 3
    assert table_with(app, "simulated")["simulated"].all()


def test_ndsi_stands_beside_the_network_on_the_same_pixels(world, open_page):
    app = open_page("compare", **world())
    rule = table_with(app, "method").set_index("method")["iou"]
    both = int((pixels(EXPERT) & pixels(PREDICTED)).sum())
    either = int((pixels(EXPERT) | pixels(PREDICTED)).sum())
    assert rule["tiny"] == pytest.approx(both / either)
    assert rule["NDSI > 0.4"] == pytest.approx(1.0)  # the scene is icy just where the expert says


def test_map_that_is_gone_is_made_again(world, open_page):
    address = world() | {"map": "cd" * 32}
    app = open_page("compare", **address)
    assert not app.exception
    assert not app.dataframe
    assert app.get("progress") or app.query_params["map"] != address["map"]


def test_without_experts_a_reader_may_bring_some(world, open_page):
    app = open_page("compare", **world(outlines=False))
    assert not app.exception
    assert "Upload" in app.info[0].value
    assert app.file_uploader


def test_own_outlines_are_compared_and_those_of_the_scene_come_back(world, open_page, tmp_path):
    own = {"mine": ((10, 30), (10, 43))}  # just what the map says of the upper glacier
    file = gc.write_outlines(expert_outlines(own, drawn="2020"), tmp_path / "own.gpkg")
    app = open_page("compare", **world())
    app.file_uploader(key="expert-outlines").upload("own.gpkg", file.read_bytes()).run()
    assert not app.exception
    assert not app.error
    assert app.query_params["experts"].startswith("upload-")
    glaciers = table_with(app, "polis_m")
    assert list(glaciers["glacier_id"]) == ["mine"]
    assert glaciers["area_deviation_percent"].iloc[0] == pytest.approx(0, abs=0.05)
    next(button for button in app.button if "Back to" in button.label).click().run()
    assert list(table_with(app, "polis_m")["glacier_id"]) == ["upper", "lower"]


FAR = expert_outlines({"far": ((10_000, 10_020), (10, 30))})


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.gpkg", b"only some text", "not what its name says"),
        ("empty.geojson", b"", "empty file"),
        (
            "no_polygon.geojson",
            b'{"type": "FeatureCollection", "features": []}',
            "not one outline",
        ),
        ("far.geojson", FAR.to_crs("EPSG:4326").to_json().encode(), "lies in the scene"),
    ],
)
def test_a_bad_upload_is_a_sentence_and_loses_nothing(world, open_page, name, content, sentence):
    app = open_page("compare", **world())
    app.file_uploader(key="expert-outlines").upload(name, content).run()
    assert not app.exception
    assert any(sentence in error.value for error in app.error), [e.value for e in app.error]
    assert "experts" not in app.query_params
    assert list(table_with(app, "polis_m")["glacier_id"]) == ["upper", "lower"]


def test_outlines_that_are_no_longer_kept_are_told_in_a_sentence(world, open_page):
    app = open_page("compare", **world(), experts="upload-0123456789abcdef")
    assert not app.exception
    assert "Upload them again" in app.error[0].value


def test_a_map_of_nothing_is_compared_all_the_same(world, open_page):
    app = open_page("compare", **world(glacier=np.zeros(SHAPE, dtype=bool)))
    assert not app.exception
    assert not app.error
    assert "The network found no ice here" in paragraphs(app)
    assert metric(app, "Mean distance") == "undefined"


def test_a_picked_glacier_is_marked_in_the_figures(world, open_page):
    app = open_page("compare", **world(), glacier="lower")
    marks = [
        trace
        for trace in figures(app)["Area against the expert's"]["data"]
        if trace.get("name") == "Lower Glacier"
    ]
    np.testing.assert_allclose(numbers(marks[0]["x"]), [-25], atol=0.05)


def test_the_boundary_is_told_with_its_surface(world, open_page):
    app = open_page("compare", **world(simulated=True), deviation="boundary")
    assert not app.exception
    bars = figures(app)["Along the boundary (simulated)"]["data"]
    told = [row[5] for trace in bars for row in trace["customdata"]]
    assert told
    assert all(surface.startswith("<br>") for surface in told)
