"""A scene of known values, a map of it and an expert beside it, all kept on disk."""

import numpy as np
import pytest
from affine import Affine
from shapely.geometry import box

from glacier_core.deviations.comparison import compare
from glacier_core.inference.cache import keep_map
from glacier_core.inference.result import make_map
from glacier_core.outlines.schema import to_schema
from glacier_core.scene import SceneAttributes, build_scene
from glacier_core.sources import keep_scene

ROWS, COLUMNS, SIDE = 60, 80, 30.0
NASTY = '<img src=x onerror="alert(1)">`${document.title=1}`</script>'


def grid(north=5_200_000.0):
    return Affine(SIDE, 0, 500_000, 0, -SIDE, north)


def ramp_scene(crs="EPSG:32632", north=5_200_000.0, **facts):
    """A scene that brightens towards the east and rises 10 m a pixel towards the north."""
    ramp = np.linspace(0.0, 0.8, COLUMNS, dtype=np.float32)
    optical = np.tile(ramp, (6, ROWS, 1)) * np.linspace(1, 0.5, 6)[:, None, None]
    optical[:, :10, :15] = np.nan
    heights = np.tile(1000 + 10 * np.arange(ROWS, dtype=float)[::-1, None], (1, COLUMNS))
    west = 500_000 + 20 * SIDE
    outline = box(west, north - 50 * SIDE, west + 30 * SIDE, north - 20 * SIDE)
    about = {"id": "ramp", "title": "Simulated: a ramp", "simulated": True} | facts
    return build_scene(
        optical,
        heights,
        transform=grid(north),
        crs=crs,
        attributes=SceneAttributes(**about),
        outlines=to_schema([outline], crs, glacier_id=["G-1"], name=NASTY, date="2019"),
    )


@pytest.fixture
def scene(own_data_dir):
    made = ramp_scene()
    keep_scene(made)
    return made


@pytest.fixture
def result(scene):
    """A map whose probability grows eastwards and whose confidence grows southwards."""
    probability = np.tile(np.linspace(0, 1, COLUMNS, dtype=np.float32), (ROWS, 1))
    probability[~scene.valid] = np.nan
    confidence = np.tile(np.linspace(0, 1, ROWS, dtype=np.float32)[:, None], (1, COLUMNS))
    confidence[~scene.valid] = np.nan
    made = make_map(
        probability,
        confidence,
        transform=scene.transform,
        crs=scene.crs,
        provenance={
            "key": "ab" * 32,
            "scene": {"attributes": scene.attributes.model_dump(mode="json")},
            "model": {"name": "known"},
            "notes": [],
        },
    )
    return keep_map(made)


@pytest.fixture
def comparison(scene, result):
    return compare(result, scene.outlines)
