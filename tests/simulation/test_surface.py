import numpy as np
import pytest

from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.surface import SurfaceStyle, cover_ground, draw_surface_style

from .grounds import random

ON_ICE = (SurfaceClass.ICE, SurfaceClass.FIRN, SurfaceClass.SNOW, SurfaceClass.FORELAND)


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
    assert not np.isin(classes[~tongue.glacier], ON_ICE[:3]).any()


def test_styles_come_in_the_stated_shares():
    styles = [draw_surface_style(random(seed)) for seed in range(1000)]
    shares = {kind: np.mean([s.snow == kind for s in styles]) for kind in ("none", "patches")}
    assert shares["none"] == pytest.approx(0.32, abs=0.05)
    assert shares["patches"] == pytest.approx(0.61, abs=0.05)
    assert np.mean([s.debris == "heavy" for s in styles]) == pytest.approx(0.40, abs=0.05)
    assert np.mean([s.same_rock for s in styles]) == pytest.approx(0.55, abs=0.05)
    assert np.mean([s.water == "sea" for s in styles]) == pytest.approx(0.14, abs=0.04)
