from importlib.metadata import version

import numpy as np
from tiny_world import paragraphs, table_with

from glacier_core.models.card import Accuracy
from glacier_core.models.parts import Deviation, keep_pictures
from glacier_core.models.registry import load_model, save_model
from glacier_core.settings import settings
from glacier_core.viewing.rendering import jpeg


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


def complete_the_card(folder):
    """Let the card of ``tiny`` tell its limits, with one picture there and one lost."""
    grey = jpeg(np.full((3, 20, 20), 120, np.uint8), 60_000)
    pictures = keep_pictures(
        folder, {"failure-snow.jpg": (grey, "Old snow."), "failure-water.jpg": (grey, "A lake.")}
    )
    (folder / "failure-water.jpg").unlink()
    known = {"dataset": "12 scenes", "simulated": True}
    figures = (
        Accuracy(metric="IoU", value=0.8, low=0.7, high=0.9, interval="Drawn.", **known),
        Accuracy(metric="IoU, per-pixel boosting", value=0.75, **known),
    )
    model = load_model("tiny")
    told = {
        "holds": ("On bare ice.",),
        "fails": ("On old snow.",),
        "pictures": pictures,
        "accuracy": figures,
        "command": "glacier-core train --recipe tiny",
        "deviations": (Deviation(change="No smoothing.", reason="It spoils confidence."),),
        "seeds": (20,),
    }
    save_model(model.network, model.card.model_copy(update=told), folder)


def test_a_card_tells_limits_intervals_and_failures(model, open_page):
    complete_the_card(settings().data_dir / "models" / "tiny")
    app = open_page("about", model="tiny")
    assert not app.exception
    told = paragraphs(app).replace("\\", "")
    for words in ("On bare ice.", "On old snow.", "No smoothing. Because: It spoils confidence."):
        assert words in told
    assert "glacier-core train --recipe tiny" in [code.value for code in app.code]
    assert len(app.error) == 1  # the lost picture; the other is shown
    assert "failure-water.jpg" in app.error[0].value
    tables = [frame.value for frame in app.dataframe if "interval" in frame.value.columns]
    (table,) = (table for table in tables if list(table["interval"]) == ["0.700 to 0.900"])
    assert list(table["per-pixel boosting"]) == [0.75]
