import json
import subprocess
import sys

import pytest
import torch

from glacier_core.inference.runtimes import paces
from glacier_core.inference.runtimes.paces import Pace, recall, remember, situation
from glacier_core.settings import settings

SHAPES = {"optical": (6, 64, 64)}


def test_what_is_remembered_is_recalled():
    known = {"torch": Pace(2.0, 0.1), "openvino": Pace(1.0, 5.0)}
    assert recall("a") == {}
    remember("a", known)
    remember("b", {"torch": Pace(3.0, 0.0)})
    assert recall("a") == known
    assert recall("b") == {"torch": Pace(3.0, 0.0)}


def test_preparing_counts_unless_it_is_done():
    assert Pace(2.0, 7.0).total(3, ready=False) == 13.0
    assert Pace(2.0, 7.0).total(3, ready=True) == 6.0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"a": 3}',
        b'{"a": {"torch": 1}}',
        b'{"a": {"torch": {"seconds": NaN, "preparing": 1}}}',
        b'{"a": {"torch": {"seconds": -1, "preparing": 1}}}',
        b'{"a": {"torch": {"seconds": 1}}}',
    ],
)
def test_a_damaged_file_is_forgotten_and_mended(content):
    file = settings().data_dir / "runtimes.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert recall("a") == {}
    remember("a", {"torch": Pace(1.0, 0.0)})
    assert recall("a") == {"torch": Pace(1.0, 0.0)}


def test_only_the_newest_are_kept(monkeypatch):
    monkeypatch.setattr(paces, "REMEMBERED", 3)
    for key in "abcd":
        remember(key, {"torch": Pace(1.0, 0.0)})
    remember("b", {"torch": Pace(2.0, 0.0)})
    remember("e", {"torch": Pace(1.0, 0.0)})
    kept = json.loads((settings().data_dir / "runtimes.json").read_text())
    assert list(kept) == ["d", "b", "e"]


def test_a_disk_that_refuses_is_no_matter(caplog):
    settings().data_dir.parent.mkdir(parents=True, exist_ok=True)
    settings().data_dir.write_text("a file where the folder should be")
    remember("a", {"torch": Pace(1.0, 0.0)})
    assert recall("a") == {}
    assert "was not kept" in caplog.text


def test_two_processes_lose_nothing_of_each_other():
    code = (
        "import sys\n"
        "from glacier_core.inference.runtimes.paces import Pace, remember\n"
        "for number in range(20):\n"
        "    remember(f'{sys.argv[1]} {number}', {'torch': Pace(1.0, 0.0)})\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, name]) for name in ("a", "b")]
    assert [process.wait(120) for process in running] == [0, 0]
    for name in ("a", "b"):
        assert all(recall(f"{name} {number}") for number in range(20))


def test_a_situation_is_machine_threads_network_and_size(monkeypatch):
    seen = {situation("net", SHAPES), situation("other", SHAPES)}
    seen.add(situation("net", {"optical": (6, 32, 32)}))
    assert situation("net", dict(SHAPES)) in seen
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    seen.add(situation("net", SHAPES))
    torch.set_num_threads(threads)
    monkeypatch.setattr(paces, "processor", lambda: "another")
    seen.add(situation("net", SHAPES))
    assert len(seen) == 5
