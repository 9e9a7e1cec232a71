"""The test archive itself: what it serves is what its ground says, spoilt where it is told so."""

import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import numpy as np
import pystac_client
import pytest
import requests
import shapely
from rasterio.io import MemoryFile

from archives.world import PLACES, rgi, running, serve_world
from archives.world.glims import LAYER, envelope
from archives.world.ground import (
    elevation,
    is_glacier,
    main_glacier,
    neighbour_glacier,
    reflectance,
)
from archives.world.places import WGS84, local_metres, transformer
from glacier_core.network.services import SERVICES

TILE = "Copernicus_DSM_COG_30_N46_00_E008_00_DEM"


def fetch(world, path, **headers):
    return requests.get(
        f"{world.address}/{path}", headers=headers, timeout=20, allow_redirects=False
    )


def band_path(product, band):
    return (
        f"sentinel-2-google/{product.folder}/{product.image_folder}/{product.image_name(band)}.jp2"
    )


def search(world, service, **asked):
    answer = requests.post(f"{world.address}/{service}/search", json=asked, timeout=20)
    return answer.json()


def ids(page):
    return [item["id"] for item in page["features"]]


def test_it_starts_in_no_time(tmp_path):
    started = time.monotonic()
    with serve_world(tmp_path) as address:
        assert requests.get(f"{address}/earth-search", timeout=5).json()["type"] == "Catalog"
    assert time.monotonic() - started < 5


def test_another_process_finds_the_files_made(tmp_path):
    with running(tmp_path) as world:
        first = fetch(world, f"copernicus-dem-90m/{TILE}/{TILE}.tif")
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    with running(tmp_path) as world:
        again = fetch(world, f"copernicus-dem-90m/{TILE}/{TILE}.tif")
    assert again.content == first.content
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_every_service_has_something(archive_world):
    served = {*archive_world.shelves, *archive_world.catalogues}
    served |= {"glims", "planetary-computer-token", "landsatlook-data"}
    assert set(SERVICES) - served == {
        "planetary-computer-sentinel-2-l2a",  # Earth Search has the like
        "planetary-computer-pictures",
        "sentinel-1-grd-s3",  # the Planetary Computer has the same
        "samples-github",  # samples, not an archive
        *(
            "glavitu-weights",
            "google-drive",
            "google-drive-files",
        ),
    }


def test_a_band_holds_the_reflectance_of_the_ground(archive_world):
    product = archive_world.sentinel2["alps", "offset"]
    answer = fetch(archive_world, band_path(product, "B11"))
    with MemoryFile(answer.content) as file, file.open() as band:
        assert band.driver == "JP2OpenJPEG"
        assert band.crs.to_epsg() == 32632
        assert band.res == (20.0, 20.0)
        seen = (band.read(1).astype(float) - 1000) / 10000
    east, north = local_metres(product.place, product.grid("B11"))
    truth = reflectance(product.place, east, north, "B11", product.sight)
    np.testing.assert_allclose(seen, truth, atol=0.5e-4)


def test_landsat_and_sentinel_2_see_the_same_ground(archive_world):
    landsat = archive_world.landsat["alps", "landsat 9"]
    gain, offset = 2e-05, -0.1
    numbers = landsat.numbers("6").astype(float)
    sines = np.sin(np.radians(90 - landsat.solar_zenith / 100))
    seen = (gain * numbers + offset) / sines
    east, north = local_metres(landsat.place, landsat.raster)
    truth = reflectance(landsat.place, east, north, "B11", landsat.sight)
    np.testing.assert_allclose(seen, truth, atol=gain)


def test_elevation_tiles_tell_the_height_of_the_ground(archive_world):
    answer = fetch(archive_world, f"copernicus-dem-90m/{TILE}/{TILE}.tif")
    place = PLACES["alps"]
    with MemoryFile(answer.content) as file, file.open() as tile:
        assert tile.shape == (1200, 1200)
        row, column = 600, 10
        longitude, latitude = tile.transform @ (column + 0.5, row + 0.5)
        # Centres, not corners, lie on whole parts of a degree.
        np.testing.assert_allclose((longitude, latitude), (8 + 10 / 1200, 47 - 600 / 1200))
        east, north = transformer(WGS84, place.local).transform(longitude, latitude)
        assert tile.read(1)[row, column] == np.float32(elevation(east, north))


def test_outlines_are_where_the_ground_is_ice():
    rng = np.random.default_rng(0)
    east, north = rng.uniform(-2000, 2000, (2, 20000))
    drawn = shapely.contains_xy(main_glacier(), east, north)
    drawn |= shapely.contains_xy(neighbour_glacier(), east, north)
    # Outlines are polygons of 10 m steps: only points at the very rim may differ.
    assert np.mean(drawn != is_glacier(east, north)) < 2e-3
    assert main_glacier().intersection(neighbour_glacier()).area == 0
    assert main_glacier().touches(neighbour_glacier())


def test_ranges_are_served(archive_world):
    path = f"copernicus-dem-90m/{TILE}/{TILE}.tif"
    whole = fetch(archive_world, path)
    part = fetch(archive_world, path, Range="bytes=100-199")
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    assert part.headers["ETag"] == whole.headers["ETag"]
    assert fetch(archive_world, path, Range="bytes=-50").content == whole.content[-50:]
    assert fetch(archive_world, path, Range="bytes=99999999-").status_code == 416
    stale = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert fetch(archive_world, path, **stale).status_code == 200


@pytest.mark.parametrize("service", ["earth-search", "landsatlook", "planetary-computer"])
def test_another_client_pages_through_all_items(archive_world, service):
    client = pystac_client.Client.open(f"{archive_world.address}/{service}")
    found = [item.id for item in client.search(limit=3).items()]
    assert sorted(found) == sorted(item["id"] for item in archive_world.catalogues[service].items)


def test_pages_end_as_those_of_each_service_do(archive_world):
    last = search(archive_world, "earth-search", ids=["S2A_32TMS_20230820_0_L1C"], limit=1)
    follow = last["links"][0]
    assert (follow["rel"], follow["merge"]) == ("next", False)
    empty = requests.post(follow["href"], json=follow["body"], timeout=5).json()
    assert empty["features"] == []
    assert [link["rel"] for link in empty["links"]] == ["root"]
    for service, more in (("landsatlook", "page"), ("planetary-computer", "token")):
        pages = search(archive_world, service, limit=2)
        assert more in pages["links"][0]["body"]
        everything = search(archive_world, service, limit=200)
        assert [link["rel"] for link in everything["links"]] == ["root"]


@pytest.mark.parametrize("key", PLACES)
def test_every_place_is_found_by_its_box(archive_world, key):
    box = envelope(PLACES[key])
    found = search(
        archive_world, "earth-search", bbox=box, collections=["sentinel-2-l1c"], limit=99
    )
    expected = {
        product.id for (place, _), product in archive_world.sentinel2.items() if place == key
    }
    assert set(ids(found)) == expected
    west, _, east, _ = found["features"][0]["bbox"]
    assert (west > east) == (key == "antimeridian")


def test_a_box_across_the_antimeridian_is_not_the_rest_of_the_world(archive_world):
    across = search(archive_world, "earth-search", bbox=[179, 46, -179, 47])
    along = search(archive_world, "earth-search", bbox=[-179, 46, 179, 47])
    assert across["numberMatched"] == 0 < along["numberMatched"]


def test_searches_are_narrowed(archive_world):
    asked = {"collections": ["sentinel-2-l1c"], "bbox": envelope(PLACES["alps"])}
    days = search(archive_world, "earth-search", **asked, datetime="2022-08-01/2022-08-31")
    assert ids(days) == ["S2B_32TMS_20220820_0_L1C"]
    clear = {"query": {"eo:cloud_cover": {"lt": 1}}}
    assert len(ids(search(archive_world, "earth-search", **asked, **clear))) == 2
    both = {"filter": {"op": "<", "args": [{"property": "eo:cloud_cover"}, 1]}}
    assert search(archive_world, "earth-search", **asked, **both)["numberMatched"] == 2
    wrong = requests.post(
        f"{archive_world.address}/earth-search/search", json={"bbox": [1, 2]}, timeout=5
    )
    assert wrong.status_code == 400


def signed(url, *, secret="testing", region="us-west-2"):
    request = botocore.awsrequest.AWSRequest(
        method="GET", url=url, headers={"x-amz-request-payer": "requester"}
    )
    keys = botocore.credentials.Credentials("testing", secret)
    botocore.auth.S3SigV4Auth(keys, "s3", region).add_auth(request)
    return dict(request.headers)


def test_who_pays_must_sign(archive_world):
    path = f"landsat-s3/{archive_world.landsat['alps', 'landsat 9'].path_of('MTL.txt')}"
    url = f"{archive_world.address}/{path}"
    assert fetch(archive_world, path).status_code == 403
    assert fetch(archive_world, path, **signed(url)).status_code == 200
    assert fetch(archive_world, path, **signed(url, secret="wrong")).status_code == 403
    assert fetch(archive_world, path, **signed(url, region="eu-west-1")).status_code == 400
    elsewhere = signed(url.replace("MTL.txt", "MTL.xml"))
    assert fetch(archive_world, path, **elsewhere).status_code == 403


def test_tokens_open_their_container_until_they_end(archive_world):
    take = archive_world.radar["alps", "ascending 2023"]
    path = f"planetary-computer-sentinel-1-rtc/{take.path('VV')}"
    assert fetch(archive_world, path).status_code == 409
    ask = "planetary-computer-token/token"
    for wanted in ("sentinel-1-rtc", "sentinel1euwestrtc/sentinel1-grd-rtc"):
        token = fetch(archive_world, f"{ask}/{wanted}").json()["token"]
        assert fetch(archive_world, f"{path}?{token}", Range="bytes=0-9").status_code == 206
    other = fetch(archive_world, f"{ask}/landsat-c2-l2").json()["token"]
    assert fetch(archive_world, f"{path}?{other}").status_code == 403
    archive_world.misbehave("token/", "expired token")
    old = fetch(archive_world, f"{ask}/sentinel-1-rtc").json()["token"]
    assert fetch(archive_world, f"{path}?{old}").status_code == 403


def test_landsatlook_shows_pictures_and_sends_the_rest_to_the_log_in(archive_world):
    product = archive_world.landsat["alps", "landsat 9"]
    picture = fetch(archive_world, f"landsatlook-data/{product.path_of('thumb_small.jpeg')}")
    assert picture.content[:3] == b"\xff\xd8\xff"
    band = fetch(archive_world, f"landsatlook-data/{product.path_of('B4.TIF')}")
    assert band.status_code == 302


def test_it_writes_down_what_was_asked(archive_world):
    fetch(archive_world, "earth-search/nothing?x=1", Range="bytes=0-1")
    method, path, headers = archive_world.requests[-1]
    assert (method, path, headers["range"]) == ("GET", "/earth-search/nothing?x=1", "bytes=0-1")
    assert fetch(archive_world, "copernicus-dem-30m/no.tif").status_code == 404


def test_trouble_comes_as_often_as_ordered(archive_world):
    path = "copernicus-dem-30m/tileList.txt"
    archive_world.misbehave("tileList", 503)
    archive_world.misbehave("tileList", 429, times=2)
    found = [fetch(archive_world, path).status_code for _ in range(4)]
    assert found == [429, 429, 503, 503]
    assert fetch(archive_world, "copernicus-dem-90m/nothing").status_code == 404
    archive_world.reset()
    assert fetch(archive_world, path).status_code == 200


def test_answers_are_spoilt_each_in_its_way(archive_world):
    path = f"copernicus-dem-90m/{TILE}/{TILE}.tif"
    whole = fetch(archive_world, path).content

    def spoilt(what, **headers):
        archive_world.misbehave(TILE, what, times=1)
        return fetch(archive_world, path, **headers)

    with pytest.raises(requests.exceptions.RequestException):
        spoilt("cut")
    asked = {"Range": "bytes=100-199"}
    assert spoilt("wrong range", **asked).headers["Content-Range"].startswith("bytes 164-263/")
    assert spoilt("no range", **asked).status_code == 200
    wrong = spoilt("wrong bytes", **asked)
    assert wrong.status_code == 206
    assert len(wrong.content) == 100
    assert wrong.content != whole[100:200]
    assert spoilt("empty").content == b""
    assert "169.254.169.254" in spoilt("redirect private").headers["Location"]
    started = time.monotonic()
    assert spoilt("slow").content == whole
    assert time.monotonic() - started > 1


def test_scales_lie_in_catalogue_and_metadata(archive_world):
    archive_world.misbehave("search", "lying scale", times=1)
    asked = {"collections": ["sentinel-2-l1c"], "limit": 1}
    item = search(archive_world, "earth-search", **asked)["features"][0]
    told = item["assets"]["red"]["raster:bands"][0]
    assert (told["scale"], told["offset"]) == (1.0, 0.0)
    product = archive_world.sentinel2["alps", "offset"]
    archive_world.misbehave("MTD_MSIL1C", "lying scale", times=1)
    path = f"sentinel-2-google/{product.folder}/MTD_MSIL1C.xml"
    assert '"none">1000<' in fetch(archive_world, path).text
    assert '"none">10000<' in fetch(archive_world, path).text


def test_empty_results_are_ordered_too(archive_world):
    archive_world.misbehave("/earth-search/search", "empty")
    found = search(archive_world, "earth-search")
    assert (found["features"], [link["rel"] for link in found["links"]]) == ([], ["root"])


def test_lists_of_inventories_are_emptied_and_files_have_no_body(archive_world):
    for path, entries in (
        (
            "rgi7/api/3/action/package_show?id=" + rgi.PACKAGE,
            lambda told: told["result"]["resources"],
        ),
        (f"glims?request=GetFeature&typeNames={LAYER}&outputFormat=json", lambda t: t["features"]),
    ):
        assert entries(fetch(archive_world, path).json())
        archive_world.misbehave(path.partition("?")[0], "empty", times=1)
        assert entries(fetch(archive_world, path).json()) == []
    archive_world.misbehave("tileList", "empty")
    assert fetch(archive_world, "copernicus-dem-30m/tileList.txt").content == b""
