"""Every scene by its id: made once, kept, made again when outdated or damaged."""

import threading

import pytest
from rasters import make_scene

from glacier_core.errors import SceneError, SourceError, StorageError
from glacier_core.sources import catalogue
from glacier_core.sources.catalogue import list_scenes, open_scene
from glacier_core.sources.folders import keep_scene, scene_folder, write_scene


@pytest.fixture
def made(monkeypatch):
    """Stand in for the simulation with a tiny scene, and count how often it is asked."""
    calls = []

    def simulate(scene_id):
        calls.append(scene_id)
        return make_scene(scene_id=scene_id)

    monkeypatch.setattr(catalogue, "open_demonstration", simulate)
    return calls


def test_the_list_names_every_kind(own_data_dir):
    keep_scene(make_scene(scene_id="upload-0123456789ab"))
    summaries = {summary.id: summary for summary in list_scenes()}
    assert list(summaries) == [
        "athabasca-2020",
        "simulated-valley",
        "simulated-debris",
        "simulated-ice-cap",
        "upload-0123456789ab",
    ]
    assert summaries["athabasca-2020"].kind == "sample"
    assert not summaries["athabasca-2020"].simulated
    assert summaries["simulated-valley"].simulated
    assert summaries["simulated-valley"].offline
    assert summaries["simulated-valley"].title.startswith("Simulated")
    kept = summaries["upload-0123456789ab"]
    assert (kept.kind, kept.title, kept.offline) == ("kept", "A tiny scene", True)


def test_the_list_passes_over_damaged_and_unfinished_scenes(own_data_dir):
    folder = keep_scene(make_scene(scene_id="upload-1"))
    (folder / "scene.json").write_text("{")
    (folder.parent / ".upload-2-unfinished").mkdir()
    (folder.parent / "notes.txt").write_text("by hand")
    assert len(list_scenes()) == 4


def test_a_scene_is_made_once(made):
    first = open_scene("simulated-valley")
    again = open_scene("simulated-valley")
    assert made == ["simulated-valley"]
    assert again.fingerprint() == first.fingerprint()


def test_many_who_ask_at_once_make_it_once(made):
    opened = []
    threads = [
        threading.Thread(target=lambda: opened.append(open_scene("simulated-debris")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["simulated-debris"]
    assert len({scene.fingerprint() for scene in opened}) == 1
    assert len(opened) == 4


def test_an_outdated_scene_is_made_anew(made, monkeypatch):
    open_scene("simulated-valley")
    monkeypatch.setattr(catalogue, "simulation_version", lambda: "another")
    open_scene("simulated-valley")
    open_scene("simulated-valley")
    assert len(made) == 2


def test_a_damaged_scene_is_put_aside_and_made_anew(made):
    open_scene("simulated-valley")
    folder = scene_folder("simulated-valley")
    (folder / "optical.tif").write_bytes(b"II*\x00 and nothing more")
    assert open_scene("simulated-valley").id == "simulated-valley"
    assert len(made) == 2
    aside = folder.with_name(".damaged-simulated-valley")
    assert (aside / "optical.tif").read_bytes() == b"II*\x00 and nothing more"


def test_a_kept_upload_that_is_damaged_cannot_be_made_anew():
    folder = keep_scene(make_scene(scene_id="upload-1"))
    (folder / "optical.tif").unlink()
    with pytest.raises(StorageError, match=r"optical\.tif is missing"):
        open_scene("upload-1")


def test_a_failure_is_not_kept(monkeypatch):
    def fail(_):
        raise SourceError("no network today")

    monkeypatch.setattr(catalogue, "open_sample", fail)
    with pytest.raises(SourceError, match="no network today"):
        open_scene("athabasca-2020")
    monkeypatch.setattr(catalogue, "open_sample", lambda scene_id: make_scene(scene_id=scene_id))
    assert open_scene("athabasca-2020").id == "athabasca-2020"


def test_a_folder(tmp_path):
    folder = write_scene(make_scene(), tmp_path / "scene")
    expected = make_scene().fingerprint()
    assert open_scene(folder).fingerprint() == expected
    assert open_scene(str(folder)).fingerprint() == expected


def test_an_id_goes_before_a_folder_of_that_name(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "simulated-valley").mkdir()
    write_scene(make_scene(scene_id="mine"), tmp_path / "mine-2")
    assert open_scene("simulated-valley").id == "simulated-valley"
    assert open_scene("mine-2").id == "mine"


@pytest.mark.parametrize("unknown", ["atlantis", "../../etc/passwd", "", "A b", "x" * 5000, "\x00"])
def test_an_unknown_scene_lists_those_there_are(unknown, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SceneError, match=r"Known are athabasca-2020, simulated-valley") as caught:
        open_scene(unknown)
    assert len(str(caught.value)) < 400


def test_a_data_folder_that_cannot_be_used(tmp_path, monkeypatch, made):
    from glacier_core.settings import settings

    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GLACIER_DATA_DIR", str(tmp_path / "file"))
    settings.cache_clear()
    with pytest.raises(StorageError, match="GLACIER_DATA_DIR"):
        open_scene("simulated-valley")
