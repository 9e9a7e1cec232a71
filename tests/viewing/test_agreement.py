from dataclasses import replace

import pytest
import rasterio
from affine import Affine

from glacier_core.errors import StorageError
from glacier_core.viewing.agreement import write_agreement
from glacier_core.viewing.files import agreement_raster


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
