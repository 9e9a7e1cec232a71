"""A plan carried out: what the scene holds, what it says, and what is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
import shapely

from glacier_core.archives import fetching
from glacier_core.archives.areas import area_of
from glacier_core.archives.elevation import Terrain
from glacier_core.archives.fetching import fetch_scene, find_fetched
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import Imagery, Radar, Why
from glacier_core.archives.plan import FetchPlan
from glacier_core.errors import JobCancelled, SourceError
from glacier_core.scene import ORBITS
from glacier_core.settings import settings
from glacier_core.sources import open_scene, read_scene, scene_folder

AREA = area_of((7.99, 46.495, 8.01, 46.505), name="Testgletscher")
SNOW = (0.85, 0.83, 0.80, 0.70, 0.08, 0.06)
ROCK = (0.12, 0.13, 0.15, 0.20, 0.25, 0.22)


def found(name="S2A", day=20, *, archive="sentinel-2-l1c", reflectance="toa", sensor="Sentinel-2A"):
    return FoundScene(
        name,
        archive,
        sensor,
        datetime(2023, 8, day, 10, 30, tzinfo=UTC),
        shapely.box(7, 46, 9, 47),
        100.0,
        reflectance=reflectance,
    )


class Archive:
    """Stands in for all readers: imagery by the id of its scene, one terrain, one orbit each."""

    def __init__(self):
        self.images, self.asked, self.facts = {}, [], {"cloud mask": "MSK_CLASSI"}
        self.thermal, self.between = False, lambda: None

    def imagery(self, scene, grid, *, report, cancelled):
        self.asked.append((scene.id, grid))
        self.between()
        rows, columns = grid.shape
        x = grid.transform.c + (np.arange(columns) + 0.5) * grid.transform.a
        y = grid.transform.f + (np.arange(rows) + 0.5) * grid.transform.e
        optical, why = self.images.get(scene.id, self.valley)(*np.meshgrid(x, y))
        heat = np.full(why.shape, 270.0, np.float32) if self.thermal else None
        facts = {"product": scene.id, "reflectance": scene.reflectance} | self.facts
        return Imagery(optical, why, heat, facts, (f"a note on {scene.id}",))

    @staticmethod
    def valley(x, y, bright=1.0):
        spectrum = np.where(
            (y // 640 % 2 == 0), np.array(SNOW)[:, None, None], np.array(ROCK)[:, None, None]
        )
        texture = 1 + 0.1 * np.sin(x / 311.0) * np.cos(y / 283.0)
        return (spectrum * texture * bright).astype(np.float32), np.zeros(x.shape, np.uint8)

    def terrain(self, grid, *, report, cancelled):
        self.asked.append(("terrain", grid))
        rows, columns = np.indices(grid.shape)
        flat = np.full(grid.shape, 12.0, np.float32)
        heights = (2000 + rows + columns).astype(np.float32)
        return Terrain(heights, flat, ("a note on terrain",), {"vertical datum": "EGM2008"})

    def radar(self, scene, grid, *, elevation, report, cancelled):
        self.asked.append((scene.id, grid))
        ascending = "asc" in scene.id
        co = np.full(grid.shape, 0.2 if ascending else 0.3, np.float32)
        if "half" in scene.id:
            co[: grid.shape[0] // 2], co[grid.shape[0] // 2 :] = np.nan, 0.25
        missing = np.full(grid.shape, np.nan, np.float32)
        orbit = ORBITS[0] if ascending else ORBITS[1]
        return Radar(co, missing, orbit, "gamma nought", {"product": scene.id}, ("gamma nought!",))


@pytest.fixture
def archive(monkeypatch):
    archive = Archive()
    monkeypatch.setattr(
        fetching, "READERS", {"sentinel-2": archive.imagery, "landsat": archive.imagery}
    )
    monkeypatch.setattr(fetching, "read_elevation", archive.terrain)
    monkeypatch.setattr(fetching, "read_sentinel1", archive.radar)
    return archive


def hidden(reason, where):
    """Return imagery of which a part is hidden for a reason."""

    def image(x, y):
        optical, why = Archive.valley(x, y)
        why[where(x, y)] = reason
        return optical, why

    return image


def test_a_scene_is_fetched_described_and_kept(archive):
    plan = FetchPlan(AREA, (found(),), 20.0)
    scene = fetch_scene(plan)
    assert scene.shape == plan.grid.shape
    assert scene.transform == plan.grid.transform
    assert scene.crs == plan.grid.crs
    assert scene.valid.all()
    assert "observed" not in scene.data
    np.testing.assert_array_equal(scene.data["slope"], 12.0)
    facts = scene.attributes
    assert facts.id == plan.scene_id
    assert facts.title == "Testgletscher, Sentinel-2A, 2023-08-20"
    assert (facts.acquired, facts.sensor) == (date(2023, 8, 20), "Sentinel-2A")
    assert facts.reflectance == "toa"
    assert not facts.simulated
    assert facts.notes == ("a note on S2A", "a note on terrain")
    assert facts.facts["product"] == "S2A"
    assert facts.facts["vertical datum"] == "EGM2008"
    assert facts.facts["plan"] == plan.to_text()
    assert "S2A" in facts.source
    assert "Sentinel" in facts.licence
    assert "Copernicus WorldDEM-30 © DLR" in facts.licence
    assert read_scene(scene_folder(plan.scene_id)).fingerprint() == scene.fingerprint()
    assert open_scene(plan.scene_id).attributes == facts


def test_what_was_fetched_before_is_not_fetched_again(archive):
    plan = FetchPlan(AREA, (found(),), 20.0)
    assert find_fetched(plan) is None
    first = fetch_scene(plan)
    asked = len(archive.asked)
    assert fetch_scene(plan).fingerprint() == first.fingerprint()
    assert find_fetched(plan).fingerprint() == first.fingerprint()
    assert len(archive.asked) == asked


def test_a_damaged_scene_is_fetched_again(archive):
    plan = FetchPlan(AREA, (found(),), 20.0)
    first = fetch_scene(plan)
    (scene_folder(plan.scene_id) / "optical.tif").write_bytes(b"II*\0")
    assert fetch_scene(plan).fingerprint() == first.fingerprint()


@pytest.mark.parametrize("reason", [Why.CLOUD, Why.CLOUD_SHADOW, Why.DEFECTIVE, Why.NO_DATA])
def test_what_hides_the_ground_stays_unmapped_and_is_said(archive, reason):
    archive.images["S2A"] = hidden(reason, lambda x, y: x < x.mean())
    scene = fetch_scene(FetchPlan(AREA, (found(),), 20.0))
    half = scene.shape[1] // 2
    assert not scene.valid[:, :half].any()
    assert scene.valid[:, half:].all()
    told = reason.name.lower().replace("_", " ")
    assert scene.attributes.notes[-1] == f"Not mapped: {told} 50.0 % of the scene."


def test_where_nothing_is_clear_there_is_nothing_to_map(archive):
    archive.images["S2A"] = hidden(Why.CLOUD, lambda x, y: x > 0)
    plan = FetchPlan(AREA, (found(),), 20.0)
    with pytest.raises(SourceError, match=r"Nothing of the area is clear in S2A \(cloud 100%\)"):
        fetch_scene(plan)
    assert ("terrain", plan.grid) not in archive.asked
    assert not scene_folder(plan.scene_id).exists()


def test_clouds_are_looked_for_only_where_the_archive_has_no_mask(archive):
    def clouded(x, y):
        optical, why = Archive.valley(x, y)
        optical[:, :40] = np.array([0.72, 0.72, 0.73, 0.76, 0.56, 0.42])[:, None, None]
        why[:10] = Why.DEFECTIVE
        return optical, why

    archive.images["S2A"] = clouded
    masked = fetch_scene(FetchPlan(AREA, (found(),), 20.0))
    assert masked.valid[10:].all()
    archive.images["S2B"], archive.facts = clouded, {"cloud mask": "none"}
    looked = fetch_scene(FetchPlan(AREA, (found("S2B"),), 20.0))
    assert not looked.valid[:40].any()
    assert looked.valid[40:].all()
    share = 100 * 30 / looked.shape[0]
    assert any(
        f"no cloud mask of S2B: a cautious rule on the pixels takes {share:.1f} %" in note
        for note in looked.attributes.notes
    )


def test_surface_reflectance_is_refused_unless_somebody_insists_and_is_then_stamped(archive):
    scenes = (found("LC08_SR", archive="landsat-c2-l2", reflectance="surface"),)
    with pytest.raises(SourceError, match="insist"):
        fetch_scene(FetchPlan(AREA, scenes, 30.0))
    assert archive.asked == []
    scene = fetch_scene(FetchPlan(AREA, scenes, 30.0, allow_surface=True))
    assert scene.attributes.reflectance == "surface"
    assert scene.title.endswith("(surface reflectance)")
    assert open_scene(scene.id).attributes.reflectance == "surface"


def test_a_product_of_another_kind_than_promised_is_refused(archive):
    archive.facts = {"reflectance": "surface"}
    with pytest.raises(SourceError, match="its own metadata surface"):
        fetch_scene(FetchPlan(AREA, (found(),), 20.0))


def test_unscaled_imagery_never_becomes_a_scene(archive):
    archive.images["S2A"] = lambda x, y: Archive.valley(x, y, bright=10_000.0)
    with pytest.raises(SourceError, match="S2A: The imagery looks like raw digital numbers"):
        fetch_scene(FetchPlan(AREA, (found(),), 20.0))


def test_scenes_of_one_day_are_joined_side_by_side(archive):
    archive.images["west"] = hidden(Why.NO_DATA, lambda x, y: x > x.mean())
    archive.images["east"] = lambda x, y: Archive.valley(x, y, bright=1.1)
    scene = fetch_scene(FetchPlan(AREA, (found("west"), found("east")), 20.0))
    half = scene.shape[1] // 2
    assert scene.valid.all()
    assert "observed" not in scene.data
    x, y = np.meshgrid(scene.data.x, scene.data.y)
    optical = scene.data["optical"].to_numpy()
    np.testing.assert_allclose(optical[..., :half], Archive.valley(x, y)[0][..., :half], rtol=1e-5)
    east = Archive.valley(x, y, bright=1.1)[0]
    np.testing.assert_allclose(optical[..., half:], east[..., half:], rtol=1e-5)
    assert scene.attributes.facts["image 2: product"] == "east"


def three_days(archive, *, composite=True):
    archive.images["late"] = lambda x, y: Archive.valley(x, y, bright=1.05)
    archive.images["odd"] = lambda x, y: Archive.valley(x, y, bright=0.5)
    archive.images["early"] = hidden(Why.CLOUD, lambda x, y: x < x.mean())
    scenes = (found("late", 25), found("odd", 20), found("early", 15))
    return FetchPlan(AREA, scenes, 20.0, composite=composite)


def test_a_composite_keeps_the_date_of_each_pixel(archive):
    plan = three_days(archive)
    scene = fetch_scene(plan)
    half = scene.shape[1] // 2
    observed = scene.data["observed"].to_numpy()
    # Where the early one is hidden two are left, and the first of them is taken.
    assert (observed[:, :half] == 20230825).all()
    # Where all are clear the early one is nearest to the others: 0.05 and 0.5 of 1 away.
    assert (observed[:, half:] == 20230815).all()
    assert scene.valid.all()
    assert (
        scene.title == "Testgletscher, clear-sky composite, Sentinel-2A, 2023-08-15 to 2023-08-25"
    )
    assert "by medoid" in scene.attributes.notes[0]
    np.testing.assert_array_equal(open_scene(scene.id).data["observed"], observed)


def test_the_date_of_a_composite_is_that_of_most_pixels(archive):
    archive.images["first"] = hidden(Why.CLOUD, lambda x, y: x > np.quantile(x, 0.25))
    scenes = (found("first", 25), found("second", 20))
    scene = fetch_scene(FetchPlan(AREA, scenes, 20.0, composite=True))
    assert scene.attributes.acquired == date(2023, 8, 20)
    assert "2023-08-20 75 %, 2023-08-25 25 %" in scene.attributes.notes[0]


def test_strips_make_the_same_scene_as_the_whole(archive, monkeypatch):
    archive.thermal = True
    plan = three_days(archive)
    whole = fetch_scene(plan)
    asked = len(archive.asked)
    folder = scene_folder(plan.scene_id)
    folder.rename(folder.with_name("aside"))
    monkeypatch.setattr(fetching, "_STRIP_BYTES", 100 * plan.grid.shape[1] * 3 * 60)
    strips = fetch_scene(plan)
    assert len(archive.asked) - asked > asked
    assert strips.fingerprint() == whole.fingerprint()
    assert strips.attributes == whole.attributes


def test_radar_of_both_orbits_goes_with_it(archive):
    def radar(name):
        return found(name, archive="sentinel-1-rtc", sensor="Sentinel-1A")

    scenes = (radar("asc half"), radar("desc"), radar("asc"))
    scene = fetch_scene(FetchPlan(AREA, (found(),), 20.0, radar=scenes))
    backscatter = scene.data["co_pol_sar"].to_numpy()
    half = scene.shape[0] // 2
    np.testing.assert_allclose(backscatter[0, :half], 0.2)
    np.testing.assert_allclose(backscatter[0, half:], 0.25)
    np.testing.assert_allclose(backscatter[1], 0.3)
    assert "cross_pol_sar" not in scene.data
    assert "Radar, descending: gamma nought!" in scene.attributes.notes
    assert scene.attributes.facts["radar 2: quantity"] == "gamma nought"


def test_what_is_no_optical_archive_is_refused(archive):
    scenes = (found("S1", archive="sentinel-1-rtc"),)
    with pytest.raises(SourceError, match="S1 of sentinel-1-rtc is no optical scene"):
        fetch_scene(FetchPlan(AREA, scenes, 20.0))


def test_it_stops_between_two_images(archive):
    stop = []
    archive.between = lambda: stop.append(True)
    plan = replace(three_days(archive))
    with pytest.raises(JobCancelled, match="What was fetched is kept"):
        fetch_scene(plan, cancelled=lambda: bool(stop))
    assert [name for name, _ in archive.asked] == ["late"]
    assert not scene_folder(plan.scene_id).exists()


def test_who_stops_it_at_the_last_moment_keeps_nothing(archive, monkeypatch):
    stop = []

    def terrain(grid, **more):
        stop.append(True)
        return archive.terrain(grid, **more)

    monkeypatch.setattr(fetching, "read_elevation", terrain)
    plan = FetchPlan(AREA, (found(),), 20.0)
    with pytest.raises(JobCancelled):
        fetch_scene(plan, cancelled=lambda: bool(stop))
    assert not scene_folder(plan.scene_id).exists()


def test_progress_rises_to_the_whole(archive):
    told = []
    fetch_scene(three_days(archive), report=told.append)
    done = [progress.done for progress in told]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == told[-1].total > 0
    assert {progress.message for progress in told} == {
        "Reading Sentinel-2A of 2023-08-15",
        "Reading Sentinel-2A of 2023-08-20",
        "Reading Sentinel-2A of 2023-08-25",
        "Reading elevation",
    }


def test_more_than_the_settings_allow_is_refused_before_anything_is_asked(archive, monkeypatch):
    monkeypatch.setenv("GLACIER_MAX_FETCH_MEGABYTES", "1")
    settings.cache_clear()
    with pytest.raises(SourceError, match="the limit is 1 MB"):
        fetch_scene(three_days(archive))
    assert archive.asked == []


def test_a_place_without_a_name_is_called_by_its_centre(archive):
    area = area_of((-74.0, -49.02, -73.98, -49.0))
    scene = fetch_scene(FetchPlan(area, (found(),), 20.0))
    assert scene.title.startswith("49.01° S, 73.99° W, ")
