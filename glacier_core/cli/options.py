"""Options that several commands share, and how they tell of progress."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from glacier_core.network.transfer import TransferProgress

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


def tell_progress(progress: "TransferProgress") -> None:
    """Write where a transfer stands over the line before; nothing where nobody watches."""
    if not sys.stderr.isatty():
        return
    share = f"{100 * progress.done / progress.total:3.0f} %" if progress.total else ""
    typer.secho(f"\r{progress.message} {share}\033[K", nl=False, err=True)
