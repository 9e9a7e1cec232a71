"""What the map is told: a message that changed comes after all before it."""

from dataclasses import replace

import pytest
import streamlit as st

from glacier_core.viewing.layers import TileLayer
from pages.components import map as map_component
from pages.components.map import ChoosingArea, MapView, show_map

HOME = (8.0, 46.0, 8.1, 46.1)


@pytest.fixture
def sent(monkeypatch):
    """Return the messages to the browser, in a session of its own."""
    messages = []

    def component(**given):
        messages.append(given["data"])
        return {}

    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(map_component, "_component", lambda: component)
    return messages


def turns(messages):
    return [(message["session"], message["turn"]) for message in messages]


def view(*layers, title="A map"):
    return MapView(layers, HOME, title)


PICTURE = TileLayer("natural", "Natural colours", "/tiles/{z}/{x}/{y}", HOME)


def test_message_that_changed_has_a_higher_turn(sent):
    for shown in (view(), view(PICTURE), view(), view(title="Another")):
        show_map(shown, key="map")
    assert [turn for _, turn in turns(sent)] == [0, 1, 2, 3]
    assert len({session for session, _ in turns(sent)}) == 1


def test_equal_messages_are_one(sent):
    show_map(view(PICTURE), key="map")
    show_map(view(PICTURE), key="map")
    assert sent[0] == sent[1]


def test_every_map_and_session_counts_for_itself(sent, monkeypatch):
    show_map(view(), key="map")
    show_map(view(PICTURE), key="other")
    monkeypatch.setattr(st, "session_state", {})
    show_map(view(), key="map")
    assert [turn for _, turn in turns(sent)] == [0, 0, 0]
    assert len({session for session, _ in turns(sent)}) == 3


def test_area_tools_are_part_of_the_message_and_its_turn(sent):
    show_map(view(), key="map")
    chosen = {"type": "Point", "coordinates": [8.0, 46.0]}
    tools = ChoosingArea(received=("a",), chosen=chosen, told="Here")
    show_map(replace(view(), world=True, choosing_area=tools), key="map")
    assert [turn for _, turn in turns(sent)] == [0, 1]
    assert sent[0]["choosing_area"] is None
    assert sent[1]["world"]
    assert sent[1]["choosing_area"] == {
        "received": ("a",),
        "chosen": chosen,
        "told": "Here",
        "refused": "",
    }
