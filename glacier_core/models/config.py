"""The numbers that make a GlaViTU, apart from the network so that reading a card needs no torch."""

from dataclasses import dataclass, fields
from typing import Literal

from glacier_core.errors import ModelError
from glacier_core.models.inputs import FEATURE_CHANNELS

RESUNET_STEPS = 3  # halvings of the size on the way down
COORDINATES = 4  # sin lat, cos lat, sin lon, cos lon


@dataclass(frozen=True)
class GlaViTUConfig:
    """The size of a GlaViTU. The defaults are the published numbers.

    Raises
    ------
    ModelError
        If the numbers do not go together.
    """

    features: tuple[str, ...] = ("optical", "dem")
    location: Literal["region", "coordinates"] | None = None
    regions: int = 12  # length of the one-hot vector, "unknown" included
    width: int = 64
    token_patch: int = 16  # pixels
    token_width: int = 64
    positional_grid: int = 24  # tokens a side; 24 x 16 = 384 pixels
    transformer_blocks: int = 12
    heads: int = 4
    mlp_width: int = 256
    resunet_width: int = 64  # at full size; doubles with each of the three steps
    expanded_inputs: bool = False  # the fixed stem for compact networks, not in the paper
    batch_norm_momentum: float = 0.01  # Keras counts the other way round: 0.99

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (a misspelt number in a card must not pass)

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", tuple(self.features))
        unknown = [name for name in self.features if name not in FEATURE_CHANNELS]
        if unknown or not self.features or len(set(self.features)) < len(self.features):
            raise ModelError(
                f"GlaViTU cannot take the features {self.features}: name one or more of "
                f"{', '.join(FEATURE_CHANNELS)}, each once."
            )
        if self.location not in (None, "region", "coordinates"):
            raise ModelError(f"Unknown location {self.location!r}: use 'region' or 'coordinates'.")
        if any(getattr(self, name) < 1 for name in self._counts()):
            raise ModelError(f"Every size of a GlaViTU must be 1 or more: {self}.")
        if self.token_width % self.heads:
            raise ModelError(
                f"The token width {self.token_width} is no multiple of the {self.heads} heads."
            )
        if self.token_patch < 4 or self.token_patch & (self.token_patch - 1):
            raise ModelError(f"The token patch {self.token_patch} must be 4, 8, 16, 32 …")

    @classmethod
    def _counts(cls) -> list[str]:
        return [field.name for field in fields(cls) if type(field.default) is int]

    @property
    def location_length(self) -> int:
        """Length of the location vector, 0 without location."""
        if self.location is None:
            return 0
        return self.regions if self.location == "region" else COORDINATES

    @property
    def size_multiple(self) -> int:
        """Height and width of the input must be multiples of this, in pixels."""
        return max(self.token_patch, 1 << RESUNET_STEPS)

    @property
    def native_size(self) -> int:
        """Height and width in pixels at which positions need no interpolation."""
        return self.positional_grid * self.token_patch


GLAVITU_SMALL = GlaViTUConfig(
    width=16,
    positional_grid=16,
    transformer_blocks=6,
    resunet_width=16,
    expanded_inputs=True,
    batch_norm_momentum=0.05,
)
