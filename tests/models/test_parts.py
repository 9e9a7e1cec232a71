import hashlib

import pytest
from pydantic import ValidationError

from glacier_core.errors import ModelError, StorageError
from glacier_core.models.parts import LARGEST_PICTURE, Picture, keep_pictures, read_picture


def test_pictures_are_kept_described_and_read_again(tmp_path):
    kept = keep_pictures(tmp_path / "model", {"failure-1.png": (b"a picture", "Debris is missed.")})
    (picture,) = kept
    assert picture.caption == "Debris is missed."
    assert picture.sha256 == hashlib.sha256(b"a picture").hexdigest()
    assert read_picture(tmp_path / "model", picture) == b"a picture"


def test_a_large_picture_is_refused_before_any_is_written(tmp_path):
    pictures = {"small.png": (b"x", "Small."), "large.png": (b"x" * 60_001, "Large.")}
    assert LARGEST_PICTURE == 60_000
    with pytest.raises(ModelError, match=r"large\.png has 60,001 bytes"):
        keep_pictures(tmp_path, pictures)
    assert not list(tmp_path.iterdir())


def test_a_lost_or_changed_picture_is_told(tmp_path):
    (picture,) = keep_pictures(tmp_path, {"failure-1.jpg": (b"a picture", "Snow.")})
    (tmp_path / "failure-1.jpg").write_bytes(b"another")
    with pytest.raises(ModelError, match="not the one"):
        read_picture(tmp_path, picture)
    (tmp_path / "failure-1.jpg").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        read_picture(tmp_path, picture)


def test_a_disk_that_refuses_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be written"):
        keep_pictures(tmp_path / "file", {"a.png": (b"x", "A.")})


@pytest.mark.parametrize("file", ["../card.json", "a/b.png", "picture.gif", ".png", ""])
def test_a_picture_lies_beside_the_weights_and_nowhere_else(file):
    with pytest.raises(ValidationError):
        Picture(file=file, caption="A.", sha256="0" * 64)
