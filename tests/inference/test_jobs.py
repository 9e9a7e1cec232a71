import gc as garbage
import json
import logging
import threading
import time
import weakref

import numpy as np
import pytest

from glacier_core.errors import GlacierError, ModelError, QueueFullError
from glacier_core.inference import jobs
from glacier_core.inference.cache import find_map
from glacier_core.inference.jobs import MapService
from glacier_core.inference.request import MappingOptions
from glacier_core.memory import memory
from glacier_core.settings import settings

from .stubs import (
    Brightness,
    Broken,
    Forgetful,
    Gate,
    Held,
    Log,
    brightness_answer,
    make_scene,
    stub_model,
)


@pytest.fixture
def service():
    service = MapService()
    yield service
    service.close()


@pytest.fixture
def gate():
    gate = Gate(threading.Event)
    yield gate
    gate.open.set()


@pytest.fixture
def busy(service, gate):
    """A job that runs until the gate opens."""
    options = MappingOptions(batch_size=1)
    job = service.submit(make_scene(seed=99), stub_model(Held(gate)), options, session="first")
    assert gate.entered.wait(60)
    return job


def finished(service, job, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        now = service.job(job.id)
        if now.state in ("done", "failed", "cancelled"):
            return now
        time.sleep(0.01)
    raise AssertionError(f"still {now.state} after {seconds} s")


def test_a_job_maps_its_scene(service, scene, model):
    job = service.submit(scene, model, session="a")
    assert (job.scene_id, job.title, job.model_name) == (scene.id, scene.title, "stub")
    assert job.simulated
    end = finished(service, job)
    assert end.state == "done"
    assert end.error is None
    assert end.submitted <= end.started <= end.finished
    assert end.progress.done == end.progress.total > 0
    result = service.result(job.id)
    np.testing.assert_allclose(result.probability, brightness_answer(scene), rtol=2e-5)
    assert find_map(end.key).data.identical(result.data)


def test_a_job_tells_its_inputs_and_what_came_of_them(service, scene, model):
    job = service.submit(scene, model, MappingOptions(stride=4), session="secret")
    assert (job.rows, job.columns) == scene.shape
    assert job.options == MappingOptions(stride=4, batch_size=settings().batch_size)
    assert job.area_km2 is None
    end = finished(service, job)
    assert end.area_km2 == pytest.approx(service.result(job.id).area_km2())
    assert end.seconds > 0
    texts = [line.text for line in end.log]
    assert texts[0] == "Asked for."
    assert sum("windows mapped" in text for text in texts) == 1
    assert texts[-1].startswith("Done after")
    record = json.loads(json.dumps(end.record()))
    assert record["options"]["stride"] == 4
    assert "secret" not in json.dumps(record)


def test_options_asked_for_again_are_the_same_job(service, busy, scene, model):
    job = service.submit(scene, model)
    assert service.submit(scene, model, job.options).id == job.id


@pytest.mark.usefixtures("whole_batches")
def test_short_memory_is_told_step_by_step(service, scene):
    options = MappingOptions(batch_size=4)
    end = finished(service, service.submit(scene, stub_model(Forgetful(1)), options))
    assert end.state == "done"
    told = [line.text for line in end.log if "too short" in line.text]
    assert [text.split("; ")[1] for text in told] == ["going on with 2.", "going on with 1."]


def test_the_options_reach_the_engine(service, scene, model):
    options = MappingOptions(stride=4, cache=False)
    job = finished(service, service.submit(scene, model, options))
    result = service.result(job.id)
    assert result.provenance["options"]["stride"] == 4
    assert result.folder is None


def test_what_does_not_fit_is_refused_at_once(service, scene, model):
    with pytest.raises(ModelError, match="stride"):
        service.submit(scene, model, MappingOptions(stride=0))
    assert service.jobs() == []


def test_jobs_wait_in_order_and_know_their_place(service, busy, gate, model):
    waiting = [service.submit(make_scene(seed=seed), model) for seed in range(3)]
    assert service.job(busy.id).state == "running"
    assert service.job(busy.id).place is None
    assert [service.job(job.id).place for job in waiting] == [1, 2, 3]
    assert [job.state for job in service.jobs()] == ["running"] + ["waiting"] * 3
    gate.open.set()
    ended = [finished(service, job) for job in (busy, *waiting)]
    assert [job.state for job in ended] == ["done"] * 4
    assert sorted(job.finished for job in ended) == [job.finished for job in ended]
    assert [job.place for job in ended] == [None] * 4


def test_every_result_belongs_to_its_inputs(service, model):
    scenes = [make_scene(seed=seed) for seed in range(4)]
    submitted = [service.submit(scene, model) for scene in scenes]
    for scene, job in zip(scenes, submitted, strict=True):
        finished(service, job)
        found = service.result(job.id)
        np.testing.assert_allclose(found.probability, brightness_answer(scene), rtol=2e-5)


def test_a_full_queue_refuses_in_a_sentence(service, busy, model, monkeypatch):
    monkeypatch.setenv("GLACIER_QUEUE_LENGTH", "2")
    settings.cache_clear()
    waiting = [service.submit(make_scene(seed=seed), model) for seed in range(2)]
    with pytest.raises(QueueFullError, match="2 maps are waiting already"):
        service.submit(make_scene(seed=2), model)
    again = service.submit(make_scene(seed=1), model)  # joins, so needs no place
    assert again.id == waiting[1].id
    assert len(service.jobs()) == 3


def test_equal_requests_join_one_job(service, busy, gate):
    log, scene = Log(), make_scene()
    one = service.submit(scene, stub_model(Brightness(log)), session="a")
    two = service.submit(make_scene(), stub_model(Brightness(log)), session="b")
    assert one.id == two.id
    assert service.submit(make_scene(seed=99), stub_model(Held(gate))).id == busy.id
    gate.open.set()
    finished(service, one)
    windows = sum(len(inputs["optical"]) for inputs, _ in log)
    assert windows == service.job(one.id).progress.total


def test_other_options_are_another_job(service, busy, scene, model):
    one = service.submit(scene, model)
    assert service.submit(scene, model, MappingOptions(stride=4)).id != one.id


def test_a_kept_map_does_not_wait_in_the_queue(service, gate, scene, model):
    first = finished(service, service.submit(scene, model))
    service.submit(make_scene(seed=99), stub_model(Held(gate)))
    again = service.submit(scene, model, session="a")
    assert again.id == first.id
    assert again.asked_by == {"", "a"}
    assert again.state == "done"
    assert service.result(again.id).data.identical(service.result(first.id).data)


def test_a_map_that_another_process_kept_is_done_at_once(service, scene, model):
    first = finished(service, service.submit(scene, model))
    other = MapService()
    try:
        again = other.submit(scene, model)
        assert again.state == "done"
        assert again.area_km2 == first.area_km2
        assert again.seconds is None
        assert [line.text for line in again.log] == ["It was made before and kept."]
        assert [job.id for job in other.jobs()] == [again.id]
        assert other.submit(scene, model).id == again.id
    finally:
        other.close()


# Cancelling


def test_a_running_job_stops_before_its_next_batch(service, busy, gate, own_data_dir):
    service.cancel(busy.id, "first")
    assert service.job(busy.id).state == "running"
    gate.open.set()
    end = finished(service, busy)
    assert end.state == "cancelled"
    assert end.progress.done < end.progress.total
    assert service.result(busy.id) is None
    assert find_map(busy.key) is None


def test_a_waiting_job_leaves_the_queue(service, busy, gate, model):
    log = Log()
    job = service.submit(make_scene(), stub_model(Brightness(log)), session="a")
    behind = service.submit(make_scene(seed=1), model, session="a")
    service.cancel(job.id, "a")
    assert service.job(job.id).state == "cancelled"
    assert service.job(behind.id).place == 1
    gate.open.set()
    assert finished(service, behind).state == "done"
    assert log == []


def test_a_job_goes_on_while_another_session_wants_it(service, busy, gate):
    service.submit(make_scene(seed=99), stub_model(Held(gate)), session="second")
    service.cancel(busy.id, "first")
    gate.open.set()
    assert finished(service, busy).state == "done"


def test_a_job_stops_when_the_last_session_leaves(service, busy, gate):
    service.submit(make_scene(seed=99), stub_model(Held(gate)), session="second")
    service.cancel(busy.id, "second")
    service.cancel(busy.id, "first")
    gate.open.set()
    assert finished(service, busy).state == "cancelled"


def test_only_who_asked_can_cancel(service, busy, gate):
    service.cancel(busy.id, "stranger")
    service.cancel("unknown", "first")
    gate.open.set()
    assert finished(service, busy).state == "done"
    service.cancel(busy.id, "first")
    assert service.job(busy.id).state == "done"


def test_asking_again_after_cancelling_starts_afresh(service, busy, gate):
    service.cancel(busy.id, "first")
    again = service.submit(make_scene(seed=99), stub_model(Held(gate)), session="first")
    assert again.id != busy.id
    gate.open.set()
    assert finished(service, busy).state == "cancelled"
    assert finished(service, again).state == "done"


# Failing


def test_a_failing_job_does_not_take_the_worker_down(service, scene, model, caplog):
    with caplog.at_level(logging.CRITICAL):
        failed = finished(service, service.submit(scene, stub_model(Broken())))
    assert failed.state == "failed"
    assert "failed unexpectedly (ZeroDivisionError: a fault in the network" in failed.error
    assert service.result(failed.id) is None
    assert finished(service, service.submit(scene, model)).state == "done"


def test_an_expected_error_is_told_in_its_own_words(service, scene, model, monkeypatch):
    monkeypatch.setattr("glacier_core.inference.device.torch.cuda.is_available", lambda: False)
    job = finished(service, service.submit(scene, model, MappingOptions(device="cuda")))
    assert job.error.startswith("No NVIDIA GPU found.")


def test_a_failed_job_is_not_joined(service, scene):
    first = finished(service, service.submit(scene, stub_model(Broken())))
    assert service.submit(scene, stub_model(Broken())).id != first.id


# What is held on to


def test_a_scene_is_let_go_when_its_job_ends(service, model):
    scene = make_scene()
    reference = weakref.ref(scene)
    finished(service, service.submit(scene, model))
    del scene
    deadline = time.monotonic() + 10
    while reference() is not None and time.monotonic() < deadline:
        garbage.collect()
        time.sleep(0.05)
    assert reference() is None


def test_a_kept_map_is_held_by_the_bounded_memory_alone(service, scene, model):
    job = finished(service, service.submit(scene, model))
    held = weakref.ref(service.result(job.id))
    memory().forget()
    garbage.collect()
    assert held() is None
    np.testing.assert_allclose(
        service.result(job.id).probability, brightness_answer(scene), rtol=2e-5
    )


def test_of_maps_that_lie_nowhere_the_newest_are_held(service, scene, model, monkeypatch):
    monkeypatch.setattr(jobs, "HELD_PIXELS", 1)
    options = MappingOptions(cache=False)
    first = finished(service, service.submit(scene, model, options))
    assert service.result(first.id).key == first.key
    second = finished(service, service.submit(make_scene(seed=5), model, options))
    assert service.result(first.id) is None
    assert service.result(second.id).key == second.key


def test_a_map_that_the_disk_did_not_take_is_found_by_its_key(service, scene, model, own_data_dir):
    own_data_dir.mkdir()
    (own_data_dir / "maps").write_text("a file where the folder should be")
    job = finished(service, service.submit(scene, model))
    assert find_map(job.key) is None
    assert service.find(job.key).data.identical(service.result(job.id).data)
    assert service.find("0" * 64) is None


def test_a_kept_map_is_found_by_its_key(service, scene, model):
    job = finished(service, service.submit(scene, model))
    other = MapService()
    try:
        assert other.find(job.key).data.identical(service.result(job.id).data)
    finally:
        other.close()


def test_old_jobs_are_forgotten(service, model, monkeypatch):
    monkeypatch.setattr("glacier_core.jobs.queue.KEPT_JOBS", 2)
    ended = [finished(service, service.submit(make_scene(seed=s), model)) for s in range(4)]
    assert [service.job(job.id) is None for job in ended] == [True, True, False, False]
    assert service.result(ended[0].id) is None


# Closing


def test_closing_cancels_everything(busy, service, gate, model):
    waiting = service.submit(make_scene(), model)
    closing = threading.Thread(target=service.close)
    closing.start()
    time.sleep(0.05)
    gate.open.set()
    closing.join(60)
    assert service.job(busy.id).state == "cancelled"
    assert service.job(waiting.id).state == "cancelled"
    with pytest.raises(GlacierError, match="closed"):
        service.submit(make_scene(), model)
