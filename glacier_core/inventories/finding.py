"""Glaciers found by name, id or place."""

from typing import Final

import geopandas as gpd
import numpy as np
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from rapidfuzz import fuzz, process

from glacier_core.errors import OutlineError
from glacier_core.inventories.identifiers import Identifier, identifier_in
from glacier_core.inventories.loaded import GlacierIndex, glacier_index
from glacier_core.inventories.names import folded, search_key
from glacier_core.inventories.places import Place, place_in

_MOST_TEXT: Final = 200
_EXACT, _BEGINS, _HOLDS, _PLACE = 100.0, 95.0, 90.0, 50.0
_ALIKE: Final = 72.0
"""Least likeness of two names, of 100 (RapidFuzz ratio): a wrong letter in five."""

_LOOSE: Final = 60.0
_PART: Final = 0.95
_MOST_ALIKE: Final = 100
_SHORTEST_PART: Final = 3
"""Letters; a shorter text is looked up as a whole name only."""

_NEAR_KM: Final = 50.0
_GLIMS_KM: Final = 3.0
"""An id of GLIMS spells a place on the glacier; that of another date lies this near."""

_GEOD: Final = Geod(ellps="WGS84")
Rows = NDArray[np.int64]


def find_glaciers(
    text: str, *, limit: int = 20, index: GlacierIndex | None = None
) -> gpd.GeoDataFrame:
    """Return the glaciers a text may mean, the likeliest first.

    Parameters
    ----------
    text : str
        A name, with or without accents and "glacier", with typing mistakes; followed by a comma
        and a region or country where several have it (``Columbia Glacier, Alaska``). Or an id of
        RGI 7.0, RGI 6 or GLIMS. Or a place, latitude first unless letters tell otherwise, see
        :func:`glacier_core.inventories.places.place_in`. Or a region or country alone.
    limit : int
        Most rows.
    index : GlacierIndex, optional
        By default that of this installation: all glaciers where it was built
        (:func:`glacier_core.inventories.building.build_index`), else the well-known ones.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns of :data:`glacier_core.inventories.index_table.COLUMNS` (EPSG:4326, rectangles)
        and ``label`` (name, country or region, for people) and ``match`` (why it was found:
        ``name``, ``part of a name``, ``like the name``, ``RGI 7 id`` …, ``at the place``,
        ``12 km away``; with ``, elsewhere`` where it is not in the region asked
        for). No row where nothing is like it.

    Raises
    ------
    OutlineError
        When the text is empty or longer than 200 characters.
    SourceError
        When it is a pair of coordinates of no place on Earth.
    """
    text = text.strip()
    if not text or len(text) > _MOST_TEXT:
        raise OutlineError(
            "Type the name of a glacier, an id (RGI or GLIMS) or a place like 46.80, 10.75, of at "
            f"most {_MOST_TEXT} characters."
        )
    index = index or glacier_index()
    identifier = identifier_in(text)
    if identifier is not None:
        rows, why = _by_id(index, identifier)
    elif (place := place_in(text)) is not None:
        rows, why = _by_place(index, place, _NEAR_KM)
    else:
        rows, why = _by_name(index, text, limit)
    return _told(index, rows[:limit], why[:limit])


def glaciers_in(
    geometry: shapely.Geometry, *, index: GlacierIndex | None = None
) -> gpd.GeoDataFrame:
    """Return the glaciers whose rectangle meets an area, the largest first.

    Parameters
    ----------
    geometry : shapely geometry
        EPSG:4326; cut in two parts where it crosses the antimeridian.
    index : GlacierIndex, optional

    Returns
    -------
    geopandas.GeoDataFrame
        As of :func:`find_glaciers`. A rectangle may meet the area though its glacier does not.
    """
    index = index or glacier_index()
    rows = np.asarray(index.tree.query(geometry, predicate="intersects"), dtype=np.int64)
    rows = rows[np.argsort(-_sizes(index, rows), kind="stable")]
    return _told(index, rows, ["in the area"] * len(rows))


def _told(index: GlacierIndex, rows: Rows, why: list[str]) -> gpd.GeoDataFrame:
    found = index.taken(rows)
    names = found["name"].where(found["name"] != "", found["glacier_id"])
    where = found["country"].where(found["country"] != "", found["region_name"])
    found["label"] = [
        f"{name}, {place}" if place else name for name, place in zip(names, where, strict=True)
    ]
    found["match"] = why
    return found


_ID_WORDS: Final = {
    "rgi7_id": "RGI 7 id",
    "rgi6_id": "RGI 6 id",
    "glims_id": "GLIMS id",
    "complex_id": "part of the complex",
}


def _by_id(index: GlacierIndex, identifier: Identifier) -> tuple[Rows, list[str]]:
    column = index.table[identifier.kind]
    rows = np.flatnonzero((column == identifier.text).to_numpy())
    if not len(rows) and identifier.kind == "rgi6_id":
        others = index.table["rgi6_others"]
        rows = np.flatnonzero(others.str.contains(identifier.text, regex=False).to_numpy())
    if len(rows) or identifier.kind != "glims_id":
        return rows, [_ID_WORDS[identifier.kind]] * len(rows)
    place = place_in(identifier.text)
    assert place is not None  # noqa: S101  (every id of GLIMS spells a place)
    return _by_place(index, place, _GLIMS_KM)


def _by_place(index: GlacierIndex, place: Place, most_km: float) -> tuple[Rows, list[str]]:
    """Return glaciers around a place: first those whose rectangle holds it, the nearest first."""
    table = index.table
    longitudes, latitudes = (table[axis].to_numpy() for axis in ("longitude", "latitude"))
    degrees = most_km / 100 + 1.0
    near = np.flatnonzero(_holds(index, place) | (abs(latitudes - place.latitude) < degrees))
    here = np.broadcast_to([[place.longitude], [place.latitude]], (2, len(near)))
    _, _, metres = _GEOD.inv(here[0], here[1], longitudes[near], latitudes[near])
    away = np.asarray(metres) / 1000
    at = _holds(index, place)[near]
    kept = np.flatnonzero(at | (away <= most_km))
    order = kept[np.lexsort((away[kept], ~at[kept]))]
    why = ["at the place" if at[one] else f"{away[one]:.0f} km away" for one in order]
    return near[order], why


def _holds(index: GlacierIndex, place: Place) -> NDArray[np.bool_]:
    west, south, east, north = index.bounds.T
    width, eastwards = (east - west) % 360, (place.longitude - west) % 360
    held: NDArray[np.bool_] = (
        (eastwards <= width) & (south <= place.latitude) & (place.latitude <= north)
    )
    return held


def _by_name(index: GlacierIndex, text: str, limit: int) -> tuple[Rows, list[str]]:
    name, _, rest = text.replace("(", ",").replace(")", ",").partition(",")
    key, there = search_key(name), folded(rest).split()
    scores = _scored(index, key) if key else {}
    if not scores:
        here = folded(text).split()
        scores = dict.fromkeys(_rows_at(index, here).tolist(), _PLACE) if here else {}
    rows = np.fromiter(scores, dtype=np.int64, count=len(scores))
    points = np.fromiter(scores.values(), dtype=np.float64, count=len(scores))
    at = _at(index, rows, there)
    order = np.lexsort((-_sizes(index, rows), -points, ~at))[:limit]
    why = [_name_words(points[one]) + ("" if at[one] else ", elsewhere") for one in order]
    return rows[order], why


def _scored(index: GlacierIndex, key: str) -> dict[int, float]:
    """Score the rows of an index by how like a key theirs are; each by its best."""
    found = _literal(index, key) or _alike(index, key)
    scores: dict[int, float] = {}
    for rows, points in found:
        for row in rows.tolist():
            scores[row] = max(scores.get(row, 0.0), points)
    return scores


def _literal(index: GlacierIndex, key: str) -> list[tuple[Rows, float]]:
    """Score what holds a key letter by letter."""
    if len(key) < _SHORTEST_PART:
        same = np.flatnonzero(pc.equal(index.keys, key))
        return [(index.rows[same], _EXACT)] if len(same) else []
    holds = np.flatnonzero(pc.match_substring(index.keys, key))
    keys, rows = index.keys.take(holds), index.rows[holds]
    begins, same = np.asarray(pc.starts_with(keys, key)), np.asarray(pc.equal(keys, key))
    scored = [(rows, _HOLDS), (rows[begins], _BEGINS), (rows[same], _EXACT)]
    return [(rows, points) for rows, points in scored if len(rows)]


def _alike(index: GlacierIndex, key: str) -> list[tuple[Rows, float]]:
    """Score what is like a key; a likeness to a part of a name counts nearly as much."""
    alike = process.extract(
        key, index.key_list, scorer=fuzz.ratio, score_cutoff=_LOOSE, limit=_MOST_ALIKE
    )
    scored = []
    for other, points, place in alike:
        best = max(points, _PART * fuzz.partial_ratio(key, other))
        if best >= _ALIKE:
            scored.append((index.rows[[place]], best * _HOLDS / 100))
    return scored


def _name_words(points: float) -> str:
    if points >= _EXACT:
        return "name"
    if points >= _HOLDS:
        return "part of a name"
    return "in the region" if points <= _PLACE else "like the name"


def _rows_at(index: GlacierIndex, words: list[str]) -> Rows:
    every = np.arange(len(index.table))
    return every[_at(index, every, words)]


def _at(index: GlacierIndex, rows: Rows, words: list[str]) -> NDArray[np.bool_]:
    """Tell which rows are where all words say."""
    known, codes = index.places
    fits = np.array([all(word in place for word in words) for place in known], dtype=bool)
    return fits[codes[rows]]


def _sizes(index: GlacierIndex, rows: Rows) -> NDArray[np.float64]:
    """Return how large glaciers are: in km², or of their rectangle where that is not known."""
    area = index.table["area_km2"].to_numpy()[rows]
    west, south, east, north = index.bounds[rows].T
    width = ((east - west) % 360) * np.cos(np.radians((south + north) / 2))
    # A glacier fills about a third of the rectangle around it.
    return np.where(np.isfinite(area), area, width * (north - south) * 111.2**2 / 3)
