import numpy as np
import pytest
import shapely

from glacier_core.baselines import ndsi_glacier
from glacier_core.deviations.panel_members import split_experts
from glacier_core.errors import OutlineError, SceneError
from glacier_core.outlines.rasterizing import rasterize
from glacier_core.simulation import demonstrations
from glacier_core.simulation.demonstrations import (
    DEMONSTRATIONS,
    RESOLUTION,
    demonstration,
    fictitious_place,
    has_simulated_panel,
    simulate_demonstration_world,
    simulate_scene,
    simulated_panel,
)
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.world import simulate_world

from .grounds import make_ground

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


@pytest.fixture
def small_world(monkeypatch):
    """Let every simulated scene show one small glacier."""
    labels = np.zeros((90, 90), dtype=np.int32)
    labels[20:70, 20:60] = 1
    world = simulate_world(make_ground(np.zeros(labels.shape, dtype=np.float32), labels), 1)
    monkeypatch.setattr(demonstrations, "simulate_demonstration_world", lambda seed, style: world)


def test_a_scene_may_have_a_panel_of_experts(small_world):
    drawn = simulate_scene(5, experts=3).outlines
    names = [f"simulated expert {number}" for number in (1, 2, 3)]
    assert drawn["analyst"].tolist() == names
    assert drawn["area_km2"].nunique() == 3
    assert list(split_experts(drawn)) == names
    one = simulate_scene(5).outlines
    assert set(one["analyst"]) == {"simulated expert"}


@pytest.mark.usefixtures("small_world")
def test_a_scene_says_who_drew_its_outlines():
    one, several = (simulate_scene(5, experts=count).attributes.notes[-1] for count in (1, 3))
    assert "unsteady hand" in one
    assert "3 simulated experts" in several


@pytest.mark.usefixtures("small_world")
@pytest.mark.parametrize("scene_id", ["simulated-debris", "simulated-ice-cap-12"])
def test_a_panel_is_drawn_where_the_scene_is(scene_id):
    assert has_simulated_panel(scene_id)
    drawn = simulated_panel(scene_id, 2)
    assert len(drawn) == 2
    style = "debris" if "debris" in scene_id else "ice-cap"
    assert drawn.intersects(place_of(style)).all()


def place_of(style):
    west, north = fictitious_place(style) @ (0, 0)
    return shapely.box(west, north - 90 * RESOLUTION, west + 90 * RESOLUTION, north)


@pytest.mark.parametrize("scene_id", ["athabasca-2020", "simulated-lava-3", "simulated-valley-x"])
def test_who_was_not_simulated_here_has_no_panel(scene_id):
    assert not has_simulated_panel(scene_id)
    with pytest.raises(SceneError, match="Only scenes simulated here"):
        simulated_panel(scene_id)


@pytest.mark.usefixtures("small_world")
def test_a_panel_of_nobody_is_a_sentence():
    with pytest.raises(OutlineError, match="one or more"):
        simulate_scene(5, experts=0)
