"""Opening the pages of the app without a browser, in a tiny world."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest
from tiny_world import tiny_card, tiny_map, tiny_scene

from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import save_model
from glacier_core.settings import settings
from glacier_core.sources import keep_scene

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def fresh_app(monkeypatch):
    """Let no page see what another test opened, and import the pages as the app does."""
    monkeypatch.syspath_prepend(str(REPOSITORY))
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def model():
    """Keep an untrained model called ``tiny`` and return its card."""
    torch.manual_seed(0)
    card = tiny_card()
    return save_model(GlaViTU(card.config), card, settings().data_dir / "models" / "tiny")


@pytest.fixture
def world(model):
    """Return a function that keeps a scene and a map of it, and tells the page's address."""

    def make(*, glacier=None, **facts):
        scene = tiny_scene(**facts)
        keep_scene(scene)
        result = tiny_map(scene, glacier=glacier)
        return {"scene": scene.id, "model": "tiny", "map": result.key}

    return make


@pytest.fixture
def open_page():
    """Return a function that opens a page of the app at an address."""

    def open_at(page, **address):
        app = AppTest.from_file(str(REPOSITORY / "pages" / "home.py"), default_timeout=120)
        for name, value in address.items():
            app.query_params[name] = value
        return app.switch_page(f"{page}.py").run()

    return open_at


@pytest.fixture
def service(monkeypatch):
    """Return a mapping service that a test drives by hand."""

    class ByHand:
        def __init__(self):
            self.asked, self.joined, self.cancelled, self.answer = [], [], [], "running"
            self.now = SimpleNamespace(
                id="ab" * 16,
                key="cd" * 32,
                scene_id="tiny",
                model_name="tiny",
                state="running",
                progress=None,
                error=None,
                place=1,
                is_stopping=False,
            )

        def submit(self, scene, model, options, session):
            self.asked.append((scene.id, model.card.name, options))
            self.now.state = self.answer
            return self.now

        def join(self, job_id, session):
            self.joined.append(job_id)
            return self.now if job_id == self.now.id else None

        def job(self, job_id):
            return self.now

        def cancel(self, job_id, session):
            self.cancelled.append(job_id)
            self.now.state = "cancelled"

    made = ByHand()
    monkeypatch.setattr("pages.components.progress.map_service", lambda: made)
    return made
