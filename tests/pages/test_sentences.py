from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from pages.components import sentences


def comparison(**total):
    known = {
        "glaciers": 1,
        "predicted_area_km2": 16.1,
        "expert_area_km2": 16.4,
        "area_deviation_percent": -1.83,
        "continuing_area_km2": 0.0,
        "area_deviation_without_continuing_percent": -1.83,
        "predicted_elsewhere_km2": 0.0,
        "unmapped_percent": 0.0,
    }
    return SimpleNamespace(total=known | total, buffer_m=300.0)


def scene(acquired=date(2020, 8, 16)):
    return SimpleNamespace(attributes=SimpleNamespace(acquired=acquired))


def test_one_glacier_is_compared_in_a_sentence():
    assert sentences.comparison_sentence(comparison()) == (
        "The predicted outline shows 16.1 km², 2 % less than the expert's 16.4 km²."
    )


def test_several_glaciers_are_compared_together():
    said = sentences.comparison_sentence(comparison(glaciers=12, area_deviation_percent=15.4))
    assert said.startswith(
        "In 12 glaciers together the predicted outlines show 16.1 km², 15 % more"
    )


@pytest.mark.parametrize(
    ("percents", "words"),
    [
        (0.3, "as much as the expert's"),
        (-0.7, "0.7 % less than the expert's"),
        (0.96, "1.0 % more than the expert's"),
        (250.0, "250 % more than the expert's"),
    ],
)
def test_small_and_large_differences(percents, words):
    assert words in sentences.comparison_sentence(comparison(area_deviation_percent=percents))


def test_nothing_mapped_and_nothing_predicted_are_told_apart():
    no_data = sentences.comparison_sentence(
        comparison(expert_area_km2=0.0, area_deviation_percent=float("nan"))
    )
    assert "no data" in no_data
    none_found = sentences.comparison_sentence(
        comparison(predicted_area_km2=0.0, area_deviation_percent=-100.0)
    )
    assert none_found == "The network found no ice here; the expert's outlines hold 16.4 km²."


def test_the_human_band_is_that_of_the_literature():
    assert "about 5 %" in sentences.human_sentence()
    assert "up to 30 %" in sentences.human_sentence()
    assert "Paul et al. 2013" in sentences.human_sentence()


def test_ice_that_runs_on_is_told_only_where_neighbours_may_be_missing():
    runs_on = comparison(continuing_area_km2=3.25, area_deviation_without_continuing_percent=-4.94)
    said = sentences.continuing_sentence(runs_on, complete=False)
    assert "3.25 km² runs on more than 300 m" in said
    assert said.endswith("the difference is −4.9 %.")
    assert sentences.continuing_sentence(runs_on, complete=True) == ""
    assert sentences.continuing_sentence(comparison(), complete=False) == ""


@pytest.mark.parametrize(
    ("complete", "verdict"), [(True, "it is wrong"), (False, "nobody can say")]
)
def test_ice_elsewhere_is_wrong_only_where_every_glacier_is_outlined(complete, verdict):
    elsewhere = comparison(predicted_elsewhere_km2=5.21)
    said = sentences.elsewhere_sentence(elsewhere, complete=complete)
    assert "5.21 km²" in said
    assert verdict in said
    assert sentences.elsewhere_sentence(comparison(), complete=complete) == ""


def test_what_could_not_be_mapped_is_told():
    assert sentences.unmapped_sentence(comparison(unmapped_percent=1.3)).startswith("1.3 % of")
    assert sentences.unmapped_sentence(comparison()) == ""


@pytest.mark.parametrize(
    ("dates", "gap"),
    [
        (["1984"], "36 years apart"),
        (["1984-07-01", "2003"], "36 years apart"),
        (["2030"], "10 years apart"),
        (["2019-09-01"], ""),
        (["", ""], ""),
    ],
)
def test_years_between_image_and_outlines(dates, gap):
    said = sentences.years_apart_sentence(scene(), dates)
    assert gap in said
    assert bool(said) == bool(gap)


def test_an_unknown_date_is_told():
    assert "date of the outlines" in sentences.unknown_date_sentence(scene(), ["", ""])
    assert "date of the image" in sentences.unknown_date_sentence(scene(None), ["1984"])
    assert sentences.unknown_date_sentence(scene(), ["1984"]) == ""


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (["1984"], "1984"),
        (["2003-08", "1984", ""], "1984 to 2003"),
        (["2003-08", "2003-08"], "2003-08"),
        (["", "soon"], "date unknown"),
    ],
)
def test_when_outlines_were_drawn(dates, words):
    assert sentences.when(dates) == words


def test_only_observed_outlines_lack_a_date():
    undated = pd.DataFrame({"source": ["GLIMS", "RGI"], "date": ["", ""]})
    assert sentences.expert_line(undated, simulated=False) == "Expert: GLIMS, RGI, date unknown"
    assert sentences.expert_line(undated, simulated=True) == "Expert: GLIMS, RGI"
    dated = undated.assign(date=["1984", "1984"])
    assert sentences.expert_line(dated, simulated=True).endswith(", 1984")


def test_doubt_is_told_from_the_shares():
    shares = pd.DataFrame(
        {"confidence_below": [0.5, 0.9], "of_glacier": [0.0, 0.117], "of_mapped_area": [0, 0.0432]}
    )
    assert sentences.doubt_sentence(shares, 0.9) == (
        "The network is less than 90 % sure of 12 % of the glacier it maps, and of 4.3 % of the "
        "whole mapped area."
    )
    none = shares.assign(of_glacier=float("nan"))
    assert sentences.doubt_sentence(none, 0.9).startswith("No glacier is mapped; 4.3 %")
    nothing = none.assign(of_mapped_area=float("nan"))
    assert "no data" in sentences.doubt_sentence(nothing, 0.9)


def test_the_baseline_stands_beside_the_network():
    found = SimpleNamespace(
        table=pd.DataFrame({"iou": [0.788, 0.776]}, index=["glavitu-small", "NDSI > 0.4"]),
        pixels=24532,
        buffer_m=300.0,
        neighbouring_ice_pixels=0,
        ceiling=0.835,
    )
    said = sentences.baseline_sentence(found)
    assert "24,532 pixels" in said
    assert "an IoU of 0.788, the rule NDSI > 0.4 one of 0.776." in said
    assert "0.835" not in said
    found.neighbouring_ice_pixels = 3500
    assert "even a map without fault would score 0.835" in sentences.baseline_sentence(found)


@pytest.mark.parametrize(
    "text", ["![spy](https://example.org/x.png)", "[here](javascript:x)", "<b>", "`*_#", ":red[a]"]
)
def test_text_out_of_files_is_no_markdown(text):
    safe = sentences.plain(text)
    marks = [at for at, letter in enumerate(safe) if letter in "\\`*_{}[]()<>#!:"]
    escaped = {at for at in marks if safe[at] == "\\" or safe[at - 1] == "\\"}
    assert escaped == set(marks)
    assert safe.replace("\\", "") == text


@pytest.mark.parametrize(
    ("area", "words"),
    [(1234.5, "1,234.5 km²"), (16.14, "16.1 km²"), (1.234, "1.23 km²"), (0.0456, "0.046 km²")],
)
def test_areas_have_the_figures_they_deserve(area, words):
    assert sentences.km2(area) == words


def test_a_definition_names_unit_formula_and_source():
    from glacier_core.deviations.definitions import DEFINITIONS

    said = sentences.definition_lines(DEFINITIONS, ["area_deviation_percent", "no such number"])
    assert said.startswith("**Area deviation** (%): By how much")
    assert "`100 (predicted area - expert area) / expert area`" in said
    assert "Paul et al. (2013)" in said
