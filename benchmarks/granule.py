"""Scenes of any size: time, memory, and going on after a kill, up to a whole Sentinel-2 granule.

    python benchmarks/granule.py --plot granule.png          # 1, 4, 16 and 64 megapixels
    python benchmarks/granule.py --whole --kill              # 10980 x 10980, killed half-way

Scenes are a simulated valley, mirrored again and again. Each is mapped by the command line in a
process of its own, whose peak of resident memory the system tells.
"""

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
import typer
from mapping import mirrored

import glacier_core as gc
from glacier_core.outlines.reading import read_outlines

GRANULE = 10_980
SIDES = (1000, 2000, 4000, 8000)


def write_large_scene(folder: Path, side: int) -> None:
    """Write a simulated scene of a size."""
    gc.write_scene(mirrored(gc.simulate_scene(0, "valley"), side), folder)


def start(scene: Path, out: Path, model: str, data: Path) -> subprocess.Popen[bytes]:
    """Start to map a scene by the command line."""
    program = Path(sys.executable).with_name("glacier-core")
    return subprocess.Popen(
        [program, "map", str(scene), "--out", str(out), "--model", model],
        env=os.environ | {"GLACIER_DATA_DIR": str(data)},
        stdout=subprocess.DEVNULL,
    )


def mapped(scene: Path, out: Path, model: str, data: Path) -> tuple[float, float]:
    """Map a scene; return seconds, and the peak of memory in GiB."""
    began = time.perf_counter()
    process = start(scene, out, model, data)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise typer.Exit(process.returncode)
    return time.perf_counter() - began, used.ru_maxrss / 2**20


def killed_and_gone_on_with(scene: Path, out: Path, model: str, data: Path, after: float) -> float:
    """Kill a mapping after so many seconds, and map again; return the seconds of the second."""
    process = start(scene, out, model, data)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return mapped(scene, out, model, data)[0]


def same(one: Path, other: Path) -> bool:
    """Whether two maps have the same bytes in all rasters, and the same outlines."""
    rasters = [file.name for file in one.glob("*.tif")]
    equal = all((one / name).read_bytes() == (other / name).read_bytes() for name in rasters)
    outlines = [read_outlines(folder / "outlines.parquet") for folder in (one, other)]
    return equal and outlines[0].equals(outlines[1])


def draw(table: pd.DataFrame, path: Path) -> None:
    """Plot time and memory against pixels."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
    left.loglog(table["megapixels"], table["seconds"], "o-", color="#d55e00")
    left.set(xlabel="Megapixels", ylabel="Seconds", title="Time")
    right.semilogx(table["megapixels"], table["peak, GiB"], "s-", color="#0072b2")
    right.axhline(3, color="#777777", linestyle=":", label="limit, 3 GiB")
    right.set(xlabel="Megapixels", ylabel="GiB", title="Peak of memory", ylim=(0, 3.3))
    right.legend()
    figure.savefig(path, dpi=110)


def main(
    model: Annotated[str, typer.Option(help="A model id or a folder.")] = "glavitu-small",
    sides: Annotated[list[int] | None, typer.Option("--side", help="Pixels; repeatable.")] = None,
    whole: Annotated[bool, typer.Option(help="A whole granule, 10980 x 10980.")] = False,
    kill: Annotated[bool, typer.Option(help="Also kill each half-way, and go on.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Picture to write, .png.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to work; else a new one.")] = None,
) -> None:
    """Measure mappings of growing scenes."""
    chosen = [GRANULE] if whole else list(sides or SIDES)
    home = Path(tempfile.mkdtemp(dir=folder))
    rows = []
    typer.echo(f"{platform.machine()}, {os.cpu_count()} cores; model {model}")
    try:
        for side in chosen:
            scene, first = home / "scene", home / "first"
            subprocess.run([sys.executable, __file__, "--make", str(scene), str(side)], check=True)
            seconds, peak = mapped(scene, first, model, home / "data")
            row = {"megapixels": side**2 / 1e6, "seconds": seconds, "peak, GiB": peak}
            row["s a megapixel"] = seconds / row["megapixels"]
            if kill:
                again, data = home / "again", home / "killed"
                row["after the kill, s"] = killed_and_gone_on_with(
                    scene, again, model, data, seconds / 2
                )
                row["same"] = same(first, again)
            rows.append(row)
            typer.echo(pd.DataFrame([row]).to_string(index=False, float_format="{:.3f}".format))
            for made in home.iterdir():
                shutil.rmtree(made)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if plot is not None:
        draw(pd.DataFrame(rows), plot)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:  # in a process of its own, so that its memory goes with it
        write_large_scene(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        typer.run(main)
