"""Layers of a map: what is drawn, how it is named and what its colours mean.

The app's map, the notebook's map and the stand-alone page draw these same layers.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, cos, log2, pi, radians
from pathlib import Path
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

from rasterio.warp import transform_bounds

from glacier_core.inference.code_version import hash_of_source
from glacier_core.scene import Scene
from glacier_core.viewing import palettes
from glacier_core.viewing.palettes import Ramp

Bounds = tuple[float, float, float, float]
"""West, south, east and north in degrees (EPSG:4326)."""

COMPOSITES = {"natural": "Natural colours", "swir": "SWIR–NIR–red", "ndsi": "Snow index (NDSI)"}
"""The three pictures of the imagery, by the name in an address, with their name for people."""

TILE_SIZE = 512
"""Side of a tile in pixels, as MapLibre asks for them."""

FINEST_IMAGERY: Final = 1.0
"""Largest pixel of the finest tiles, in pixels of the scene; the browser draws between them."""

FINEST_CODES: Final = 0.5
"""The same where the browser must not draw between pixels, and each is to keep its shape."""

MAX_ZOOM = 22
EQUATOR_M = 2 * pi * 6378137.0
"""Length of the equator in web Mercator (EPSG:3857), in metres."""

DRAWING: Final = ("palettes.py", "rendering.py", "tiles.py", "warping.py")
"""Modules that decide what a tile looks like."""


@dataclass(frozen=True)
class LegendEntry:
    """One line of a legend."""

    color: str
    label: str
    shape: Literal["fill", "line", "ramp"] = "fill"


@dataclass(frozen=True)
class TileLayer:
    """A picture drawn on the server as tiles.

    Attributes
    ----------
    id : str
        Unique on the map.
    title : str
        What the layer switch says.
    tiles : str
        Address of the tiles with ``{z}``, ``{x}`` and ``{y}``, relative to the app.
    bounds : Bounds
        Outside of which no tile is asked for.
    visible : bool
        Whether the layer is on when the map opens; afterwards the reader decides.
    opacity : float
        0 to 1, when the map opens.
    group : str
        Layers of one group exclude each other; ``""`` for none.
    max_zoom : int
        The finest tiles worth asking for; closer up the browser enlarges them.
    """

    id: str
    title: str
    tiles: str
    bounds: Bounds
    visible: bool = False
    opacity: float = 1.0
    group: str = ""
    max_zoom: int = 14
    legend: tuple[LegendEntry, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class DataLayer:
    """Values from 0 to 1 sent as data-carrying tiles and coloured in the browser.

    Red of a tile's pixel holds ``round(255 * value)``, alpha is 0 where there is no data.
    With a threshold set on the map, values below it are hidden at once.

    Attributes
    ----------
    live : str
        Address, relative to the app, that answers with another text whenever the tiles have
        changed; empty for tiles that stay as they are.
    """

    id: str
    title: str
    tiles: str
    bounds: Bounds
    ramp: Ramp
    visible: bool = False
    opacity: float = 0.8
    group: str = ""
    max_zoom: int = 14
    description: str = ""
    live: str = ""


@dataclass(frozen=True)
class OutlineLayer:
    """Outlines as GeoJSON in EPSG:4326.

    Attributes
    ----------
    geojson : dict
        A feature collection. A feature's properties hold ``glacier_id``, ``name`` and
        ``rows``, a list of (label, text) shown as plain text when the outline is clicked.
    dash : tuple of float
        Lengths of dashes and gaps in widths of the line; empty for a whole line.
    """

    id: str
    title: str
    geojson: dict[str, Any]
    color: str
    visible: bool = True
    opacity: float = 1.0
    width: float = 2.0
    description: str = ""
    dash: tuple[float, ...] = ()


Layer = TileLayer | DataLayer | OutlineLayer


@dataclass(frozen=True)
class Threshold:
    """A slider on the map that hides the values of one data layer below it.

    Attributes
    ----------
    layer : str
        Id of the data layer.
    share_below : tuple of float
        Share of the mapped area (0 to 1) below each of evenly spaced thresholds from
        0 to 1 (the first is at 0, the last at 1), shown beside the slider as it moves.
    """

    layer: str
    label: str
    value: float = 0.0
    share_below: tuple[float, ...] = field(default=())


AGREEMENT_LEGEND = (
    LegendEntry(palettes.AGREEMENT, "Both say glacier"),
    LegendEntry(palettes.PREDICTED, "Only the network"),
    LegendEntry(palettes.EXPERT, "Only the expert"),
)


_BOUNDS: WeakKeyDictionary[Scene, Bounds] = WeakKeyDictionary()


def geographic_bounds(scene: Scene) -> Bounds:
    """Return west, south, east and north of a scene in degrees."""
    if scene not in _BOUNDS:
        west, south, east, north = transform_bounds(scene.crs, "EPSG:4326", *scene.bounds)
        _BOUNDS[scene] = west, south, east, north
    return _BOUNDS[scene]


def finest_zoom(scene: Scene, pixels: float) -> int:
    """Return the zoom at which a tile's pixel is no more than so many pixels of the scene.

    Parameters
    ----------
    pixels : float
        :data:`FINEST_IMAGERY` or :data:`FINEST_CODES`.
    """
    _, south, _, north = geographic_bounds(scene)
    ground = EQUATOR_M / TILE_SIZE * cos(radians((south + north) / 2))
    return min(max(ceil(log2(ground / scene.resolution / pixels)), 0), MAX_ZOOM)


def scene_version(scene: Scene) -> str:
    """Return a short name of a scene's content, so that browsers never show an old tile."""
    return scene.fingerprint()[:12]


@lru_cache(maxsize=1)
def drawing_version() -> str:
    """Return a short name of the code that draws tiles, which browsers keep for a year."""
    folder = Path(__file__).parent
    files = [folder / name for name in DRAWING]
    return hash_of_source(files, folder, ["pillow", "rasterio", "rio-tiler"])[:8]


def scene_layers(scene: Scene, *, composite: str = "natural") -> list[Layer]:
    """Return the imagery of a scene in three composites, its hillshade and its slope.

    Parameters
    ----------
    composite : {"natural", "swir", "ndsi"}
        The one that is on when the map opens.
    """
    bounds, finest = geographic_bounds(scene), finest_zoom(scene, FINEST_IMAGERY)
    version = f"{scene_version(scene)}-{drawing_version()}"

    def tiles(name: str) -> str:
        return f"tiles/scenes/{scene.id}/{name}/{{z}}/{{x}}/{{y}}?v={version}"

    pictures: list[Layer] = [
        TileLayer(
            name,
            title,
            tiles(name),
            bounds,
            visible=name == composite,
            group="imagery",
            max_zoom=finest,
            legend=_ramp_legend(palettes.NDSI, "NDSI") if name == "ndsi" else (),
            description=_COMPOSITE_NOTES[name],
        )
        for name, title in COMPOSITES.items()
    ]
    terrain: list[Layer] = [
        TileLayer(
            "hillshade",
            "Hillshade",
            tiles("hillshade"),
            bounds,
            group="imagery",
            max_zoom=finest,
        ),
        TileLayer(
            "slope",
            "Slope",
            tiles("slope"),
            bounds,
            group="imagery",
            max_zoom=finest,
            legend=_ramp_legend(palettes.SLOPE, "°"),
        ),
    ]
    return pictures + terrain


_COMPOSITE_NOTES = {
    "natural": "Red, green and blue, as the eye would see it.",
    "swir": "SWIR1, near infrared and red: snow and ice turn blue, cloud white, rock brown.",
    "ndsi": "(green − SWIR1) / (green + SWIR1): snow and ice are high, above about 0.4.",
}


def _ramp_legend(ramp: Ramp, unit: str) -> tuple[LegendEntry, ...]:
    return tuple(
        LegendEntry(color, f"{value:g} {unit}", "ramp")
        for value, color in zip(ramp.values, ramp.colors, strict=True)
    )


def map_layers(scene: Scene, map_key: str, *, visible: str = "") -> list[Layer]:
    """Return the probability and the confidence of a map.

    Parameters
    ----------
    map_key : str
        Key of the map in the map cache.
    visible : {"", "probability", "confidence"}
        The one that is on when the map opens.
    """
    bounds = geographic_bounds(scene)

    def layer(name: str, title: str, ramp: Ramp, description: str) -> DataLayer:
        return DataLayer(
            name,
            title,
            f"tiles/maps/{map_key}/{name}/{{z}}/{{x}}/{{y}}?v={drawing_version()}",
            bounds,
            ramp,
            visible=visible == name,
            group="values",
            max_zoom=finest_zoom(scene, FINEST_CODES),
            description=description,
        )

    return [
        layer(
            "probability",
            "Probability of glacier",
            palettes.PROBABILITY,
            "What the network gives each pixel; glacier from 0.5 up.",
        ),
        layer(
            "confidence",
            "Calibrated confidence",
            palettes.CONFIDENCE,
            "How often the network was right, on held-out data, where it was this sure.",
        ),
    ]


def agreement_layer(scene: Scene, comparison_key: str, *, visible: bool = False) -> TileLayer:
    """Return where network and expert agree: both, only the network, only the expert.

    Parameters
    ----------
    comparison_key : str
        What :func:`glacier_core.viewing.agreement.write_agreement` returned.
    """
    return TileLayer(
        "agreement",
        "Agreement with the expert",
        f"tiles/comparisons/{comparison_key}/agreement/{{z}}/{{x}}/{{y}}?v={drawing_version()}",
        geographic_bounds(scene),
        visible=visible,
        opacity=0.8,
        group="values",
        max_zoom=finest_zoom(scene, FINEST_CODES),
        legend=AGREEMENT_LEGEND,
        description="Grey where both say glacier, orange and blue where only one does.",
    )
