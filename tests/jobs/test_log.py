import json
from dataclasses import dataclass
from datetime import UTC, datetime

from glacier_core.jobs import log
from glacier_core.jobs.job import Job, LogLine, log_text
from glacier_core.jobs.log import JobLog


@dataclass(frozen=True)
class Step:
    done: int
    message: str
    total: int = 9
    seconds_left: float | None = None


def followed(*steps):
    kept = JobLog()
    for done, message in steps:
        kept.follow(Step(done, message))
    return [line.text for line in kept.lines()]


def test_counting_lines_are_one_line():
    assert followed(
        (0, "Mapping on the CPU."),
        (0, "9 windows to map."),
        (2, "2 of 9 windows mapped."),
        (4, "4 of 9 windows mapped."),
        (6, "6 of 9 windows mapped."),
    ) == ["Mapping on the CPU.", "9 windows to map.", "6 of 9 windows mapped."]


def test_what_happened_between_is_kept_in_its_place():
    assert followed(
        (4, "4 of 9 windows mapped on the GPU."),
        (4, "Memory was too short for 4 windows at once; going on with 2."),
        (4, "Memory was too short for 2 windows at once; going on with 1."),
        (5, "5 of 9 windows mapped on the GPU."),
        (6, "6 of 9 windows mapped on the GPU."),
        (7, "7 of 9 windows mapped on the CPU."),
    ) == [
        "4 of 9 windows mapped on the GPU.",
        "Memory was too short for 4 windows at once; going on with 2.",
        "Memory was too short for 2 windows at once; going on with 1.",
        "6 of 9 windows mapped on the GPU.",
        "7 of 9 windows mapped on the CPU.",
    ]


def test_a_repeated_line_is_told_once_and_an_empty_one_never():
    assert followed((0, "Reading"), (3, "Reading"), (5, "Reading"), (5, "")) == ["Reading"]


def test_a_log_is_bounded(monkeypatch):
    kept = JobLog()
    for number in range(log.KEPT_LINES + 50):
        kept.add(f"Line {number}.")
    kept.add("x" * 10 * log.LONGEST)
    texts = [line.text for line in kept.lines()]
    assert len(texts) == log.KEPT_LINES
    assert texts[-2] == f"Line {log.KEPT_LINES + 49}."
    assert len(texts[-1]) == log.LONGEST


def test_lines_carry_their_time_in_utc():
    kept, before = JobLog(), datetime.now(UTC)
    kept.add("Now.")
    (line,) = kept.lines()
    assert before <= line.at <= datetime.now(UTC)
    fixed = LogLine(datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC), "Then.")
    assert log_text([fixed, fixed]).splitlines() == ["2026-03-04 05:06:07 UTC  Then."] * 2


def test_a_record_is_json_and_names_nobody():
    at = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    job = Job(
        title="Tiny",
        submitted=at,
        progress=Step(1, "One."),
        log=(LogLine(at, "Then."),),
        asked_by=frozenset({"secret"}),
        wanted_by=frozenset({"secret"}),
    )
    record = job.record()
    assert "secret" not in json.dumps(record)
    assert record["submitted"] == "2026-03-04T05:06:07+00:00"
    assert record["log"] == [{"at": "2026-03-04T05:06:07+00:00", "text": "Then."}]
    assert record["progress"]["message"] == "One."
