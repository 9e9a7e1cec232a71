import numpy as np
import pytest

import glacier_core as gc
from glacier_core.inference import preview as preview_module
from glacier_core.inference.preview import UNKNOWN, Preview, find_preview

from .stubs import PATCH, TRANSFORM, Brightness, make_scene, stub_model


def test_finished_rows_can_be_seen_while_the_rest_is_mapped():
    valid = np.ones((80, 40), bool)
    valid[:5, :7] = False
    scene, seen = make_scene(80, 40, valid=valid), []

    def look(progress):
        found = find_preview(key)
        if found is not None:
            seen.append((found.rows, found.values.copy()))

    model = stub_model(Brightness())
    key = gc.map_glaciers(scene, model).key
    result = gc.map_glaciers(scene, model, cache=False, batch_size=1, progress=look)
    rows = [number for number, _ in seen]
    assert rows == sorted(rows)
    assert len(set(rows)) > 3
    expected = np.where(result.unmapped, UNKNOWN, np.round(255 * result.probability.fillna(0)))
    for number, values in seen:
        assert np.array_equal(values[:number], expected[:number])
        assert (values[number:] == UNKNOWN).all()
    assert find_preview(key) is None


def test_a_preview_goes_when_the_mapping_fails():
    keys = []

    def fail(progress):
        keys.extend(preview_module._shown)
        if progress.done:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        gc.map_glaciers(make_scene(), stub_model(Brightness()), progress=fail)
    assert keys
    assert find_preview(keys[0]) is None


def test_of_a_large_scene_only_some_pixels_are_kept(monkeypatch):
    monkeypatch.setattr(preview_module, "MOST_PIXELS", 100)
    mapped = np.ones((31, 40), bool)
    kept = Preview(TRANSFORM, None, mapped)
    assert kept.values.size <= 130
    values = np.arange(31 * 40, dtype=np.float32).reshape(31, 40) / (31 * 40)
    for first, end in ((0, 3), (3, 4), (4, 18), (18, 31)):
        kept.add(first, values[first:end])
    step = round(kept.transform.a / TRANSFORM.a)
    assert np.array_equal(kept.values, np.round(255 * values[::step, ::step]))
    assert step * PATCH  # the step is a whole number
