from dataclasses import replace

import pytest

from glacier_core.errors import ModelError, SourceError
from glacier_core.inference.location import location_vector
from glacier_core.models.inputs import PUBLISHED_REGIONS
from glacier_core.models.registry import load_model
from glacier_core.sources.tile_writing import write_tiles
from glacier_core.training import card_limits, measuring
from glacier_core.training.data import open_data, simulated_data
from glacier_core.training.hyperparameters import EnsembleRecipe
from glacier_core.training.logbook import LOG
from glacier_core.training.loop import CHECKPOINT
from glacier_core.training.recipe import train
from tests.inference.stubs import make_scene
from tests.tile_files import make_tile

SHAPE = (40, 48)


@pytest.fixture(autouse=True)
def no_real_scene(monkeypatch):
    def lacking(model):
        raise ModelError("another model")

    monkeypatch.setattr(measuring, "real_figures", lacking)
    monkeypatch.setattr(card_limits, "robustness_figures", lambda *arguments, **more: [])


@pytest.fixture
def tiles(tmp_path):
    folder = tmp_path / "tiles"
    radar = ("co_pol_sar", "cross_pol_sar", "in_sar", "thermal")
    for number, purpose in enumerate(("train", "val", "test")):
        made = [
            make_tile("ALP-0-0", SHAPE, 3 * number, radar=radar),
            make_tile("NZ1-0-0", SHAPE, 3 * number + 1, region="NZ", radar=radar),
        ]
        lacking = make_tile("SA-0-0", SHAPE, 3 * number + 2, region="SA")
        made += [lacking] if purpose == "train" else []
        write_tiles(folder / f"made_{purpose}.hdf5", made, attributes={"simulated": True})
    return folder


@pytest.fixture
def quick(tiny_recipe, tiles):
    return replace(tiny_recipe, tiles=tiles, steps=2, checkpoint_every=1)


@pytest.mark.parametrize(
    ("choices", "trained_on"),
    [
        ({}, "3 simulated tiles (made_train.hdf5)."),
        ({"strategy": "regional", "regions": ("NZ",)}, "1 simulated tiles (made_train.hdf5), of"),
        ({"strategy": "region-encoding", "track": "+backscatter"}, "2 simulated tiles"),
        ({"strategy": "coordinate-encoding"}, "3 simulated tiles"),
        ({"strategy": "modality-dropout", "track": "all"}, "3 simulated tiles"),
    ],
)
def test_every_strategy_goes_from_tiles_to_a_model(quick, tmp_path, choices, trained_on):
    model = load_model(train(quick, tmp_path / "out", device="cpu", **choices))
    assert model.card.training.startswith(trained_on)
    assert f"Strategy '{choices.get('strategy', 'global')}'" in model.card.training
    assert {figure.dataset for figure in model.card.accuracy} == {
        f"{1 if choices.get('regions') else 2} simulated tiles (made_test.hdf5)"
    }
    assert all(figure.simulated for figure in model.card.accuracy)
    by_region = choices.get("strategy") == "region-encoding"
    assert model.card.regions == (PUBLISHED_REGIONS if by_region else ())
    if by_region:
        assert location_vector(make_scene(), model.card, "NZ").argmax() == 7


def test_finetuning_goes_on_from_a_model(quick, tmp_path):
    first = train(quick, tmp_path / "first", device="cpu")
    model = load_model(
        train(
            quick,
            tmp_path / "tuned",
            strategy="finetuning",
            regions=("ALP",),
            start_from=first,
            device="cpu",
        )
    )
    assert f"(ALP; weights {load_model(first).card.sha256[:12]}…)" in model.card.training
    # With a rate of 5e-5 and two steps, weights can hardly have moved.
    old, new = (m.network.state_dict() for m in (load_model(first), model))
    assert (old["output.weight"] - new["output.weight"]).abs().max() < 1e-3


def test_an_ensemble_is_trained_member_by_member_and_is_one_model(quick, tmp_path):
    recipe = EnsembleRecipe("both", "Two of them", (quick, replace(quick, name="other", seed=8)))
    lines = []
    folder = train(recipe, tmp_path / "out", device="cpu", progress=lines.append)
    model = load_model(folder)
    assert (folder.name, model.card.architecture) == ("both", "ensemble")
    for name in ("tiny", "other"):
        assert (tmp_path / "out" / "members" / name / CHECKPOINT).exists()
        assert (tmp_path / "out" / "members" / name / LOG).exists()
    first, second = model.network.members
    assert not first.output.weight.equal(second.output.weight)
    weights = (folder / "weights.safetensors").read_bytes()
    lines.clear()
    train(recipe, tmp_path / "out", device="cpu", progress=lines.append)
    assert not [line for line in lines if line.startswith("Step")]
    assert (folder / "weights.safetensors").read_bytes() == weights


def test_what_the_data_lack_is_told_before_anything_is_trained(quick, tmp_path):
    for choices in (
        {"strategy": "regional", "regions": ("HMA",)},
        {"strategy": "regional", "regions": ("SA",), "track": "+thermal"},
    ):
        with pytest.raises(SourceError, match=r"region 'HMA'|No tile of SA"):
            train(quick, tmp_path / "out", device="cpu", **choices)
    assert not (tmp_path / "out").exists()


def test_a_track_that_simulated_scenes_lack_is_told_before_any_is_drawn(tiny_recipe, tmp_path):
    network = replace(tiny_recipe.network, features=("optical", "dem", "thermal"))
    recipe = replace(tiny_recipe, network=network)
    with pytest.raises(SourceError, match="Simulated training scenes hold optical, dem only"):
        train(recipe, tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()


def test_files_are_closed_again(quick, tmp_path):
    with open_data(quick, tmp_path, print) as data:
        scene = data.material.singles[0]
        assert scene.whole().shape == SHAPE
    with pytest.raises(SourceError, match="closed"):
        scene.whole()


@pytest.fixture
def drawn(monkeypatch, make_scene, tmp_path):
    """Stand in for drawing: scenes that take turns in two regions."""

    def keep(batch, folder, samples, tell, *, procedural):
        files = batch.files(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for number, paths in enumerate(files):
            for path in paths:
                replace(make_scene(number), region=("ALP", "NZ")[number % 2]).save(path)
        return files

    monkeypatch.setattr("glacier_core.training.data.keep_scenes", keep)


def test_regional_training_takes_the_scenes_of_its_regions(tiny_recipe, drawn, tmp_path):
    recipe = replace(
        tiny_recipe,
        strategy="regional",
        regions=("ALP",),
        real_terrain=False,
        training_scenes=5,
        scored_scenes=3,
        calibration_scenes=2,
    )
    data = simulated_data(recipe, tmp_path, print)
    assert len(data.material.singles) == 3
    assert data.material.singles[2].region == "ALP"
    assert (len(data.material.validation), len(data.scored)) == (1, 2)
    assert "3 of 320 x 320 pixels" in data.training
    assert "of ALP only" in data.training
    with pytest.raises(SourceError, match="None of the 5 training scenes lies in HMA"):
        simulated_data(replace(recipe, regions=("HMA",)), tmp_path, print)


def test_scenes_that_lie_nowhere_teach_no_region(tiny_recipe, monkeypatch, make_scene, tmp_path):
    def keep(batch, folder, samples, tell, *, procedural):
        folder.mkdir(parents=True, exist_ok=True)
        for paths in batch.files(folder):
            for path in paths:
                make_scene(0).save(path)
        return batch.files(folder)

    monkeypatch.setattr("glacier_core.training.data.keep_scenes", keep)
    network = replace(tiny_recipe.network, location="region")
    recipe = replace(tiny_recipe, strategy="region-encoding", network=network, real_terrain=False)
    with pytest.raises(SourceError, match="None of the 4 training scenes has a region"):
        simulated_data(recipe, tmp_path, print)


def test_a_model_is_kept_even_if_its_limits_cannot_be_told(quick, tmp_path, monkeypatch):
    def broken(*arguments, **more):
        raise MemoryError

    monkeypatch.setattr(card_limits, "failure_pictures", broken)
    monkeypatch.setattr(card_limits, "fit_typicality", broken)
    with pytest.raises(MemoryError):
        train(quick, tmp_path / "training")
    assert load_model(tmp_path / "training" / quick.name).card.calibration is not None
