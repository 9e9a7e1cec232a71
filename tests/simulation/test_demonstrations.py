import numpy as np
import pytest

from glacier_core.baselines import ndsi_glacier
from glacier_core.errors import SceneError
from glacier_core.outlines.rasterizing import rasterize
from glacier_core.simulation.demonstrations import (
    DEMONSTRATIONS,
    demonstration,
    simulate_demonstration_world,
    simulate_scene,
)
from glacier_core.simulation.ground import SurfaceClass

# Glacier area in km² and mean reflectance of green and SWIR1, coarse enough for the last bits in
# which processors differ. A change here means that a seed no longer gives the same scene.
FINGERPRINTS = {
    "simulated-valley": (54.659, 0.19396, 0.13152),
    "simulated-debris": (68.009, 0.18361, 0.12236),
    "simulated-ice-cap": (98.829, 0.33938, 0.11067),
}


@pytest.fixture(scope="module", params=list(DEMONSTRATIONS))
def scene(request):
    return demonstration(request.param)


def test_it_is_labelled_simulated_and_fictitious(scene):
    assert scene.simulated
    assert scene.title.startswith("Simulated")
    assert scene.id in DEMONSTRATIONS
    assert any("fictitious" in note for note in scene.attributes.notes)
    west, south, east, north = scene.outlines.to_crs("EPSG:4326").total_bounds
    assert -40.0 < west < east < -38.0
    assert 46.0 < south < north < 49.0


def test_it_has_the_promised_size_and_outlines(scene):
    assert scene.shape == (448, 448)
    assert scene.resolution == 30.0
    assert scene.valid.all()
    assert scene.attributes.reflectance == "toa"
    assert scene.attributes.outlines_complete
    assert len(scene.outlines) >= 5
    assert scene.outlines["name"].str.startswith("Simulated glacier ").all()


def test_experts_drew_the_ice_that_is_seen(scene):
    drawn = rasterize(scene.outlines, scene.transform, scene.shape, scene.crs)
    ice = ndsi_glacier(scene)
    recall = (ice & drawn).sum() / drawn.sum()
    assert recall > (0.35 if scene.id == "simulated-debris" else 0.8)
    assert (ice & ~drawn).mean() < 0.15


def test_a_seed_gives_the_same_scene_on_every_machine(scene):
    area, green, swir1 = FINGERPRINTS[scene.id]
    bands = scene.data["optical"].to_numpy().astype(np.float64)
    assert scene.outlines["area_km2"].sum() == pytest.approx(area, rel=2e-4)
    assert bands[1].mean() == pytest.approx(green, abs=2e-4)
    assert bands[4].mean() == pytest.approx(swir1, abs=2e-4)


def test_styles_differ_in_what_they_promise():
    debris = {}
    for style in ("valley", "debris"):
        world = simulate_demonstration_world(2, style)
        covered = np.isin(world.surface, (SurfaceClass.DEBRIS, SurfaceClass.POND))
        debris[style] = covered[world.glacier].mean()
    assert debris["valley"] < 0.15
    assert debris["debris"] > 0.3


def test_unknown_names_and_styles_are_answered_with_the_known_ones():
    with pytest.raises(SceneError, match="simulated-ice-cap"):
        demonstration("simulated-moon")
    with pytest.raises(SceneError, match="valley, debris, ice-cap"):
        simulate_scene(1, "moon")
    with pytest.raises(SceneError, match="from 0 up"):
        simulate_scene(-1, "valley")
