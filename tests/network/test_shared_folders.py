import subprocess
import sys
import time

import pytest

from glacier_core.errors import JobCancelled, MissingError, SourceError
from glacier_core.network.downloads import WrongFileError
from glacier_core.network.pages import read_page
from glacier_core.network.services import service
from glacier_core.network.shared_folders import (
    SharedFile,
    fetch_shared,
    shared_files,
    shared_folder,
)
from tests.network.drive import (
    ASK,
    FILE,
    FOLDER,
    LATER_CHANGE,
    LINK,
    QUOTA,
    VIEW,
    Drive,
    lead,
    number_of,
    page,
)
from tests.network.servers import CONTENT, status

LARGE = CONTENT  # beyond what is scanned for viruses
SMALL = b"numbers" * 1000


@pytest.fixture
def drive(server):
    found = Drive(server)
    found.files = {"large.h5": LARGE, "small.pickle": SMALL}
    return found


def file(name="large.h5"):
    return SharedFile(name, number_of(name))


def test_a_short_link_leads_to_its_folder_which_is_not_opened(drive):
    assert shared_folder(service("glavitu-weights")) == FOLDER
    assert [path for _, path, _ in drive.server.asked] == [LINK]


def test_a_link_may_lead_by_way_of_another(drive):
    drive.misbehave(LINK, lambda handler: lead(handler, 302, "https://bit.ly/3HC4TdQ?again"), 2)
    assert shared_folder(service("glavitu-weights")) == FOLDER


def test_a_link_to_a_folder_of_an_account(drive):
    address = f"https://drive.google.com/drive/u/0/folders/{FOLDER}"
    drive.misbehave(LINK, lambda handler: lead(handler, 302, address))
    assert shared_folder(service("glavitu-weights")) == FOLDER


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda h: lead(h, 301, "https://evil.example/drive/folders/" + FOLDER), "is not asked"),
        (lambda h: lead(h, 301, "http://169.254.169.254/"), "is not asked"),
        (lambda h: lead(h, 301, "https://bit.ly/3HC4TdQ"), "leads to no shared folder"),
        (lambda h: page(h, b"<title>A preview</title>"), "leads to no shared folder"),
        (lambda h: page(h, b"", 404), "does not hold"),
        (status(503), "is in trouble"),
    ],
    ids=["elsewhere", "into the network", "in circles", "a page", "gone", "in trouble"],
)
def test_a_link_that_leads_to_no_folder(drive, answer, told):
    drive.misbehave(LINK, answer)
    with pytest.raises(SourceError, match=told):
        shared_folder(service("glavitu-weights"))


def test_the_files_of_a_folder(drive):
    assert shared_files(FOLDER) == (file(), file("small.pickle"))
    assert drive.asked(VIEW)[0][0] == {"id": [FOLDER]}


def test_files_of_inner_folders_come_after(drive):
    drive.inner = {"old.h5": LARGE, "small.pickle": b"another"}
    old = SharedFile("old.h5", number_of("old.h5", "older"))
    assert shared_files(FOLDER) == (file(), file("small.pickle"), old)
    assert len(drive.asked(VIEW)) == 2


def test_names_are_read_as_people_read_them(drive):
    drive.files = {"a & <b> é.h5": SMALL}
    assert [one.name for one in shared_files(FOLDER)] == ["a & <b> é.h5"]


def test_a_folder_that_is_not_there(drive):
    with pytest.raises(MissingError):
        shared_files("1NotThere_NotThere_NotThere")


def test_a_view_in_which_nothing_is_found(drive):
    drive.misbehave(VIEW, lambda handler: page(handler, b"<title>Sign in</title>"))
    with pytest.raises(SourceError, match="No files were found"):
        shared_files(FOLDER)


def test_a_small_file(drive, tmp_path):
    fetch_shared(file("small.pickle"), tmp_path / "small.pickle")
    assert (tmp_path / "small.pickle").read_bytes() == SMALL
    assert drive.confirmed == 0
    assert drive.asked()[0][1]["Range"] == "bytes=0-0"  # what only asks where it lies


def test_a_large_file_is_confirmed(drive, tmp_path):
    told = []
    fetch_shared(file(), tmp_path / "large.h5", report=told.append)
    assert (tmp_path / "large.h5").read_bytes() == LARGE
    asked, _ = drive.asked()[-1]
    assert asked == {
        "id": [number_of("large.h5")],
        "export": ["download"],
        "confirm": ["t"],
        "uuid": ["00000000-0001"],
    }
    assert told[-1].done == told[-1].total == len(LARGE)


def ranges(drive):
    return [headers.get("Range") for asked, headers in drive.asked() if "confirm" in asked]


def test_a_broken_connection_goes_on_where_it_stopped(drive, tmp_path):
    drive.misbehave(FILE, drive.cut("large.h5", 300_000), times=3)
    drive.misbehave(FILE, drive.file, times=1)  # the page that asks for a confirmation comes whole
    fetch_shared(file(), tmp_path / "large.h5")
    assert (tmp_path / "large.h5").read_bytes() == LARGE
    assert ranges(drive) == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_stopped_fetch_goes_on_with_another_confirmation(drive, tmp_path):
    done = []

    def stop():
        return bool(done) and done[-1].done > 200_000

    with pytest.raises(JobCancelled):
        fetch_shared(file(), tmp_path / "large.h5", report=done.append, cancelled=stop)
    fetch_shared(file(), tmp_path / "large.h5")
    assert (tmp_path / "large.h5").read_bytes() == LARGE
    first, second = ranges(drive)
    assert first is None
    assert int(second.removeprefix("bytes=").rstrip("-")) > 200_000
    assert drive.confirmed == 2


KILLED = """
import sys
from pathlib import Path
from glacier_core.network.shared_folders import SharedFile, fetch_shared
fetch_shared(SharedFile("large.h5", sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_killed_process_leaves_what_it_fetched(drive, tmp_path):
    def slow(handler):
        whole = handler.wfile

        class Slow:
            def write(self, data):
                for start in range(0, len(data), 50_000):
                    whole.write(data[start : start + 50_000])
                    time.sleep(0.05)
                return len(data)

            def flush(self):
                whole.flush()

        handler.wfile = Slow()
        try:
            drive.file(handler)
        finally:
            handler.wfile = whole

    drive.misbehave(FILE, slow, times=2)
    target, part = tmp_path / "large.h5", tmp_path / ".large.h5.part"
    process = subprocess.Popen([sys.executable, "-c", KILLED, number_of("large.h5"), str(target)])
    try:
        until = time.monotonic() + 60
        while not part.exists() or part.stat().st_size < 100_000:
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    kept = part.stat().st_size
    assert 0 < kept < len(LARGE)
    fetch_shared(file(), target)
    assert target.read_bytes() == LARGE
    assert ranges(drive)[-1] == f"bytes={kept}-"


def test_a_file_that_changes_meanwhile_is_fetched_anew(drive, tmp_path):
    drive.misbehave(FILE, drive.cut("large.h5", 300_000), times=1)
    drive.misbehave(FILE, drive.file, times=1)

    def changed(handler):
        drive.files["large.h5"] = LARGE[::-1]
        drive.changed["large.h5"] = LATER_CHANGE
        drive.file(handler)

    drive.server.faults[FILE].insert(2, (changed, 1))
    fetch_shared(file(), tmp_path / "large.h5")
    assert (tmp_path / "large.h5").read_bytes() == LARGE[::-1]


@pytest.mark.parametrize("already", [0, 1], ids=["at once", "when the file itself is asked for"])
def test_a_file_fetched_by_too_many(drive, tmp_path, already):
    drive.misbehave(FILE, lambda handler: page(handler, QUOTA))
    if already:
        drive.misbehave(FILE, drive.file, times=already)
    with pytest.raises(SourceError, match=r"Too many users.*try again tomorrow") as problem:
        fetch_shared(file(), tmp_path / "large.h5")
    assert "large.h5" in str(problem.value)
    assert not [path for path in tmp_path.iterdir() if "large" in path.name]


def test_the_limit_of_a_day_costs_nothing_that_is_here(drive, tmp_path):
    """Half of a file is fetched, then the folder is closed; tomorrow it goes on from the half."""
    drive.misbehave(FILE, lambda handler: page(handler, QUOTA))
    drive.misbehave(FILE, drive.cut("large.h5", 300_000), times=1)
    drive.misbehave(FILE, drive.file, times=1)
    with pytest.raises(SourceError, match="try again tomorrow"):
        fetch_shared(file(), tmp_path / "large.h5")
    drive.server.faults[FILE] = [(drive.file, 10_000)]
    fetch_shared(file(), tmp_path / "large.h5")
    assert (tmp_path / "large.h5").read_bytes() == LARGE
    assert ranges(drive)[-1] == "bytes=300000-"


def test_a_file_that_was_removed(drive, tmp_path):
    del drive.files["large.h5"]
    with pytest.raises(MissingError):
        fetch_shared(file(), tmp_path / "large.h5")


def test_a_file_that_is_not_public(drive, tmp_path):
    """Google then leads to a log-in."""
    drive.misbehave(ASK, lambda handler: lead(handler, 302, "https://accounts.google.com/signin"))
    with pytest.raises(SourceError, match=r"accounts\.google\.com.*is none of the archives"):
        fetch_shared(file(), tmp_path / "large.h5")


def test_a_confirmation_that_leads_elsewhere(drive, tmp_path):
    form = b'<form id="download-form" action="https://evil.example/download"></form>'
    drive.misbehave(FILE, lambda handler: page(handler, form))
    with pytest.raises(SourceError, match=r"evil\.example.*is none of the archives"):
        fetch_shared(file(), tmp_path / "large.h5")


def test_a_file_with_another_hash(drive, tmp_path):
    (tmp_path / "large.h5").write_bytes(b"old")
    with pytest.raises(WrongFileError):
        fetch_shared(file(), tmp_path / "large.h5", sha256="0" * 64)
    assert (tmp_path / "large.h5").read_bytes() == b"old"


def test_a_page_is_read_as_far_as_it_goes():
    assert read_page(b"").sentence == ""
    assert read_page(b"\xff\xfe no page").links == []
    assert read_page(b"<a href='x'>one <b>two</b>\n three</a><a>four").links == [
        ("x", "one two three")
    ]
    assert read_page(b"<title>Caf&eacute;\x07 </title>").sentence == "Café "
    assert read_page(b"<form id=f action=/a><input type=hidden name=n value=v>").forms == {
        "f": ("/a", {"n": "v"})
    }
