from importlib.metadata import version

from tiny_world import paragraphs, table_with

from glacier_core.settings import settings


def test_it_tells_method_limits_and_definitions(world, open_page):
    app = open_page("about")
    assert not app.exception
    assert not app.error
    told = paragraphs(app)
    for words in (
        "Nature Communications 16, 43",
        "10.1038/s41467-024-54956-x",
        "trained on simulated scenes only",
        "glacier-core weights convert",
        "Paul et al. (2013)",
        "expected calibration error",
    ):
        assert words in told


def test_every_model_shows_its_card(model, open_page):
    app = open_page("about", model="tiny")
    assert not app.exception
    told = paragraphs(app)
    assert model.sha256 in told
    assert "Not trained: random weights" in told.replace("\\", "")
    assert "six optical bands, elevation and slope" in told
    tables = [frame.value for frame in app.dataframe if "metric" in frame.value.columns]
    tiny = next(table for table in tables if "a real valley" in list(table["dataset"]))
    assert list(tiny["network"]) == [0.8125, 0.75]
    assert list(tiny["data"]) == ["simulated", "observed"]


def test_a_damaged_model_is_a_sentence_and_the_rest_stays(model, open_page):
    (settings().data_dir / "models" / "tiny" / "weights.safetensors").write_bytes(b"no weights")
    app = open_page("about", model="tiny")
    assert not app.exception
    assert len(app.error) == 1
    assert "weights" in app.error[0].value
    assert "Nature Communications" in paragraphs(app)


def test_scenes_are_listed_with_their_sources_and_marked_where_simulated(world, open_page):
    world(simulated=True, title="A simulated tiny valley")
    app = open_page("about")
    scenes = table_with(app, "offline").set_index("id")
    assert scenes.loc["tiny", "kind"] == "simulated"
    assert scenes.loc["simulated-valley", "kind"] == "simulated"
    assert scenes.loc["athabasca-2020", "kind"] == "observed"
    assert "GLIMS" in paragraphs(app)
    assert "CC0" in paragraphs(app)


def test_software_and_processor_are_those_that_run(open_page):
    app = open_page("about")
    versions = table_with(app, "Software").set_index("Software")["Version"]
    assert versions["numpy"] == version("numpy")
    assert versions["torch"] == version("torch")
    assert "GPU" in paragraphs(app)
