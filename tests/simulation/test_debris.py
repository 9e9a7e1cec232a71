import numpy as np

from glacier_core.simulation.debris import debris_layers
from glacier_core.simulation.ground import SurfaceClass

from .grounds import make_ground, random


def bare(ground):
    return np.full(ground.shape, -1.0, dtype=np.float32)


def test_debris_stays_on_the_ice(tongue):
    for style in ("light", "heavy"):
        _, layers = debris_layers(tongue, random(1), style, bare(tongue))
        assert layers[0].surface == SurfaceClass.DEBRIS
        for layer in layers:
            assert layer.share[~tongue.glacier].max() == 0.0
            assert layer.share.max() <= 1.0


def test_heavy_debris_covers_the_tongue_and_not_the_head(tongue):
    shares = []
    for seed in range(8):
        _, layers = debris_layers(tongue, random(seed), "heavy", bare(tongue))
        cover = layers[0].share
        shares.append(cover[82:88, 45:75].mean())
        assert cover[:15, 50:70].mean() < 0.3
    assert np.mean(np.array(shares) > 0.9) >= 0.6


def test_snow_buries_moraines(tongue):
    _, layers = debris_layers(tongue, random(1), "light", np.full(tongue.shape, 0.5))
    assert layers[0].share.max() == 0.0


def test_hummocks_rise_only_under_debris(tongue):
    rough, layers = debris_layers(tongue, random(3), "heavy", bare(tongue))
    changed = rough.elevation != tongue.elevation
    assert changed.any()
    assert not (changed & (layers[0].share <= 0.5)).any()


def test_no_debris_without_wish_or_ice(tongue, generator):
    assert debris_layers(tongue, generator, "none", bare(tongue)) == (tongue, [])
    empty = make_ground(tongue.elevation)
    assert debris_layers(empty, generator, "heavy", bare(tongue)) == (empty, [])
