import numpy as np
import pytest

from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.surface import (
    SurfaceOdds,
    SurfaceStyle,
    cover_ground,
    draw_surface_style,
)

from .grounds import make_ground, random

ON_ICE = (
    SurfaceClass.ICE,
    SurfaceClass.FIRN,
    SurfaceClass.SNOW,
    SurfaceClass.CREVASSED_ICE,
    SurfaceClass.FORELAND,
)


@pytest.mark.parametrize("line", [0.1, 0.5, 0.9])
def test_snow_line_leaves_the_share_of_bare_ice_asked_for(tongue, line):
    style = SurfaceStyle("none", "none", line, "none", same_rock=True)
    classes = cover_ground(tongue, random(4), style).classes
    snow = classes[tongue.glacier] == SurfaceClass.SNOW
    assert 1.0 - snow.mean() == pytest.approx(line, abs=0.03)
    heights = tongue.elevation[tongue.glacier]
    assert heights[snow].mean() > heights[~snow].mean()


def test_glacier_classes_stay_on_glaciers(tongue):
    style = SurfaceStyle("none", "none", 0.5, "none", same_rock=True)
    classes = cover_ground(tongue, random(4), style).classes
    assert np.isin(classes[tongue.glacier], ON_ICE).all()
    assert not np.isin(classes[~tongue.glacier], ON_ICE[:4]).any()


def test_styles_come_in_the_stated_shares():
    styles = [draw_surface_style(random(seed)) for seed in range(1000)]
    shares = {kind: np.mean([s.snow == kind for s in styles]) for kind in ("none", "patches")}
    assert shares["none"] == pytest.approx(0.34, abs=0.05)
    assert shares["patches"] == pytest.approx(0.60, abs=0.05)
    assert np.mean([s.debris == "heavy" for s in styles]) == pytest.approx(0.40, abs=0.05)
    assert np.mean([s.same_rock for s in styles]) == pytest.approx(0.55, abs=0.05)
    assert np.mean([s.water == "sea" for s in styles]) == pytest.approx(0.14, abs=0.04)


def test_odds_decide_the_style():
    odds = SurfaceOdds((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.5, 0.5))
    style = draw_surface_style(random(), odds)
    assert (style.debris, style.snow, style.water) == ("heavy", "patches", "sea")
    assert style.vegetation == 0.5


def test_ice_breaks_where_it_is_steep():
    rows, _ = np.mgrid[:120, :120].astype(np.float32)
    fall = np.where((rows > 50) & (rows < 70), 0.8, 0.08) * 30.0
    ground = make_ground(3000.0 - np.cumsum(fall, axis=0), np.ones((120, 120)))
    style = SurfaceStyle("none", "none", 1.0, "none", same_rock=True)
    broken = cover_ground(ground, random(1), style).classes == SurfaceClass.CREVASSED_ICE
    assert broken[53:67].mean() > 0.2
    assert not broken[:45].any()
    assert not broken[75:].any()


def test_snow_off_the_ice_follows_the_snow_line_of_the_ice():
    rows, columns = np.mgrid[:120, :120].astype(np.float32)
    slope = make_ground(2000.0 - 8.0 * rows, columns < 60)  # ice and rock at the same heights

    def snowy(line):
        style = SurfaceStyle("none", "patches", line, "none", same_rock=True)
        worlds = (cover_ground(slope, random(seed), style).classes for seed in range(6))
        return np.mean([w[~slope.glacier] == SurfaceClass.SEASONAL_SNOW for w in worlds])

    assert snowy(0.2) > 1.5 * snowy(0.98)
