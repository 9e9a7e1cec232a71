"""A report of one scene to print or to pass on: a summary, a page a glacier, all in one file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import geopandas as gpd
import pandas as pd
from jinja2 import Environment, PackageLoader, select_autoescape
from matplotlib.figure import Figure

from glacier_core.deviations.comparison import Comparison
from glacier_core.disk import disk_errors, write_file
from glacier_core.inference.result import GlacierMap
from glacier_core.reporting import wording
from glacier_core.reporting.doubt import Doubt, doubt_facts, measure_doubt
from glacier_core.reporting.figures import bounds_around, deviation_figure, map_figure, small_svg
from glacier_core.scene import Scene
from glacier_core.viewing.readings import read

MOST_PAGES: Final = 40
"""Glaciers with a page of their own, the largest; the table holds all."""

OVERVIEW: Final = (
    "expert_area_km2",
    "predicted_area_km2",
    "area_deviation_percent",
    "mean_m",
    "p95_m",
    "iou",
)
"""Columns of ``Comparison.glaciers`` in the table of the summary."""

NUMBERS: Final = (
    "expert_date",
    "expert_area_km2",
    "predicted_area_km2",
    "area_deviation_percent",
    "area_deviation_without_continuing_percent",
    "polis_m",
    "mean_m",
    "median_m",
    "p95_m",
    "hausdorff_m",
    "signed_mean_m",
    "iou",
    "mean_confidence",
    "boundary_left_out_percent",
    "unmapped_percent",
)
"""Columns of ``Comparison.glaciers`` on the page of a glacier."""

_PAGES: Final = Environment(
    loader=PackageLoader("glacier_core", "reporting"),
    autoescape=select_autoescape(default=True),
    trim_blocks=True,
)


def write_report(
    comparison: Comparison | None,
    scene: Scene,
    result: GlacierMap,
    path: str | Path,
    *,
    doubt: Doubt | None = None,
) -> Path:
    """Write a report as one HTML file that prints a page a glacier.

    It holds what was found in words, a picture, all numbers with their definitions, how much
    experts differ, limits, and what it was made from. It asks nothing of a network and runs no
    script; a browser prints it to PDF.

    Parameters
    ----------
    comparison : Comparison or None
        None where there are no expert outlines: the report then lists the mapped glaciers.
    scene : Scene
    result : GlacierMap
    path : str or Path
        The file to write; an older one is replaced, whole or not at all.
    doubt : Doubt, optional
        How sure the map is, where it was measured before; otherwise it is now.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    StorageError
        When the disk is full, or writing there is not allowed.
    """
    path = Path(path)
    content = report_html(comparison, scene, result, doubt=doubt).encode()
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, content)
    return path


def report_html(
    comparison: Comparison | None,
    scene: Scene,
    result: GlacierMap,
    *,
    doubt: Doubt | None = None,
) -> str:
    """Return the report of :func:`write_report` as text."""
    made_from = result.provenance if comparison is None else comparison.provenance
    facts: dict[str, Any] = {
        "title": scene.title,
        "image": _image(scene),
        "model": result.model_name,
        "made": made_from.get("made", "unknown date"),
        "simulated": scene.simulated,
        "limits": list(dict.fromkeys(_limits(comparison, scene, result))),
        "provenance": list(provenance_rows(result.provenance, comparison)),
    }
    facts |= _mapped(scene, result) if comparison is None else _compared(scene, comparison)
    facts |= doubt_facts(doubt or measure_doubt(result, scene, comparison))
    if facts["doubt"]:
        facts["definitions"] = [*facts["definitions"], *facts["doubt"]["definitions"]]
    return _PAGES.get_template("report.html").render(facts)


def provenance_rows(
    made_from: dict[str, Any], comparison: Comparison | None = None
) -> Iterator[tuple[str, str]]:
    """Yield what a map, and a comparison with it, were made from: label and text.

    Parameters
    ----------
    made_from : dict
        Provenance of the map.
    comparison : Comparison, optional
    """
    scene, attributes = made_from["scene"], made_from["scene"]["attributes"]
    yield "Scene", attributes["id"]
    yield "Scene, SHA-256 of its pixels", scene.get("fingerprint", "unknown")
    for name in ("source", "licence"):
        yield name.capitalize(), attributes.get(name, "unknown")
    yield "Model", made_from["model"]["name"]
    yield "Model, SHA-256 of its weights", made_from["model"].get("sha256", "unknown")
    for name, value in made_from.get("options", {}).items():
        yield f"Option {name}", "not used" if value is None else str(value)
    yield "Map made", made_from.get("made", "unknown")
    yield "Map, key of all its inputs", made_from["key"]
    if comparison is not None:
        yield from _expert_rows(comparison)
    versions = made_from.get("software", {})
    yield "Software", ", ".join(f"{name} {version}" for name, version in versions.items())
    yield "Command that repeats the map", made_from.get("command", "not recorded")


def _expert_rows(comparison: Comparison) -> Iterator[tuple[str, str]]:
    expert = comparison.provenance["expert"]
    yield "Expert outlines", ", ".join(filter(None, expert["sources"])) or "source unknown"
    yield "Expert outlines, SHA-256 of their geometry", expert["geometry_sha256"]
    yield "Buffer around the expert outlines", f"{comparison.buffer_m:g} m"
    yield "Comparison made", comparison.provenance["made"]


def _image(scene: Scene) -> str:
    facts = scene.attributes
    dated = "" if facts.acquired is None else f", {facts.acquired.isoformat()}"
    return f"Image: {facts.sensor}{dated}. {facts.source}."


def _limits(comparison: Comparison | None, scene: Scene, result: GlacierMap) -> Iterator[str]:
    if comparison is not None:
        dates = list(comparison.glaciers["expert_date"])
        complete = scene.attributes.outlines_complete
        told = (
            wording.years_apart_sentence(scene, dates),
            wording.elsewhere_sentence(comparison, complete=complete),
            wording.unmapped_sentence(comparison),
            "" if scene.simulated else wording.unknown_date_sentence(scene, dates),
        )
        yield from filter(None, told)
    yield from result.notes
    yield (
        "Confidence tells how often the network was right, on scenes where the truth is known, "
        "when it was this sure; it is no promise for this scene."
    )


def _mapped(scene: Scene, result: GlacierMap) -> dict[str, Any]:
    outlines = result.outlines()
    rows = [
        (row.glacier_id, wording.km2(row.area_km2))
        for row in outlines.head(MOST_PAGES).itertuples()
    ]
    more = len(outlines) - len(rows)
    return {
        "lead": [f"The map shows {wording.km2(result.area_km2())} of glacier."],
        "picture": _data_uri(map_figure(scene, outlines)),
        "heading": "Mapped ice, outline by outline",
        "overview": {"head": ("Outline", "Area"), "rows": rows},
        "left_out": f"{more} smaller outlines are not listed." if more > 0 else "",
        "glaciers": [],
        "definitions": [],
    }


def _compared(scene: Scene, comparison: Comparison) -> dict[str, Any]:
    complete = scene.attributes.outlines_complete
    lead = (
        wording.comparison_sentence(comparison),
        wording.continuing_sentence(comparison, complete=complete),
    )
    table = comparison.glaciers
    chosen = table.nlargest(MOST_PAGES, "expert_area_km2").index
    more = len(table) - len(chosen)
    return {
        "lead": [sentence for sentence in lead if sentence],
        "human": wording.human_sentence(),
        "picture": _data_uri(map_figure(scene, comparison.predicted, comparison.expert)),
        "heading": "Glacier by glacier",
        "overview": _overview(comparison),
        "left_out": f"The {more} smallest glaciers have no page of their own." if more else "",
        "chart": _data_uri(deviation_figure(comparison)) if len(table) > 1 else "",
        "glaciers": [_glacier(scene, comparison, number) for number in chosen],
        "definitions": [comparison.definitions[name] for name in NUMBERS],
    }


def _overview(comparison: Comparison) -> dict[str, Any]:
    meant = comparison.definitions
    rows = [
        [_name(row), *(read(comparison, column, row[column]) for column in OVERVIEW)]
        for row in comparison.glaciers.to_dict("records")
    ]
    return {"head": ["Glacier", *(meant[column].name for column in OVERVIEW)], "rows": rows}


def _glacier(scene: Scene, comparison: Comparison, number: int) -> dict[str, Any]:
    row = comparison.glaciers.loc[number].to_dict()
    return {
        "name": _name(row),
        "sentence": wording.glacier_sentence(row),
        "band": wording.band_sentence(row["area_deviation_percent"]),
        "picture": _closer(scene, comparison.predicted, comparison.expert, number),
        "numbers": [
            (one.name, read(comparison, column, row[column]), _brief(one.meaning))
            for column, one in ((column, comparison.definitions[column]) for column in NUMBERS)
            if row[column] != ""
        ],
    }


def _brief(meaning: str) -> str:
    """Return the first sentence of what a number means."""
    return meaning.split(". ")[0].rstrip(".") + "."


def _name(row: Mapping[Any, Any]) -> str:
    return str(row["name"] or row["glacier_id"])


def _closer(
    scene: Scene, predicted: gpd.GeoDataFrame, expert: gpd.GeoDataFrame, number: int
) -> str:
    """Return the picture of one glacier; its neighbours' outlines stay away."""
    rows: tuple[gpd.GeoDataFrame, ...] = (predicted.loc[[number]], expert.loc[[number]])
    bounds = bounds_around(*pd.concat([row.geometry for row in rows]))
    return _data_uri(map_figure(scene, *rows, bounds=bounds, width=3.5))


def _data_uri(figure: Figure) -> str:
    return "data:image/svg+xml," + quote(small_svg(figure), safe=" ~()*!.'/:;,?@&=+$-_")
