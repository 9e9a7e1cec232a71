"""Pictures of scenes: fetched, checked, and packed anew."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from archives.scenes import found
from glacier_core.archives import thumbnails
from glacier_core.archives.areas import area_of
from glacier_core.archives.searching import scenes_by_id
from glacier_core.archives.thumbnails import SIDE, thumbnail
from glacier_core.errors import SourceError

SCENE = replace(found(), thumbnail="https://roda.sentinel-hub.com/preview.jpg")


def packed(kind, size=(900, 400), colour=(200, 30, 10)):
    content = BytesIO()
    mode = "RGB" if isinstance(colour, tuple) and len(colour) == 3 else "RGBA"
    Image.new(mode, size, colour).save(content, kind)
    return content.getvalue()


@pytest.fixture
def archive(monkeypatch):
    def holds(content):
        monkeypatch.setattr(thumbnails, "get_bytes", lambda url, **_: content)

    return holds


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_pictures_become_small_jpegs(archive, kind):
    archive(packed(kind))
    picture = Image.open(BytesIO(thumbnail(SCENE)))
    assert picture.format == "JPEG"
    assert picture.size == (SIDE, round(SIDE * 400 / 900))
    assert np.asarray(picture).reshape(-1, 3).mean(axis=0) == pytest.approx([200, 30, 10], abs=4)


def test_small_ones_stay_small_and_transparent_ones_can_be_packed(archive):
    archive(packed("PNG", (20, 10), (0, 0, 255, 128)))
    assert Image.open(BytesIO(thumbnail(SCENE))).size == (20, 10)


def test_nothing_but_pixels_is_passed_on(archive):
    archive(packed("JPEG") + b"<script>alert(1)</script>")
    assert b"script" not in thumbnail(SCENE)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>log in</html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
        packed("GIF"),
        packed("PNG")[:60],
        packed("JPEG")[:400],
    ],
)
def test_what_is_no_picture_is_an_error(archive, content):
    archive(content)
    with pytest.raises(SourceError, match="picture of S2A_32TMS_20230820_0_L1C is none"):
        thumbnail(SCENE)


@pytest.mark.parametrize("size", [(6000, 6000), (10_000, 9_500), (16_000, 16_000)])
def test_bombs_are_not_unpacked(archive, size):
    content = BytesIO()
    Image.new("1", size).save(content, "PNG")
    archive(content.getvalue())
    with pytest.raises(SourceError, match="is none"):
        thumbnail(SCENE)


def test_scenes_without_a_picture_say_so():
    with pytest.raises(SourceError, match="no picture"):
        thumbnail(found())


def test_picture_of_the_test_archive(archive_world):
    area = area_of((7.99, 46.49, 8.01, 46.51))
    (scene,) = scenes_by_id("sentinel-2-l1c", ["S2A_32TMS_20230820_0_L1C"], area)
    picture = Image.open(BytesIO(thumbnail(scene)))
    assert max(picture.size) <= SIDE
    assert np.asarray(picture).std() > 5  # shows something
