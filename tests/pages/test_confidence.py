import numpy as np
import pytest
from tiny_world import (
    EXPERT,
    PREDICTED,
    SHAPE,
    expert_outlines,
    figures,
    numbers,
    paragraphs,
    pixels,
    table_with,
    tiny_card,
)

from glacier_core.models.calibration_comparison import CalibrationComparison
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import save_model
from glacier_core.settings import settings

DOUBTFUL = sum(rows[1] - rows[0] for rows, _ in PREDICTED.values())  # a column of each block


def near_experts(pixels_away):
    """Return which pixels lie within a distance of the expert's blocks, pixel by pixel."""
    rows, columns = np.indices(SHAPE)
    near = np.zeros(SHAPE, dtype=bool)
    for (top, bottom), (left, right) in EXPERT.values():
        down = np.maximum(np.maximum(top - rows, rows - bottom + 1), 0)
        across = np.maximum(np.maximum(left - columns, columns - right + 1), 0)
        near |= np.hypot(down, across) <= pixels_away
    return near


def test_the_share_in_doubt_is_the_same_in_words_table_and_figure(world, open_page):
    app = open_page("confidence", **world())
    assert not app.exception
    assert not app.error
    of_glacier = DOUBTFUL / pixels(PREDICTED).sum()
    of_mapped = DOUBTFUL / pixels(PREDICTED).size
    assert (
        f"less than 90 % sure of {of_glacier:.1%} of the glacier it maps, and of {of_mapped:.1%}"
    ).replace("%", " %").replace("90  %", "90 %") in paragraphs(app)
    row = table_with(app, "of_glacier").set_index("confidence_below").loc[90]
    np.testing.assert_allclose(
        [row["of_glacier"], row["of_mapped_area"]], [100 * of_glacier, 100 * of_mapped], atol=1e-4
    )
    curve = figures(app)["How much lies below a confidence"]["data"][0]
    at_ninety = np.isclose(numbers(curve["x"]), 0.9)
    np.testing.assert_allclose(numbers(curve["y"])[at_ninety], of_glacier)


def test_the_map_brings_its_threshold_and_the_shares_below_it(world, open_page, monkeypatch):
    from pages.components import map as map_module

    shown = []
    monkeypatch.setattr(map_module, "show_map", lambda view, **options: shown.append(view))
    open_page("confidence", **world())
    threshold = shown[0].threshold
    assert threshold.layer == "confidence"
    assert [layer.id for layer in shown[0].layers if layer.id == "confidence" and layer.visible]
    assert len(threshold.share_below) == 101
    assert threshold.share_below[90] == pytest.approx(DOUBTFUL / pixels(PREDICTED).size)


def test_reliability_is_told_for_held_out_data_and_for_this_scene(world, open_page):
    app = open_page("confidence", **world())
    captions = "\n".join(element.value for element in app.caption)
    assert "thirteen simulated scenes, simulated: 10,000 pixels" in captions
    assert "ECE 0.321 before and 0.012 after" in captions
    counted = int(near_experts(300 / 30).sum())
    assert f"within 300 m of the expert outlines: {counted:,} pixels" in captions
    assert "ice that has melted since they were drawn" in captions
    assert {"On held-out data (simulated)", "On this scene"} <= set(figures(app))


def test_the_error_on_this_scene_is_the_gap_between_sure_and_right(world, open_page):
    app = open_page("confidence", **world())
    near, predicted, expert = near_experts(10), pixels(PREDICTED), pixels(EXPERT)
    doubtful = np.zeros(SHAPE, dtype=bool)
    for (top, bottom), (left, _) in PREDICTED.values():
        doubtful[top:bottom, left] = True
    right = predicted == expert
    entropy = {p: 1 + p * np.log2(p) + (1 - p) * np.log2(1 - p) for p in (0.6, 0.99)}
    gaps = [
        abs((near & group).sum() * (0.5 + entropy[p] / 2) - (near & group & right).sum())
        for group, p in ((doubtful, 0.6), (~doubtful, 0.99))
    ]
    expected = sum(gaps) / near.sum()
    captions = [element.value for element in app.caption if "within 300 m" in element.value]
    assert f"and {expected:.3f} after calibration" in captions[0]


def test_it_says_on_what_it_was_calibrated(world, open_page):
    app = open_page("confidence", **world())
    assert "calibrated on: twelve simulated scenes" in paragraphs(app)
    assert "nine in ten should be right" in paragraphs(app)


def test_an_uncalibrated_model_is_called_so(world, open_page):
    address = world()
    card = tiny_card(calibration=None, reliability=None)
    save_model(GlaViTU(card.config), card, settings().data_dir / "models" / "tiny")
    app = open_page("confidence", **address)
    assert not app.exception
    assert "not calibrated" in paragraphs(app)
    assert any("holds no measured reliability" in info.value for info in app.info)


def test_without_experts_the_scene_tells_nothing_of_its_reliability(world, open_page):
    app = open_page("confidence", **world(outlines=False))
    assert not app.exception
    assert "On this scene" not in figures(app)
    assert any("No expert outlines here" in info.value for info in app.info)


def test_a_simulated_scene_is_held_against_all_of_its_outlines(world, open_page):
    app = open_page("confidence", **world(simulated=True, outlines_complete=True))
    captions = "\n".join(element.value for element in app.caption)
    assert f"every mapped pixel, simulated: {pixels(EXPERT).size:,} pixels" in captions
    assert "ice that has melted" not in captions
    assert all(title.endswith("(simulated)") for title in figures(app))


def test_a_map_whose_model_is_gone_is_told_in_a_sentence(world, open_page):
    address = world()
    (settings().data_dir / "models" / "tiny" / "card.json").unlink()
    app = open_page("confidence", **address)
    assert not app.exception
    assert "There is no model 'tiny'" in app.error[0].value


def test_an_empty_map_leaves_a_page(world, open_page):
    app = open_page("confidence", **world(glacier=np.zeros(SHAPE, dtype=bool)))
    assert not app.exception
    assert "No glacier is mapped" in paragraphs(app)


def test_uploaded_outlines_are_held_against_within_their_surroundings_only(world, open_page):
    from glacier_core.outlines.keeping import keep_outlines

    experts = keep_outlines(expert_outlines({"mine": EXPERT["upper"]}))
    address = world(simulated=True, outlines_complete=True)
    app = open_page("confidence", **address, experts=experts)
    captions = "\n".join(element.value for element in app.caption)
    assert "within 300 m of the expert outlines" in captions


def test_the_band_counts_what_is_not_sure_either_way(world, open_page):
    app = open_page("confidence", **world())
    areas = {metric.label: metric.value for metric in app.metric}
    mapped = pixels(PREDICTED).sum() * 0.03**2
    assert float(areas["As mapped"].split()[0]) == pytest.approx(mapped, rel=0.02)
    sure = mapped - DOUBTFUL * 0.03**2
    assert float(areas["Sure, 95 %"].split()[0]) == pytest.approx(sure, rel=0.02)
    assert f"{sure:.2f} km²" in paragraphs(app)


def test_a_picked_place_to_look_at_moves_the_map(world, open_page, monkeypatch):
    from pages.components import map as map_module

    shown = []
    monkeypatch.setattr(map_module, "show_map", lambda view, **options: shown.append(view))
    app = open_page("confidence", **world())
    places = table_with(app, "expected_gain_km2")
    assert list(places["rank"]) == list(range(1, len(places) + 1))
    assert places["expected_gain_km2"].is_monotonic_decreasing
    assert shown[-1].zoom_to is None
    app.session_state["hints"] = {"selection": {"rows": [1], "columns": []}}
    app.run()
    west, south, east, north = shown[-1].zoom_to.bounds
    assert west < places["lon"][1] < east
    assert south < places["lat"][1] < north


def test_a_clicked_pixel_is_held_against_pixels_like_it(world, open_page, monkeypatch):
    from pages.components import map as map_module

    clicks = [None]
    monkeypatch.setattr(map_module, "show_map", lambda view, **options: clicks[-1])
    app = open_page("confidence", **world())
    assert any("Click a pixel" in caption.value for caption in app.caption)
    place = table_with(app, "expected_gain_km2").iloc[0]
    clicks.append(map_module.MapEvent(float(place["lon"]), float(place["lat"])))
    app.run()
    said = next(info.value for info in app.info if "The clicked pixel" in info.value)
    assert " % sure" in said
    clicks.append(map_module.MapEvent(0.0, 0.0))
    app.run()
    assert any("was not mapped" in info.value for info in app.info)


def test_the_choice_of_a_calibration_is_told_by_its_figures(world, open_page):
    address = world()
    figures_of = {
        "count": 1000,
        "ece": 0.0123,
        "ece_equal_mass": 0.02,
        "maximum_error": 0.1,
        "brier": 0.05,
        "reliability": 0.01,
        "resolution": 0.02,
        "uncertainty": 0.06,
        "within_bin": 0.0,
    }
    bins = [{"lower": 0.9, "upper": 1.0, "count": 1000, "confidence": 0.95, "accuracy": 0.9}]
    told = {
        "chosen": "isotonic",
        "reason": "Isotonic regression has the lowest error.",
        "dataset": "fourteen simulated scenes",
        "simulated": True,
        "raw": figures_of | {"ece": 0.5},
        "trials": [{"method": "isotonic", "monotone": True, "figures": figures_of, "bins": bins}],
    }
    card = tiny_card(calibration_comparison=CalibrationComparison.model_validate(told))
    save_model(GlaViTU(card.config), card, settings().data_dir / "models" / "tiny")
    app = open_page("confidence", **address)
    assert not app.exception
    assert "Isotonic regression has the lowest error" in paragraphs(app)
    assert "Compared on fourteen simulated scenes." in paragraphs(app)
    assert list(table_with(app, "ece_equal_mass")["ece"]) == [0.5, 0.0123]


def test_the_band_is_told_glacier_by_glacier(world, open_page):
    app = open_page("confidence", **world())
    bars = figures(app)["Sure, mapped and possible ice"]["data"][0]
    assert len(bars["y"]) == len(EXPERT)


def test_other_sources_of_uncertainty_are_shown_only_for_the_model_they_were_measured_with(
    world, open_page, monkeypatch
):
    from glacier_core.benchmark import uncertainty
    from glacier_core.models.registry import load_model

    address = world()
    assert "Other sources of uncertainty (simulated)" not in figures(
        open_page("confidence", **address)
    )
    own = load_model("tiny").card.sha256
    table = uncertainty.shipped_sources().assign(model_sha256=own)
    monkeypatch.setattr(uncertainty, "shipped_sources", lambda: table)
    app = open_page("confidence", **address)
    shown = figures(app)["Other sources of uncertainty (simulated)"]["data"][0]
    np.testing.assert_allclose(numbers(shown["x"]), table["iou"])
