"""A map as one page of its own: everything it needs is inside, so it works without a network.

Folium draws it with Leaflet, which folium itself would load from other servers; here it is laid
into the page (``viewing/leaflet``), and the page is forbidden to ask anybody for anything.
"""

from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

import folium

from glacier_core.deviations.comparison import Comparison
from glacier_core.disk import write_file
from glacier_core.inference.result import GlacierMap
from glacier_core.scene import Scene
from glacier_core.viewing import palettes
from glacier_core.viewing.layers import AGREEMENT_LEGEND
from glacier_core.viewing.notebook_map import add_layers

_LEAFLET: Final = Path(__file__).parent / "leaflet"
_STREETS: Final = "https://tile.openstreetmap.org"

_STYLE: Final = """
body{font:14px/1.4 system-ui,sans-serif;color:#1B2733}
.about{position:fixed;z-index:1000;left:10px;bottom:60px;max-width:19rem;max-height:60vh;
overflow:auto;background:#fffffff2;border-radius:6px;padding:8px 12px;box-shadow:0 1px 5px #0006}
.about h1{font-size:1rem;margin:0 0 4px}.about p,.about ul{margin:4px 0}.about ul{padding-left:1rem}
.about li{list-style:none;margin-left:-1rem}.about details li{list-style:disc;margin-left:0}
.about summary{cursor:pointer}
.badge{background:#8A5A00;color:#fff;border-radius:3px;padding:0 5px}
.line,.fill{display:inline-block;width:20px;margin-right:6px;vertical-align:middle}
.line{height:0;border-top:3px solid}.fill{height:11px}.ramp{display:block;height:10px}
.leaflet-container{font-size:13px!important}
@media(max-width:600px){.about{max-height:26vh;max-width:75vw}.leaflet-container{font-size:11px!important}}
"""


def page_map(
    scene: Scene,
    result: GlacierMap | None = None,
    comparison: Comparison | None = None,
    *,
    basemap: bool = False,
) -> folium.Map:
    """Return a folium map with the app's layers.

    Parameters
    ----------
    scene : Scene
    result : GlacierMap, optional
        Adds probability, confidence and the network's outlines.
    comparison : Comparison, optional
        Adds the agreement, and the deviations to the expert's outlines.
    basemap : bool
        Whether to lay OpenStreetMap below (asks its servers).
    """
    drawn = folium.Map(tiles=None, control_scale=True, zoom_snap=0.25)
    add_layers(drawn, scene, result, comparison, basemap=basemap)
    return drawn


def map_page(
    scene: Scene,
    result: GlacierMap | None = None,
    comparison: Comparison | None = None,
    *,
    basemap: bool = False,
) -> str:
    """Return the map of :func:`page_map` with its legend as one page of HTML.

    The same inputs give the same page, letter by letter.
    """
    drawn = page_map(scene, result, comparison, basemap=basemap)
    root = drawn.get_root()
    for number, element in enumerate(_elements(root)):
        element._id = f"{number:032x}"  # else by chance
    for one in _elements(root):
        if hasattr(one, "default_js"):
            one.default_js, one.default_css = [], []
    page: str = root.render()
    about = _about(scene, result, comparison)
    page = page.replace("<head>", f"<head>{_head(scene.title, basemap)}", 1)
    return page.replace("<body>", f"<body>{about}", 1)


def save_map_page(path: str | Path, *shown: Any, basemap: bool = False) -> Path:
    """Write a page with the map of :func:`page_map`, to share as one file.

    Parameters
    ----------
    path : str or Path
    *shown
        Scene, then result and comparison where there are any.
    basemap : bool
        Whether to lay OpenStreetMap below; the page then needs a network.

    Raises
    ------
    StorageError
        When the disk refuses.
    """
    write_file(Path(path), map_page(*shown, basemap=basemap).encode())
    return Path(path)


def _elements(element: Any) -> Iterator[Any]:
    yield element
    for part in ("header", "html", "script"):
        if hasattr(element, part) and part not in element._children:
            yield from _elements(getattr(element, part))
    for child in element._children.values():
        yield from _elements(child)


def _head(title: str, basemap: bool) -> str:
    script, style = _leaflet()
    pictures = f"data: {_STREETS}" if basemap else "data:"
    return (
        '<meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"img-src {pictures}; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{style}{_STYLE}</style><script>{script}</script>"
    )


@cache
def _leaflet() -> tuple[str, str]:
    """Return Leaflet's script and style; its pictures, of markers that no map here has, are not."""
    script = (_LEAFLET / "leaflet.js").read_text()
    style = (_LEAFLET / "leaflet.css").read_text()
    lines = [line for line in style.splitlines() if "url(" not in line]
    return script.replace("//# sourceMappingURL=leaflet.js.map", ""), "\n".join(lines)


def _about(scene: Scene, result: GlacierMap | None, comparison: Comparison | None) -> str:
    facts = scene.attributes
    acquired = "" if facts.acquired is None else f", {facts.acquired.isoformat()}"
    badge = '<p><span class="badge">Simulated, not observed</span></p>' if scene.simulated else ""
    model = "" if result is None else f"<p>Mapped by {escape(result.model_name)}.</p>"
    notes = facts.notes if result is None else tuple(result.notes)
    return (
        f'<section class="about"><h1>{escape(scene.title)}</h1>{badge}'
        f"<p>Image: {escape(facts.sensor)}{acquired}. {escape(facts.source)}.</p>{model}"
        f"<ul>{''.join(_legend(scene, result, comparison))}</ul>{_limits(notes)}</section>"
    )


def _legend(
    scene: Scene, result: GlacierMap | None, comparison: Comparison | None
) -> Iterator[str]:
    if result is not None:
        yield _entry("line", palettes.PREDICTED, "Network's outline")
    if scene.outlines is not None or comparison is not None:
        yield _entry("line", palettes.EXPERT, "Expert's outline")
    if result is not None:
        yield _ramp("Probability of glacier", palettes.PROBABILITY)
        yield _ramp("Calibrated confidence", palettes.CONFIDENCE)
    if comparison is not None:
        yield "<li>Agreement</li>"
        for entry in AGREEMENT_LEGEND:
            yield _entry("fill", entry.color, entry.label)


def _entry(kind: str, color: str, label: str) -> str:
    side = "border-color" if kind == "line" else "background"
    return f'<li><span class="{kind}" style="{side}:{color}"></span>{escape(label)}</li>'


def _ramp(label: str, ramp: palettes.Ramp) -> str:
    return (
        f'<li>{escape(label)}, {ramp.values[0]:g} to {ramp.values[-1]:g}<span class="ramp" '
        f'style="background:linear-gradient(90deg,{",".join(ramp.colors)})"></span></li>'
    )


def _limits(notes: tuple[str, ...]) -> str:
    if not notes:
        return ""
    told = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<details><summary>Before you rely on this map</summary><ul>{told}</ul></details>"
