import pandas as pd
import plotly.graph_objects as go

from glacier_core.viewing.chart_parts import band_in_legend, finished, identity, plain


def test_words_hold_no_tags():
    assert plain('<b>"Loud" & bold</b>') == '&lt;b&gt;"Loud" &amp; bold&lt;/b&gt;'


def test_a_mark_tells_the_id_as_it_is_and_the_name_as_text():
    glaciers = pd.DataFrame({"glacier_id": ["<1>", "2"], "name": ["", "<i>Two</i>"]})
    assert identity(glaciers) == [["<1>", "&lt;1&gt;"], ["2", "&lt;i&gt;Two&lt;/i&gt;"]]


def test_a_band_is_named_without_being_drawn_twice():
    named = band_in_legend("experts", "#56B4E9")
    assert named.name == "experts"
    assert list(named.x) == [None]


def test_a_finished_figure_of_a_simulation_says_so():
    assert finished(go.Figure(), "Areas", True, 300).layout.title.text == "Areas (simulated)"
    assert finished(go.Figure(), "Areas", False, 300).layout.title.text == "Areas"
