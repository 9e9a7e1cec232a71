import re
from pathlib import Path

import pytest

from glacier_core.errors import SourceError
from glacier_core.network.services import SERVICES, reached_at, service, service_of, shown
from glacier_core.settings import settings

GOOGLE = "https://storage.googleapis.com/gcp-public-data-sentinel-2"


@pytest.fixture
def mirror(monkeypatch):
    monkeypatch.setenv("GLACIER_SERVICES_ROOT", "http://127.0.0.1:9000/mirror/")
    settings.cache_clear()


def test_every_root_is_plain_https_without_a_slash_at_its_end():
    assert all(root.startswith("https://") and root[-1] != "/" for root in SERVICES.values())


def test_a_service_is_at_its_public_home():
    assert service("sentinel-2-google") == GOOGLE


def test_a_mirror_stands_in_for_every_service(mirror):
    for name in SERVICES:
        assert service(name) == f"http://127.0.0.1:9000/mirror/{name}"


def test_a_service_nobody_knows():
    with pytest.raises(SourceError, match=r"'nasa' is no known service\. Known are earth-search"):
        service("nasa")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"{GOOGLE}/tiles/32/T/MS/x.SAFE/MTD_MSIL1C.xml", "sentinel-2-google"),
        (f"{GOOGLE}-other/tiles", None),
        ("https://landsatlook.usgs.gov/stac-server/search", "landsatlook"),
        ("https://landsatlook.usgs.gov/data/collection02/x.tif", "landsatlook-data"),
        ("https://example.org/x", None),
    ],
)
def test_the_service_of_an_address(url, name):
    assert service_of(url) == name


def test_public_addresses_are_reached_at_the_mirror(mirror):
    assert reached_at(f"{GOOGLE}/a/b?c=d") == (
        "http://127.0.0.1:9000/mirror/sentinel-2-google/a/b?c=d"
    )
    assert service_of(reached_at(f"{GOOGLE}/a")) == "sentinel-2-google"
    assert reached_at("https://example.org/x") == "https://example.org/x"
    already = service("landsat-s3") + "/x"
    assert reached_at(already) == already


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("s3://usgs-landsat/a/B.TIF", "https://usgs-landsat.s3.us-west-2.amazonaws.com/a/B.TIF"),
        (
            "s3://sentinel-s2-l1c/tiles/a.jp2",
            "https://sentinel-s2-l1c.s3.eu-central-1.amazonaws.com/tiles/a.jp2",
        ),
        ("gs://gcp-public-data-sentinel-2/tiles/a.jp2", f"{GOOGLE}/tiles/a.jp2"),
        ("s3://somebody-else/a", "s3://somebody-else/a"),
    ],
)
def test_buckets_are_reached_by_their_web_addresses(url, public):
    assert reached_at(url) == public


def test_messages_show_no_secret():
    assert shown("https://me:pass@host/a/b?sig=secret") == "https://host/a/b"


def test_the_documentation_lists_every_address():
    text = (Path(__file__).parents[2] / "docs" / "archives.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([a-z0-9-]+)` \| <(https://[^>]+)> \|", text, re.MULTILINE))
    assert told == dict(SERVICES)
