"""The model card: all that must travel with weights, as one validated JSON file."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from glacier_core.errors import ModelError
from glacier_core.models.calibration import METHODS, AnyCalibration, CalibrationCurve
from glacier_core.models.calibration_comparison import CalibrationComparison
from glacier_core.models.config import (
    ARCHITECTURE_NAMES,
    AnyConfig,
    ArchitectureName,
    NetworkConfig,
)
from glacier_core.models.inputs import PUBLISHED_SCALING, UNKNOWN_REGION, ChannelRange
from glacier_core.models.parts import Deviation, Part, Picture, Sentence
from glacier_core.models.reliability import Reliability, ReliabilityBin
from glacier_core.models.typicality import TypicalityLimit

__all__ = [
    "Accuracy",
    "CalibrationCurve",
    "ModelCard",
    "Reliability",
    "ReliabilityBin",
    "read_card",
]


class Accuracy(Part):
    """One measured figure. Nothing that was not measured by code belongs here."""

    dataset: str
    metric: str
    value: float
    simulated: bool
    low: float | None = Field(default=None, description="Lower end of the 95 % interval.")
    high: float | None = Field(default=None, description="Upper end of the 95 % interval.")
    interval: str = Field(default="", description="How the interval was found, in words.")
    count: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Pixels that the figure rests on."
    )

    @model_validator(mode="after")
    def _interval_is_whole(self) -> Self:
        if self.low is None and self.high is None and not self.interval:
            return self
        if self.low is None or self.high is None or not self.interval:
            raise ValueError("an interval needs its low and high end and how it was found")
        if self.low > self.high:
            raise ValueError(f"the interval runs from {self.low} down to {self.high}")
        return self


class ModelCard(Part):
    """What a network is, takes, was trained on, and how good it proved."""

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    architecture: ArchitectureName = "glavitu"
    config: AnyConfig
    scaling: dict[str, tuple[ChannelRange, ...]] = Field(
        default=PUBLISHED_SCALING, description="Physical range of each channel, mapped onto 0..1."
    )
    patch_size: int = Field(gt=0, description="Side in pixels of the windows it was trained on.")
    regions: tuple[str, ...] = Field(
        default=(), description="Names in the order of the one-hot vector; only with regions."
    )
    calibration: AnyCalibration | None = Field(
        default=None, description="None: raw confidence is all there is."
    )
    calibration_comparison: CalibrationComparison | None = Field(
        default=None, description="Why this calibration; None: no other was tried."
    )
    reliability: Reliability | None = None
    typicality: TypicalityLimit | None = Field(
        default=None, description="None: nothing tells what is unlike its training."
    )
    accuracy: tuple[Accuracy, ...] = ()
    training: str = Field(min_length=1, description="Data and recipe, in words.")
    strategy: str = Field(
        default="", description="Strategy it was trained by, such as regional; empty: not told."
    )
    trained_regions: tuple[str, ...] = Field(
        default=(), description="Regions that a regional or finetuned model is for; empty: all."
    )
    holds: tuple[Sentence, ...] = Field(default=(), description="Where it can be relied on.")
    fails: tuple[Sentence, ...] = Field(default=(), description="Where it cannot.")
    pictures: tuple[Picture, ...] = Field(default=(), description="Of its failures, foremost.")
    seeds: tuple[int, ...] = Field(default=(), description="Of the weights and of all draws.")
    command: str = Field(default="", description="What makes weights and figures anew.")
    deviations: tuple[Deviation, ...] = Field(
        default=(), description="From the published recipe, each with its reason."
    )
    licence: str = Field(min_length=1)
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$", description="Of the weights file.")

    @property
    def inputs(self) -> tuple[str, ...]:
        """Feature groups that the network takes."""
        return self.config.features

    @property
    def optional_inputs(self) -> tuple[str, ...]:
        """Feature groups that a scene may lack: it was trained to do without each of them."""
        if self.strategy != "modality-dropout":
            return ()
        return tuple(name for name in self.inputs if name not in ("optical", "dem"))

    @property
    def location(self) -> Literal["region", "coordinates"] | None:
        """Kind of the location vector that the network takes."""
        return self.config.location

    @model_validator(mode="before")
    @classmethod
    def _tag_config(cls, facts: Any) -> Any:
        """Let card and config name the architecture where only one of them does."""
        if not isinstance(facts, dict):
            return facts
        config, name = facts.get("config"), facts.get("architecture")
        if isinstance(config, NetworkConfig):
            return {"architecture": config.architecture} | facts
        if isinstance(config, dict):  # old cards know one architecture and name it once, if at all
            tag = config.get("architecture", name or "glavitu")
            return facts | {"architecture": name or tag, "config": config | {"architecture": tag}}
        return facts

    @model_validator(mode="after")
    def _architecture_fits(self) -> Self:
        if self.architecture != self.config.architecture:
            raise ValueError(
                f"the architecture is {self.architecture!r}, but the config is that of "
                f"{self.config.architecture!r}"
            )
        return self

    @model_validator(mode="after")
    def _regions_fit(self) -> Self:
        expected = self.config.regions if self.location == "region" else 0
        if len(self.regions) != expected or len(set(self.regions)) != expected:
            raise ValueError(
                f"{expected} different region names are needed, there are {self.regions}"
            )
        if expected and UNKNOWN_REGION not in self.regions:
            raise ValueError(f"{UNKNOWN_REGION!r} must be among the regions")
        return self

    @model_validator(mode="after")
    def _scaling_fits(self) -> Self:
        for name in self.inputs:
            published = PUBLISHED_SCALING[name]
            given = self.scaling.get(name, ())
            if [channel.name for channel in given] != [channel.name for channel in published]:
                raise ValueError(f"the scaling of {name!r} must list the channels of {published}")
            if any(channel.maximum <= channel.minimum for channel in given):
                raise ValueError(f"the scaling of {name!r} has a maximum below its minimum")
            if self.config.expanded_inputs and given != published:
                raise ValueError("expanded inputs build on the published scaling; leave it as is")
        return self

    @model_validator(mode="after")
    def _calibration_is_the_chosen_one(self) -> Self:
        if self.calibration is None or self.calibration_comparison is None:
            return self
        if self.calibration.method != self.calibration_comparison.chosen:
            raise ValueError(
                f"the calibration is {self.calibration.method}, but "
                f"{self.calibration_comparison.chosen} was chosen by the comparison"
            )
        return self

    @model_validator(mode="after")
    def _patch_fits(self) -> Self:
        if self.patch_size % self.config.size_multiple:
            raise ValueError(
                f"the patch size {self.patch_size} is no multiple of {self.config.size_multiple}"
            )
        return self


def read_card(path: Path) -> ModelCard:
    """Read and check a model card.

    Raises
    ------
    ModelError
        If the file is absent, is not JSON or is not a valid card.
    """
    try:
        return ModelCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ModelError(f"The model card {path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        tags = (*ARCHITECTURE_NAMES, *METHODS)
        place = ".".join(str(part) for part in first["loc"] if part not in tags)
        place = place or "the card as a whole"
        raise ModelError(
            f"The model card {path} is not valid at {place}: {first['msg']}. "
            f"{error.error_count()} fault(s) in all; correct the file or fetch the model again."
        ) from error
