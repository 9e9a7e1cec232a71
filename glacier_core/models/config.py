"""The numbers that make a network, apart from torch so that reading a card needs none of it.

Every architecture has one frozen class. The defaults are its published size; what differs from
a publication is said where it differs.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from math import lcm
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from glacier_core.errors import ModelError
from glacier_core.models.inputs import FEATURE_CHANNELS

RESUNET_STEPS = 3  # halvings of the size on the way down, in GlaViTU and TransU-Net
COORDINATES = 4  # sin lat, cos lat, sin lon, cos lon
PUBLISHED_PATCH = 384  # pixels

ArchitectureName = Literal[
    "glavitu", "resunet", "setr", "transunet", "deeplab", "swin-unet", "gdgt", "ensemble"
]
ARCHITECTURE_NAMES: tuple[str, ...] = get_args(ArchitectureName)


@dataclass(frozen=True)
class NetworkConfig(ABC):
    """What every architecture shares: its inputs, and how they are fused.

    Attributes
    ----------
    features : tuple of str
        Feature groups that the network takes, see `glacier_core.models.inputs`.
    location : "region", "coordinates" or None
        Kind of the location vector; None where the architecture encodes none.
    regions : int
        Length of the one-hot region vector, "unknown" included.
    width : int
        Channels of the fused features.
    expanded_inputs : bool
        Whether the fixed stem for compact networks stands before the fusion.
    batch_norm_momentum : float
        Share of a new batch in the running statistics.
    architecture : str
        Key of `glacier_core.models.architectures.ARCHITECTURES`.

    Raises
    ------
    ModelError
        If the numbers do not go together.
    """

    features: tuple[str, ...] = ("optical", "dem")
    location: Literal["region", "coordinates"] | None = None
    regions: int = 12
    width: int = 64
    expanded_inputs: bool = False
    batch_norm_momentum: float = 0.01  # Keras counts the other way round: 0.99
    architecture: str = ""

    encodes_location: ClassVar[bool] = False

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (a misspelt number in a card must not pass)

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", tuple(self.features))
        unknown = [name for name in self.features if name not in FEATURE_CHANNELS]
        if unknown or not self.features or len(set(self.features)) < len(self.features):
            raise ModelError(
                f"{self.architecture!r} cannot take the features {self.features}: name one or "
                f"more of {', '.join(FEATURE_CHANNELS)}, each once."
            )
        if self.location not in (None, "region", "coordinates"):
            raise ModelError(f"Unknown location {self.location!r}: use 'region' or 'coordinates'.")
        if self.location and not self.encodes_location:
            raise ModelError(
                f"{self.architecture!r} encodes no location: leave it out, or choose 'glavitu'."
            )
        if any(size < 1 for size in self._sizes()):
            raise ModelError(f"Every size of {self.architecture!r} must be 1 or more: {self}.")

    def _sizes(self) -> list[int]:
        """All whole numbers of the config, those in tuples as well."""
        values = [getattr(self, field.name) for field in fields(self)]
        flat = [part for value in values for part in (value if type(value) is tuple else (value,))]
        return [part for part in flat if type(part) is int]

    @property
    def location_length(self) -> int:
        """Length of the location vector, 0 without location."""
        if self.location is None:
            return 0
        return self.regions if self.location == "region" else COORDINATES

    @property
    @abstractmethod
    def size_multiple(self) -> int:
        """Height and width of the input must be multiples of this, in pixels."""

    @property
    def native_size(self) -> int:
        """Height and width in pixels that suit the network best.

        That at which positions need no interpolation or windows no padding; the published patch
        for networks without either.
        """
        return PUBLISHED_PATCH


@dataclass(frozen=True)
class TransformerConfig(NetworkConfig):
    """A network with a vision transformer of equal blocks in it."""

    token_width: int = 64
    positional_grid: int = 24  # tokens a side; 24 x 16 = 384 pixels
    transformer_blocks: int = 12
    heads: int = 4
    mlp_width: int = 256

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_heads(self.token_width, self.heads)


@dataclass(frozen=True)
class GlaViTUConfig(TransformerConfig):
    """The size of a GlaViTU."""

    token_patch: int = 16  # pixels
    resunet_width: int = 64  # at full size; doubles with each of the three steps
    architecture: Literal["glavitu"] = "glavitu"

    encodes_location: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_token_patch(self.token_patch)

    @property
    def size_multiple(self) -> int:
        """Tokens and the U-Net's steps must both come out even."""
        return max(self.token_patch, 1 << RESUNET_STEPS)

    @property
    def native_size(self) -> int:
        """Size in pixels at which positions need no interpolation."""
        return self.positional_grid * self.token_patch


@dataclass(frozen=True)
class ResUNetConfig(NetworkConfig):
    """The size of a residual U-Net."""

    resunet_width: int = 64  # at full size; doubles with each step
    steps: int = 4  # halvings of the size on the way down
    architecture: Literal["resunet"] = "resunet"

    @property
    def size_multiple(self) -> int:
        """One halving a step."""
        return 1 << self.steps


@dataclass(frozen=True)
class SETRConfig(TransformerConfig):
    """The size of a SETR with the progressive-upsampling decoder."""

    token_width: int = 768
    heads: int = 12
    mlp_width: int = 3072
    token_patch: int = 16  # pixels
    decoder_width: int = 256
    architecture: Literal["setr"] = "setr"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_token_patch(self.token_patch)

    @property
    def size_multiple(self) -> int:
        """One token."""
        return self.token_patch

    @property
    def native_size(self) -> int:
        """Size in pixels at which positions need no interpolation."""
        return self.positional_grid * self.token_patch


@dataclass(frozen=True)
class TransUNetConfig(TransformerConfig):
    """The size of a TransU-Net: a residual U-Net with a transformer at its bottom."""

    resunet_width: int = 64  # at full size; doubles with each of the three steps
    architecture: Literal["transunet"] = "transunet"

    @property
    def size_multiple(self) -> int:
        """The U-Net's steps, and the halving before the transformer."""
        return 2 << RESUNET_STEPS

    @property
    def native_size(self) -> int:
        """Size in pixels at which positions need no interpolation."""
        return self.positional_grid * self.size_multiple


@dataclass(frozen=True)
class DeepLabConfig(NetworkConfig):
    """The size of a DeepLabv3+ on a ResNeSt; the defaults are those of ResNeSt-101."""

    layers: tuple[int, int, int, int] = (3, 4, 23, 3)  # blocks a stage
    backbone_width: int = 64  # of the first stage; doubles with each
    pyramid_width: int = 256
    head_width: int = 64
    architecture: Literal["deeplab"] = "deeplab"

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.layers) != 4 or self.layers[1] < 2 or self.backbone_width % 2:
            raise ModelError(
                "DeepLabv3+ needs four stages, two blocks or more in the second and an even "
                f"width: not {self.layers} and {self.backbone_width}."
            )

    @property
    def size_multiple(self) -> int:
        """The first pooling and three of the four stages halve the size."""
        return 16


@dataclass(frozen=True)
class SwinUNetConfig(NetworkConfig):
    """The size of a Swin-Unet; a window of 12 instead of 7 divides 384 pixels without rest."""

    token_patch: int = 4  # pixels
    token_width: int = 96  # of the first level; doubles with each
    depths: tuple[int, ...] = (2, 2, 2, 2)  # blocks a level, alike on the way up
    heads: tuple[int, ...] = (3, 6, 12, 24)
    window: int = 12  # tokens a side
    architecture: Literal["swin-unet"] = "swin-unet"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_token_patch(self.token_patch)
        if len(self.depths) != len(self.heads):
            raise ModelError(f"{len(self.depths)} depths, but {len(self.heads)} numbers of heads.")
        for level, heads in enumerate(self.heads):
            _check_heads(self.token_width << level, heads)

    @property
    def size_multiple(self) -> int:
        """One token of the lowest level."""
        return self.token_patch << (len(self.depths) - 1)

    @property
    def native_size(self) -> int:
        """Size in pixels at which one window covers the lowest level."""
        return self.size_multiple * self.window


@dataclass(frozen=True)
class GDGTConfig(NetworkConfig):
    """The size of a global-local detail-guided transformer. All but the stages is our choice."""

    encoder_width: int = 64  # of the first stage; doubles with each of the four
    encoder_blocks: int = 2  # a stage, as in ResNet-18
    heads: int = 4
    window: int = 8  # pixels a side of each level
    pooled_grid: int = 8  # keys and values a side in the attention over the whole image
    architecture: Literal["gdgt"] = "gdgt"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_heads(self.encoder_width, self.heads)

    @property
    def size_multiple(self) -> int:
        """Four stages halve the size."""
        return 16


SingleConfig = Annotated[
    GlaViTUConfig
    | ResUNetConfig
    | SETRConfig
    | TransUNetConfig
    | DeepLabConfig
    | SwinUNetConfig
    | GDGTConfig,
    Field(discriminator="architecture"),
]


@dataclass(frozen=True)
class EnsembleConfig(NetworkConfig):
    """Several networks with equal features and location, whose probabilities are averaged.

    The shared attributes are not given but taken over from the members; `width` and
    `batch_norm_momentum` are those of the first, and `expanded_inputs` is true if any has it.
    """

    features: tuple[str, ...] = field(init=False)
    location: Literal["region", "coordinates"] | None = field(init=False)
    regions: int = field(init=False)
    width: int = field(init=False)
    expanded_inputs: bool = field(init=False)
    batch_norm_momentum: float = field(init=False)
    members: tuple[SingleConfig, ...] = ()
    architecture: Literal["ensemble"] = field(default="ensemble", kw_only=True)

    encodes_location: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", tuple(self.members))
        if len(self.members) < 2:
            raise ModelError(f"An ensemble needs two members or more, not {len(self.members)}.")
        if any(isinstance(member, EnsembleConfig) for member in self.members):
            raise ModelError("An ensemble cannot be a member of another: name its members.")
        for name in ("features", "location", "location_length"):
            values = {getattr(member, name) for member in self.members}
            if len(values) > 1:
                raise ModelError(f"The members of an ensemble differ in their {name}: {values}.")
        for name in ("features", "location", "regions", "width", "batch_norm_momentum"):
            object.__setattr__(self, name, getattr(self.members[0], name))
        expanded = any(member.expanded_inputs for member in self.members)
        object.__setattr__(self, "expanded_inputs", expanded)
        super().__post_init__()

    @property
    def size_multiple(self) -> int:
        """What suits every member."""
        return lcm(*(member.size_multiple for member in self.members))

    @property
    def native_size(self) -> int:
        """The smallest native size of a member that suits every member."""
        sizes = [member.native_size for member in self.members]
        fitting = [size for size in sizes if size % self.size_multiple == 0]
        return min(fitting, default=self.size_multiple)


AnyConfig = Annotated[SingleConfig | EnsembleConfig, Field(discriminator="architecture")]


def _check_heads(token_width: int, heads: int) -> None:
    if token_width % heads:
        raise ModelError(f"The token width {token_width} is no multiple of the {heads} heads.")


def _check_token_patch(token_patch: int) -> None:
    if token_patch < 4 or token_patch & (token_patch - 1):
        raise ModelError(f"The token patch {token_patch} must be 4, 8, 16, 32 …")


GLAVITU_SMALL = GlaViTUConfig(
    width=16,
    positional_grid=16,
    transformer_blocks=6,
    resunet_width=16,
    expanded_inputs=True,
    batch_norm_momentum=0.05,
)
