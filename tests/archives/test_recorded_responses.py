"""The client pages through what the real catalogues once answered, byte for byte."""

import json

import pytest

from glacier_core.archives.stac import search_items
from glacier_core.errors import SourceError

FORTY = {"filter": {"op": "lte", "args": [{"property": "eo:cloud_cover"}, 40]}}


@pytest.fixture
def replay(archive_world, fixtures_dir):
    """Return a function that has a service answer with recorded pages."""
    folder = fixtures_dir / "metadata" / "stac"

    def put(service, *names):
        pages = [folder / f"{name}.json" for name in names]
        archive_world.replay(service, pages)
        return [json.loads(page.read_text()) for page in pages]

    return put


def ids(pages):
    return [item["id"] for page in pages for item in page["features"]]


def test_the_empty_page_that_earth_search_links_to_is_not_needed(archive_world, replay):
    pages = replay(
        "earth-search",
        "earthsearch_v1_search_landsatc2l2_s2l2a_next",
        "earthsearch_v1_search_empty_last_page",
    )
    asked = {"collections": ["sentinel-2-l2a", "landsat-c2-l2"]}
    found = search_items("earth-search", asked, most=100)
    assert [item["id"] for item in found] == ids(pages)
    assert pages[0]["links"][0]["rel"] == "next"
    assert len(archive_world.searches) == 1


def test_two_pages_of_earth_search_follow_each_other(archive_world, replay):
    pages = replay(
        "earth-search",
        "earthsearch_v1_search_filter_page_s1grd_s2c1l2a_l1c_l2a",
        "earthsearch_v1_search_filter2_page_s2",
        "earthsearch_v1_search_empty_last_page",
    )
    found = search_items("earth-search", FORTY, most=1000)
    assert [(item["collection"], item["id"]) for item in found] == [
        (item["collection"], item["id"]) for page in pages for item in page["features"]
    ]
    # The body of the second question is the link's own, as "merge": false says.
    assert archive_world.searches[1:] == [
        ("earth-search", page["links"][0]["body"]) for page in pages[:2]
    ]


def test_no_more_pages_are_asked_for_than_are_needed(archive_world, replay):
    pages = replay("earth-search", "earthsearch_v1_search_copdemglo30_10items_next")
    found = search_items("earth-search", {"collections": ["cop-dem-glo-30"]}, most=4)
    assert [item["id"] for item in found] == ids(pages)[:4]
    assert len(archive_world.searches) == 1


def test_the_planetary_computer_pages_by_addresses(archive_world, replay):
    pages = replay(
        "planetary-computer",
        "pc_landsat-c2-l2_items_10_next_GET",
        "pc_search_sentinel-2-l2a_33items_nonext",
    )
    found = search_items("planetary-computer", {}, most=1000)
    assert [item["id"] for item in found] == ids(pages)
    method, path, _ = archive_world.requests[1]
    assert method == "GET"
    assert path.startswith("/planetary-computer/collections/landsat-c2-l2/items?")
    assert "token=next:landsat-c2-l2:LC09_L2SR_084056_20250722_02_T1" in path


def test_an_error_of_the_real_catalogue_is_a_sentence(replay):
    replay("planetary-computer", "pc_error_404_item")
    with pytest.raises(SourceError, match=r"(?i)planetary"):
        search_items("planetary-computer", {}, most=10)
