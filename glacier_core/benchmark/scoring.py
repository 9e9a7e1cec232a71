"""Scores of one map after another against tiles, as the authors pool them, and beyond.

IoU, accuracy, precision, recall and F1 follow from pixels pooled over all tiles of a region or
subregion; the mean over regions is unweighted and goes with the population standard deviation.
Only sums are kept, so that any number of tiles needs no more memory than one.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glacier_core.benchmark.boundaries import BoundarySums, boundary_sums
from glacier_core.benchmark.counts import ConfidenceBins, Counts
from glacier_core.benchmark.strata import METRICS, domains, pixel_size
from glacier_core.benchmark.table import ALL, MEAN, SPREAD
from glacier_core.confidence.entropy import entropy_confidence

if TYPE_CHECKING:
    from glacier_core.sources.tiles import Tile

DISTANCE = "mean distance, m"
LEFT_OUT = "boundary without distance"
ERROR, RAW_ERROR = "ECE", "ECE before calibration"

_SCORE_COLUMNS = ["region", "subregion", "stratum", "metric", "value", "count"]


@dataclass
class _Sums:
    """What is kept of a region or a subregion."""

    counts: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    boundaries: BoundarySums = field(default_factory=BoundarySums)
    calibrated: ConfidenceBins = field(default_factory=ConfidenceBins)
    raw: ConfidenceBins = field(default_factory=ConfidenceBins)

    def figures(self) -> Iterator[tuple[str, str, float, int]]:
        """Yield stratum, metric, value and count of whatever is defined."""
        for stratum, counts in self.counts.items():
            metrics = counts.metrics()
            for metric in METRICS[stratum]:
                yield stratum, metric, metrics[metric], counts.count
        yield ALL, DISTANCE, self.boundaries.mean_distance, self.boundaries.pixels
        whole = self.boundaries.pixels + self.boundaries.alone
        yield ALL, LEFT_OUT, self.boundaries.left_out, whole
        yield ALL, ERROR, self.calibrated.error, self.calibrated.pixels
        yield ALL, RAW_ERROR, self.raw.error, self.raw.pixels


class Scoreboard:
    """Adds maps of tiles and tells what they are worth.

    Parameters
    ----------
    confident : bool
        Whether the map says how sure it is; a rule of bands does not.
    """

    def __init__(self, *, confident: bool = True) -> None:
        self._confident = confident
        self._sums: dict[tuple[str, str], _Sums] = defaultdict(_Sums)

    def add(
        self,
        tile: "Tile",
        probability: NDArray[np.float32],
        calibrated: NDArray[np.float32] | None = None,
    ) -> None:
        """Add the map of a tile.

        Parameters
        ----------
        tile : Tile
        probability : ndarray of float32, (rows, columns)
            Of glacier; above a half is mapped as glacier.
        calibrated : ndarray of float32, (rows, columns), optional
            Confidence as people are shown it; the raw one is held against the truth in any case.
        """
        predicted = probability > 0.5
        places = dict.fromkeys([(tile.region, ""), (tile.region, tile.subregion), (ALL, "")])
        sums = [self._sums[place] for place in places]
        for domain in domains(tile):
            inside = domain.pixels
            for part in sums:
                counts = part.counts[domain.stratum]
                counts.add(predicted[inside], tile.glacier[inside], domain.glaciers)
        scored = tile.valid & tile.labelled
        apart = boundary_sums(predicted, tile.glacier, scored, pixel_size(tile))
        for part in sums:
            part.boundaries += apart
        if not self._confident:
            return
        right = (predicted == tile.glacier)[scored]
        raw = entropy_confidence(probability[scored])
        for part in sums:
            part.raw.add(raw, right)
            if calibrated is not None:
                part.calibrated.add(calibrated[scored], right)

    def figures(self) -> pd.DataFrame:
        """Return every figure that is defined.

        Returns
        -------
        DataFrame
            ``region`` (`ALL`: pooled over all; `MEAN`, `SPREAD`: over the regions),
            ``subregion`` (empty for a whole region), ``stratum``, ``metric``, ``value``,
            ``count`` (pixels, boundary pixels, or glaciers).
        """
        rows = [
            (region, subregion, stratum, metric, value, count)
            for (region, subregion), sums in self._sums.items()
            for stratum, metric, value, count in sums.figures()
            if np.isfinite(value)
        ]
        table = pd.DataFrame(rows, columns=_SCORE_COLUMNS)
        return pd.concat([table, over_regions(table)], ignore_index=True) if rows else table


def over_regions(figures: pd.DataFrame) -> pd.DataFrame:
    """Return the unweighted mean over regions and the population standard deviation.

    Parameters
    ----------
    figures : DataFrame
        As of `Scoreboard.figures`; the count of the summary is the sum of the regions' counts.
    """
    whole = figures[(figures["subregion"] == "") & (figures["region"] != ALL)]
    rows: list[dict[str, Any]] = []
    for (stratum, metric), some in whole.groupby(["stratum", "metric"], sort=False):
        values = some["value"].to_numpy()
        facts = {
            "subregion": "",
            "stratum": stratum,
            "metric": metric,
            "count": some["count"].sum(),
        }
        rows.append(facts | {"region": MEAN, "value": float(values.mean())})
        rows.append(facts | {"region": SPREAD, "value": float(values.std(ddof=0))})
    return pd.DataFrame(rows, columns=_SCORE_COLUMNS)
