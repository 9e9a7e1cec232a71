"""Running the benchmark: models and rules over tile files, resumable, one fault at a time."""

import hashlib
import json
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd

from glacier_core.benchmark.contenders import RULE, RULES, Contender, ways_to_ask
from glacier_core.benchmark.scoring import Scoreboard
from glacier_core.benchmark.storage import read_benchmark, write_benchmark
from glacier_core.benchmark.table import (
    GENERALISATIONS,
    Benchmark,
    empty_benchmark,
    figures_table,
    merge,
    runs_table,
)
from glacier_core.disk import disk_errors, file_sha256
from glacier_core.errors import SourceError, StorageError
from glacier_core.inference.device import DeviceChoice
from glacier_core.models.registry import Model
from glacier_core.provenance import software
from glacier_core.sources.tiles import TileSet

Tell = Callable[[str], None]

VERSION: Final = 1
"""Of the definitions: runs of another version are made again."""


@dataclass(frozen=True)
class _Task:
    """One contender on some tiles of one file."""

    contender: Contender
    file: Path
    file_sha256: str
    generalisation: str
    names: tuple[str, ...]
    left_out: int

    @property
    def run(self) -> str:
        """Id of the run: the same question has the same id."""
        facts = self.contender.facts
        asked = [facts.model, facts.sha256, facts.strategy, facts.track, facts.groups]
        told = [VERSION, asked, self.file_sha256, self.generalisation, self.names]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    @property
    def title(self) -> str:
        """Say which run it is."""
        facts = self.contender.facts
        return f"{facts.model} ({facts.strategy}, {facts.track}) on {self.file.name}"


def run_benchmark(
    models: Sequence[Model],
    tiles: Mapping[str, Sequence[Path]],
    out: str | Path,
    *,
    device: DeviceChoice = "auto",
    progress: Tell | None = None,
) -> Benchmark:
    """Predict and evaluate tile files with models, and with simple rules on the same pixels.

    Every run (a model, asked in one way, on a file) is kept as soon as it is done
    and not made again by the next call. A run that fails is told in the table of runs and in its
    log, and takes nothing from the others.

    Parameters
    ----------
    models : sequence of Model
        The rules of `RULES` always run beside them.
    tiles : mapping
        Tile files by how they differ from the training data, one of `GENERALISATIONS`.
    out : path
        The table, written anew with every call (see `read_benchmark`). Beside it stands a folder
        of the same name without the suffix, with ``runs/`` and ``logs/``.
    device : {"auto", "cpu", "cuda"}
    progress : callable, optional
        Receives sentences.

    Returns
    -------
    Benchmark

    Raises
    ------
    SourceError
        If a file is not there or a generalisation is unknown.
    StorageError
        If the disk refuses.
    """
    out, tell = Path(out), progress or (lambda _: None)
    folder = out.with_suffix("")
    _check_tiles(tiles)
    done = merge(
        _carry_out(task, folder, tell)
        for generalisation, files in tiles.items()
        for file in map(Path, files)
        for task in _tasks(models, file, generalisation, device, tell)
    )
    write_benchmark(done, out)
    return done


def _check_tiles(tiles: Mapping[str, Sequence[Path]]) -> None:
    for generalisation, files in tiles.items():
        if generalisation not in GENERALISATIONS:
            raise SourceError(
                f"Tiles cannot be {generalisation!r}: say how they differ from the training "
                f"data, {', '.join(GENERALISATIONS)}."
            )
        absent = [str(file) for file in files if not Path(file).is_file()]
        if absent:
            raise SourceError(f"There is no file of tiles {', '.join(absent)}. Check the path.")


def _tasks(
    models: Sequence[Model], file: Path, generalisation: str, device: DeviceChoice, tell: Tell
) -> Iterator[_Task]:
    """Yield the runs of one file: all networks, then the rules on every set of tiles they saw."""
    sha256 = file_sha256(file)
    everything = _names(file)
    seen = {everything}
    for model in models:
        for network in ways_to_ask(model, device, tell):
            names = _names(file, network.facts.groups, network.facts.regions)
            seen.add(names)
            left_out = len(everything) - len(names)
            yield _Task(network, file, sha256, generalisation, names, left_out)
    for names in sorted(seen, key=len, reverse=True):
        for rule in RULES if names or not everything else ():
            left_out = len(everything) - len(names)
            yield _Task(rule, file, sha256, generalisation, names, left_out)


def _names(
    file: Path, groups: tuple[str, ...] = (), regions: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Names of the tiles that hold some groups in some regions; none where it cannot be read."""
    try:
        with TileSet(file) as tiles:
            names = tiles.names_with(groups)
            return tuple(
                name for name in names if not regions or tiles.summary(name).region in regions
            )
    except SourceError:
        return ()  # the runs on this file will tell


def _carry_out(task: _Task, folder: Path, tell: Tell) -> Benchmark:
    kept = folder / "runs" / f"{task.run}.parquet"
    if kept.exists():
        try:
            found = read_benchmark(kept)
        except StorageError as error:
            tell(f"{task.title}: {error} It is made again.")
        else:
            tell(f"{task.title}: done before.")
            return found
    log = folder / "logs" / f"{task.run}.log"
    with disk_errors(log.parent):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("", encoding="utf-8")
    note = _both(tell, log)
    try:
        found = _measured(task, note)
    except Exception as error:
        with log.open("a", encoding="utf-8") as opened:
            opened.write(traceback.format_exc())
        note(f"{task.title} failed: {error}")
        return replace(empty_benchmark(), runs=runs_table([_run_row(task, 0, 0.0, str(error))]))
    write_benchmark(found, kept)
    return found


def _both(tell: Tell, log: Path) -> Tell:
    def note(sentence: str) -> None:
        tell(sentence)
        with log.open("a", encoding="utf-8") as opened:
            opened.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {sentence}\n")

    return note


def _measured(task: _Task, note: Tell) -> Benchmark:
    started = time.monotonic()
    board = Scoreboard(confident=task.contender.confident)
    with TileSet(task.file) as tiles:
        if not task.names:
            raise SourceError(
                f"No tile of {task.file.name} holds {', '.join(task.contender.facts.groups)} in "
                "a region that the model is for."
            )
        scored = 0
        for number, name in enumerate(task.names, start=1):
            scored += _add(board, task, tiles, name, note)
            each = (time.monotonic() - started) / number
            left = each * (len(task.names) - number)
            note(f"{task.title}: tile {number} of {len(task.names)}, {left:.0f} s left.")
        simulated = tiles.simulated
    if not scored:
        raise SourceError(f"No tile of {task.file.name} can be used; the log says why.")
    figures = _figures(task, board.figures(), simulated)
    row = _run_row(task, len(task.names) - scored, time.monotonic() - started)
    return Benchmark(figures, runs_table([row]))


def _add(board: Scoreboard, task: _Task, tiles: TileSet, name: str, note: Tell) -> int:
    """Score one tile; one that cannot be used is told and left out."""
    try:
        tile = tiles.tile(name)
    except SourceError as error:
        note(f"Left out: {error}")
        return 0
    probability = task.contender.probability(tile)
    board.add(tile, probability, task.contender.confidence(tile, probability))
    return 1


def _figures(task: _Task, scores: pd.DataFrame, simulated: bool) -> pd.DataFrame:
    facts = task.contender.facts
    columns: dict[str, Any] = {
        "run": task.run,
        "model": facts.model,
        "architecture": facts.architecture,
        "strategy": facts.strategy,
        "track": facts.track,
        "parameters": facts.parameters,
        "seconds_per_patch": task.contender.seconds_per_patch,
        "dataset": task.file.name,
        "generalisation": task.generalisation,
        "simulated": simulated,
        "published": False,
        "source": "measured by glacier-core benchmark",
    }
    return figures_table(scores.assign(**columns))


def _run_row(task: _Task, unusable: int, seconds: float, error: str = "") -> dict[str, object]:
    facts = task.contender.facts
    model = f" --model {facts.model}" if facts.architecture != RULE else ""
    kind = "test" if task.generalisation == GENERALISATIONS[0] else task.generalisation
    return {
        "run": task.run,
        "model": facts.model,
        "model_sha256": facts.sha256,
        "dataset": task.file.name,
        "dataset_sha256": task.file_sha256,
        "generalisation": task.generalisation,
        "seed": facts.seed,
        "tiles": len(task.names) - unusable,
        "tiles_left_out": task.left_out + unusable,
        "seconds": round(seconds, 1),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": f"glacier-explorer {software()['glacier-explorer']}",
        "command": f"glacier-core benchmark{model} --tiles {kind}={task.file.name} "
        "--out benchmark.parquet",
        "log": f"logs/{task.run}.log",
        "error": error,
    }
