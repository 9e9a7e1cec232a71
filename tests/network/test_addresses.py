import socket

import pytest

from glacier_core.errors import SourceError
from glacier_core.network.addresses import check_address, check_peer
from glacier_core.network.services import SERVICES
from glacier_core.settings import settings

HOST = "storage.googleapis.com"


@pytest.fixture
def names(monkeypatch):
    """Answer every name with the addresses of this list."""
    found = ["142.250.74.91"]

    def look_up(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return found


@pytest.mark.parametrize("root", SERVICES.values())
def test_every_archive_may_be_asked(names, root):
    check_address(f"{root}/search?limit=1")
    check_address(f"{root}:443" if root.count("/") == 2 else root)


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/a",
        f"ftp://{HOST}/a",
        "file:///etc/passwd",
        "/etc/passwd",
        "",
        "https://",
        "https:///a",
        f"https:{HOST}",
        f"//{HOST}/a",
        "data:text/plain,hello",
        "/vsicurl/https://storage.googleapis.com/a",
        "s3://usgs-landsat/a",
    ],
)
def test_only_https(names, url):
    with pytest.raises(SourceError, match=r"is no(ne|t)"):
        check_address(url)


@pytest.mark.parametrize(
    "host",
    [
        "example.org",
        f"{HOST}.evil.org",
        f"evil-{HOST}",
        f"{HOST}.",
        f"{HOST}:8443",
        f"{HOST}:0",
        f"{HOST}:99999",
        f"{HOST}:x",
        f"me@{HOST}",
        f"{HOST}@evil.org",
        f"{HOST}:443@evil.org",
        f"evil.org\\@{HOST}",
        f"evil.org#@{HOST}",
        f"evil.org?@{HOST}",
        f"{HOST}\\.evil.org",
        f"{HOST}%2eevil.org",
        f"{HOST}\n.evil.org",
        f"{HOST}\t",
        f" {HOST}",
        "localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1%25eth0]",
        "[::ffff:7f00:1]",
        "[",
        "169.254.169.254",
        "metadata.google.internal",
        "storage\u3002googleapis.com",
        "ｓtorage.googleapis.com",
        "stоrage.googleapis.com",
        "xn--strage-3ye.googleapis.com",
        "googleapis.com",
        "x.storage.googleapis.com",
        "*.googleapis.com",
        "",
    ],
)
def test_hosts_that_only_look_right(names, host):
    with pytest.raises(SourceError, match=r"is no(t asked| plain address|t a plain address)"):
        check_address(f"https://{host}/gcp-public-data-sentinel-2/a.jp2")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
        "2001:db8::1",
        "no address",
    ],
)
def test_names_that_lead_to_special_places(names, address):
    names[:] = ["142.250.74.91", address]
    with pytest.raises(SourceError, match=f"{HOST} is not asked: its name leads to "):
        check_address(f"https://{HOST}/a")
    with pytest.raises(SourceError, match="no public place"):
        check_peer(HOST, 443, address)


@pytest.mark.parametrize("address", ["142.250.74.91", "2a00:1450:400f::200e", "64:ff9b::8efa:4a5b"])
def test_names_that_lead_to_public_places(names, address):
    names[:] = [address]
    check_address(f"https://{HOST}/a")


def test_a_name_that_cannot_be_found(monkeypatch, names):
    def nothing(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(SourceError, match=f"{HOST} cannot be found: there is no network"):
        check_address(f"https://{HOST}/a")


def test_a_proxy_looks_names_up_itself(monkeypatch, names):
    names[:] = ["127.0.0.1"]
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.institute:3128")
    monkeypatch.setenv("NO_PROXY", "")
    check_address(f"https://{HOST}/a")
    with pytest.raises(SourceError, match="none of the archives"):
        check_address("https://evil.org/a")


class TestMirror:
    @pytest.fixture(autouse=True)
    def mirror(self, monkeypatch):
        monkeypatch.setenv("GLACIER_SERVICES_ROOT", "http://127.0.0.1:9000/mirror")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        settings.cache_clear()

    def test_a_mirror_may_be_asked_wherever_it_lies(self):
        check_address("http://127.0.0.1:9000/mirror/earth-search/search")

    @pytest.mark.parametrize(
        "url",
        [
            "https://127.0.0.1:9000/a",
            "http://127.0.0.1:9001/a",
            "http://127.0.0.1/a",
            "http://localhost:9000/a",
            "http://127.1:9000/a",
            "http://2130706433:9000/a",
            "http://[::1]:9000/a",
            "http://me@127.0.0.1:9000/a",
        ],
    )
    def test_nothing_beside_it(self, url):
        with pytest.raises(SourceError, match=r"is no"):
            check_address(url)

    def test_archives_are_not_asked_at_other_private_places(self, names):
        names[:] = ["127.0.0.1"]
        with pytest.raises(SourceError, match="no public place"):
            check_address(f"https://{HOST}/a")
