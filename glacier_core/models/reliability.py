"""How often pixels of each confidence proved right, as a model card tells it."""

from typing import Annotated

from pydantic import Field

from glacier_core.models.parts import Part, Share


class ReliabilityBin(Part):
    """Pixels of like confidence, and how many of them proved right."""

    lower: Share
    upper: Share
    count: Annotated[int, Field(gt=0)]
    confidence: Share = Field(description="Mean over the pixels.")
    accuracy: Share = Field(description="Share of the pixels whose class is right.")


class Reliability(Part):
    """How reliable confidence proved on data apart from training and calibration."""

    dataset: str
    simulated: bool
    raw: tuple[ReliabilityBin, ...]
    calibrated: tuple[ReliabilityBin, ...]
    raw_error: Share = Field(description="Expected calibration error, 100 bins.")
    calibrated_error: Share = Field(description="Expected calibration error, 100 bins.")
