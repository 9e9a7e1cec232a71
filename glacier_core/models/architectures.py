"""All architectures by name, each with its published size and one for a CPU.

Nothing here needs torch before a network is built, so that cards are read without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from glacier_core.errors import ModelError
from glacier_core.models.config import (
    GLAVITU_SMALL,
    DeepLabConfig,
    EnsembleConfig,
    GDGTConfig,
    GlaViTUConfig,
    NetworkConfig,
    ResUNetConfig,
    SETRConfig,
    SwinUNetConfig,
    TransUNetConfig,
)

if TYPE_CHECKING:
    from glacier_core.models.blocks import Network

COMPACT: dict[str, Any] = {"width": 16, "expanded_inputs": True, "batch_norm_momentum": 0.05}

RESUNET_SMALL = ResUNetConfig(resunet_width=16, steps=3, **COMPACT)


@dataclass(frozen=True)
class Architecture:
    """One kind of network.

    Attributes
    ----------
    name, title : str
        Key, and what people call it.
    config : type
        Class of its numbers.
    full, small : NetworkConfig
        The published size, and one that trains on a CPU.
    reference : str
        The publication.
    network : str
        Module and class that build it.
    """

    name: str
    title: str
    config: type[NetworkConfig]
    full: NetworkConfig
    small: NetworkConfig
    reference: str
    network: str


ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            name="glavitu",
            title="GlaViTU",
            config=GlaViTUConfig,
            full=GlaViTUConfig(),
            small=GLAVITU_SMALL,
            reference="Maslov et al. 2025, https://doi.org/10.1038/s41467-024-54956-x",
            network="glavitu.GlaViTU",
        ),
        Architecture(
            name="resunet",
            title="ResU-Net",
            config=ResUNetConfig,
            full=ResUNetConfig(),
            small=RESUNET_SMALL,
            reference="Zhang et al. 2018, https://doi.org/10.1109/LGRS.2018.2802944",
            network="resunet.FusionResUNet",
        ),
        Architecture(
            name="setr",
            title="SETR-B/16",
            config=SETRConfig,
            full=SETRConfig(),
            small=SETRConfig(
                token_width=64,
                positional_grid=16,
                transformer_blocks=6,
                heads=4,
                mlp_width=256,
                decoder_width=32,
                **COMPACT,
            ),
            reference="Zheng et al. 2021, https://arxiv.org/abs/2012.15840",
            network="setr.FusionSETR",
        ),
        Architecture(
            name="transunet",
            title="TransU-Net",
            config=TransUNetConfig,
            full=TransUNetConfig(),
            small=TransUNetConfig(
                positional_grid=16, transformer_blocks=6, resunet_width=16, **COMPACT
            ),
            reference="Chen et al. 2021, https://arxiv.org/abs/2102.04306",
            network="transunet.TransUNet",
        ),
        Architecture(
            name="deeplab",
            title="DeepLabv3+ ResNeSt-101",
            config=DeepLabConfig,
            full=DeepLabConfig(),
            small=DeepLabConfig(
                layers=(1, 2, 3, 1), backbone_width=16, pyramid_width=48, head_width=16, **COMPACT
            ),
            reference="Chen et al. 2018, https://arxiv.org/abs/1802.02611",
            network="deeplab.DeepLab",
        ),
        Architecture(
            name="swin-unet",
            title="Swin-Unet",
            config=SwinUNetConfig,
            full=SwinUNetConfig(),
            small=SwinUNetConfig(token_width=20, heads=(1, 2, 4, 8), window=8, **COMPACT),
            reference="Cao et al. 2021, https://arxiv.org/abs/2105.05537",
            network="swin_unet.SwinUNet",
        ),
        Architecture(
            name="gdgt",
            title="GDGT",
            config=GDGTConfig,
            full=GDGTConfig(),
            small=GDGTConfig(encoder_width=16, encoder_blocks=1, **COMPACT),
            reference="Huang et al. 2024, https://arxiv.org/abs/2405.13197",
            network="gdgt.GDGT",
        ),
        Architecture(
            name="ensemble",
            title="Ensemble",
            config=EnsembleConfig,
            full=EnsembleConfig((GlaViTUConfig(), GlaViTUConfig())),
            small=EnsembleConfig((GLAVITU_SMALL, RESUNET_SMALL)),
            reference="Mean of the probabilities of its members, each trained alone.",
            network="ensemble.Ensemble",
        ),
    )
}


def find_architecture(name: str) -> Architecture:
    """Return the architecture of a name.

    Raises
    ------
    ModelError
        If there is none.
    """
    if name not in ARCHITECTURES:
        raise ModelError(
            f"There is no architecture {name!r}. Known are {', '.join(ARCHITECTURES)}."
        )
    return ARCHITECTURES[name]


def build_network(config: NetworkConfig) -> "Network":
    """Build the network of a config, with random weights.

    Raises
    ------
    ModelError
        If its architecture is not known.
    """
    module, name = find_architecture(config.architecture).network.split(".")
    network: Network = getattr(import_module(f"glacier_core.models.{module}"), name)(config)
    return network


def parse_config(architecture: str, numbers: Mapping[str, Any]) -> NetworkConfig:
    """Make the config of an architecture from a mapping, as JSON holds it.

    Raises
    ------
    ModelError
        If there is no such architecture, or a number is misspelt, of another kind or impossible.
    """
    config = find_architecture(architecture).config
    try:
        return TypeAdapter(config).validate_python(dict(numbers))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ModelError(
            f"The config of {architecture!r} is not valid at {place}: {first['msg']}. "
            f"{error.error_count()} fault(s) in all."
        ) from error
