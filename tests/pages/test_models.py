"""The page Models, with a made-up benchmark and with none."""

import pytest
from tiny_world import figures, paragraphs

from glacier_core.benchmark.storage import write_benchmark
from glacier_core.settings import settings
from tests.benchmark.rows import demonstration

TITLES = {
    "strategies": "IoU by strategy and region",
    "networks": "Networks compared",
    "data": "What more data adds",
    "places": "How far it carries",
    "strata": "Where it is hard",
}


@pytest.fixture
def benchmark():
    found = demonstration()
    write_benchmark(found, settings().data_dir / "benchmarks" / "made-up.parquet")
    return found


@pytest.fixture
def nothing_shipped(monkeypatch, tmp_path):
    monkeypatch.setattr("glacier_core.benchmark.storage.SHIPPED", tmp_path / "none.parquet")


def one_figure(app):
    assert not app.exception
    # The benchmark's figure comes first, that of the model's card below it.
    return next(iter(figures(app).items()))


@pytest.mark.parametrize("name", TITLES)
def test_every_figure_has_an_address_and_a_table(benchmark, open_page, name):
    app = open_page("models", figure=name)
    title, figure = one_figure(app)
    assert title == f"{TITLES[name]} (ours: simulated tiles)"
    assert figure["data"]
    labels = [button.proto.label for button in app.get("download_button")]
    assert {"Data of this figure, CSV", "Data of this figure, Parquet"} <= set(labels)
    assert "simulated" in set(app.dataframe[0].value["data"])


def test_published_and_ours_are_told_apart(benchmark, open_page, nothing_shipped):
    app = open_page("models")
    _, figure = one_figure(app)
    headings = [note["text"] for note in figure["layout"]["annotations"]]
    assert headings == ["Ours,<br>simulated tiles", "<i>Published,<br>real imagery</i>"]
    ours, _, theirs, _ = figure["data"]
    assert not any("authors" in label for label in ours["x"])
    assert set(theirs["x"]) == {"GlaViTU (authors)"}
    assert "0.856" in paragraphs(app)  # the best mean of ours
    assert "0.676" in paragraphs(app)  # and of the rule


def test_a_run_is_told_with_the_command_that_repeats_it(benchmark, open_page):
    app = open_page("models", run="b" * 16)
    told = paragraphs(app).replace("\\", "")
    assert "Simulated tiles" in told
    assert "Strategy: region-encoding" in told
    assert "Seed of the model: 7" in told
    assert "logs/a.log" in told
    assert "glacier-core benchmark --model a-network" in app.code[0].value


def test_a_published_figure_tells_where_it_was_read(benchmark, open_page):
    told = paragraphs(open_page("models", run="published-overview")).replace("\\", "")
    assert "not measured here" in told
    assert "read off" in told


def test_a_run_that_is_gone_is_a_sentence(benchmark, open_page):
    app = open_page("models", run="9" * 15 + "8")
    assert not app.exception
    assert any("not among the benchmarks" in told.value for told in app.info)


def test_without_a_benchmark_it_says_how_to_make_one(open_page, nothing_shipped):
    app = open_page("models")
    assert "No benchmark was run here yet" in app.info[0].value
    assert "glacier-core benchmark" in app.code[0].value
    _, figure = one_figure(app)
    assert "Ours:<br>none yet" in [note["text"] for note in figure["layout"]["annotations"]]
    for name in ("data", "strata"):
        assert not open_page("models", figure=name).exception


def test_a_damaged_benchmark_is_a_sentence(open_page):
    folder = settings().data_dir / "benchmarks"
    folder.mkdir(parents=True)
    (folder / "broken.parquet").write_bytes(b"no table")
    app = open_page("models")
    assert not app.exception
    assert "broken" in app.error[0].value


def test_the_question_that_is_chosen_enters_the_address(benchmark, open_page):
    app = open_page("models", run="a" * 16)
    app.get("button_group")[0].set_value("data").run()
    assert app.query_params["figure"] in ("data", ["data"])
    assert "run" not in app.query_params
    title, _ = one_figure(app)
    assert title.startswith(TITLES["data"])


def test_a_card_can_be_read_without_its_weights(model, open_page):
    (settings().data_dir / "models" / "tiny" / "weights.safetensors").unlink()
    app = open_page("models")
    app.selectbox(key="card").set_value("tiny").run()
    assert not app.exception
    assert "Not trained: random weights" in paragraphs(app).replace("\\", "")
