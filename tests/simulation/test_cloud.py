from dataclasses import replace

import numpy as np
import pytest

from glacier_core.simulation.cloud import Clouds, draw_clouds, put_clouds
from glacier_core.simulation.light import Sun

from .grounds import random

SUN = Sun(zenith=45.0, azimuth=180.0, incidence_power=1.0, haze=1.0)
SHAPE = (128, 128)


def test_no_share_no_cloud():
    clouds = draw_clouds(SHAPE, random(), 0.0, SUN, 30.0)
    assert not clouds.hiding.any()
    assert not clouds.shading.any()
    lit = np.full((6, *SHAPE), 0.3, dtype=np.float32)
    assert put_clouds(lit, clouds, random(), SUN) is lit


@pytest.mark.parametrize("share", [0.1, 0.25])
def test_clouds_hide_about_the_share_asked_for(share):
    clouds = draw_clouds(SHAPE, random(3), share, SUN, 30.0)
    assert share < clouds.hiding.mean() < 2.2 * share
    assert not (clouds.hiding & clouds.shading).any()


@pytest.mark.parametrize(("azimuth", "down", "right"), [(180, -1, 0), (0, 1, 0), (90, 0, -1)])
def test_shadows_fall_away_from_the_sun(azimuth, down, right):
    clouds = draw_clouds(SHAPE, random(3), 0.1, replace(SUN, azimuth=azimuth), 30.0)
    # One height for the whole image: the shadow is the cover, moved.
    best = max(
        (
            (clouds.shadow * np.roll(clouds.cover, (step * down, step * right), (0, 1))).sum(),
            step,
        )
        for step in range(100)
    )[1]
    assert 400.0 / 30.0 - 1 <= best <= 2500.0 / 30.0 + 1


def test_clouds_brighten_and_their_shadows_darken_but_less_in_the_blue():
    cover = np.zeros(SHAPE, dtype=np.float32)
    shadow = cover.copy()
    cover[:, :40], shadow[:, 80:] = 1.0, 1.0
    lit = np.full((6, *SHAPE), 0.3, dtype=np.float32)
    seen = put_clouds(lit, Clouds(cover, shadow), random(), SUN)
    assert seen[0, :, :40].mean() > 0.6
    assert (seen[:, :, 41:79] == lit[:, :, 41:79]).all()
    dark = seen[:, :, 81:].mean(axis=(1, 2))
    assert (dark < 0.15).all()
    assert dark[0] > 3.0 * dark[5]
