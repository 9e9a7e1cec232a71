"""Several experts on the pages."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from tiny_world import expert_outlines, paragraphs, table_with

import glacier_core as gc
from glacier_core.outlines.keeping import keep_outlines

ENDS = (39, 40, 41, 42, 43)


def panel():
    """Return one glacier by five analysts; the map ends it in column 43."""
    tables = [
        expert_outlines({"upper": ((10, 30), (10, end))}).assign(analyst=f"analyst {end}")
        for end in ENDS
    ]
    return pd.concat(tables, ignore_index=True)


def a_page():
    from pages.components.panel import show_panel
    from pages.components.state import current_comparison, current_panel

    found = current_panel()
    if found is not None:
        show_panel(found, name="tiny", selected="upper")
    import streamlit as st

    st.session_state["comparison"] = current_comparison()


@pytest.fixture
def show(world):
    def with_experts(outlines, **facts):
        app = AppTest.from_function(a_page, default_timeout=120)
        for name, value in world(**facts).items():
            app.query_params[name] = value
        if outlines is not None:
            app.query_params["experts"] = keep_outlines(outlines)
        return app.run()

    return with_experts


def test_words_and_table_tell_the_verdict(show):
    app = show(panel())
    assert not app.exception
    assert not app.error
    said = paragraphs(app).replace("\\", "")
    assert "the model lies within the experts' spread" in said
    assert "5 experts drew" in said
    row = table_with(app, "spread_percent").iloc[0]
    assert row["within_spread"]
    assert row["spread_percent"] == pytest.approx(100 * 4 / 31, abs=0.01)
    members = table_with(app, "expert")
    assert members["expert"].tolist() == [*(f"analyst {end}" for end in ENDS), "model"]
    assert any("Experts: analyst 39" in text.value.replace("\\", "") for text in app.caption)


def test_the_comparison_is_with_what_they_agree_on(show):
    glaciers = show(panel()).session_state["comparison"].glaciers
    assert glaciers["area_deviation_percent"].tolist() == pytest.approx([100 * 2 / 31], abs=0.05)


def test_one_expert_is_no_panel(show):
    app = show(None)
    assert not app.exception
    assert not app.dataframe
    assert len(app.session_state["comparison"].glaciers) == 2


def test_an_expert_who_drew_twice_is_a_sentence(show):
    twice = pd.concat([panel(), panel().iloc[:1]], ignore_index=True)
    app = show(twice)
    assert not app.exception
    assert "lie on top of each other" in app.error[0].value


def test_an_uploaded_panel_is_taken(world, open_page, tmp_path):
    file = gc.write_outlines(panel(), tmp_path / "panel.gpkg")
    app = open_page("compare", **world())
    app.file_uploader(key="expert-outlines").upload("panel.gpkg", file.read_bytes()).run()
    assert not app.exception
    assert not app.error
    assert app.query_params["experts"].startswith("upload-")
    assert list(table_with(app, "polis_m")["glacier_id"]) == ["upper"]


def test_real_scenes_have_no_simulated_experts(world, open_page):
    app = open_page("compare", **world())
    assert not any("simulated experts" in button.label for button in app.button)


def test_simulated_scenes_have_simulated_experts(world, open_page, monkeypatch):
    monkeypatch.setattr(
        "glacier_core.simulation.demonstrations.simulated_panel", lambda scene_id: panel()
    )
    place = world(id="simulated-valley-7", simulated=True)
    app = open_page("compare", **place)
    next(found for found in app.button if "simulated experts" in found.label).click().run()
    assert not app.exception
    assert not app.error
    assert app.query_params["experts"] == "panel"
    assert any("five simulated experts" in text.value for text in app.caption)
    next(button for button in app.button if "Back to" in button.label).click().run()
    assert "experts" not in app.query_params
