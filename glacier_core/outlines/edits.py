"""What a person drew to correct outlines: one edit each, kept as it was drawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from glacier_core.errors import OutlineError

Kind = Literal["add", "cut", "reshape"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

MAX_POINTS: Final = 10_000
"""Most points of one drawing; nobody clicks that often."""

_FEWEST: Final = {"add": 3, "cut": 3, "reshape": 2}
_WHAT: Final = {"add": "An area to add", "cut": "An area to cut", "reshape": "A new margin"}


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Edit:
    """One correction as it was drawn; nothing of it depends on the outlines it is applied to.

    Attributes
    ----------
    kind : {"add", "cut", "reshape"}
        Ice that was missed, ice that is none, or a stretch of margin drawn anew.
    geometry : shapely Polygon or LineString
        Longitude and latitude (EPSG:4326): the area of ``add`` and ``cut``, the line of
        ``reshape``.
    glacier_id : str
        The only outline to be changed; empty for whichever the drawing meets.
    at : datetime
        When it was drawn, with its time zone.
    """

    kind: Kind
    geometry: BaseGeometry
    glacier_id: str = ""
    at: datetime = field(default_factory=_now)

    def line(self) -> shapely.LineString:
        """Return what was drawn as a line, closed where it encloses an area."""
        return shapely.LineString(self._points())

    def as_record(self) -> dict[str, Any]:
        """Return the edit as JSON holds it."""
        return {
            "kind": self.kind,
            "glacier_id": self.glacier_id,
            "at": self.at.isoformat(),
            "coordinates": [list(point) for point in self._points()],
        }

    def _points(self) -> list[tuple[float, ...]]:
        drawn = self.geometry
        ring = drawn.exterior if isinstance(drawn, shapely.Polygon) else drawn
        return list(ring.coords)


def draw_edit(
    kind: str,
    points: Sequence[Sequence[float]],
    *,
    glacier_id: str = "",
    at: datetime | None = None,
) -> Edit:
    """Make an edit of drawn points.

    Parameters
    ----------
    kind : {"add", "cut", "reshape"}
    points : sequence of (longitude, latitude)
        In degrees; an area may be closed or not.
    glacier_id : str
        The only outline to be changed; empty for whichever the drawing meets.
    at : datetime, optional
        When it was drawn; now, when left out.

    Raises
    ------
    OutlineError
        When the kind is another one, a point is no place on Earth, there are too few or too
        many points, or the drawing crosses itself.
    """
    if kind not in KINDS:
        raise OutlineError(f"{kind!r} is no way to correct an outline; use {', '.join(KINDS)}.")
    places = _places(kind, points)
    geometry = shapely.LineString(places) if kind == "reshape" else shapely.Polygon(places)
    _check_crossing(kind, geometry)
    return Edit(kind, geometry, glacier_id, at or _now())


def edits_from_records(records: Iterable[dict[str, Any]]) -> tuple[Edit, ...]:
    """Return the edits that :meth:`Edit.as_record` wrote.

    Raises
    ------
    OutlineError
        When a record is damaged.
    """
    try:
        return tuple(
            draw_edit(
                one["kind"],
                one["coordinates"],
                glacier_id=one["glacier_id"],
                at=datetime.fromisoformat(one["at"]),
            )
            for one in records
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise OutlineError(
            f"The record of the edits is damaged ({type(problem).__name__}: {problem}). "
            "Export the corrected outlines again."
        ) from problem


def projected(edit: Edit, crs: Any) -> BaseGeometry:
    """Return what was drawn in another coordinate system, straight from corner to corner."""
    transformer = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)

    def metric(places: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(places[:, 0], places[:, 1]))

    moved: BaseGeometry = shapely.transform(edit.geometry, metric)
    return moved


def _places(kind: str, points: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    try:
        places = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    except (TypeError, ValueError) as problem:
        raise OutlineError(
            "A drawing is a list of points, each longitude and latitude; draw it again."
        ) from problem
    on_earth = np.isfinite(places) & (np.abs(places) <= (180, 90))
    if not on_earth.all():
        raise OutlineError("A drawn point is no place on Earth; draw it again.")
    if len(places) > MAX_POINTS:
        raise OutlineError(
            f"The drawing has {len(places):,} points; the limit is {MAX_POINTS:,}. "
            "Draw it in several parts."
        )
    distinct = len(np.unique(places, axis=0))
    if distinct < _FEWEST[kind]:
        raise OutlineError(
            f"{_WHAT[kind]} needs at least {_FEWEST[kind]} different points; "
            f"this drawing has {distinct}."
        )
    return [(float(lon), float(lat)) for lon, lat in places]


def _check_crossing(kind: str, geometry: BaseGeometry) -> None:
    line = geometry.exterior if isinstance(geometry, shapely.Polygon) else geometry
    crosses = not line.is_simple if kind == "reshape" else not geometry.is_valid
    if crosses or line.length == 0:
        raise OutlineError(
            f"{_WHAT[kind]} must not cross itself or run back along itself; draw it again "
            "without the loop."
        )
