"""A map of a real sample held against its expert, beside the NDSI rule and the ceiling.

Where an inventory outlines one glacier of an icefield, the neighbouring ice in the buffer is
scored as wrong, so that no truthful map reaches an IoU of 1. Three figures keep that honest:
the NDSI rule on the very same pixels, the ceiling, and the score with the upper part of the
buffer, where the icefield is, left out.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glacier_core.baselines import NDSI_THRESHOLD, ndsi_glacier
from glacier_core.deviations.comparison import Comparison, compare
from glacier_core.deviations.experts import place_experts
from glacier_core.deviations.matching import Zones, continuing_ice, make_zones
from glacier_core.deviations.pixels import ceiling, score_pixels
from glacier_core.errors import OutlineError
from glacier_core.inference.result import make_map
from glacier_core.scene import Scene

if TYPE_CHECKING:
    from glacier_core.inference.result import GlacierMap

BoolArray = NDArray[np.bool_]

NDSI_RULE = f"NDSI > {NDSI_THRESHOLD}"
DEVIATIONS = (
    "area_deviation_percent",
    "area_deviation_without_continuing_percent",
    "polis_m",
    "mean_m",
    "median_m",
    "p95_m",
    "hausdorff_m",
    "signed_mean_m",
    "boundary_left_out_percent",
)


@dataclass(frozen=True, eq=False)
class SampleScore:
    """How a network does on a real sample, beside a rule that needs no network.

    Attributes
    ----------
    table : pandas.DataFrame
        Two rows, the network and the NDSI rule, scored on the same pixels. ``iou`` within the
        buffer; ``iou_low_ring``, the same without the upper part of the buffer; the area and
        distance deviations of the largest outlined glacier; and ``shadow_called_glacier``, the
        share of cast shadow outside the outlines that is mapped as glacier, NaN without a mask.
    ceiling, ceiling_low_ring : float
        The IoU of a map without fault, where the ice in the buffer that nobody outlined
        (NDSI above the threshold, going on past the buffer) is mapped as the ice it is.
    pixels, unmapped : int
        Scored pixels within the buffer, and those left out for want of data.
    neighbouring_ice_pixels : int
        Pixels of ice in the buffer that nobody outlined.
    buffer_m, low_ring_m : float
        Width of the buffer; elevation above which the low ring leaves out the buffer.
    network, rule : Comparison
        The whole comparisons.
    """

    table: pd.DataFrame
    ceiling: float
    ceiling_low_ring: float
    pixels: int
    unmapped: int
    neighbouring_ice_pixels: int
    buffer_m: float
    low_ring_m: float
    network: Comparison
    rule: Comparison

    def as_dict(self) -> dict[str, Any]:
        """Return every figure, for a model card or a JSON file; NaN becomes None."""
        rows = self.table.astype(object).where(self.table.notna(), None)
        return {
            "methods": rows.to_dict(orient="index"),
            "ceiling": self.ceiling,
            "ceiling_low_ring": self.ceiling_low_ring,
            "pixels": self.pixels,
            "unmapped": self.unmapped,
            "neighbouring_ice_pixels": self.neighbouring_ice_pixels,
            "buffer_m": self.buffer_m,
            "low_ring_m": self.low_ring_m,
        }


def score_sample(
    scene: Scene,
    result: "GlacierMap",
    buffer_m: float = 300.0,
    *,
    low_ring_m: float = 2500.0,
    shadow: BoolArray | None = None,
) -> SampleScore:
    """Score a map of a scene that came with expert outlines.

    Parameters
    ----------
    scene : Scene
        With expert outlines.
    result : GlacierMap
        The network's map of it.
    buffer_m : float
        Pixels within this distance of the outlines are scored, in metres.
    low_ring_m : float
        The low ring leaves out buffer pixels above this elevation, in metres. The default is
        that of Athabasca, whose icefield lies above.
    shadow : ndarray of bool, (rows, columns), optional
        Cast shadow. Some of it may lie on ice that nobody outlined.

    Raises
    ------
    OutlineError
        When the scene has no expert outlines, or they do not fit.
    """
    if scene.outlines is None:
        raise OutlineError(f"{scene.title} came without expert outlines, so nothing can be scored.")
    experts = place_experts(scene.outlines, scene.transform, scene.shape, scene.crs)
    zones = make_zones(experts.labels, buffer_m, scene.resolution)
    rule = _rule_map(scene, result)
    mapped = ~result.data["unmapped"].to_numpy()
    scored = mapped & (zones.nearest > 0)
    low_ring = scored & ((zones.inside > 0) | (scene.data["elevation"].to_numpy() <= low_ring_m))
    neighbours = continuing_ice(rule.data["glacier"].to_numpy(), zones)
    comparisons = [compare(found, scene.outlines, buffer_m=buffer_m) for found in (result, rule)]
    dark = mapped & (zones.inside == 0) & (False if shadow is None else shadow)
    return SampleScore(
        table=_table([result, rule], comparisons, zones, (scored, low_ring, dark)),
        ceiling=ceiling(zones.inside > 0, neighbours, scored),
        ceiling_low_ring=ceiling(zones.inside > 0, neighbours, low_ring),
        pixels=int(scored.sum()),
        unmapped=int(((zones.nearest > 0) & ~mapped).sum()),
        neighbouring_ice_pixels=int(neighbours.sum()),
        buffer_m=buffer_m,
        low_ring_m=low_ring_m,
        network=comparisons[0],
        rule=comparisons[1],
    )


def _rule_map(scene: Scene, result: "GlacierMap") -> "GlacierMap":
    """Return what the NDSI rule makes of the pixels the network mapped."""
    unmapped = result.data["unmapped"].to_numpy()
    ice = ndsi_glacier(scene).astype(np.float32)
    provenance = {
        "key": "",
        "scene": {"attributes": scene.attributes.model_dump(mode="json")},
        "model": {"name": NDSI_RULE},
        "notes": [],
    }
    return make_map(
        np.where(unmapped, np.float32(np.nan), ice),
        np.full(scene.shape, np.nan, dtype=np.float32),
        transform=scene.transform,
        crs=scene.crs,
        provenance=provenance,
    )


def _table(
    maps: list["GlacierMap"],
    comparisons: list[Comparison],
    zones: Zones,
    domains: tuple[BoolArray, BoolArray, BoolArray],
) -> pd.DataFrame:
    rows = []
    for found, comparison in zip(maps, comparisons, strict=True):
        glacier = found.data["glacier"].to_numpy()
        *rings, dark = domains
        iou, low = (score_pixels(glacier, zones.inside > 0, where).iou for where in rings)
        shadowed = float(glacier[dark].mean()) if dark.any() else float("nan")
        largest = comparison.glaciers.nlargest(1, "outline_area_km2").iloc[0]
        measures = {name: float(largest[name]) for name in DEVIATIONS}
        shares = {"iou": iou, "iou_low_ring": low, "shadow_called_glacier": shadowed}
        rows.append(shares | measures)
    return pd.DataFrame(rows, index=pd.Index([found.model_name for found in maps], name="method"))
