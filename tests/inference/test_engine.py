import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import glacier_core as gc
from glacier_core import strips
from glacier_core.errors import DeviceError, JobCancelled, ModelError
from glacier_core.inference import engine, verifying
from glacier_core.inference.runner import Runner
from glacier_core.models.config import GlaViTUConfig
from glacier_core.models.typicality import FEATURES, Component, TypicalityLimit

from .stubs import (
    CURVE,
    PATCH,
    TINY,
    Brightness,
    Broken,
    Forgetful,
    Log,
    PatchMean,
    brightness_answer,
    make_scene,
    scaled_brightness,
    stub_model,
    tiny_glavitu,
)


def test_a_network_that_sees_single_pixels_gives_its_answer_everywhere(scene, model):
    found = gc.map_glaciers(scene, model)
    expected = brightness_answer(scene)
    np.testing.assert_allclose(found.probability, expected, rtol=2e-5)
    assert np.array_equal(found.unmapped, ~scene.valid)
    assert np.array_equal(found.glacier, expected > 0.5)
    assert 0 < found.glacier.to_numpy().mean() < 1


def test_confidence_is_calibrated_by_the_card(scene, model):
    found = gc.map_glaciers(scene, model)
    raw = found.raw_confidence.to_numpy()
    np.testing.assert_allclose(found.confidence, np.interp(raw, CURVE.x, CURVE.y), rtol=1e-6)
    assert np.array_equal(np.isnan(found.confidence), found.unmapped)
    assert found.notes == []


def untypical_below(density: float, **limits: float) -> TypicalityLimit:
    """One round Gaussian around the origin of all features."""
    size = len(FEATURES)
    whitening = tuple(tuple(row) for row in np.eye(size).tolist())
    part = Component(mean=(0.0,) * size, whitening=whitening, log_weight=0.0)
    facts = {"around": -1e9, "window": PATCH, "lowest": -1e9} | limits
    return TypicalityLimit(components=(part,), pixel=density, **facts)


def test_where_the_scene_is_unlike_training_confidence_is_a_guess_at_most(scene):
    data = [scene.data[name].to_numpy() for name in ("optical", "slope")]
    density = untypical_below(0.0).density_map(*data)
    limit = untypical_below(float(np.nanmedian(density)))
    plain = gc.map_glaciers(scene, stub_model(Brightness(), calibration=CURVE))
    held = gc.map_glaciers(scene, stub_model(Brightness(), typicality=limit))
    untypical = limit.untypical(*data) & scene.valid
    assert 0.3 < untypical.mean() < 0.7
    assert (held.confidence.to_numpy()[untypical] <= 0.5).all()
    assert (plain.confidence.to_numpy()[untypical] > 0.5).any()
    typical = scene.valid & ~untypical
    assert np.array_equal(held.confidence.to_numpy()[typical], plain.confidence.to_numpy()[typical])
    assert np.array_equal(held.unmapped, plain.unmapped)
    assert np.array_equal(held.probability, plain.probability, equal_nan=True)
    share = untypical.sum() / scene.valid.sum()
    assert held.provenance["untypical_share"] == pytest.approx(share, abs=1e-6)
    assert any("unlike anything the model was trained on" in note for note in held.notes)


def test_a_typical_scene_is_not_talked_about(scene):
    held = gc.map_glaciers(scene, stub_model(Brightness(), typicality=untypical_below(-1e9)))
    assert held.provenance["untypical_share"] == 0.0
    assert held.notes == []
    plain = gc.map_glaciers(scene, stub_model(Brightness()))
    assert plain.provenance["untypical_share"] is None


def test_without_a_curve_confidence_is_raw_and_says_so(scene):
    found = gc.map_glaciers(scene, stub_model(Brightness(), calibration=None))
    np.testing.assert_array_equal(found.confidence, found.raw_confidence)
    assert [note for note in found.notes if "no calibration curve" in note]


def test_confidence_does_not_depend_on_how_it_is_cut_into_rows(result, scene, model, monkeypatch):
    monkeypatch.setattr(strips, "STRIP_ROWS", 7)
    again = gc.map_glaciers(scene, model, cache=False)
    np.testing.assert_array_equal(again.confidence, result.confidence)


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (16, 16), (17, 5), (37, 45)])
@pytest.mark.parametrize("stride", [None, 5, PATCH])
def test_overlapping_windows_blend_as_defined(shape, stride):
    """The definition, pixel by pixel, for a network that answers with the mean of its patch."""
    scene = make_scene(*shape)
    step, (rows, columns) = stride or 3 * PATCH // 4, shape
    brightness = scaled_brightness(scene)
    above, left = (max(PATCH - length, 0) // 2 for length in shape)
    below, right = (max(PATCH - length, 0) - max(PATCH - length, 0) // 2 for length in shape)
    padded = np.pad(brightness, ((0, 0), (above, below), (left, right)))

    corner = {"rows": -193_000, "columns": 16_000}  # of the scene, in pixels from the origin

    def starts(length, along):
        """Multiples of the stride on the ground, moved into the raster."""
        last = length - PATCH
        on_grid = (s for s in range(1 - step, last + step) if (s + corner[along]) % step == 0)
        return sorted({min(max(start, 0), last) for start in on_grid})

    axis = np.linspace(-1, 1, PATCH)
    weight = np.exp(-(axis[:, None] ** 2 + axis[None, :] ** 2) / 2)
    weighted, total = np.zeros(padded.shape[1:]), np.zeros(padded.shape[1:])
    for row in starts(padded.shape[1], "rows"):
        for column in starts(padded.shape[2], "columns"):
            window = (slice(row, row + PATCH), slice(column, column + PATCH))
            answer = 1 / (1 + np.exp(-(40 * padded[:, *window].mean() - 3)))
            weighted[window] += weight * answer
            total[window] += weight
    expected = (weighted / total)[above : above + rows, left : left + columns]
    found = gc.map_glaciers(scene, stub_model(PatchMean()), stride=stride)
    np.testing.assert_allclose(found.probability, expected, rtol=1e-5)


@hypothesis_settings(max_examples=10, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.integers(4, PATCH))
def test_the_batch_size_changes_nothing(rows, columns, batch_size, stride):
    scene, model = make_scene(rows, columns), tiny_glavitu()
    one, many = (
        gc.map_glaciers(scene, model, stride=stride, batch_size=size, cache=False)
        for size in (1, batch_size)
    )
    np.testing.assert_allclose(many.probability, one.probability, atol=1e-6)


def test_a_strip_of_3_by_4000_pixels_is_mapped():
    scene = make_scene(3, 4000)
    found = gc.map_glaciers(scene, tiny_glavitu())
    assert found.shape == (3, 4000)
    assert not found.unmapped.any()


def test_invalid_pixels_reach_the_network_as_zeros():
    """Such as cloud: there are values, but they must not be used."""
    log, valid = Log(), np.ones((PATCH, PATCH), bool)
    valid[4:7, 5:9] = False
    gc.map_glaciers(make_scene(PATCH, PATCH, valid=valid), stub_model(Brightness(log)))
    inputs, _ = log[0]
    for tensor in inputs.values():
        assert (tensor[0].numpy()[:, ~valid] == 0).all()
        assert (tensor[0].numpy()[:, valid] != 0).all()


def test_windows_without_a_valid_pixel_are_skipped():
    log, valid = Log(), np.zeros((160, 160), bool)
    valid[3, 5] = True
    found = gc.map_glaciers(
        make_scene(160, 160, valid=valid), stub_model(Brightness(log)), batch_size=1
    )
    assert len(log) == 1
    assert found.unmapped.to_numpy().sum() == 160 * 160 - 1


def test_all_features_of_the_model_are_fed_in_their_scaling():
    features = ("optical", "dem", "co_pol_sar", "in_sar")
    config = GlaViTUConfig(**{**vars(TINY), "features": features})
    radar = {
        "co_pol_sar": np.full((2, PATCH, PATCH), 0.1),
        "in_sar": np.full((2, PATCH, PATCH), np.nan),
    }
    log = Log()
    gc.map_glaciers(
        make_scene(PATCH, PATCH, radar=radar), stub_model(Brightness(log), config=config)
    )
    inputs, _ = log[0]
    assert set(inputs) == set(features)
    expected = (np.log10(0.1 + 1e-6) + 6) / (1.75761249 + 6)
    np.testing.assert_allclose(inputs["co_pol_sar"][0, 0].numpy(), expected, rtol=1e-6)
    assert not inputs["in_sar"].any()
    np.testing.assert_allclose(inputs["dem"][0, 1].numpy(), 10 / 88.97835244, rtol=1e-6)


def test_a_missing_feature_is_named(scene):
    config = GlaViTUConfig(**{**vars(TINY), "features": ("optical", "thermal")})
    with pytest.raises(ModelError, match="thermal"):
        gc.map_glaciers(scene, stub_model(Brightness(), config=config))


def test_a_model_that_can_do_without_a_feature_says_that_it_did(scene):
    config = GlaViTUConfig(**{**vars(TINY), "features": ("optical", "dem", "thermal")})
    log = Log()
    model = stub_model(Brightness(log), config=config, strategy="modality-dropout")
    found = gc.map_glaciers(scene, model)
    assert any("Mapped without thermal" in note for note in found.notes)
    assert not log[0][0]["thermal"].any()
    assert log[0][0]["optical"].any()


def test_a_region_reaches_the_network():
    log, config = Log(), GlaViTUConfig(**{**vars(TINY), "location": "region", "regions": 3})
    model = stub_model(Brightness(log), config=config, regions=("ALP", "HMA", "unknown"))
    found = gc.map_glaciers(make_scene(), model, location="HMA")
    _, location = log[0]
    assert location[0].tolist() == [0, 1, 0]
    assert found.provenance["options"]["location"] == [0, 1, 0]


def test_surface_reflectance_is_mapped_with_a_note(model):
    scene = make_scene(reflectance="surface", notes=("The sky was hazy.",))
    notes = gc.map_glaciers(scene, model).notes
    assert notes[0] == "The sky was hazy."
    assert "surface reflectance" in notes[1]


def test_provenance_tells_what_the_map_was_made_from(scene, model):
    found = gc.map_glaciers(scene, model, stride=4, device="cpu")
    told = found.provenance
    assert told["scene"]["fingerprint"] == scene.fingerprint()
    assert told["scene"]["attributes"]["simulated"] is True
    assert told["model"] == {"name": "stub", "sha256": model.card.sha256}
    assert told["options"] == {
        "patch": PATCH,
        "stride": 4,
        "precision": "exact",
        "augment": False,
        "dropout_passes": 0,
        "smoothing": 0,
        "compatibility": "ours",
        "lowest_ice": None,
        "location": None,
    }
    assert "PyTorch" in told["device"]["used"]
    assert told["device"]["choice"] == "The CPU is used, as asked."
    assert told["software"]["torch"] == torch.__version__
    assert 0 < told["seconds"] < 60
    assert told["key"] == found.key


def test_progress_comes_after_every_batch_and_ends_complete(scene, model):
    told = []
    gc.map_glaciers(scene, model, batch_size=3, progress=told.append)
    done = [progress.done for progress in told]
    total = told[-1].total
    assert done[-1] == total > 3
    assert sorted(done) == done
    assert set(range(3, total, 3)) <= set(done)
    assert told[0].message
    assert all(p.seconds_left is not None for p in told if p.done)
    assert told[-1].seconds_left == 0


def test_cancel_stops_between_batches_and_keeps_nothing(scene, own_data_dir):
    log, cancel = Log(), threading.Event()

    def stop_after_two(progress):
        if progress.done == 2:
            cancel.set()

    with pytest.raises(JobCancelled):
        gc.map_glaciers(
            scene,
            stub_model(Brightness(log)),
            batch_size=1,
            progress=stop_after_two,
            cancel=cancel,
        )
    assert len(log) == 2
    assert not list((own_data_dir / "maps").glob("*/meta.json"))


def test_cancel_during_the_last_batch_counts_too(scene, model):
    cancel = threading.Event()

    def stop_at_the_end(progress):
        if progress.done == progress.total > 0:
            cancel.set()

    with pytest.raises(JobCancelled):
        gc.map_glaciers(scene, model, progress=stop_at_the_end, cancel=cancel)


def test_a_cancelled_mapping_does_not_spoil_the_next(scene, model):
    with pytest.raises(JobCancelled):
        gc.map_glaciers(scene, model, cancel=lambda: True)
    np.testing.assert_allclose(
        gc.map_glaciers(scene, model).probability, brightness_answer(scene), rtol=2e-5
    )


@pytest.mark.usefixtures("whole_batches")
def test_short_memory_changes_the_pace_not_the_map(scene):
    told, log = [], Log()
    found = gc.map_glaciers(
        scene, stub_model(Forgetful(1, log)), batch_size=4, progress=told.append
    )
    np.testing.assert_allclose(found.probability, brightness_answer(scene), rtol=2e-5)
    assert [len(inputs["optical"]) for inputs, _ in log][:4] == [4, 2, 1, 1]
    messages = [progress.message for progress in told]
    for sentence in ("4 windows at once; going on with 2", "2 windows at once; going on with 1"):
        assert [message for message in messages if sentence in message]
        assert [note for note in found.notes if sentence in note]


def test_memory_too_short_for_one_window_is_an_error(scene):
    with pytest.raises(DeviceError, match="single window"):
        gc.map_glaciers(scene, stub_model(Forgetful(0)))


def test_a_kept_map_is_found_again_without_the_network(scene):
    log, told = Log(), []
    model = stub_model(Brightness(log))
    first = gc.map_glaciers(scene, model)
    runs = len(log)
    second = gc.map_glaciers(scene, model, progress=told.append)
    assert len(log) == runs
    assert "kept map" in told[-1].message
    assert second.data.identical(first.data)
    assert second.provenance == first.provenance
    assert first.folder == second.folder
    assert gc.open_map(first.folder).data.identical(first.data)


def test_without_the_cache_nothing_is_read_or_written(scene, model, own_data_dir):
    assert gc.map_glaciers(scene, model, cache=False).folder is None
    assert not (own_data_dir / "maps").exists()
    kept = gc.map_glaciers(scene, model)
    assert gc.map_glaciers(scene, model, cache=False).folder is None
    assert kept.folder is not None


def test_errors_are_not_kept(scene):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            gc.map_glaciers(scene, stub_model(Broken()))


def test_a_map_that_cannot_be_kept_is_returned_all_the_same(scene, model, monkeypatch):
    def full(path, content):
        raise verifying.StorageError(f"{path} cannot be written: the disk is full.")

    monkeypatch.setattr(verifying, "write_file", full)
    told = []
    found = gc.map_glaciers(scene, model, progress=told.append)
    np.testing.assert_allclose(found.probability, brightness_answer(scene), rtol=2e-5)
    assert found.folder is None
    assert "could not be kept" in told[-1].message
    assert "disk is full" in found.notes[-1]


@pytest.mark.usefixtures("whole_batches")
@pytest.mark.parametrize(("batch_size", "fitted"), [(None, True), (2, False)])
def test_a_gpu_is_given_what_keeps_it_busy_unless_somebody_chose(
    scene, monkeypatch, batch_size, fitted
):
    """A CPU stands in for the GPU: whether the probe is asked for, and with what."""
    asked = []

    class OnAGpu(Runner):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self.device = replace(self.device, is_gpu=True)

        def fit_batch(self, inputs):
            asked.append(inputs["optical"].shape)
            self.batch_size = 3

    monkeypatch.setattr(engine, "Runner", OnAGpu)
    log = Log()
    gc.map_glaciers(scene, stub_model(Brightness(log)), batch_size=batch_size)
    assert asked == ([(1, 6, PATCH, PATCH)] if fitted else [])
    assert len(log[0][0]["optical"]) == (3 if fitted else 2)
