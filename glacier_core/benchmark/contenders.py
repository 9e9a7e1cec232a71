"""What stands in the benchmark: networks, each way they can be asked, and rules of bands."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from glacier_core.baselines import (
    BAND_RATIO_THRESHOLD,
    NDSI_THRESHOLD,
    band_ratio,
    snow_index,
)
from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.confidence.typicality import CAP
from glacier_core.inference.device import DeviceChoice, choose_device
from glacier_core.inference.runner import Runner
from glacier_core.inference.tiling import Blend, Window, windows
from glacier_core.models.inputs import (
    TRACKS,
    UNKNOWN_REGION,
    coordinate_vector,
    region_vector,
    scale_features,
)
from glacier_core.models.registry import Model
from glacier_core.settings import settings
from glacier_core.sources.tiles import Tile

FloatArray = NDArray[np.float32]

RULE: Final = "rule"
"""As architecture and strategy of what is no network."""

UNKNOWN_SUFFIX: Final = ", region unknown"


@dataclass(frozen=True)
class Facts:
    """What the table tells of a contender.

    Attributes
    ----------
    model, architecture, strategy, track : str
    parameters : int
        Numbers in the weights, running statistics of batch norms included as Keras counts them.
    sha256 : str
        Of the weights; empty for a rule.
    seed : int or None
    regions : tuple of str
        The only regions it is for; empty for all.
    groups : tuple of str
        Feature groups that a tile must hold.
    """

    model: str
    architecture: str
    strategy: str
    track: str
    parameters: int
    sha256: str = ""
    seed: int | None = None
    regions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ("optical",)


class Contender(Protocol):
    """Anything that maps a tile."""

    @property
    def facts(self) -> Facts:
        """What the table tells of it."""
        ...

    @property
    def confident(self) -> bool:
        """Whether it says how sure it is."""
        ...

    @property
    def seconds_per_patch(self) -> float:
        """Median so far; NaN where nothing was measured."""
        ...

    def probability(self, tile: Tile) -> FloatArray:
        """Probability of glacier of every pixel, (rows, columns)."""
        ...

    def confidence(self, tile: Tile, probability: FloatArray) -> FloatArray | None:
        """Confidence as people are shown it, (rows, columns); None without calibration."""
        ...


@dataclass(frozen=True)
class Rule:
    """A rule of bands: certain of everything, right or wrong."""

    name: str
    glacier: Callable[[FloatArray], NDArray[np.bool_]]
    confident: bool = False
    seconds_per_patch: float = float("nan")

    @property
    def facts(self) -> Facts:
        """What the table tells of it."""
        return Facts(self.name, RULE, RULE, "optical", 0)

    def probability(self, tile: Tile) -> FloatArray:
        """One where the rule says glacier, else zero."""
        return self.glacier(tile.features["optical"]).astype(np.float32)

    def confidence(self, tile: Tile, probability: FloatArray) -> None:
        """Return nothing: a rule does not say how sure it is."""


RULES: Final = (
    Rule(f"NDSI > {NDSI_THRESHOLD:g}", lambda optical: snow_index(optical) > NDSI_THRESHOLD),
    Rule(
        f"red/SWIR1 > {BAND_RATIO_THRESHOLD:g}",
        lambda optical: band_ratio(optical) > BAND_RATIO_THRESHOLD,
    ),
)


@dataclass
class Network:
    """A network, asked in one way: with these inputs, knowing the region or not.

    Attributes
    ----------
    model : Model
    facts : Facts
    region_known : bool
        Whether a network by region is told the region of the tile, or "unknown".
    """

    model: Model
    facts: Facts
    runner: Runner
    region_known: bool = True
    confident: bool = True
    _seconds: list[float] = field(default_factory=list)

    @property
    def seconds_per_patch(self) -> float:
        """Median over all batches so far."""
        return statistics.median(self._seconds) if self._seconds else float("nan")

    def probability(self, tile: Tile) -> FloatArray:
        """Map a tile by overlapping windows, as scenes are mapped; 0 where nothing was seen."""
        patch = self.model.card.patch_size
        scaled = self._scaled(tile)
        self.runner.location = self._location(tile)
        blend = Blend(tile.shape, patch)
        plan = [w for w in windows(tile.shape, patch, patch // 2) if _any_valid(w, tile)]
        for batch, probabilities in self._batches(scaled, plan):
            for window, probability in zip(batch, probabilities, strict=True):
                blend.add(window, probability)
        return np.nan_to_num(blend.mean(), nan=0.0)

    def confidence(self, tile: Tile, probability: FloatArray) -> FloatArray | None:
        """Calibrate as the engine does, held down where the tile is unlike the training."""
        card = self.model.card
        if card.calibration is None:
            return None
        calibrated = card.calibration.apply(entropy_confidence(probability))
        if card.typicality is not None:
            odd = card.typicality.untypical(tile.features["optical"], tile.features["slope"])
            calibrated[odd] = np.minimum(calibrated[odd], np.float32(CAP))
        return calibrated

    def _batches(
        self, scaled: dict[str, FloatArray], plan: list[Window]
    ) -> Iterator[tuple[list[Window], FloatArray]]:
        done = 0
        while done < len(plan):
            batch = plan[done : done + self.runner.batch_size]
            inputs = {
                name: np.stack([window.cut(values) for window in batch])
                for name, values in scaled.items()
            }
            started = time.perf_counter()
            probabilities = self.runner.probabilities(inputs)
            if probabilities is None:
                continue
            self._seconds.append((time.perf_counter() - started) / len(batch))
            yield batch, probabilities
            done += len(batch)

    def _scaled(self, tile: Tile) -> dict[str, FloatArray]:
        arrays: dict[str, Any] = {
            name: values
            for name, values in tile.features.items()
            if name in self.facts.groups or name in ("elevation", "slope")
        }
        scaled = scale_features(arrays, self.model.card)
        for values in scaled.values():
            values[:, ~tile.valid] = 0.0
        return scaled

    def _location(self, tile: Tile) -> FloatArray | None:
        card = self.model.card
        if card.location == "region":
            return region_vector(tile.region if self.region_known else UNKNOWN_REGION, card.regions)
        return coordinate_vector(*tile.centre) if card.location == "coordinates" else None


def ways_to_ask(
    model: Model, device: DeviceChoice = "auto", tell: Callable[[str], None] = lambda _: None
) -> list[Network]:
    """Return every way in which a network is put to the test.

    A network by region is asked with the true region and with "unknown"; one trained with
    modality dropout is asked once for every track whose inputs it takes.
    """
    card = model.card
    strategy = card.strategy or _strategy(card.location)
    runner = Runner(model.network, None, choose_device(device), settings().batch_size, tell)
    facts = Facts(
        model=card.name,
        architecture=card.architecture,
        strategy=strategy,
        track=track(card.inputs),
        parameters=count_parameters(model),
        sha256=card.sha256,
        seed=card.seeds[0] if card.seeds else None,
        regions=card.trained_regions,
        groups=tuple(card.inputs),
    )
    if card.optional_inputs:
        return [
            Network(model, replace(facts, track=track(groups), groups=groups), runner)
            for groups in TRACKS.values()
            if set(groups) <= set(card.inputs)
        ]
    asked = [Network(model, facts, runner)]
    if card.location == "region":
        unknown = replace(facts, strategy=strategy + UNKNOWN_SUFFIX)
        asked.append(Network(model, unknown, runner, region_known=False))
    return asked


def track(groups: tuple[str, ...]) -> str:
    """Name the data track that a set of feature groups is."""
    more = set(groups) - set(TRACKS["optical+dem"])
    if set(TRACKS["all"]) - set(TRACKS["optical+dem"]) <= more:
        return "all"
    added = [name for name, known in TRACKS.items() if name != "all" and set(known) & more]
    return "".join(added) or "optical+dem"


def count_parameters(model: Model) -> int:
    """Count the numbers in the weights, running statistics of batch norms included."""
    state = model.network.state_dict().values()
    return sum(tensor.numel() for tensor in state if tensor.is_floating_point())


def _strategy(location: str | None) -> str:
    return {"region": "region-encoding", "coordinates": "coordinate-encoding"}.get(
        location or "", "global"
    )


def _any_valid(window: Window, tile: Tile) -> bool:
    return bool(tile.valid[window.inside(tile.shape)].any())
