"""All that leaves the program of one map, in one folder with one record of what it is."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from glacier_core.deviations.comparison import Comparison
from glacier_core.disk import disk_errors, file_sha256, write_file
from glacier_core.errors import SceneError, StorageError
from glacier_core.inference.result import PROVENANCE, GlacierMap
from glacier_core.outlines.schema import COLUMNS
from glacier_core.outlines.writing import write_outlines
from glacier_core.provenance import record
from glacier_core.reporting.doubt import Doubt, measure_doubt
from glacier_core.reporting.exports import save_comparison, table_csv
from glacier_core.reporting.figures import deviation_figure, figure_file, map_figure
from glacier_core.reporting.report import write_report
from glacier_core.scene import Scene
from glacier_core.viewing.map_page import save_map_page

EXPORT: Final = "export"
"""Where in its ``provenance.json`` a folder tells what it holds."""

OUTLINE_FILES: Final = ("outlines.gpkg", "outlines.parquet", "outlines.geojson", "outlines-shp.zip")
TABLE_FILES: Final = ("glaciers.csv", "glaciers.parquet", "comparison.json", "comparison.gpkg")


def export_map(
    result: GlacierMap,
    scene: Scene,
    folder: str | Path,
    *,
    comparison: Comparison | None = None,
) -> Path:
    """Write everything of a map into a new folder, whole or not at all.

    GeoTIFFs, outlines in four formats, the confidence band, how sure the areas are and where to
    look first, a picture (SVG, PNG), a map page and a report; with a comparison also its tables,
    outlines and figure, intervals of its distances and where its errors lie.
    ``provenance.json`` tells what they were made from, with the SHA-256 of each;
    ``glacier-core repeat`` makes the same bytes again.

    Parameters
    ----------
    result : GlacierMap
    scene : Scene
        The one that was mapped.
    folder : str or Path
        Not there yet, or empty.
    comparison : Comparison, optional
        Of this map with expert outlines.

    Returns
    -------
    Path
        The folder. ``open_map`` reads it.

    Raises
    ------
    SceneError
        When it is another scene than the one that was mapped.
    StorageError
        When the folder holds files already, the disk is full, or writing there is not allowed.
    """
    _check_scene(result, scene)
    about = record(EXPORT, comparison=None if comparison is None else _own_facts(comparison))
    made_from = {name: fact for name, fact in result.provenance.items() if name != EXPORT}
    result = replace(result, provenance=made_from)
    if comparison is not None:
        comparison = replace(comparison, provenance=comparison.provenance | {"map": made_from})
    return write_package(result, scene, folder, comparison, about)


def write_package(
    result: GlacierMap,
    scene: Scene,
    folder: str | Path,
    comparison: Comparison | None,
    about: Mapping[str, Any],
) -> Path:
    """Write the folder of :func:`export_map`, telling ``about`` as what it was made by and when."""

    def fill(into: Path) -> None:
        _write_map(result, scene, into)
        if comparison is not None:
            _write_comparison(comparison, into)
        doubt = measure_doubt(result, scene, comparison)
        if doubt is not None:
            _write_doubt(doubt, result, into)
        _write_pages(comparison, scene, result, into, doubt)
        told = result.provenance | {EXPORT: {**about, "files": file_hashes(into)}}
        content = json.dumps(told, indent=1, ensure_ascii=False)
        write_file(into / PROVENANCE, content.encode())

    return filled_folder(Path(folder), fill)


def filled_folder(folder: Path, fill: Callable[[Path], object]) -> Path:
    """Fill a folder beside and put it in place, so that it is there whole or not at all.

    Raises
    ------
    StorageError
        When the folder holds files already, or the disk refuses.
    """
    beside = folder.with_name(f".{folder.name}-{uuid4().hex}")
    with disk_errors(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise StorageError(
                f"{folder} is there already and not an empty folder. Name a new one, so that "
                "nothing old is taken for new."
            )
        beside.mkdir(parents=True)
        try:
            fill(beside)
            if folder.exists():
                folder.rmdir()
            beside.replace(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return folder


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a folder but its record."""
    return {
        path.name: file_sha256(path) for path in sorted(folder.iterdir()) if path.name != PROVENANCE
    }


def _check_scene(result: GlacierMap, scene: Scene) -> None:
    mapped = result.provenance["scene"].get("fingerprint", "")
    if (scene.shape, scene.transform) != (result.shape, result.transform) or (
        mapped and scene.fingerprint() != mapped
    ):
        raise SceneError(
            f"The map of {result.scene_id} was not made from the scene {scene.id} as it is here: "
            "grid or pixels differ. Give the scene that was mapped, or map this one."
        )


def _own_facts(comparison: Comparison) -> dict[str, Any]:
    """Return what a comparison adds to the provenance of the map it judges."""
    return {name: fact for name, fact in comparison.provenance.items() if name != "map"}


def _write_map(result: GlacierMap, scene: Scene, folder: Path) -> None:
    result.save(folder)
    outlines = result.outlines()
    for name in OUTLINE_FILES:
        write_outlines(outlines, folder / name, provenance=result.provenance)
    drawn = map_figure(scene, outlines, scene.outlines)
    write_file(folder / "picture.svg", figure_file(drawn, "svg"))
    write_file(folder / "picture.png", figure_file(drawn, "png"))


def _write_comparison(comparison: Comparison, folder: Path) -> None:
    for name in TABLE_FILES:
        save_comparison(comparison, folder / name)
    drawn = deviation_figure(comparison)
    write_file(folder / "deviations.svg", figure_file(drawn, "svg"))
    write_file(folder / "deviations.png", figure_file(drawn, "png"))


def _write_doubt(doubt: Doubt, result: GlacierMap, folder: Path) -> None:
    for name, table in doubt.tables():
        stamped = table.assign(reflectance=result.attributes.reflectance)
        write_file(folder / f"{name}.csv", table_csv(stamped))
    write_outlines(
        doubt.band.outlines[list(COLUMNS)],
        folder / "confidence-band.gpkg",
        provenance=result.provenance,
    )


def _write_pages(
    comparison: Comparison | None,
    scene: Scene,
    result: GlacierMap,
    folder: Path,
    doubt: Doubt | None,
) -> None:
    save_map_page(folder / "map.html", scene, result, comparison)
    write_report(comparison, scene, result, folder / "report.html", doubt=doubt)
