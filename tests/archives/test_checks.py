"""Imagery that is unscaled, in percent, shifted, of another kind or misordered is refused."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from glacier_core.archives.checks import check_imagery, check_kind
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import Imagery, Why
from glacier_core.errors import SourceError

SNOW = (0.85, 0.83, 0.80, 0.70, 0.08, 0.06)
ROCK = (0.12, 0.13, 0.15, 0.20, 0.25, 0.22)


def found(name, reflectance):
    return FoundScene(
        name,
        "landsat-c2-l1" if reflectance == "toa" else "landsat-c2-l2",
        "Landsat 8",
        datetime(2020, 8, 16, tzinfo=UTC),
        shapely.box(0, 0, 1, 1),
        100.0,
        reflectance=reflectance,
    )


def valley(shape=(60, 60)):
    """Return snow above rock, a little uneven."""
    random = np.random.default_rng(0)
    snow = np.indices(shape)[0] < shape[0] // 2
    optical = np.where(snow, np.array(SNOW)[:, None, None], np.array(ROCK)[:, None, None])
    optical = (optical * random.uniform(0.8, 1.2, shape)).astype(np.float32)
    return Imagery(optical, np.zeros(shape, dtype=np.uint8))


def test_top_of_atmosphere_reflectance_is_what_is_wanted():
    assert check_kind([found("a", "toa"), found("b", "toa")], allow_surface=False) == "toa"


def test_surface_reflectance_is_refused_with_a_reason_and_a_way_out():
    with pytest.raises(SourceError, match="LC08 is surface reflectance") as refused:
        check_kind([found("LC08", "surface")], allow_surface=False)
    for part in ("GlaViTU learned from top-of-atmosphere", "sentinel-2-l1c", "allow_surface=True"):
        assert part in str(refused.value)


def test_many_names_are_not_all_listed():
    scenes = [found(f"scene {number}", "surface") for number in range(5)]
    with pytest.raises(SourceError, match="scene 0, scene 1, scene 2 and 2 more are surface"):
        check_kind(scenes, allow_surface=False)


def test_who_insists_gets_surface_reflectance():
    assert check_kind([found("a", "surface")], allow_surface=True) == "surface"


def test_two_kinds_are_never_mixed():
    with pytest.raises(SourceError, match="cannot be made of both"):
        check_kind([found("a", "toa"), found("b", "surface")], allow_surface=True)


def test_sound_imagery_passes_without_a_word():
    assert check_imagery(valley(), "P", "toa") == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda bands: bands * 10_000, "P: The imagery looks like raw digital numbers"),
        (lambda bands: bands * 100, "looks like percent"),
        (lambda bands: bands[::-1], "bands seem to be in another order"),
        (lambda bands: bands + 0.4, "no ground is so bright in every band"),
        (lambda bands: bands[:, :30] * 2.1, "no ground is so bright in every band"),
        (lambda bands: bands - 0.25, "taken off twice"),
        (lambda bands: np.broadcast_to(bands[:, :1, :1], bands.shape), "there is no picture"),
    ],
)
def test_what_is_no_reflectance_is_refused(change, sentence):
    optical = change(valley().optical)
    imagery = Imagery(optical, np.zeros(optical.shape[1:], dtype=np.uint8))
    with pytest.raises(SourceError, match=sentence):
        check_imagery(imagery, "P", "toa")


def test_only_clear_pixels_count():
    imagery = valley()
    imagery.optical[:, :20] = 5.0
    imagery.why[:20] = Why.CLOUD
    assert check_imagery(imagery, "P", "toa") == ()


def test_a_few_clear_pixels_tell_nothing():
    imagery = valley((20, 20))
    assert check_imagery(replace(imagery, optical=imagery.optical * 1e4), "P", "toa") == ()


def test_the_product_itself_knows_best_what_kind_it_is():
    imagery = replace(valley(), facts={"reflectance": "surface"})
    with pytest.raises(SourceError, match="calls P toa reflectance, its own metadata surface"):
        check_imagery(imagery, "P", "toa")


def test_blue_darker_than_air_is_told():
    imagery = valley()
    imagery.optical[0, -5:] = 0.004
    assert "less than the air alone scatters" in check_imagery(imagery, "P", "toa")[0]
    assert check_imagery(imagery, "P", "surface") == ()


def test_a_scene_without_snow_is_told():
    imagery = valley()
    rock = replace(imagery, optical=imagery.optical[:, 30:], why=imagery.why[30:])
    assert check_imagery(rock, "P", "toa") == (
        "Nothing clear in P looks like snow or ice (NDSI above 0.4).",
    )
