"""Clouds told from the pixels: found where they are thick, and snow is never one of them."""

import numpy as np
import pytest

from glacier_core.archives.clouds import cloud_check
from glacier_core.scene import BANDS
from glacier_core.simulation.cloud import draw_clouds, put_clouds
from glacier_core.simulation.light import Sun
from glacier_core.simulation.spectra import read_benchmark, spectral_groups
from glacier_core.sources import open_scene

SUN = Sun(zenith=45.0, azimuth=180.0, incidence_power=1.0, haze=1.0)


def pixels_of(*surfaces, shape=(40, 50), seed=0):
    """Return pixels of surfaces as they were measured, log-normal as the simulation draws them."""
    random = np.random.default_rng(seed)
    groups = [group for group in spectral_groups() if group.surface in surfaces]
    chosen = random.integers(len(groups), size=shape)
    logs = np.empty((*shape, 6))
    for index, group in enumerate(groups):
        here = chosen == index
        components = np.array(group.components)
        weights = random.standard_normal((here.sum(), len(components)))
        logs[here] = np.array(group.mean) + weights @ components
    return np.exp(np.moveaxis(logs, -1, 0)).astype(np.float32)


@pytest.mark.parametrize(
    "surface", ["snow", "firn", "shadowed snow", "ice", "rock", "vegetation", "water"]
)
def test_what_lies_around_glaciers_is_no_cloud(surface):
    assert cloud_check(pixels_of(surface, shape=(200, 200))).mean() < 0.001


@pytest.mark.parametrize("ground", [("snow", "firn"), ("ice",), ("rock",)])
def test_thick_simulated_clouds_are_found_and_little_else(ground):
    random = np.random.default_rng(4)
    shape = (128, 128)
    clouds = draw_clouds(shape, random, 0.25, SUN, 30.0)
    seen = put_clouds(pixels_of(*ground, shape=shape), clouds, random, SUN)
    found = cloud_check(seen)
    assert found[clouds.cover > 0.9].mean() > 0.95
    assert found[clouds.cover == 0].mean() < 0.001


@pytest.mark.parametrize("snow", np.linspace(0, 1, 21))
def test_patches_of_snow_among_rock_are_no_cloud(snow):
    rock = np.array([0.10, 0.12, 0.14, 0.20, 0.25, 0.22])
    white = np.array([0.92, 0.90, 0.88, 0.75, 0.08, 0.07])
    mixed = (snow * white + (1 - snow) * rock)[:, None, None]
    assert not cloud_check(mixed.astype(np.float32)).any()


def test_a_pixel_with_a_gap_is_no_cloud():
    cloud = pixels_of("cloud", shape=(1, 7))
    assert cloud_check(cloud).all()
    for band in range(6):
        cloud[band, 0, band] = np.nan
    assert cloud_check(cloud).tolist() == [[False] * 6 + [True]]


def test_black_and_negative_pixels_are_no_cloud():
    assert not cloud_check(np.zeros((6, 2, 2), dtype=np.float32)).any()
    assert not cloud_check(np.full((6, 2, 2), -0.02, dtype=np.float32)).any()


@pytest.mark.samples
def test_labelled_pixels_of_four_glaciers_are_no_clouds(samples_mirror):
    pixels = read_benchmark(samples_mirror / "spectra_usgs_benchmark")
    found = cloud_check(pixels[list(BANDS)].to_numpy(np.float32).T[:, :, None])[:, 0]
    shares = {name: found[pixels["surface"] == name].mean() for name in pixels["surface"].unique()}
    assert shares["snow"] < 0.003
    assert max(shares[name] for name in ("ice", "rock", "shadowed snow", "water")) < 0.0005


@pytest.mark.samples
def test_a_clear_real_scene_is_clear(samples_mirror):
    scene = open_scene("athabasca-2020")
    found = cloud_check(scene.data["optical"].to_numpy())
    assert found[scene.valid].mean() < 0.0001
