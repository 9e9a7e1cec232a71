"""Weights of the authors by name, from a server that speaks as Google Drive does."""

import hashlib
import json
import pickle

import pytest
import torch
from pickle_files import HOSTILE, fitted

from glacier_core.errors import ModelError, SourceError, StorageError
from glacier_core.models.glavitu import GlaViTU, GlaViTUConfig
from glacier_core.models.inputs import PUBLISHED_REGIONS
from glacier_core.models.published_weights import (
    PublishedWeights,
    fetch_weights,
    install_weights,
    list_weights,
)
from glacier_core.models.registry import list_models, load_model
from glacier_core.settings import settings
from tests.models.keras_files import randomise, write_keras
from tests.network.drive import FILE, LATER_CHANGE, QUOTA, VIEW, Drive, page
from tests.network.servers import serving

NAME = "glavitu_global"
FILE_NAME = f"{NAME}_weights.h5"
SOME_HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 1000


@pytest.fixture
def drive(monkeypatch):
    with serving() as server:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("GLACIER_SERVICES_ROOT", server.root)
        monkeypatch.setenv("GLACIER_RETRY_PAUSE", "0.01")
        settings.cache_clear()
        found = Drive(server)
        found.files = {FILE_NAME: SOME_HDF5, "README.txt": b"hello"}
        yield found
    settings.cache_clear()


def home():
    return settings().data_dir / "weights"


def records():
    return json.loads((home() / "hashes.json").read_text())


def test_weights_are_listed_by_name(drive):
    drive.files |= {
        "glavitu_regionencoding_weights.h5": SOME_HDF5,
        "glavitu_global_insar_weights.h5": SOME_HDF5,
        "glavitu_global_insar_calibration.pickle": b"",
        ".._weights.h5": SOME_HDF5,
        "a/../b_weights.h5": SOME_HDF5,
    }
    fetch_weights(NAME)
    assert list_weights() == (
        PublishedWeights(NAME, here=True, calibrated=False),
        PublishedWeights("glavitu_global_insar", here=False, calibrated=True),
        PublishedWeights("glavitu_regionencoding", here=False, calibrated=False),
    )


@pytest.mark.parametrize("given", [NAME, f"{NAME}_weights", FILE_NAME])
def test_the_hash_of_a_file_is_recorded_on_first_use(drive, given):
    kept = fetch_weights(given)
    assert kept.path == home() / FILE_NAME
    assert kept.path.read_bytes() == SOME_HDF5
    assert kept.calibration is None
    (name, record), *others = records().items()
    assert not others
    assert name == FILE_NAME
    assert record["sha256"] == hashlib.sha256(SOME_HDF5).hexdigest() == kept.record.sha256
    assert record["bytes"] == len(SOME_HDF5)
    assert record["source"] == "https://bit.ly/3HC4TdQ"
    assert (home() / "hashes.json").read_text().count("\n") > 4  # for people


def test_what_is_here_needs_no_network(drive):
    first = fetch_weights(NAME)
    drive.server.asked.clear()
    assert fetch_weights(NAME) == first
    assert not drive.server.asked


def test_a_damaged_file_is_fetched_again(drive):
    path = fetch_weights(NAME).path
    path.write_bytes(SOME_HDF5[:-1])
    fetch_weights(NAME)
    assert path.read_bytes() == SOME_HDF5


def test_a_file_that_changed_since_is_refused(drive):
    path = fetch_weights(NAME).path
    before = records()
    path.unlink()
    drive.files[FILE_NAME] = SOME_HDF5[::-1]
    drive.changed[FILE_NAME] = LATER_CHANGE
    with pytest.raises(SourceError, match=r"not the file that was first used.*remove its entry"):
        fetch_weights(NAME)
    assert records() == before
    assert not path.exists()
    drive.files[FILE_NAME] = SOME_HDF5
    assert fetch_weights(NAME).path == path


def test_removing_the_record_trusts_the_new_file(drive):
    """What the message of the test above tells to do."""
    fetch_weights(NAME).path.unlink()
    drive.files[FILE_NAME] = SOME_HDF5 + b"new"
    (home() / "hashes.json").write_text("{}")
    fetch_weights(NAME)
    assert records()[FILE_NAME]["sha256"] == hashlib.sha256(SOME_HDF5 + b"new").hexdigest()


def test_damaged_records_trust_nothing(drive):
    fetch_weights(NAME)
    for damage in ("", "[]", '{"a": {"sha256": "no"}}'):
        (home() / "hashes.json").write_text(damage)
        with pytest.raises(StorageError, match="no fetched file can be told from a changed one"):
            fetch_weights(NAME)


def test_a_file_put_there_by_hand_is_used(drive):
    home().mkdir(parents=True)
    (home() / FILE_NAME).write_bytes(SOME_HDF5)
    assert fetch_weights(NAME).path == home() / FILE_NAME
    assert not drive.server.asked
    assert records()[FILE_NAME]["source"] == str(home() / FILE_NAME)


def test_an_unknown_name_tells_those_there_are(drive):
    drive.files["glavitu_regional_ALP_weights.h5"] = SOME_HDF5
    with pytest.raises(
        SourceError, match=r"no weights 'global'. It has: glavitu_global, glavitu_regional_ALP\."
    ):
        fetch_weights("global")


def test_failures_tell_that_a_browser_would_do(drive):
    drive.misbehave(FILE, lambda handler: page(handler, QUOTA))
    with pytest.raises(SourceError, match=r"Too many users.*in a browser from https://bit\.ly/"):
        fetch_weights(NAME)
    drive.misbehave(VIEW, lambda handler: page(handler, b"", 404))
    with pytest.raises(SourceError, match=r"does not hold.*in a browser from https://bit\.ly/"):
        fetch_weights(NAME)
    assert not (home() / FILE_NAME).exists()


def test_what_is_no_file_of_weights_is_never_trusted(drive):
    drive.files[FILE_NAME] = b"sorry, no weights today"
    with pytest.raises(SourceError, match="is no file of weights"):
        fetch_weights(NAME)
    assert not (home() / FILE_NAME).exists()
    assert not (home() / "hashes.json").exists()


def test_a_broken_connection_goes_on(drive):
    drive.misbehave(FILE, drive.cut(FILE_NAME, 100_000), times=1)
    drive.misbehave(FILE, drive.file, times=1)
    assert fetch_weights(NAME).path.read_bytes() == SOME_HDF5
    assert drive.asked()[-1][1]["Range"] == "bytes=100000-"


@pytest.mark.parametrize(
    ("curve", "found"),
    [
        ("glavitu_global_calibration.pickle", True),
        ("glavitu_global.pkl", True),
        ("global_calibration_model.pickle", True),
        ("calibration_model_global.pickle", True),
        ("glavitu_global_insar_calibration.pickle", False),
        ("calibration.pickle", False),
        ("resunet_global_calibration.pickle", False),
        ("glavitu_global_calibration.txt", False),
    ],
)
def test_the_curve_of_weights_is_told_by_its_name(drive, curve, found):
    drive.files[curve] = b"numbers"
    kept = fetch_weights(NAME)
    assert kept.calibration == (home() / curve if found else None)
    assert fetch_weights(NAME) == kept  # and again without a network
    assert (curve in records()) is found


def test_of_two_curves_none_is_taken(drive):
    drive.files |= {"glavitu_global.pickle": b"a", "glavitu_global_calibration.pickle": b"b"}
    assert fetch_weights(NAME).calibration is None


def weights_of(config, folder):
    path = folder / "made.h5"
    write_keras(randomise(GlaViTU(config)), path)
    return path.read_bytes()


def test_weights_become_a_model_of_their_name(drive, tmp_path):
    config = GlaViTUConfig(location="region")
    drive.files[FILE_NAME] = weights_of(config, tmp_path)
    drive.files["glavitu_global_calibration.pickle"] = pickle.dumps(fitted(), 4)
    installed = install_weights(NAME)
    assert installed.remark == ""
    assert NAME in list_models()
    model = load_model(NAME)
    for name, tensor in randomise(GlaViTU(config)).state_dict().items():
        assert torch.equal(model.network.state_dict()[name], tensor)
    card = model.card
    assert card == installed.card
    assert card.regions == PUBLISHED_REGIONS
    assert card.calibration.x == tuple(fitted().X_fit_[:, 0])
    assert records()[FILE_NAME]["sha256"] in card.training
    assert "https://bit.ly/3HC4TdQ" in card.training
    assert "CC BY 4.0" in card.licence


def test_regions_that_the_file_does_not_tell_are_asked_for(drive, tmp_path):
    """Backscatter exists in some regions only; nothing in the file says in which."""
    features = ("optical", "dem", "co_pol_sar", "cross_pol_sar")
    drive.files[FILE_NAME] = weights_of(GlaViTUConfig(features, "region", 5), tmp_path)
    with pytest.raises(ModelError, match=r"encode 5 regions.*--regions"):
        install_weights(NAME)
    assert NAME not in list_models()
    drive.server.asked.clear()
    order = ("ALP", "NZ", "SC", "SVAL", "unknown")
    assert install_weights(NAME, regions=order).card.regions == order
    assert not drive.server.asked  # what was fetched stayed


def test_a_hostile_curve_is_left_out_and_told(drive, tmp_path):
    drive.files[FILE_NAME] = weights_of(GlaViTUConfig(), tmp_path)
    drive.files["glavitu_global_calibration.pickle"] = HOSTILE["a call of the system"]
    installed = install_weights(NAME)
    assert "names os.system" in installed.remark
    assert load_model(NAME).card.calibration is None
    own = tmp_path / "own.pickle"
    own.write_bytes(pickle.dumps(fitted(5)))
    installed = install_weights(NAME, calibration=own)
    assert installed.remark == ""
    assert load_model(NAME).card.calibration.x == tuple(fitted(5).X_fit_[:, 0])


def test_weights_of_another_network_stay_but_make_no_model(drive):
    with pytest.raises(ModelError, match="cannot be read as Keras weights"):
        install_weights(NAME)
    assert (home() / FILE_NAME).exists()
    assert NAME not in list_models()
