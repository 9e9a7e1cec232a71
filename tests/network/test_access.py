import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from glacier_core.errors import SourceError
from glacier_core.network import access
from glacier_core.network.access import authorise, forget_token
from glacier_core.network.downloads import download
from glacier_core.network.ranged import open_remote_raster
from glacier_core.network.services import SERVICES, reached_at
from glacier_core.settings import settings
from tests.network.rasters import PIXELS, packed
from tests.network.servers import status

RTC = f"{SERVICES['planetary-computer-sentinel-1-rtc']}/GRD/2023/vv.tif"
TOKEN = "/planetary-computer-token/token/sentinel1euwestrtc/sentinel1-grd-rtc"
LANDSAT = f"{SERVICES['landsat-s3']}/collection02/B4.TIF"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(access, "_tokens", {})


def token(query, ends=timedelta(hours=1)):
    return json.dumps(
        {"token": query, "msft:expiry": (datetime.now(UTC) + ends).isoformat()}
    ).encode()


def tokens_asked(server):
    return [path for _, path, _ in server.asked if path == TOKEN]


class TestPlanetaryComputer:
    def test_a_token_is_asked_for_once(self, server):
        server.files[TOKEN] = token("sv=1&sig=secret")
        url = reached_at(RTC)
        assert authorise(url) == (f"{url}?sv=1&sig=secret", {})
        assert authorise(f"{url}?a=1")[0] == f"{url}?a=1&sv=1&sig=secret"
        assert len(server.asked) == 1

    def test_a_token_is_renewed_before_it_ends(self, server, monkeypatch):
        server.files[TOKEN] = token("first", timedelta(minutes=10))
        authorise(reached_at(RTC))
        now = access.time.monotonic()
        server.files[TOKEN] = token("second")
        monkeypatch.setattr(access.time, "monotonic", lambda: now + 200)
        assert authorise(reached_at(RTC))[0].endswith("?first")
        monkeypatch.setattr(access.time, "monotonic", lambda: now + 400)
        assert authorise(reached_at(RTC))[0].endswith("?second")

    def test_a_clock_that_is_wrong_costs_questions_only(self, server):
        server.files[TOKEN] = token("one", timedelta(days=-400))
        for _ in range(5):
            assert authorise(reached_at(RTC))[0].endswith("?one")
        assert len(server.asked) == 1

    def test_a_key_of_ones_own(self, server, monkeypatch):
        monkeypatch.setenv("GLACIER_ARCHIVE_TOKENS", '{"planetary-computer-token": "mine"}')
        settings.cache_clear()
        server.files[TOKEN] = token("one")
        authorise(reached_at(RTC))
        assert server.asked[0][2]["Ocp-Apim-Subscription-Key"] == "mine"

    @pytest.mark.parametrize("answer", [b"[]", b"{}", b'{"token": 1, "msft:expiry": "soon"}'])
    def test_nonsense_instead_of_a_token(self, server, answer):
        server.files[TOKEN] = answer
        with pytest.raises(SourceError, match="no token that can be understood"):
            authorise(reached_at(RTC))

    def test_a_token_that_ran_out_is_renewed_on_the_way(self, server):
        path = "/planetary-computer-sentinel-1-rtc/GRD/2023/vv.tif"
        server.files |= {TOKEN: token("sig=secret"), path: packed()}
        expired = status(403, b"<Message>Signature not valid in the specified time frame</Message>")
        server.misbehave(path, expired, times=1)
        with open_remote_raster(RTC) as raster:
            assert (raster.read(1) == PIXELS).all()
        assert len(tokens_asked(server)) == 2

    def test_a_token_that_is_always_refused(self, server, tmp_path):
        path = "/planetary-computer-sentinel-1-rtc/GRD/2023/vv.tif"
        server.files |= {TOKEN: token("sig=secret"), path: packed()}
        server.misbehave(path, status(403, b"ExpiredToken"))
        with pytest.raises(SourceError, match=r"permission has run out.*clock") as problem:
            download(RTC, tmp_path / "vv.tif")
        assert "secret" not in str(problem.value)
        assert len(tokens_asked(server)) <= 6


class TestRequesterPays:
    @pytest.mark.parametrize("name", ["landsat-s3", "sentinel-2-l1c-s3", "sentinel-1-grd-s3"])
    @pytest.mark.parametrize("given", [{}, {"AWS_ACCESS_KEY_ID": "key"}])
    def test_without_credentials_the_message_names_the_variables(self, monkeypatch, name, given):
        for variable, value in given.items():
            monkeypatch.setenv(variable, value)
        with pytest.raises(SourceError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
            authorise(f"{SERVICES[name]}/a")

    def test_a_signature(self, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
        url, headers = authorise(LANDSAT)
        assert url == LANDSAT
        assert headers["x-amz-request-payer"] == "requester"
        assert headers["X-Amz-Security-Token"] == "session"
        scope = r"Credential=AKIDEXAMPLE/\d{8}/us-west-2/s3/aws4_request"
        assert re.search(scope, headers["Authorization"])
        signed = re.search(r"SignedHeaders=([^,]+)", headers["Authorization"])[1].split(";")
        assert {"host", "x-amz-request-payer", "x-amz-security-token"} <= set(signed)
        assert "secret" not in json.dumps(headers)

    def test_the_archive_sees_it(self, server, monkeypatch, tmp_path):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        server.files["/landsat-s3/collection02/B4.TIF"] = b"content"
        download("s3://usgs-landsat/collection02/B4.TIF", tmp_path / "B4.TIF")
        assert server.asked[0][2]["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")


def test_an_archive_with_a_token_of_ones_own(monkeypatch):
    monkeypatch.setenv("GLACIER_ARCHIVE_TOKENS", '{"landsatlook-data": "mine"}')
    settings.cache_clear()
    url = f"{SERVICES['landsatlook-data']}/a.tif"
    assert authorise(url) == (url, {"Authorization": "Bearer mine"})
    assert "mine" not in repr(settings())


def test_others_are_asked_as_they_are(server):
    url = f"{SERVICES['sentinel-2-google']}/a"
    assert authorise(url) == (url, {})
    forget_token(url)
    assert server.asked == []
