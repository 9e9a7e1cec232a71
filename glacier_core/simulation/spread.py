"""How much a panel of analysts disagrees about the areas of the same glaciers."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.world import World


def area_spread(panel: Sequence[gpd.GeoDataFrame]) -> "pd.Series[float]":
    """Spread of the areas that several analysts drew: 100 (largest - smallest) / mean, percent.

    Paul et al. (2013, Annals of Glaciology 54(63), 171-182) found that repeated digitisations of
    debris-covered glaciers differ by up to 30 % in area, and those of clean ice in good contrast
    by about 5 %. Their abstract, all of it that could be read here, leaves open what "differ"
    means. It is read as the range over the analysts, relative to their mean. As a standard
    deviation the same habits would look less than half as large: for five analysts who err
    normally the range is 2.3 standard deviations on average. How many analysts there were, and
    which glaciers "up to" speaks of, is open too: habits are calibrated (``simulation.habits``)
    so that the typical glacier with debris on at least 30 % of its area spreads by 30 %.

    Parameters
    ----------
    panel : sequence of geopandas.GeoDataFrame
        One table an analyst, in the schema of ``outlines.schema``, rows matched by
        ``glacier_id``. A glacier that an analyst left out has no area there.

    Returns
    -------
    pandas.Series
        Percent, by ``glacier_id``. It grows with the number of analysts.
    """
    areas = pd.concat(
        [outlines.set_index("glacier_id")["area_km2"] for outlines in panel], axis=1
    ).fillna(0.0)
    spread: pd.Series[float] = 100 * (areas.max(axis=1) - areas.min(axis=1)) / areas.mean(axis=1)
    return spread


def describe_glaciers(world: World) -> pd.DataFrame:
    """Describe the glaciers of a world as those see them who judge how hard they are to draw.

    Returns
    -------
    pandas.DataFrame
        By ``glacier_id`` as in ``simulation.experts``: ``area_km2``, ``debris_share`` (of the
        area), ``shadow_share`` (of the area) and ``whole`` (not cut by the frame).
    """
    count = int(world.labels.max()) + 1
    cells = np.bincount(world.labels.ravel(), minlength=count)
    debris = np.isin(world.surface, (SurfaceClass.DEBRIS, SurfaceClass.POND))

    def share(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(world.labels[chosen], minlength=count) / np.maximum(cells, 1)

    frame = np.ones(world.labels.shape, dtype=np.bool_)
    frame[1:-1, 1:-1] = False
    table = pd.DataFrame(
        {
            "area_km2": cells * world.resolution**2 / 1e6,
            "debris_share": share(debris),
            "shadow_share": share(world.shadow),
            "whole": ~np.isin(np.arange(count), world.labels[frame]),
        }
    )
    # Numbered as experts number them: by their true area.
    table = table.iloc[1:].sort_values("area_km2", ascending=False, kind="stable")
    numbers = range(1, len(table) + 1)
    return table.set_index(pd.Index([f"simulated-{n:03d}" for n in numbers], name="glacier_id"))
