"""The list of archives: whole, and true to the services and the recorded responses."""

import json

import pytest

from glacier_core.archives.catalogue import ARCHIVES, USUAL_ARCHIVES, archive_named
from glacier_core.errors import SourceError
from glacier_core.network.services import SERVICES


@pytest.mark.parametrize("archive", ARCHIVES.values(), ids=list(ARCHIVES))
def test_every_archive_is_described(archive):
    assert archive.service in SERVICES
    assert archive.title
    assert archive.sensors
    assert archive.licence
    assert archive.caveat.endswith(".")
    assert archive.years[0] >= 1982
    assert archive.years[1] is None or archive.years[1] >= archive.years[0]


def test_usual_archives_are_what_networks_were_made_for():
    assert USUAL_ARCHIVES == ("sentinel-2-l1c", "landsat-c2-l1")


def test_radar_has_no_reflectance():
    radar = [each.name for each in ARCHIVES.values() if each.is_radar]
    assert radar == ["sentinel-1-rtc", "sentinel-1-grd"]


def test_collections_are_those_of_the_real_catalogues(fixtures_dir):
    folder = fixtures_dir / "metadata"
    listed = json.loads((folder / "stac/earthsearch_v1_collections.json").read_text())
    earth_search = {each["id"] for each in listed["collections"]}
    planetary_computer = {
        json.loads(path.read_text())["id"] for path in folder.glob("stac/pc_template_*.json")
    }
    # Its template is not among the real files; the file of one item carries its name.
    raw = [path.name for path in folder.glob("stac/pc_*-item-raw.json")]
    planetary_computer |= {name[len("pc_") : -len("-item-raw.json")] for name in raw}
    landsat_item = "LC08_L1GT_089074_20220506_20220512_02_T2_stac.json"
    landsatlook = {json.loads((folder / "landsat_mtl" / landsat_item).read_text())["collection"]}
    known = {
        "earth-search": earth_search,
        "planetary-computer": planetary_computer,
        "landsatlook": landsatlook,
    }
    for archive in ARCHIVES.values():
        assert archive.collection in known[archive.service]


def test_unknown_archives_are_named():
    with pytest.raises(SourceError, match=r"'modis' is no archive\. There are sentinel-2-l1c"):
        archive_named("modis")
    assert archive_named("landsat-c2-l1").resolution == 30
