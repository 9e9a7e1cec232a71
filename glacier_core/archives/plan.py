"""What a person decided to fetch, before anything is fetched."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.areas import Area
from glacier_core.archives.found import FoundScene
from glacier_core.archives.grids import grid_of
from glacier_core.errors import SourceError

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
        When there is no scene, or scenes of several days are no composite.
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

    @property
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


def _scenes_to_text(scenes: Sequence[FoundScene]) -> str:
    return ",".join(f"{quote(each.archive, safe='')}:{quote(each.id, safe='')}" for each in scenes)


def _slug(text: str) -> str:
    """Return text as lower-case letters, digits and single hyphens, accents taken off."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore")
    return re.sub(r"[^a-z0-9]+", "-", plain.decode().lower()).strip("-")
