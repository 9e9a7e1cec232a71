"""The one log of a training: a line of numbers now and then, in CSV."""

import csv
from pathlib import Path

LOG = "log.csv"
COLUMNS = ("step", "seconds", "learning_rate", "loss", "validation")


def begin_log(path: Path, step: int) -> None:
    """Start the log, or drop its lines of steps that will be taken again."""
    lines: list[list[str]] = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as stream:
            lines = [line for line in csv.reader(stream) if line[0].isdigit()]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(line for line in lines if int(line[0]) <= step)


def log(path: Path, *values: float | None) -> None:
    """Add a line; None leaves its column empty."""
    with path.open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerow(values)
