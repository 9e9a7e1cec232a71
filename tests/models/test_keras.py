import shutil

import h5py
import numpy as np
import pytest
import torch
from keras_files import randomise, write_keras
from pickle_files import HOSTILE, Curve

from glacier_core.errors import ModelError
from glacier_core.models.glavitu import GlaViTU, GlaViTUConfig
from glacier_core.models.inputs import PUBLISHED_REGIONS
from glacier_core.models.keras import convert_keras, read_keras
from glacier_core.models.pickled_calibration import read_pickled_calibration
from glacier_core.models.registry import load_model

BACKSCATTER = ("optical", "dem", "co_pol_sar", "cross_pol_sar")
OTHER_VARIANTS = [
    GlaViTUConfig(location="region"),
    GlaViTUConfig(location="coordinates"),
    GlaViTUConfig(("optical", "dem", "in_sar")),
    GlaViTUConfig(("optical", "dem", "thermal")),
    GlaViTUConfig(BACKSCATTER),
    GlaViTUConfig((*BACKSCATTER, "in_sar")),
    GlaViTUConfig((*BACKSCATTER, "in_sar", "thermal")),
]


def test_parity_with_the_authors_network(fixtures_dir, tmp_path, capsys):
    convert_keras(fixtures_dir / "keras_parity" / "optical_dem_weights.h5", tmp_path / "authors")
    network = load_model(tmp_path / "authors").network
    reference = np.load(fixtures_dir / "keras_parity" / "optical_dem.npz")
    inputs = {
        name: torch.from_numpy(reference[f"in_{name}"] / np.float32(255)).permute(2, 0, 1)[None]
        for name in ("optical", "dem")
    }
    with torch.inference_mode():
        context, detail = network.features(inputs, None)
        heads = {
            "deep_supervision": network.deep_supervision(context),
            "glacier_probability": network.output(detail),
        }
        torch.testing.assert_close(network(inputs), heads["glacier_probability"])
    for name, logits in heads.items():
        ours = logits.softmax(1)[0, 1].numpy()
        difference = np.abs(ours - reference[name])
        changed = np.count_nonzero((ours > 0.5) != (reference[name] > 0.5))
        with capsys.disabled():
            print(
                f"\nparity of {name}: max {difference.max():.2e}, mean {difference.mean():.2e}, "
                f"{changed} of {difference.size} pixels change class"
            )
        assert difference.max() <= 1e-4
        assert difference.mean() <= 5e-6


@pytest.mark.parametrize(
    "config", OTHER_VARIANTS, ids=lambda c: "+".join([*c.features, c.location or "anywhere"])
)
def test_other_variants_come_back_equal(config, tmp_path):
    path = tmp_path / "weights.h5"
    original = randomise(GlaViTU(config))
    write_keras(original, path, first_number=7)
    converted = read_keras(path)
    path.unlink()  # 40 MB each
    assert converted.config == config
    weights = converted.state_dict()
    for name, tensor in original.state_dict().items():
        assert torch.equal(weights[name], tensor), name


@pytest.fixture(scope="module")
def good_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("keras") / "region.h5"
    write_keras(randomise(GlaViTU(GlaViTUConfig(location="region"))), path)
    yield path
    path.unlink()


@pytest.fixture
def copy(good_file, tmp_path):
    path = tmp_path / "copy.h5"
    shutil.copy(good_file, path)
    yield path
    path.unlink()


def test_card_of_a_converted_file(good_file, tmp_path):
    card = convert_keras(good_file, tmp_path / "mine")
    assert card.name == "mine"
    assert card.inputs == ("optical", "dem")
    assert card.regions == PUBLISHED_REGIONS
    assert card.patch_size == 384
    assert card.calibration is None
    assert card == load_model(tmp_path / "mine").card


def test_unusual_number_of_regions_needs_names(tmp_path):
    path = tmp_path / "five.h5"
    write_keras(randomise(GlaViTU(GlaViTUConfig(location="region", regions=5))), path)
    with pytest.raises(ModelError, match=r"encode 5 regions.*in order"):
        convert_keras(path, tmp_path / "five")
    regions = ("ALP", "NZ", "SC", "SVAL", "unknown")
    assert convert_keras(path, tmp_path / "five", regions=regions).regions == regions
    for wrong in (regions[:4], (*regions[:4], "Asia"), (*regions[:3], "ALP", "unknown")):
        with pytest.raises(ModelError, match=f"not {', '.join(wrong)}"):
            convert_keras(path, tmp_path / "wrong", regions=wrong)
    assert not (tmp_path / "wrong").exists()


def test_region_names_for_weights_without_regions_are_refused(tmp_path):
    path = tmp_path / "plain.h5"
    write_keras(randomise(GlaViTU(GlaViTUConfig(("dem",)))), path)
    with pytest.raises(ModelError, match="know no regions"):
        convert_keras(path, tmp_path / "out", regions=("ALP", "unknown"))


def test_a_calibration_of_the_authors_travels_in_the_card(good_file, tmp_path):
    pickled = tmp_path / "curve.pickle"
    pickled.write_bytes(Curve().written())
    convert_keras(good_file, tmp_path / "calibrated", calibration=pickled)
    assert load_model(tmp_path / "calibrated").card.calibration == read_pickled_calibration(pickled)


def test_a_hostile_calibration_leaves_no_model(good_file, tmp_path):
    pickled = tmp_path / "curve.pickle"
    pickled.write_bytes(HOSTILE["a call of the system"])
    with pytest.raises(ModelError, match="Nothing of it was run"):
        convert_keras(good_file, tmp_path / "out", calibration=pickled)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"not HDF5 at all", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_files_that_are_not_hdf5_are_refused(tmp_path, content):
    path = tmp_path / "weights.h5"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read as Keras weights"):
        convert_keras(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_absent_file_is_refused(tmp_path):
    with pytest.raises(ModelError, match="cannot be read as Keras weights"):
        convert_keras(tmp_path / "none.h5", tmp_path / "out")


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.999])
def test_truncated_files_are_refused(copy, tmp_path, share):
    content = copy.read_bytes()
    copy.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelError, match="cannot be read as Keras weights"):
        convert_keras(copy, tmp_path / "out")


def _no_names(file):
    del file.attrs["layer_names"]


def _no_features(file):
    file.attrs["layer_names"] = [b"input_1", b"fusion_block"]


def _one_head(file):
    del file["deepsupervision"]


def _block_is_a_tensor(file):
    del file["output"]
    file["output"] = np.zeros(3)


def _one_tensor_less(file):
    file["SETR"].attrs["weight_names"] = file["SETR"].attrs["weight_names"][:-1]


def _absent_tensor(file):
    del file["ResUNet"][file["ResUNet"].attrs["weight_names"][3]]


def _another_shape(file):
    name = file["output"].attrs["weight_names"][0]
    del file["output"][name]
    file["output"][name] = np.zeros((64, 3), np.float32)


def _integers(file):
    name = file["output"].attrs["weight_names"][0]
    del file["output"][name]
    file["output"][name] = np.zeros((64, 2), np.int32)


def _not_finite(file):
    file["output"][file["output"].attrs["weight_names"][1]][0] = np.nan


def _swapped_features(file):
    swap = {b"optical": b"dem", b"dem": b"optical"}
    file.attrs["layer_names"] = [swap.get(name, name) for name in file.attrs["layer_names"]]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_no_names, "no attribute 'layer_names'"),
        (_no_features, "it is not GlaViTU"),
        (_one_head, "no block 'deepsupervision'.*both heads"),
        (_block_is_a_tensor, "no block 'output'"),
        (_one_tensor_less, "220 tensors, expected 221"),
        (_absent_tensor, "cannot be read as Keras weights"),
        (_another_shape, r"\(64, 3\), expected floating point \(64, 2\)"),
        (_integers, "int32"),
        (_not_finite, "not finite"),
        (_swapped_features, r"\(3, 3, 6, 64\), expected floating point \(3, 3, 2, 64\)"),
    ],
)
def test_damaged_files_are_refused(copy, tmp_path, damage, told):
    with h5py.File(copy, "r+") as file:
        damage(file)
    with pytest.raises(ModelError, match=told):
        convert_keras(copy, tmp_path / "out")
    assert not (tmp_path / "out").exists()
