"""The table of hostile files in docs/hostile-files.md says what the code really answers.

Run with ``GLACIER_WRITE_DOCS=1`` to write it anew.
"""

import os
import re
import socket
from pathlib import Path

import pytest
from hostile_files import ADDRESSES, ELEVATIONS, OUTLINES, RASTERS
from pickle_files import HOSTILE
from rasters import write_pair

from glacier_core.errors import GlacierError, ModelError, OutlineError, SceneError, SourceError
from glacier_core.models.pickled_calibration import read_pickled_calibration
from glacier_core.network.addresses import check_address
from glacier_core.outlines.reading import read_outlines
from glacier_core.sources import scene_from_files

DOCUMENT = Path(__file__).parents[2] / "docs" / "hostile-files.md"
HEAD = """# Hostile files, and what they are answered

Made by `tests/hostile/test_hostile_table.py` from what the code really says; that test fails when
a message changes (`GLACIER_WRITE_DOCS=1` writes this page anew). Every file is made on the spot,
opened the way an uploaded one is, and refused before it can do harm; the reader sees the sentence,
never a traceback. How the limits are set: [settings](settings.md).
"""
LONGEST = 420
OF_THE_LIBRARY = re.compile(r"(incomplete \().*(\)\. Export)")


def answer(kind, attempt, *arguments, **options):
    """Return the sentence with which something is refused."""
    with pytest.raises(kind) as refusal:
        attempt(*arguments, **options)
    sentence = str(refusal.value)
    assert "\n" not in sentence
    assert len(sentence) <= LONGEST, sentence
    assert sentence.endswith((".", ")")), sentence
    # What a library says of damage differs from version to version.
    return OF_THE_LIBRARY.sub(r"\1…\2", sentence)


@pytest.mark.filterwarnings("ignore", "default::DeprecationWarning")
def test_the_table_says_what_the_code_says(tmp_path, monkeypatch):
    text = HEAD
    text += section("Imagery", imagery_answers(tmp_path))
    text += section("Elevation", elevation_answers(tmp_path))
    text += section("Outlines", outline_answers(tmp_path))
    text += section("Calibration curves", curve_answers(tmp_path))
    text += section("Addresses", address_answers(monkeypatch))
    if os.environ.get("GLACIER_WRITE_DOCS"):
        DOCUMENT.write_text(text, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == text


def imagery_answers(folder):
    _, elevation = write_pair(folder)
    for what, make in RASTERS.items():
        path = folder / "imagery.tif"
        path.unlink(missing_ok=True)
        make(path)
        yield what, answer(SceneError, scene_from_files, path, elevation)


def elevation_answers(folder):
    optical, _ = write_pair(folder)
    for what, make in ELEVATIONS.items():
        path = folder / "heights.tif"
        make(path)
        yield what, answer(SceneError, scene_from_files, optical, path)


def outline_answers(folder):
    for number, (what, (suffix, make)) in enumerate(OUTLINES.items()):
        own = folder / f"outlines-{number}"
        own.mkdir()
        path = own / f"outlines{suffix}"
        make(path)
        yield what, answer(OutlineError, read_outlines, path)


def curve_answers(folder):
    path = folder / "curve.pickle"
    for what, content in HOSTILE.items():
        path.write_bytes(content)
        yield what, answer(ModelError, read_pickled_calibration, path)


def address_answers(monkeypatch):
    for what, address in ADDRESSES.items():
        yield what, answer(SourceError, check_address, address)
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("192.168.1.1", 443))]
    )
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    archive = "https://storage.googleapis.com/a.tif"
    yield (
        "an archive whose name leads into the own network",
        answer(SourceError, check_address, archive),
    )


def section(title, answers):
    rows = "".join(f"| {what} | {cell(sentence)} |\n" for what, sentence in answers)
    return f"\n## {title}\n\n| what comes | what is answered |\n|---|---|\n{rows}"


def cell(sentence):
    return sentence.replace("|", "\\|").replace("<", "&lt;")


def test_every_refusal_is_an_error_of_ours():
    assert issubclass(SceneError, GlacierError)
    assert issubclass(OutlineError, GlacierError)
    assert issubclass(ModelError, GlacierError)
