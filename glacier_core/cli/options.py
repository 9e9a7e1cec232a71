"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

SceneSource = Annotated[str, typer.Argument(help="A scene id (see `scenes`) or a scene folder.")]
MapFolder = Annotated[Path, typer.Argument(help="Folder written by `map`.")]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder to write.")]
Device = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option(help="auto takes a GPU where there is one.")
]
Buffer = Annotated[
    float, typer.Option("--buffer", help="Score within this distance of the outlines, metres.")
]
Rings = Annotated[
    Literal["all", "external"],
    typer.Option(help="Measure distances along all boundaries, or without those of nunataks."),
]
