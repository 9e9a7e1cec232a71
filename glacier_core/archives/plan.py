"""What a person decided to fetch, before anything is fetched."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final
from urllib.parse import quote, unquote

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.areas import Area, area_from_text
from glacier_core.archives.found import FoundScene
from glacier_core.archives.grids import grid_of
from glacier_core.archives.searching import scenes_by_id
from glacier_core.errors import SourceError

MOST_SCENES: Final = 60
"""Of one plan; a composite of more would take hours and gain nothing."""

_LONGEST_NAME: Final = 30
"""Characters of the name of the area within the id of a scene, which holds 80 in all."""


@dataclass(frozen=True)
class FetchPlan:
    """What to fetch for an area: the scenes, and how fine.

    Attributes
    ----------
    area : Area
    scenes : tuple of FoundScene
        Optical. Of one day they are joined side by side; of several days only as a composite.
    resolution : float
        Side of a pixel in metres.
    radar : tuple of FoundScene
        Sentinel-1 backscatter to go with them.
    composite : bool
        Whether to make one clear-sky image of all scenes.
    allow_surface : bool
        Whether surface reflectance is accepted, which the networks were not made for.

    Raises
    ------
    SourceError
        When there is no scene or too many, or scenes of several days are no composite.
    """

    area: Area
    scenes: tuple[FoundScene, ...]
    resolution: float
    radar: tuple[FoundScene, ...] = ()
    composite: bool = False
    allow_surface: bool = False

    def __post_init__(self) -> None:
        if not self.scenes:
            raise SourceError("There is no scene to fetch. Choose one of those found.")
        if len(self.scenes) + len(self.radar) > MOST_SCENES:
            raise SourceError(
                f"{len(self.scenes) + len(self.radar)} scenes are more than can be fetched at "
                f"once: choose at most {MOST_SCENES}."
            )
        days = ", ".join(map(str, self.dates))
        if len(self.dates) > 1 and not self.composite:
            raise SourceError(
                f"The scenes are of several days ({days}), and a glacier does not stay as it is. "
                "Choose scenes of one day, or a clear-sky composite of all (composite=True)."
            )

    @property
    def dates(self) -> tuple[date, ...]:
        """Days of the optical scenes in UTC, each once, the earliest first."""
        return tuple(sorted({scene.acquired.date() for scene in self.scenes}))

    @cached_property
    def grid(self) -> AreaGrid:
        """The grid that everything is brought onto."""
        return grid_of(self.area, self.resolution)

    @property
    def scene_id(self) -> str:
        """Name under which the scene is kept: the same pixels, the same name.

        At most 80 lower-case letters, digits and hyphens.
        """
        grid = self.grid
        content = (
            grid.crs.to_string(),
            tuple(grid.transform)[:6],
            grid.shape,
            _scenes_to_text(self.scenes),
            _scenes_to_text(self.radar),
            self.composite,
        )
        digest = hashlib.sha256(repr(content).encode()).hexdigest()[:12]
        place = _slug(self.area.name)[:_LONGEST_NAME].strip("-") or "area"
        day = self.dates[-1].isoformat().replace("-", "")
        return f"{place}-{_slug(self.scenes[0].archive)[:20]}-{day}-{digest}"

    def to_text(self) -> str:
        """Return the plan as text for a link."""
        choices = "".join(
            letter
            for letter, chosen in (("c", self.composite), ("s", self.allow_surface))
            if chosen
        )
        return "!".join(
            (
                self.area.to_text(),
                f"{self.resolution:g}",
                _scenes_to_text(self.scenes),
                _scenes_to_text(self.radar),
                choices,
            )
        )


def plan_from_text(text: str) -> FetchPlan:
    """Read a plan from the text of a link; the archives are asked for its scenes.

    Raises
    ------
    SourceError
        When the text is none that :meth:`FetchPlan.to_text` makes, or an archive cannot be asked.
    MissingError
        When an archive does not hold a scene any more.
    """
    try:
        where, resolution, scenes, radar, choices = text.split("!")
        pixel, names = float(resolution), [_names_from_text(each) for each in (scenes, radar)]
    except ValueError as problem:
        raise SourceError(
            f"The plan of the link ({text[:60]!r}) cannot be read. Copy the whole link, or choose "
            "area and scenes anew."
        ) from problem
    area = area_from_text(where)
    optical, backscatter = (_found(each, area) for each in names)
    return FetchPlan(area, optical, pixel, backscatter, "c" in choices, "s" in choices)


def _names_from_text(text: str) -> list[tuple[str, str]]:
    """Return archive and id of each scene."""
    pairs = [each.split(":") for each in text.split(",") if each]
    if len(pairs) > MOST_SCENES:
        raise ValueError("it names too many scenes")
    return [(unquote(archive), unquote(name)) for archive, name in pairs]


def _found(names: Sequence[tuple[str, str]], area: Area) -> tuple[FoundScene, ...]:
    """Ask every archive once for its scenes, and return them in the order of their names."""
    found: dict[tuple[str, str], FoundScene] = {}
    for archive in dict.fromkeys(archive for archive, _ in names):
        ids = [name for of, name in names if of == archive]
        found |= {(archive, scene.id): scene for scene in scenes_by_id(archive, ids, area)}
    return tuple(found[name] for name in names)


def _scenes_to_text(scenes: Sequence[FoundScene]) -> str:
    return ",".join(f"{quote(each.archive, safe='')}:{quote(each.id, safe='')}" for each in scenes)


def _slug(text: str) -> str:
    """Return text as lower-case letters, digits and single hyphens, accents taken off."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
