"""The commands about the authors' weights, from the list to a model that maps."""

import pytest
from typer.testing import CliRunner

import glacier_core as gc
from glacier_core import cli
from glacier_core.errors import SourceError
from glacier_core.models.glavitu import GlaViTU, GlaViTUConfig
from glacier_core.settings import settings
from tests.models.keras_files import randomise, write_keras
from tests.network.drive import Drive
from tests.network.servers import serving
from tests.pickle_files import Curve


@pytest.fixture
def drive(monkeypatch, tmp_path):
    write_keras(
        randomise(GlaViTU(GlaViTUConfig(("optical", "dem", "in_sar"), "region", 3))),
        tmp_path / "made.h5",
    )
    with serving() as server:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("GLACIER_SERVICES_ROOT", server.root)
        settings.cache_clear()
        found = Drive(server)
        found.files = {
            "glavitu_regionencoding_insar_weights.h5": (tmp_path / "made.h5").read_bytes(),
            "glavitu_regionencoding_insar_calibration.pickle": Curve().written(),
            "glavitu_global_weights.h5": b"",
        }
        yield found
    settings.cache_clear()


def run(*words):
    return CliRunner().invoke(cli.app, ["weights", *words])


def test_weights_are_listed_fetched_and_used(drive):
    assert [line.split() for line in run("list").output.splitlines()] == [
        ["glavitu_global"],
        ["glavitu_regionencoding_insar", "with", "calibration"],
    ]
    told = run("fetch", "glavitu_regionencoding_insar", "--regions", "ALP,SVAL,unknown").output
    assert "glavitu_regionencoding_insar_weights.h5: SHA-256 " in told
    assert "Use it with --model glavitu_regionencoding_insar" in told
    card = gc.load_model("glavitu_regionencoding_insar").card
    assert card.regions == ("ALP", "SVAL", "unknown")
    assert card.calibration.x == Curve().x
    assert run("list").output.splitlines()[1].endswith("fetched, with calibration")


def test_a_name_that_is_not_there(drive):
    failed = run("fetch", "glavitu")
    assert isinstance(failed.exception, SourceError)
    assert "It has: glavitu_global, glavitu_regionencoding_insar." in str(failed.exception)
