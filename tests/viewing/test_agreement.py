import os
import time
from dataclasses import replace

import pytest
import rasterio
from affine import Affine

from glacier_core.errors import SourceError, StorageError
from glacier_core.eviction import bytes_in
from glacier_core.settings import settings
from glacier_core.viewing import agreement
from glacier_core.viewing.agreement import agreement_file, write_agreement
from glacier_core.viewing.files import agreement_raster
from glacier_core.viewing.tiles import agreement_picture


def test_raster_holds_the_codes_on_the_grid_of_the_map(scene, comparison):
    with rasterio.open(agreement_raster(write_agreement(comparison))) as raster:
        assert (raster.read(1) == comparison.agreement.to_numpy()).all()
        assert raster.transform == scene.transform
        assert raster.crs == scene.crs
        assert raster.nodata == 255


def test_it_is_written_once(comparison):
    path = agreement_raster(write_agreement(comparison))
    written = path.stat().st_mtime_ns
    assert agreement_raster(write_agreement(comparison)) == path
    assert path.stat().st_mtime_ns == written


def test_same_pixels_elsewhere_are_another_raster(comparison):
    layer = comparison.agreement
    moved = layer.rio.write_transform(layer.rio.transform() @ Affine.translation(1, 0))
    elsewhere = replace(comparison, agreement=moved)
    assert write_agreement(elsewhere) != write_agreement(comparison)


def test_refusing_disk_is_a_sentence_and_leaves_nothing(comparison, own_data_dir):
    own_data_dir.joinpath("comparisons").write_text("a file in the way")
    with pytest.raises(StorageError):
        write_agreement(comparison)


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_damaged_raster_is_not_drawn_and_is_made_again(comparison):
    key = write_agreement(comparison)
    path = agreement_file(key)
    before = path.read_bytes()
    flip_a_bit(path)
    with pytest.raises(SourceError, match="is damaged; open the comparison again"):
        agreement_picture(key).tile((0, 0, 0))
    assert write_agreement(comparison) == key
    assert agreement_file(key).read_bytes() == before


def elsewhere(comparison, step):
    layer = comparison.agreement
    moved = layer.rio.write_transform(layer.rio.transform() @ Affine.translation(step, 0))
    return replace(comparison, agreement=moved)


def test_those_used_longest_ago_leave_and_shown_ones_stay(comparison, monkeypatch, own_data_dir):
    home = own_data_dir / "comparisons"
    first, second = (write_agreement(elsewhere(comparison, step)) for step in (1, 2))
    limit = 2.5 * bytes_in(home / first) / 1e6
    monkeypatch.setattr(
        agreement,
        "settings",
        lambda: settings().model_copy(update={"comparison_cache_megabytes": limit}),
    )
    for key, age in ((first, 7200), (second, 3600)):
        os.utime(home / key / "meta.json", (time.time() - age, time.time() - age))
    third = write_agreement(elsewhere(comparison, 3))
    kept = {path.name for path in home.iterdir() if path.is_dir()}
    assert kept == {second, third}
    agreement_file(second)  # shown now, though it would be the next to leave
    fourth = write_agreement(elsewhere(comparison, 4))
    assert {path.name for path in home.iterdir() if path.is_dir()} == {second, third, fourth}


def test_what_killed_writers_left_goes(comparison, own_data_dir):
    left, written = (own_data_dir / "comparisons" / f"tmp-{name}" for name in ("left", "written"))
    for folder in (left, written):
        folder.mkdir(parents=True)
    os.utime(left, (1e9, 1e9))
    write_agreement(comparison)
    assert not left.exists()
    assert written.exists()
