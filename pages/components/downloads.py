"""A map as files to take away, each made only when it is asked for."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

import glacier_core as gc
from glacier_core.outlines.shapefiles import zipped

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Offer:
    """One file: what the button says, the end of its name, its kind, and how it is made."""

    label: str
    ending: str
    mime: str
    make: Callable[[], bytes]


def download_map(
    result: "gc.GlacierMap",
    scene: "gc.Scene | None" = None,
    comparison: "gc.Comparison | None" = None,
) -> None:
    """Offer a map as files, grouped by what people want them for.

    Parameters
    ----------
    result : GlacierMap
    scene : Scene, optional
        Adds the map page, the picture, the report and the whole export.
    comparison : Comparison, optional
        Adds its tables and its figure.
    """
    name = f"{result.scene_id}-{result.model_name}"
    with st.popover("Downloads", icon=":material/download:"):
        for heading, offers in groups(result, scene, comparison).items():
            st.markdown(f"**{heading}**")
            row = st.container(horizontal=True)
            for offer in offers:
                row.download_button(
                    offer.label,
                    data=offer.make,
                    file_name=f"{name}{offer.ending}",
                    mime=offer.mime,
                    key=f"download{offer.ending}",
                    on_click="ignore",
                )
        st.caption(
            "Each file, or what it is zipped with, tells the scene, the model and their hashes. "
            "`glacier-core repeat provenance.json` makes the same bytes again."
        )


def groups(
    result: "gc.GlacierMap", scene: "gc.Scene | None", comparison: "gc.Comparison | None"
) -> dict[str, list[Offer]]:
    """Return what is offered, by heading."""
    offered = {"Outlines": _outlines(result)}
    if scene is not None:
        offered["Outlines"].append(_glaciers(result, scene, comparison))
    if comparison is not None:
        offered["Tables and figure of the comparison"] = _tables(comparison)
    offered["Maps"] = _maps(result, scene, comparison)
    if scene is not None:
        offered["To print, or all of it"] = _whole(result, scene, comparison)
    return offered


def outline_file(result: "gc.GlacierMap", suffix: str) -> bytes:
    """Return the outlines of a map as the bytes of one file, as ``write_outlines`` writes it."""
    return _written(
        f"outlines{suffix}",
        lambda path: gc.write_outlines(result.outlines(), path, provenance=result.provenance),
    )


def map_archive(result: "gc.GlacierMap") -> bytes:
    """Return a zip of the folder that ``GlacierMap.save`` writes."""
    return _folder(result.save)


def export_archive(
    result: "gc.GlacierMap", scene: "gc.Scene", comparison: "gc.Comparison | None"
) -> bytes:
    """Return a zip of the folder that ``export_map`` writes."""
    return _folder(lambda folder: gc.export_map(result, scene, folder, comparison=comparison))


def _outlines(result: "gc.GlacierMap") -> list[Offer]:
    kinds = (
        ("GeoPackage", ".gpkg", "application/geopackage+sqlite3"),
        ("GeoParquet", ".parquet", "application/vnd.apache.parquet"),
        ("GeoJSON", ".geojson", "application/geo+json"),
        ("Shapefile, zipped", ".zip", "application/zip"),
    )
    return [
        Offer(label, f"-outlines{suffix}", mime, lambda suffix=suffix: outline_file(result, suffix))
        for label, suffix, mime in kinds
    ]


def _glaciers(
    result: "gc.GlacierMap", scene: "gc.Scene", comparison: "gc.Comparison | None"
) -> Offer:
    def divided() -> bytes:
        divides = scene.outlines if comparison is None else comparison.expert
        outlines = gc.divided_outlines(result, scene.data["elevation"], inventory=divides)
        return _written(
            "glaciers.gpkg",
            lambda path: gc.write_outlines(outlines, path, provenance=result.provenance),
        )

    mime = "application/geopackage+sqlite3"
    return Offer("One outline a glacier, GeoPackage", "-glaciers.gpkg", mime, divided)


def _tables(comparison: "gc.Comparison") -> list[Offer]:
    def table(suffix: str) -> bytes:
        return _written(f"c{suffix}", lambda path: gc.save_comparison(comparison, path))

    def figure(kind: str) -> bytes:
        from glacier_core.reporting.figures import deviation_figure, figure_file

        return figure_file(deviation_figure(comparison), kind)

    kinds = (
        ("CSV", ".csv", "text/csv"),
        ("Parquet", ".parquet", "application/vnd.apache.parquet"),
        ("GeoPackage with both outlines", ".gpkg", "application/geopackage+sqlite3"),
        ("JSON", ".json", "application/json"),
    )
    tables = [
        Offer(label, f"-comparison{suffix}", mime, lambda suffix=suffix: table(suffix))
        for label, suffix, mime in kinds
    ]
    figures = [
        Offer(
            f"Figure, {kind.upper()}", f"-deviations.{kind}", mime, lambda kind=kind: figure(kind)
        )
        for kind, mime in PICTURES
    ]
    return tables + figures


PICTURES = (("svg", "image/svg+xml"), ("png", "image/png"))


def _maps(
    result: "gc.GlacierMap", scene: "gc.Scene | None", comparison: "gc.Comparison | None"
) -> list[Offer]:
    rasters = Offer("GeoTIFFs, zipped", "-map.zip", "application/zip", lambda: map_archive(result))
    if scene is None:
        return [rasters]

    def picture(kind: str) -> bytes:
        from glacier_core.reporting.figures import figure_file

        return figure_file(_drawn(result, scene, comparison), kind)

    def page() -> bytes:
        shown = (scene, result, comparison)
        return _written("map.html", lambda path: gc.save_map_page(path, *shown))

    pictures = [
        Offer(f"Picture, {kind.upper()}", f"-picture.{kind}", mime, lambda kind=kind: picture(kind))
        for kind, mime in PICTURES
    ]
    return [
        rasters,
        Offer("Map page that works offline", "-map.html", "text/html", page),
        *pictures,
    ]


def _drawn(
    result: "gc.GlacierMap", scene: "gc.Scene", comparison: "gc.Comparison | None"
) -> "Figure":
    from glacier_core.reporting.figures import map_figure

    expert = scene.outlines if comparison is None else comparison.expert
    return map_figure(scene, result.outlines(), expert)


def _whole(
    result: "gc.GlacierMap", scene: "gc.Scene", comparison: "gc.Comparison | None"
) -> list[Offer]:
    def report() -> bytes:
        return _written(
            "report.html", lambda path: gc.write_report(comparison, scene, result, path)
        )

    def everything() -> bytes:
        return export_archive(result, scene, comparison)

    return [
        Offer("Report", "-report.html", "text/html", report),
        Offer("Everything, zipped", "-export.zip", "application/zip", everything),
    ]


def _written(name: str, write: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()


def _folder(fill: Callable[[Path], Path]) -> bytes:
    with tempfile.TemporaryDirectory() as parent:
        folder = fill(Path(parent) / "map")
        return zipped({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
