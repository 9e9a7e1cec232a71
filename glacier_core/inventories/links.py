"""Which glacier of one inventory is which of another."""

import json
from pathlib import Path

import pandas as pd

from glacier_core.errors import OutlineError

_COLUMNS = ("rgi7_id", "rgi6_id", "overlap_area_km2")


def rgi6_ids(path: Path) -> dict[str, list[str]]:
    """Return the RGI 6 ids that every RGI 7 glacier overlaps, the largest overlap first.

    Parameters
    ----------
    path : Path
        Table ``*-rgi6_links.csv`` of an RGI 7.0 region.

    Raises
    ------
    OutlineError
        When it is no such table.
    """
    try:
        links = pd.read_csv(path, usecols=list(_COLUMNS))
    except (ValueError, OSError) as problem:
        raise OutlineError(
            f"{path.name} is no table of RGI 7 and RGI 6 overlaps: it needs the columns "
            f"{', '.join(_COLUMNS)}. Fetch the region again."
        ) from problem
    links = links.sort_values("overlap_area_km2", ascending=False)
    return {
        str(glacier): [str(other) for other in others]
        for glacier, others in links.groupby("rgi7_id", sort=False)["rgi6_id"]
    }


def complex_ids(path: Path) -> dict[str, str]:
    """Return the complex that every RGI 7 glacier is part of.

    Parameters
    ----------
    path : Path
        ``*-CtoG_links.json`` of an RGI 7.0 region: the glaciers of every complex.

    Raises
    ------
    OutlineError
        When it is no such file.
    """
    try:
        links = json.loads(path.read_text(encoding="utf-8"))
        return {str(member): str(whole) for whole, members in links.items() for member in members}
    except (ValueError, AttributeError, TypeError) as problem:
        raise OutlineError(
            f"{path.name} does not list the glaciers of complexes, as *-CtoG_links.json of RGI 7.0 "
            "does. Fetch the region again."
        ) from problem
