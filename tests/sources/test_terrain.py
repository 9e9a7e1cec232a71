"""Real ground for training: what the simulation asks for is what the registry holds."""

from pathlib import Path

import pytest

from glacier_core.settings import settings
from glacier_core.simulation.terrain_sources import SAMPLES, real_terrain
from glacier_core.sources.terrain import fetch_terrain, terrain_files


def test_the_registry_holds_every_terrain_of_the_simulation():
    held = {f"{wanted.mirror}/{file.name}" for wanted in terrain_files() for file in wanted.files}
    asked = {path for sample in SAMPLES for path in (sample.elevation, sample.outlines)}
    assert asked <= held
    shapefiles = [Path(path) for path in asked if path.endswith(".shp")]
    assert shapefiles
    for path in shapefiles:
        assert {str(path.with_suffix(suffix)) for suffix in (".shx", ".dbf", ".prj")} <= held


def test_every_home_is_pinned_to_one_version():
    for wanted in terrain_files():
        assert any(len(part) == 40 for part in wanted.home.split("/")), wanted.home


@pytest.mark.samples
def test_the_ground_comes_from_the_mirror_with_its_hashes(
    samples_mirror, monkeypatch, own_data_dir
):
    monkeypatch.setenv("GLACIER_SAMPLES_MIRROR", str(samples_mirror))
    settings.cache_clear()
    folder = fetch_terrain()
    assert folder == own_data_dir / "samples"
    names = [source.name for source, _ in real_terrain(folder, held_out=True)]
    assert names == ["south-glacier", "oetztal"]
