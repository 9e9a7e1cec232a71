"""The same bytes again from a record, or a sentence that says what is not the same."""

import json
import shutil
import time
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import glacier_core as gc
from glacier_core import cli
from glacier_core.errors import RepeatError
from glacier_core.inference.request import MappingOptions, resolve, with_location
from glacier_core.models.registry import save_model
from glacier_core.provenance import REPEAT
from glacier_core.reporting import package
from glacier_core.reporting.repeating import other_versions, read_record
from tests.inference.stubs import CURVE, TINY, make_card, tiny_glavitu
from tests.tiny_world import expert_outlines, tiny_scene


def run(*words, code=0):
    result = CliRunner().invoke(cli.app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A simulated scene and a model, each in its folder."""
    folder = tmp_path_factory.mktemp("sources")
    gc.write_scene(tiny_scene(simulated=True), folder / "scene")
    save_model(tiny_glavitu().network, make_card(), folder / "model")
    return folder


@pytest.fixture(scope="module")
def mapped(sources):
    out = sources / "map"
    run("map", sources / "scene", "--model", sources / "model", "--stride", 12, "--out", out)
    return out


def places(sources):
    return ("--scene", sources / "scene", "--model", sources / "model")


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def changed(mapped, folder, **facts):
    """Return a copy of a map whose record says something else."""
    shutil.copytree(mapped, folder)
    record = json.loads((folder / "provenance.json").read_text())
    for name, fact in facts.items():
        record[name] = record[name] | fact if isinstance(fact, dict) else fact
    (folder / "provenance.json").write_text(json.dumps(record))
    return folder / "provenance.json"


def test_a_map_is_made_again_to_the_byte(mapped, sources, tmp_path):
    time.sleep(1.1)  # a clock inside a file would tell another second
    output = run("repeat", mapped / "provenance.json", "--out", tmp_path / "new", *places(sources))
    assert "5 files with the same bytes" in output
    assert files(tmp_path / "new") == files(mapped)


def test_an_export_is_made_again_to_the_byte(mapped, sources, tmp_path):
    run("export", mapped, "--out", tmp_path / "all", "--scene", sources / "scene")
    time.sleep(1.1)
    output = run(
        "repeat", tmp_path / "all" / "provenance.json", "--out", tmp_path / "new", *places(sources)
    )
    assert "23 files with the same bytes" in output
    assert files(tmp_path / "new") == files(tmp_path / "all")


def test_the_record_tells_the_command(mapped):
    assert json.loads((mapped / "provenance.json").read_text())["command"] == REPEAT


def test_the_map_is_computed_and_not_taken_from_the_cache(mapped, sources, tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("asked the cache")

    monkeypatch.setattr("glacier_core.inference.engine.find_map", refuse)
    monkeypatch.setattr("glacier_core.inference.engine.keep_map", refuse)
    found = gc.repeat(mapped, tmp_path / "n", scene=sources / "scene", model=sources / "model")
    assert (found.different, found.versions, found.checked) == ((), (), True)


def test_other_pixels_are_refused(mapped, sources, tmp_path):
    gc.write_scene(tiny_scene(simulated=True, reflectance="surface"), tmp_path / "other")
    with pytest.raises(RepeatError, match=r"scene tiny is another one.*--scene"):
        gc.repeat(mapped, tmp_path / "n", scene=tmp_path / "other", model=sources / "model")
    assert not (tmp_path / "n").exists()


def test_other_weights_are_refused(mapped, sources, tmp_path):
    save_model(tiny_glavitu(seed=1).network, make_card(), tmp_path / "other")
    with pytest.raises(RepeatError, match=r"model stub is another one.*--model"):
        gc.repeat(mapped, tmp_path / "n", scene=sources / "scene", model=tmp_path / "other")


def test_another_calibration_is_refused(mapped, sources, tmp_path):
    card = make_card(calibration=CURVE.model_copy(update={"y": (0.5, 0.6, 1.0)}))
    save_model(tiny_glavitu().network, card, tmp_path / "other")
    with pytest.raises(RepeatError, match="model's card"):
        gc.repeat(mapped, tmp_path / "n", scene=sources / "scene", model=tmp_path / "other")


def test_what_is_not_known_here_is_asked_for(mapped, sources, tmp_path):
    with pytest.raises(RepeatError, match=r"scene tiny cannot be opened.*--scene"):
        gc.repeat(mapped, tmp_path / "n", model=sources / "model")
    with pytest.raises(RepeatError, match=r"model stub cannot be opened.*--model"):
        gc.repeat(mapped, tmp_path / "n", scene=sources / "scene")


def test_other_versions_are_told_and_do_not_stop(mapped, sources, tmp_path):
    software = {"torch": "1.0.0"}
    record = changed(mapped, tmp_path / "old", software=software)
    output = run("repeat", record, "--out", tmp_path / "new", *places(sources))
    assert "torch was 1.0.0 and is" in output
    assert "5 files with the same bytes" in output


def test_versions_are_compared_both_ways():
    told = list(other_versions({"software": {"python": "2.7", "gone": "1"}}))
    assert any(line.startswith("gone was 1 and is not asked for") for line in told)
    assert any(line.startswith("numpy was not recorded") for line in told)


def test_other_bytes_are_named_and_end_in_an_error(mapped, sources, tmp_path):
    copy = changed(mapped, tmp_path / "old")
    (copy.parent / "confidence.tif").write_bytes(b"other")
    output = run("repeat", copy, "--out", tmp_path / "new", *places(sources), code=1)
    assert "confidence.tif has other bytes" in output
    assert "4 files with the same bytes" in output


def test_a_record_alone_can_be_repeated_but_not_compared(mapped, sources, tmp_path):
    shutil.copy(mapped / "provenance.json", tmp_path / "record.json")
    output = run("repeat", tmp_path / "record.json", "--out", tmp_path / "new", *places(sources))
    assert "not there to compare with" in output
    assert files(tmp_path / "new")["probability.tif"] == files(mapped)["probability.tif"]


def test_outlines_of_another_expert_are_asked_for(mapped, sources, tmp_path, monkeypatch):
    monkeypatch.setattr(package, "_write_pages", lambda *_: None)
    monkeypatch.setattr(package, "figure_file", lambda *_: b"")
    other = {"upper": ((10, 30), (12, 40)), "lower": ((40, 50), (55, 75))}
    gc.write_outlines(expert_outlines(other), tmp_path / "expert.gpkg")
    words = ("--scene", sources / "scene", "--outlines", tmp_path / "expert.gpkg", "--buffer", 60)
    run("export", mapped, "--out", tmp_path / "all", *words)
    known = {"scene": sources / "scene", "model": sources / "model"}
    with pytest.raises(RepeatError, match=r"outlines that came with the scene.*--outlines"):
        gc.repeat(tmp_path / "all", tmp_path / "new", **known)
    drawn = gc.read_outlines(tmp_path / "expert.gpkg")
    assert not gc.repeat(tmp_path / "all", tmp_path / "new", outlines=drawn, **known).different
    assert files(tmp_path / "new") == files(tmp_path / "all")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"key": "a", "scene": {}}', "null"])
def test_what_is_no_record_is_refused(tmp_path, content):
    (tmp_path / "provenance.json").write_text(content)
    with pytest.raises(RepeatError, match="no record of a map"):
        read_record(tmp_path / "provenance.json")


def test_a_record_that_is_not_there(tmp_path):
    with pytest.raises(RepeatError, match="no record of a map"):
        gc.repeat(tmp_path / "none.json", tmp_path / "new")


def test_the_location_of_a_record_is_taken_as_it_is():
    config = replace(TINY, location="coordinates")
    model = tiny_glavitu(config=config)
    asked = resolve(tiny_scene(), model, MappingOptions(location=(11.0, 46.5)))
    default = resolve(tiny_scene(), model, MappingOptions())
    assert default.key != asked.key
    recorded = json.loads(json.dumps(asked.location.tolist()))
    assert with_location(default, recorded).key == asked.key
    with pytest.raises(gc.GlacierError, match="no location of 2 numbers"):
        with_location(default, [1.0, 2.0])
