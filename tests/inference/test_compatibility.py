import numpy as np
import pytest

import glacier_core as gc
from glacier_core.errors import ModelError
from glacier_core.inference.compatibility import (
    authors_coordinates,
    authors_windows,
    filled,
    padded_length,
)
from glacier_core.models.config import GlaViTUConfig
from glacier_core.models.inputs import coordinate_vector

from .stubs import PATCH, TINY, Brightness, Log, PatchMean, make_scene, stub_model

LOW = np.array([-0.00373555, -0.01996775, -0.01857444, -0.02698885, -0.0254627, -0.02451179])
HIGH = np.array([2.0468, 2.1253, 2.2303, 2.6781, 2.1246, 2.1602])


@pytest.mark.parametrize(("length", "padded"), [(1, 384), (383, 384), (384, 768), (2000, 2304)])
def test_the_authors_always_pad_to_at_least_one_pixel_more(length, padded):
    assert padded_length(length, 384) == padded


def test_their_whole_scene_of_2000_by_1800_has_99_windows():
    assert len(authors_windows((2000, 1800), 384, 192)) == 99


@pytest.mark.parametrize("shape", [(5, 9), (16, 16), (17, 40), (37, 45)])
def test_maps_are_those_of_padding_sliding_and_cropping(shape):
    """Written anew from the description: pad after scaling, slide, weigh, crop."""
    scene = make_scene(*shape)
    optical = scene.data["optical"].to_numpy().astype(float)
    optical[:, 2, 3] = np.nan
    scene = with_optical(scene, optical)
    scaled = (np.nan_to_num(optical) - LOW[:, None, None]) / (HIGH - LOW)[:, None, None]
    target = [PATCH * (length // PATCH + 1) for length in shape]
    before = [(t - n) // 2 for t, n in zip(target, shape, strict=True)]
    padded = np.zeros((6, *target))
    inside = (
        slice(before[0], before[0] + shape[0]),
        slice(before[1], before[1] + shape[1]),
    )
    padded[:, *inside] = scaled
    axis = np.linspace(-1, 1, PATCH)
    weight = np.exp(-(axis[:, None] ** 2 + axis[None, :] ** 2) / 2)
    weighted, total = np.zeros(target), np.zeros(target)
    for row in range(0, target[0] - PATCH + 1, PATCH // 2):
        for column in range(0, target[1] - PATCH + 1, PATCH // 2):
            window = (slice(row, row + PATCH), slice(column, column + PATCH))
            answer = 1 / (1 + np.exp(-(40 * padded[:, *window].mean() - 3)))
            weighted[window] += weight * answer
            total[window] += weight
    found = gc.map_glaciers(scene, stub_model(PatchMean()), compatibility="authors")
    np.testing.assert_allclose(found.probability, (weighted / total)[inside], rtol=1e-5)
    assert not found.unmapped.any()  # missing data is mapped too
    ours = gc.map_glaciers(scene, stub_model(PatchMean()))
    assert ours.unmapped.to_numpy()[2, 3]
    assert ours.key != found.key
    assert found.provenance["options"]["compatibility"] == "authors"


def with_optical(scene, optical):
    from glacier_core.scene import build_scene

    return build_scene(
        optical,
        scene.data["elevation"],
        slope=scene.data["slope"],
        transform=scene.transform,
        crs=scene.crs,
        attributes=scene.attributes,
    )


def test_missing_terrain_is_refused_as_it_would_give_no_numbers():
    arrays = {"optical": np.ones((6, 2, 2), np.float32), "slope": np.full((2, 2), np.nan)}
    with pytest.raises(ModelError, match="slope has pixels without data"):
        filled(arrays)


def test_degrees_are_taken_for_radians():
    vector = authors_coordinates(10.0, 46.0)
    np.testing.assert_allclose(vector, [np.sin(46), np.cos(46), np.sin(10), np.cos(10)], rtol=1e-6)
    config = GlaViTUConfig(**{**vars(TINY), "location": "coordinates"})
    for compatibility, encode in (("ours", coordinate_vector), ("authors", authors_coordinates)):
        log = Log()
        gc.map_glaciers(
            make_scene(),
            stub_model(Brightness(log), config=config),
            location=(10.0, 46.0),
            compatibility=compatibility,
        )
        np.testing.assert_array_equal(log[0][1][0], encode(10.0, 46.0))


def test_a_stride_that_leaves_gaps_in_their_padding_is_refused():
    with pytest.raises(ModelError, match="leaves gaps with a stride of 5"):
        authors_windows((20, 20), 16, 5)
