"""A small class: the load test with few sessions, as a check rather than a measurement."""

import json
import subprocess
import sys

from .driving import REPOSITORY


def test_a_few_sessions_at_once_are_kept_apart(tmp_path):
    figures = tmp_path / "figures.json"
    told = subprocess.run(
        [
            *(sys.executable, REPOSITORY / "benchmarks" / "load.py"),
            *("--sessions", "4", "--views", "40", "--think", "0.2", "--out", figures),
        ],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert figures.exists(), told.stderr
    found = json.loads(figures.read_text())
    assert found["wrong"] == []
    assert found["reruns"]["number"] == 20
    assert found["seconds to the map"]["number"] == 4
    assert told.returncode == 0
