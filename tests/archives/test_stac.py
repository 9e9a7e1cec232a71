"""Paging through catalogues as they really page, and through those that misbehave."""

import json

import pytest

from glacier_core.archives import stac
from glacier_core.archives.stac import search_items
from glacier_core.errors import JobCancelled, SourceError
from glacier_core.network.session import get_json


class Catalogue:
    """Answers searches from a list of pages, whatever is asked, and writes down what was."""

    def __init__(self, monkeypatch, pages):
        self.pages, self.asked = list(pages), []
        monkeypatch.setattr(stac, "get_json", self.answer)

    def answer(self, url, *, body=None, cancelled=None):
        self.asked.append((url, body))
        return self.pages.pop(0)


@pytest.fixture
def real(fixtures_dir):
    folder = fixtures_dir / "metadata" / "stac"
    return lambda name: json.loads((folder / name).read_text())


def ids(items):
    return [item["id"] for item in items]


def page(*items, **link):
    links = [{"rel": "root", "href": "https://example.org"}]
    return {"features": list(items), "links": [{"rel": "next", **link}, *links] if link else links}


def item(name, collection="glaciers"):
    return {"id": name, "collection": collection}


def test_earth_search_says_when_all_are_here_and_links_on_all_the_same(monkeypatch, real):
    first = real("earthsearch_v1_search_landsatc2l2_s2l2a_next.json")
    assert first["numberMatched"] == 2
    assert first["links"][0]["rel"] == "next"
    catalogue = Catalogue(monkeypatch, [first])
    asked = {"collections": ["sentinel-2-l2a", "landsat-c2-l2"]}
    assert ids(search_items("earth-search", asked, most=50)) == ids(first["features"])
    assert len(catalogue.asked) == 1


def test_earth_search_pages_by_whole_requests_and_ends_with_an_empty_page(monkeypatch, real):
    monkeypatch.setattr(stac, "PAGE_ITEMS", 2)
    first = real("earthsearch_v1_search_landsatc2l2_s2l2a_next.json")
    last = real("earthsearch_v1_search_empty_last_page.json")
    catalogue = Catalogue(monkeypatch, [first, last])
    asked = {"collections": ["sentinel-2-l2a", "landsat-c2-l2"]}
    assert ids(search_items("earth-search", asked, most=50)) == ids(first["features"])
    (url, body), (next_url, next_body) = catalogue.asked
    assert url == next_url == "https://earth-search.aws.element84.com/v1/search"
    assert body == {**asked, "limit": 2}
    assert next_body == first["links"][0]["body"]  # merge is false: nothing of ours is added
    assert next_body["next"].startswith("2023-10-08")


def test_earth_search_forgets_filters_on_the_next_page(monkeypatch, real):
    """Recorded: a filter on the first page, everything that there is on the second."""
    first = real("earthsearch_v1_search_filter_page_s1grd_s2c1l2a_l1c_l2a.json")
    second = real("earthsearch_v1_search_filter2_page_s2.json")
    Catalogue(monkeypatch, [first, second, {"features": []}])
    found = search_items("earth-search", {"collections": ["sentinel-2-l1c"]}, most=100)
    expected = [
        each["id"]
        for each in first["features"] + second["features"]
        if each["collection"] == "sentinel-2-l1c"
    ]
    assert ids(found) == expected
    assert len(expected) > 2


def test_planetary_computer_pages_by_addresses(monkeypatch, real):
    first = real("pc_landsat-c2-l2_items_10_next_GET.json")
    catalogue = Catalogue(monkeypatch, [first, {"features": []}])
    found = search_items("planetary-computer", {"collections": ["landsat-c2-l2"]}, most=100)
    assert len(found) == 10
    url, body = catalogue.asked[1]
    assert "token=next:landsat-c2-l2:LC09_L2SR_084056_20250722_02_T1" in url
    assert body is None


def test_planetary_computer_ends_without_a_link(monkeypatch, real):
    catalogue = Catalogue(monkeypatch, [real("pc_search_sentinel-2-l2a_33items_nonext.json")])
    found = search_items("planetary-computer", {"collections": ["sentinel-2-l2a"]}, most=100)
    assert len(found) == 33
    assert len(catalogue.asked) == 1


def test_page_numbers_of_the_older_interface(monkeypatch, real):
    first = real("earthsearch_v0_search_s2_cogs_next.json")
    catalogue = Catalogue(monkeypatch, [first, {"features": []}])
    search_items("earth-search", {"collections": ["sentinel-s2-l2a-cogs"]}, most=100)
    assert catalogue.asked[1][1]["page"] == 2


def test_links_to_be_merged_keep_what_was_asked(monkeypatch):
    first = page(
        item("a"), href="https://example.org/search", method="POST", merge=True, body={"token": "7"}
    )
    catalogue = Catalogue(monkeypatch, [first, page(item("b"))])
    found = search_items("landsatlook", {"collections": ["glaciers"]}, most=100)
    assert ids(found) == ["a", "b"]
    assert catalogue.asked[1][1] == {"collections": ["glaciers"], "limit": 100, "token": "7"}


def test_circles_end(monkeypatch):
    again = page(item("a"), href="https://example.org/search", method="POST", body={"next": "a"})
    catalogue = Catalogue(monkeypatch, [again] * 50)
    assert ids(search_items("earth-search", {"collections": ["glaciers"]}, most=1000)) == ["a"]
    assert len(catalogue.asked) == 2


def test_no_more_is_asked_for_than_wanted(monkeypatch):
    first = page(item("a"), item("b"), item("c"), href="https://example.org/search")
    catalogue = Catalogue(monkeypatch, [first])
    assert ids(search_items("earth-search", {"collections": ["glaciers"]}, most=2)) == ["a", "b"]
    assert catalogue.asked[0][1]["limit"] == 2
    assert len(catalogue.asked) == 1


def test_what_is_no_item_is_left_out(monkeypatch):
    pages = [page(item("a"), item("a"), item("b", "other"), "text", None, {"id": 3}, item("c"))]
    Catalogue(monkeypatch, pages)
    assert ids(search_items("earth-search", {"collections": ["glaciers"]}, most=9)) == ["a", "c"]


def test_catalogues_that_forget_the_ids_asked_for(monkeypatch):
    Catalogue(monkeypatch, [page(item("a"), item("b"), item("c"))])
    asked = {"collections": ["glaciers"], "ids": ["b"]}
    assert ids(search_items("earth-search", asked, most=9)) == ["b"]


@pytest.mark.parametrize("answer", [[], "text", None, {}, {"features": "none"}, {"message": "no"}])
def test_nonsense_is_an_error(monkeypatch, answer):
    Catalogue(monkeypatch, [answer])
    with pytest.raises(SourceError, match="no list of items"):
        search_items("earth-search", {}, most=9)


@pytest.mark.parametrize("links", [None, "text", ["next"], [{"rel": "next"}], [{"href": "x"}]])
def test_odd_links_end_the_search(monkeypatch, links):
    Catalogue(monkeypatch, [{"features": [item("a")], "links": links}])
    assert ids(search_items("earth-search", {}, most=9)) == ["a"]


def test_test_archive_is_paged_through(archive_world, monkeypatch):
    monkeypatch.setattr(stac, "PAGE_ITEMS", 2)
    asked = {"collections": ["sentinel-2-l1c"]}
    held = archive_world.catalogues["earth-search"].items
    expected = {each["id"] for each in held if each["collection"] == "sentinel-2-l1c"}
    found = search_items("earth-search", asked, most=1000)
    assert set(ids(found)) == expected
    assert len(found) == len(expected) > 4
    assert sum("/search" in path for _, path, _ in archive_world.requests) > len(expected) // 2


def test_links_that_lead_elsewhere_are_not_followed(archive_world, monkeypatch):
    asked = {"collections": ["sentinel-2-l1c"]}
    answer = stac.get_json(f"{archive_world.address}/earth-search/search", body=asked)
    answer["links"] = [{"rel": "next", "href": "http://169.254.169.254/latest/meta-data"}]
    monkeypatch.setattr(
        stac, "get_json", lambda url, **more: answer if "search" in url else get_json(url, **more)
    )
    with pytest.raises(SourceError, match="not asked"):
        search_items("earth-search", asked, most=1000)


def test_searches_can_be_stopped(archive_world):
    with pytest.raises(JobCancelled):
        search_items("earth-search", {}, most=9, cancelled=lambda: True)
