import pandas as pd
import pytest

from glacier_core.viewing import palettes
from glacier_core.viewing.panel_charts import MOST_ROWS, panel_areas, panel_chart


def members(**areas):
    """Return a table of members: per glacier the areas of experts, the model's last."""
    rows = [
        {
            "glacier_id": glacier,
            "name": f"<b>{glacier}</b>",
            "expert": "model" if last else f"expert {number}",
            "model": last,
            "area_km2": area,
            "leave_one_out_area_percent": 0.0,
            "leave_one_out_distance_m": 0.0,
            "simulated": True,
        }
        for glacier, drawn in areas.items()
        for number, area in enumerate(drawn, start=1)
        for last in [number == len(drawn)]
    ]
    return pd.DataFrame(rows)


TWO = members(small=[0.9, 1.1, 1.2], large=[9.0, 10.0, 11.0, 12.0])


def test_areas_are_told_against_the_mean_of_the_experts_largest_glacier_first():
    table = panel_areas(TWO)
    assert table["glacier_id"].tolist() == ["large"] * 4 + ["small"] * 3
    assert table["from_mean_percent"].tolist() == pytest.approx([-10, 0, 10, 20, -10, 10, 20])


def test_glaciers_without_area_and_too_many_are_left_out():
    many = {f"g{number}": [1.0 + number, 2.0] for number in range(MOST_ROWS + 5)}
    table = panel_areas(members(none=[0.0, 0.0, 0.0], **many))
    assert table["glacier_id"].nunique() == MOST_ROWS
    assert "none" not in set(table["glacier_id"])
    assert "g0" not in set(table["glacier_id"])


def test_experts_are_blue_dots_and_the_map_an_orange_bar():
    areas = panel_areas(TWO)
    figure = panel_chart(areas, simulated=True, selected="small")
    assert figure.layout.title.text.endswith("(simulated)")
    ranges, experts, model, chosen = figure.data
    assert (experts.name, experts.marker.color) == ("experts", palettes.EXPERT)
    assert (model.name, model.marker.color) == ("this map", palettes.PREDICTED)
    assert list(experts.x) == pytest.approx([-10, 0, 10, -10, 10])
    assert list(model.x) == pytest.approx([20, 20])
    assert list(ranges.x)[:2] == pytest.approx([-10, 10])
    assert list(chosen.y) == ["small"]
    assert experts.customdata[0][0] == "large"
    assert "&lt;b&gt;large" in figure.layout.yaxis.ticktext[0]


def test_nothing_to_draw_is_said():
    nothing = panel_areas(members(none=[0.0, 0.0]))
    assert "No expert" in panel_chart(nothing, simulated=False).layout.annotations[0].text
