import pytest

from glacier_core.errors import ModelError
from glacier_core.training.strategies import STRATEGIES, check_regions, find_strategy


def test_the_five_published_strategies_and_one_of_our_own():
    assert list(STRATEGIES) == [
        *("global", "regional", "finetuning", "region-encoding", "coordinate-encoding"),
        "modality-dropout",
    ]


def test_unknown_strategies_name_the_known_ones():
    with pytest.raises(ModelError, match="Known are global, regional"):
        find_strategy("local")


@pytest.mark.parametrize(
    ("strategy", "regions", "told"),
    [
        ("regional", ("Mars",), "no region 'Mars'. Known are ALP, AN"),
        ("regional", ("unknown",), "no region 'unknown'"),
        ("regional", (), "name one or more of ALP"),
        ("finetuning", (), "name one or more of ALP"),
        ("global", ("ALP",), "trains on all regions, but ALP"),
    ],
)
def test_regions_that_do_not_go_with_the_strategy(strategy, regions, told):
    with pytest.raises(ModelError, match=told):
        check_regions(find_strategy(strategy), regions)


def test_several_regions_may_be_trained_together():
    check_regions(find_strategy("regional"), ("ALP", "HMA"))
