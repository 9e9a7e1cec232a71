import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import glacier_core
from glacier_core.errors import GlacierError
from glacier_core.inference import code_version as module
from glacier_core.inference.code_version import (
    LIBRARIES,
    NOT_DECIDING,
    code_version,
    deciding_modules,
    source_version,
)

PACKAGE = Path(glacier_core.__file__).parent
NETWORKS = "models/architectures.py"  # imports the networks by their names in a table


@pytest.fixture
def copy(tmp_path):
    """The source of what decides a map, and of what does not, in another folder."""
    folder = tmp_path / "glacier_core"
    kept = [*names(deciding_modules(PACKAGE)), *NOT_DECIDING, "__init__.py"]
    for name in kept:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / name, folder / name)
    return folder


def names(files, package=PACKAGE):
    return [file.relative_to(package).as_posix() for file in files]


def test_it_is_a_hash_and_does_not_change():
    assert len(code_version()) == 64
    assert code_version() == source_version(PACKAGE)


def test_the_folder_and_the_ends_of_lines_do_not_count(copy):
    for file in copy.rglob("*.py"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert source_version(copy) == code_version()


@pytest.mark.parametrize("name", names(deciding_modules(PACKAGE)))
def test_a_changed_byte_of_any_module_that_decides_changes_it(copy, name):
    source = bytearray((copy / name).read_bytes())
    source[len(source) // 2] ^= 1
    (copy / name).write_bytes(source)
    assert source_version(copy) != code_version()


@pytest.mark.parametrize("name", ["inference/brand_new.py", "models/brand_new.py"])
def test_a_new_module_counts_at_once(copy, name):
    (copy / name).write_text("WEIGHT = 1.0\n")
    assert source_version(copy) != code_version()


def test_what_moves_from_one_module_to_the_next_changes_it(copy):
    first, second = copy / "inference/tiling.py", copy / "inference/zz_next.py"
    lines = first.read_bytes().splitlines(keepends=True)
    first.write_bytes(b"".join(lines[:-1]))
    second.write_bytes(lines[-1])
    assert source_version(copy) != code_version()


def test_a_module_that_decides_nothing_does_not_count(copy):
    for name in NOT_DECIDING:
        (copy / name).write_text("changed\n")
    assert source_version(copy) == code_version()


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_version_of_a_library_counts(monkeypatch, library):
    known = module.version
    other = f"{known(library).partition('+')[0]}.1"
    monkeypatch.setattr(module, "version", lambda name: other if name == library else known(name))
    assert source_version(PACKAGE) != code_version()


def test_the_processor_a_library_was_built_for_does_not_count(monkeypatch):
    known = module.version
    monkeypatch.setattr(module, "version", lambda name: known(name).partition("+")[0] + "+cu126")
    assert source_version(PACKAGE) == code_version()


def test_absent_source_is_an_error(copy):
    (copy / "slope.py").unlink()
    with pytest.raises(GlacierError, match=r"slope\.py is absent"):
        source_version(copy)


def file_of(module):
    """The file of a module of ours, None where there is none of this name."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    return next(
        (file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None
    )


def imported_by(file):
    """Names of all that a module imports, within its functions too."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0  # relative imports would be missed here
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module
    if file == PACKAGE / NETWORKS:
        yield from networks()


def networks():
    from glacier_core.models.architectures import ARCHITECTURES

    for architecture in ARCHITECTURES.values():
        yield "glacier_core.models." + architecture.network.partition(".")[0]


def reached_from(*modules):
    """Return the files of all our modules that these ones import, directly or not."""
    reached, ahead = set(), list(modules)
    while ahead:
        name = ahead.pop()
        file = file_of(name) if name.startswith("glacier_core.") else None
        if file is not None and file not in reached:
            reached.add(file)
            ahead.extend(imported_by(file))
    return reached


def test_every_module_that_mapping_imports_counts_or_is_known_not_to():
    reached = names(reached_from("glacier_core.inference.engine"))
    assert {"inference/engine.py", "models/glavitu.py", "slope.py"} <= set(reached)
    unknown = set(reached) - set(names(deciding_modules(PACKAGE))) - set(NOT_DECIDING)
    unknown -= {name for name in unknown if name.endswith("__init__.py")}
    assert unknown == set(), "decide for each: does it decide a map, or not and why?"


def test_packages_themselves_hold_no_code_that_decides():
    for name in ("confidence", "inference", "models", "outlines"):
        tree = ast.parse((PACKAGE / name / "__init__.py").read_bytes())
        assert [type(node) for node in tree.body] == [ast.Expr]  # the docstring


def test_every_module_known_not_to_decide_is_there():
    assert [name for name in NOT_DECIDING if not (PACKAGE / name).is_file()] == []


def test_it_works_from_a_copy_elsewhere(copy):
    """As from an installed wheel: only the package, in some folder."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from glacier_core.inference import code_version as c\n"
            "print(c.__file__, c.code_version())",
        ],
        cwd=copy.parent,
        env=os.environ | {"PYTHONPATH": str(copy.parent)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert Path(told[0]) == copy / "inference/code_version.py"
    assert told[1] == code_version()
