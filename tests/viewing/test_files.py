import pytest

from glacier_core.errors import SourceError
from glacier_core.inference.holding import is_held
from glacier_core.viewing import files

HOSTILE = [
    "..",
    "../ramp",
    "ramp/../ramp",
    "/vsicurl/http:",
    "ramp\x00",
    "ramp\n",
    "",
    "RAMP",
    "a" * 81,
    "ramp.tif",
]


def test_rasters_of_a_scene_are_found(scene, own_data_dir):
    for name in files.SCENE_RASTERS:
        assert files.scene_raster("ramp", name) == own_data_dir / "scenes/ramp" / f"{name}.tif"


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_id_reaches_no_file(scene, name):
    with pytest.raises(SourceError, match="is no id of a scene"):
        files.scene_raster(name, "optical")


@pytest.mark.parametrize("key", [*HOSTILE, "ab", "g" * 64, "AB" * 32])
def test_what_is_no_key_reaches_no_file(result, key):
    with pytest.raises(SourceError, match="is no id of a map"):
        files.map_raster(key, "probability")
    with pytest.raises(SourceError, match="is no id of a comparison"):
        files.agreement_raster(key)


def test_unknown_ids_and_rasters_are_told(scene, result):
    with pytest.raises(SourceError, match=r"no optical\.tif of elsewhere"):
        files.scene_raster("elsewhere", "optical")
    with pytest.raises(SourceError, match="no raster"):
        files.scene_raster("ramp", "../../map/optical")
    with pytest.raises(SourceError, match=r"no probability\.tif"):
        files.map_raster("cd" * 32, "probability")


def test_a_damaged_map_is_not_drawn(result):
    path = files.map_raster(result.key, "probability")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"no probability\.tif"):
        files.map_raster(result.key, "probability")


def test_who_draws_a_map_shows_it(result):
    assert not is_held(result.key)
    files.map_raster(result.key, "probability")
    assert is_held(result.key)
