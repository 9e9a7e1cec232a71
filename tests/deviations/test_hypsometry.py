import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from glacier_core.deviations.hypsometry import HYPSOMETRY_DEFINITIONS, hypsometry
from glacier_core.errors import SceneError

from .maps import block, glacier_map
from .scenes import make_scene

SHAPE = (60, 80)
TALL = (130, 80)  # several blocks of pixel areas either way
EVERYTHING = np.ones(SHAPE, bool)


def ramp_scene(**facts):
    """Rise 5 m a row towards the south, from 1002.5 m."""
    return make_scene(SHAPE, elevation=1002.5 + 5.0 * np.indices(SHAPE)[0], **facts)


def test_a_ramp_has_the_same_area_in_every_band():
    table = hypsometry(ramp_scene(), {"all": EVERYTHING}, step_m=50)
    assert list(table["lower_m"]) == [1000, 1050, 1100, 1150, 1200, 1250]
    assert list(table["upper_m"]) == [1050, 1100, 1150, 1200, 1250, 1300]
    # Ten rows of 80 pixels each, 900 m² on the map; UTM is off by up to 0.08 % in area.
    assert list(table["area_km2"]) == pytest.approx([0.72] * 6, rel=1e-3)
    assert table["median_elevation_m"].eq(1150).all()


def test_two_masks_share_their_bands():
    masks = {
        "predicted": block(SHAPE, (0, 20), (0, 10)),
        "expert": block(SHAPE, (10, 40), (0, 10)),
    }
    table = hypsometry(ramp_scene(), masks, step_m=100)
    area = table.pivot(index="lower_m", columns="of", values="area_km2")
    assert list(area.index) == [1000, 1100]
    assert list(area["predicted"] / 9e-4) == pytest.approx([200, 0], rel=1e-3)
    assert list(area["expert"] / 9e-4) == pytest.approx([100, 200], rel=1e-3)
    medians = table.groupby("of")["median_elevation_m"].first()
    assert medians["predicted"] == 1002.5 + 5 * 9.5
    assert medians["expert"] == 1002.5 + 5 * 24.5


@hypothesis_settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), step=st.floats(7, 400))
def test_bands_add_up_to_the_whole_area(seed, step):
    random = np.random.default_rng(seed)
    heights = random.uniform(-50, 3000, TALL)
    heights[random.random(TALL) < 0.05] = np.nan
    ice = random.random(TALL) < 0.3
    table = hypsometry(make_scene(TALL, elevation=heights), {"ice": ice}, step)
    assert table["area_km2"].sum() == pytest.approx(glacier_map(ice).area_km2(), rel=1e-12)
    banded = table.dropna(subset=["lower_m"])
    assert np.allclose(banded["upper_m"] - banded["lower_m"], step)
    count, _ = np.histogram(heights[ice & np.isfinite(heights)], [*banded["lower_m"], 1e9])
    assert banded["area_km2"].to_numpy() / 9e-4 == pytest.approx(count, rel=2e-3)


def test_ice_without_elevation_has_a_row_of_its_own():
    heights = np.where(np.indices(SHAPE)[0] < 30, 1010.0, np.nan)
    scene = make_scene(SHAPE, elevation=heights)
    table = hypsometry(scene, {"all": EVERYTHING})
    assert table["lower_m"].isna().tolist() == [False, True]
    assert table["area_km2"].iloc[0] == pytest.approx(table["area_km2"].iloc[1], rel=1e-4)


def test_without_any_elevation_everything_is_there_without_edges():
    scene = ramp_scene()
    nothing = scene.data["elevation"].copy(data=np.full(SHAPE, np.nan, np.float32))
    for data in (scene.data.assign(elevation=nothing), scene.data.drop_vars("elevation")):
        table = hypsometry(type(scene)(data, scene.attributes), {"all": EVERYTHING})
        assert len(table) == 1
        assert table["median_elevation_m"].isna().all()
        assert table["area_km2"].iloc[0] == pytest.approx(4800 * 9e-4, rel=1e-3)


def test_an_empty_mask_has_bands_of_nothing_and_no_median():
    masks = {"predicted": np.zeros(SHAPE, bool), "expert": EVERYTHING}
    table = hypsometry(ramp_scene(), masks, step_m=100)
    predicted = table[table["of"] == "predicted"]
    assert list(predicted["area_km2"]) == [0, 0, 0]
    assert predicted["median_elevation_m"].isna().all()


def test_without_ice_the_table_is_empty_but_whole():
    table = hypsometry(ramp_scene(), {"predicted": np.zeros(SHAPE, bool)})
    assert table.empty
    assert list(table) == list(HYPSOMETRY_DEFINITIONS)
    assert list(hypsometry(ramp_scene(), {})) == list(HYPSOMETRY_DEFINITIONS)


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_scenes_are_called_so(simulated):
    table = hypsometry(ramp_scene(simulated=simulated), {"all": EVERYTHING})
    assert table["simulated"].eq(simulated).all()


@pytest.mark.parametrize("step", [0.0, -50.0, float("nan"), float("inf")])
def test_a_senseless_step_is_refused(step):
    with pytest.raises(SceneError, match="positive"):
        hypsometry(ramp_scene(), {"all": EVERYTHING}, step)


def test_too_many_bands_are_refused():
    with pytest.raises(SceneError, match="higher bands"):
        hypsometry(ramp_scene(), {"all": EVERYTHING}, 0.1)


def test_a_mask_of_another_grid_is_refused():
    with pytest.raises(SceneError, match=r"'all' has shape \(2, 2\)"):
        hypsometry(ramp_scene(), {"all": np.ones((2, 2), bool)})
