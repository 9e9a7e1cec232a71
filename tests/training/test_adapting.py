from dataclasses import replace

import pytest

from glacier_core.errors import ModelError
from glacier_core.models.architectures import ARCHITECTURES, build_network
from glacier_core.models.inputs import TRACKS
from glacier_core.models.registry import save_model
from glacier_core.training.adapting import Choices, adapt_recipe
from glacier_core.training.hyperparameters import EnsembleRecipe
from glacier_core.training.recipe import RECIPES
from tests.inference.stubs import make_card, tiny_glavitu

SMALL = RECIPES["glavitu-small-expanded"]


def test_nothing_chosen_nothing_changed(tiny_recipe):
    assert adapt_recipe(tiny_recipe, Choices()) is tiny_recipe


@pytest.mark.parametrize(
    ("strategy", "location", "dropout"),
    [
        ("region-encoding", "region", 0.0),
        ("coordinate-encoding", "coordinates", 0.0),
        ("modality-dropout", None, 0.2),
        ("global", None, 0.0),
    ],
)
def test_strategies_set_what_they_need(strategy, location, dropout):
    adapted = adapt_recipe(SMALL, Choices(strategy=strategy))
    assert (adapted.strategy, adapted.network.location) == (strategy, location)
    assert adapted.modality_dropout == dropout
    assert adapted.name == f"glavitu-small-expanded-{strategy}"
    assert replace(adapted, name=SMALL.name, strategy="global", network=SMALL.network,
                   modality_dropout=0.0) == SMALL  # fmt: skip


def test_regional_training_names_its_regions():
    adapted = adapt_recipe(SMALL, Choices(strategy="regional", regions=("ALP", "CA")))
    assert adapted.regions == ("ALP", "CA")
    assert adapted.name == "glavitu-small-expanded-regional-ALP-CA"
    with pytest.raises(ModelError, match="name one or more of ALP"):
        adapt_recipe(SMALL, Choices(strategy="regional"))


@pytest.mark.parametrize("track", TRACKS)
def test_tracks_choose_the_features(track):
    adapted = adapt_recipe(SMALL, Choices(track=track))
    assert adapted.network.features == TRACKS[track]
    build_network(adapted.network)


def test_architectures_keep_their_size():
    small = adapt_recipe(SMALL, Choices(architecture="resunet", track="+thermal"))
    assert small.network == replace(
        ARCHITECTURES["resunet"].small, features=("optical", "dem", "thermal")
    )
    full = adapt_recipe(RECIPES["published"], Choices(architecture="deeplab"))
    assert full.network == ARCHITECTURES["deeplab"].full


def test_only_glavitu_encodes_location():
    with pytest.raises(ModelError, match="'resunet' encodes no location"):
        adapt_recipe(SMALL, Choices(architecture="resunet", strategy="region-encoding"))


def test_tiles_take_the_place_of_scenes_and_pairs(tiny_recipe, tmp_path):
    paired = replace(tiny_recipe, batch=1, pairs=2, paired_scenes=9, consistency_weight=1.0)
    adapted = adapt_recipe(paired, Choices(tiles=tmp_path, steps=7))
    assert (adapted.tiles, adapted.batch, adapted.pairs) == (tmp_path, 5, 0)
    assert adapted.steps == 7


@pytest.fixture
def model(tmp_path):
    model = tiny_glavitu()
    save_model(model.network, make_card(model.card.config), tmp_path / "model")
    return tmp_path / "model"


def test_finetuning_goes_on_with_the_published_rate(tiny_recipe, model):
    choices = Choices(strategy="finetuning", regions=("NZ",), start_from=model)
    adapted = adapt_recipe(tiny_recipe, choices)
    assert adapted.network == tiny_glavitu().card.config
    assert (adapted.learning_rate, adapted.weight_decay, adapted.cycles) == (5e-5, 0.0, (1,))
    assert len(adapted.start_sha256) == 64


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"strategy": "finetuning", "regions": ("NZ",)}, "name it with start_from"),
        ({"strategy": "finetuning", "regions": ("NZ",), "start_from": "absent"}, "no model"),
        ({"strategy": "finetuning", "start_from": "MODEL"}, "name one or more of"),
        ({"strategy": "global", "start_from": "MODEL"}, "starts from random weights"),
        ({"track": "+sonar"}, "no track '.sonar'. Known are optical"),
        ({"architecture": "perceptron"}, "no architecture 'perceptron'"),
        ({"strategy": "FINE", "track": "all"}, "not the track 'all'"),
        ({"strategy": "FINE", "architecture": "setr"}, "is a glavitu, not a setr"),
    ],
)
def test_choices_that_cannot_be(tiny_recipe, model, choices, told):
    if choices.get("start_from") == "MODEL":
        choices = choices | {"start_from": model}
    if choices.get("strategy") == "FINE":
        fine = {"strategy": "finetuning", "regions": ("NZ",), "start_from": model}
        choices = choices | fine
    with pytest.raises(ModelError, match=told):
        adapt_recipe(tiny_recipe, Choices(**choices))


def test_all_members_of_an_ensemble_are_adapted(tiny_recipe):
    both = EnsembleRecipe("both", "Two", (tiny_recipe, replace(tiny_recipe, name="b", seed=9)))
    adapted = adapt_recipe(both, Choices(strategy="modality-dropout"))
    assert adapted.name == "both-modality-dropout"
    assert [member.strategy for member in adapted.members] == ["modality-dropout"] * 2
    assert adapted.members[0].name != adapted.members[1].name
