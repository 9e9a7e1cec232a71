"""What several experts drew together: by majority, or weighted by how reliable each proves.

A consensus is made on pixels three times finer than the scene's, so that its outline is no
coarser than the experts' own; pieces and holes smaller than a pixel of the scene are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from scipy import special
from shapely.geometry.base import BaseGeometry

from glacier_core.deviations.matching import polygons
from glacier_core.deviations.panel_members import match_experts, split_experts
from glacier_core.deviations.votes import Votes, cast_votes
from glacier_core.errors import OutlineError
from glacier_core.outlines.geometry import polygons_only
from glacier_core.outlines.schema import to_schema

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
Method = Literal["majority", "staple"]

FINER = 3
"""Pixels of the votes to the side of a pixel of the scene: 10 m for Landsat."""

DOMAIN = 300.0
"""Metres around the outlines within which pixels count, as in ``comparison.compare``."""

SURE = 0.99999
"""Sensitivity and specificity from which STAPLE starts (Warfield et al. 2004)."""

MOST_STEPS, CHANGE = 500, 1e-9
_LEAST = 1e-12


@dataclass(frozen=True)
class Staple:
    """Simultaneous truth and performance level estimate.

    Attributes
    ----------
    probability : ndarray of float64, (pixels,)
        That a pixel is glacier, given all votes.
    sensitivity : ndarray of float64, (experts,)
        Share of the estimated glacier that each expert calls so.
    specificity : ndarray of float64, (experts,)
        Share of the estimated rest that each expert calls so.
    steps : int
        Of the iteration.
    """

    probability: FloatArray
    sensitivity: FloatArray
    specificity: FloatArray
    steps: int


def staple(votes: BoolArray) -> Staple:
    """Estimate the hidden truth and the reliability of every expert from their votes alone.

    Expectation maximisation over a truth and experts who err independently of each other given
    it. Pixels with the same votes have the same probability, so that it works on the few
    patterns of votes there are, not on pixels.

    Parameters
    ----------
    votes : ndarray of bool, (experts, pixels)
        The pixels should be those in and around a glacier: the more sure ground around it, the
        higher every specificity, and the larger the estimate.

    Returns
    -------
    Staple

    References
    ----------
    Warfield, Zou, Wells (2004), Simultaneous truth and performance level estimation (STAPLE): an
    algorithm for the validation of image segmentation, IEEE Transactions on Medical Imaging
    23(7), 903-921. The prior is the mean of all votes, as there.
    """
    patterns, pattern_of, counts = np.unique(
        votes.T, axis=0, return_inverse=True, return_counts=True
    )
    glacier = patterns.astype(np.float64)
    prior = float(np.clip((counts @ glacier).sum() / max(1, votes.size), _LEAST, 1 - _LEAST))
    sensitivity = specificity = np.full(len(votes), SURE)
    probability = np.zeros(len(patterns))
    steps = 0
    change = np.inf
    while steps < MOST_STEPS and change >= CHANGE:
        steps += 1
        before, probability = probability, _expect(glacier, prior, sensitivity, specificity)
        sensitivity, specificity = _maximise(glacier, counts * probability, counts)
        change = float(np.abs(probability - before).max(initial=0.0))
    return Staple(probability[pattern_of.ravel()], sensitivity, specificity, steps)


def _expect(
    glacier: FloatArray, prior: float, sensitivity: FloatArray, specificity: FloatArray
) -> FloatArray:
    """Probability that pixels of each pattern (patterns, experts) are glacier."""
    is_ice = np.log(prior) + glacier @ np.log(sensitivity) + (1 - glacier) @ np.log1p(-sensitivity)
    is_none = (
        np.log1p(-prior) + (1 - glacier) @ np.log(specificity) + glacier @ np.log1p(-specificity)
    )
    return np.asarray(special.expit(is_ice - is_none), dtype=np.float64)


def _maximise(
    glacier: FloatArray, ice: FloatArray, counts: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Reliability of each expert, were the probabilities (weighted by pixels) the truth."""
    rest = counts - ice
    sensitivity = (ice @ glacier) / max(ice.sum(), _LEAST)
    specificity = (rest @ (1 - glacier)) / max(rest.sum(), _LEAST)
    return np.clip(sensitivity, _LEAST, 1 - _LEAST), np.clip(specificity, _LEAST, 1 - _LEAST)


def agreed(votes: Votes, method: Method = "majority") -> BoolArray:
    """Return the pixels that experts together call glacier, (rows, columns).

    Parameters
    ----------
    votes : Votes
        Of one expert or more.
    method : {"majority", "staple"}
        More than half of them; where just half do, those decide from whose outlines the pixel is
        farther (the mean of the distances to all outlines, inside positive), so that an even
        number of experts draws neither larger nor smaller than an odd one. Or a probability of
        more than a half by :func:`staple`.
    """
    if method == "majority":
        return majority_without(votes)
    glacier = np.zeros(votes.domain.shape, dtype=np.bool_)
    glacier[votes.domain] = staple(votes.counted()).probability > 0.5
    return glacier


def majority_without(votes: Votes, expert: int | None = None) -> BoolArray:
    """Return the pixels that the majority calls glacier, of all experts but one.

    Parameters
    ----------
    votes : Votes
    expert : int, optional
        Who is left out; nobody by default.
    """
    asked = [number for number in range(len(votes.inside)) if number != expert]
    twice = 2 * votes.inside[asked].sum(axis=0, dtype=np.int16)
    glacier: BoolArray = twice > len(asked)
    tied = twice == len(asked)
    if tied.any():
        glacier[tied] = votes.depths[asked][:, tied].mean(axis=0) > 0
    return glacier


def outline_of(glacier: BoolArray, transform: Affine, smallest_m2: float) -> BaseGeometry:
    """Return pixels as an outline without pieces and holes below a size.

    Parameters
    ----------
    glacier : ndarray of bool, (rows, columns)
    transform : affine.Affine
    smallest_m2 : float
    """
    kept = [
        shapely.Polygon(
            part.exterior,
            [ring for ring in part.interiors if shapely.Polygon(ring).area >= smallest_m2],
        )
        for part in polygons(glacier, transform).geoms
        if shapely.Polygon(part.exterior).area >= smallest_m2
    ]
    return shapely.MultiPolygon(kept)


def consensus_outlines(
    outlines: gpd.GeoDataFrame,
    transform: Affine,
    shape: tuple[int, int],
    crs: Any,
    method: Method = "majority",
) -> gpd.GeoDataFrame:
    """Draw what several experts agree on, glacier by glacier.

    Parameters
    ----------
    outlines : geopandas.GeoDataFrame
        Of several experts, in the schema of ``outlines.schema``; told apart as by
        ``panel_members.split_experts``.
    transform : affine.Affine
        Grid of the scene; glaciers end with it.
    shape : (rows, columns)
    crs : anything pyproj understands
        Projected, in metres.
    method : {"majority", "staple"}

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema, without overlaps; the analyst is "majority of 5 experts" or the like, the
        date the middle one of the experts'. What one expert alone drew stays as it is drawn.

    Raises
    ------
    OutlineError
        When there is no outline, one expert drew the same ice twice, or the method is unknown.
    """
    drawn = match_experts(split_experts(outlines), crs)
    return consensus_of(drawn, transform, shape, method)


def consensus_of(
    drawn: gpd.GeoDataFrame, transform: Affine, shape: tuple[int, int], method: Method = "majority"
) -> gpd.GeoDataFrame:
    """Draw what experts agree on from outlines whose glaciers are already matched.

    Parameters
    ----------
    drawn : geopandas.GeoDataFrame
        As of ``panel_members.match_experts``, in the coordinates of the grid.
    transform, shape, method
        As for :func:`consensus_outlines`.
    """
    if method not in get_args(Method):
        raise OutlineError(
            f"There is no consensus by {str(method)[:40]!r}. Ask for 'majority' or 'staple'."
        )
    glaciers = [rows for _, rows in drawn.groupby("glacier_id", sort=False)]
    found = [_agreed_outline(list(rows.geometry), transform, shape, method) for rows in glaciers]
    kept = [
        (rows, outline)
        for rows, outline in zip(glaciers, without_overlaps(found), strict=True)
        if not outline.is_empty
    ]
    return to_schema(
        [outline for _, outline in kept],
        drawn.crs,
        glacier_id=[rows["glacier_id"].iloc[0] for rows, _ in kept],
        name=[rows["name"].iloc[0] for rows, _ in kept],
        source=[", ".join(sorted(set(rows["source"]) - {""})) for rows, _ in kept],
        analyst=[_credit(rows, method) for rows, _ in kept],
        date=[_middle(rows["date"]) for rows, _ in kept],
    )


def _agreed_outline(
    outlines: Sequence[BaseGeometry], transform: Affine, shape: tuple[int, int], method: Method
) -> BaseGeometry:
    if len(outlines) == 1:
        return outlines[0]
    votes = cast_votes(outlines, transform, shape, buffer_m=DOMAIN, finer=FINER)
    return outline_of(agreed(votes, method), votes.transform, transform.a**2)


def without_overlaps(outlines: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Give what two outlines share to the first of them."""
    kept = np.array(outlines, dtype=object)
    first, second = shapely.STRtree(kept).query(kept, predicate="intersects")
    for one, other in sorted(zip(first, second, strict=True)):
        if one < other and shapely.relate_pattern(kept[one], kept[other], "2********"):
            kept[other] = polygons_only([shapely.difference(kept[other], kept[one])])[0]
    return list(kept)


def _credit(rows: gpd.GeoDataFrame, method: Method) -> str:
    if len(rows) == 1:
        return str(rows["expert"].iloc[0])
    how = "majority" if method == "majority" else "STAPLE consensus"
    return f"{how} of {len(rows)} experts"


def _middle(dates: Any) -> str:
    told = sorted(set(dates) - {""})
    return told[(len(told) - 1) // 2] if told else ""
