"""Weights of the authors' Keras network (Keras 2 `save_weights`, HDF5) for ours.

The suffixes of Keras' names (dense_2, conv2d_5) differ from variant to variant, so tensors are
matched by their position within a block. In a block all trainable tensors come first, in the
order of creation, then the moving mean and variance of every batch normalisation.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from numpy.typing import NDArray

from glacier_core.disk import file_sha256
from glacier_core.errors import ModelError
from glacier_core.models.card import ModelCard
from glacier_core.models.config import COORDINATES, RESUNET_STEPS
from glacier_core.models.glavitu import GlaViTU, GlaViTUConfig
from glacier_core.models.inputs import FEATURE_CHANNELS, PUBLISHED_REGIONS, UNKNOWN_REGION
from glacier_core.models.pickled_calibration import read_pickled_calibration
from glacier_core.models.registry import save_model
from glacier_core.models.weights import set_weights

Array = NDArray[Any]


@dataclass(frozen=True)
class Slot:
    """One tensor of ours: its name, the shape Keras keeps it in, and the way from there."""

    name: str
    keras_shape: tuple[int, ...]
    convert: Callable[[Array], Array]


def convert_keras(
    h5_path: str | Path,
    folder: str | Path,
    *,
    regions: Sequence[str] | None = None,
    calibration: str | Path | None = None,
    facts: Mapping[str, Any] | None = None,
) -> ModelCard:
    """Convert a Keras weights file into a model folder.

    Feature groups and the kind of location are read from the file.

    Parameters
    ----------
    h5_path : path
        Weights of the training model (both heads), as the authors publish them.
    folder : path
        Gets ``weights.safetensors`` and ``card.json``; its name becomes the model's name.
    regions : sequence of str, optional
        Region names in the order of the one-hot vector, needed unless there are the published 12.
    calibration : path, optional
        Calibration curve as the authors pickle it, which is read but never unpickled
        (`glacier_core.models.pickled_calibration`); without it the card has none.
    facts : mapping, optional
        What is known besides: fields of the card by name, such as its title and licence.

    Returns
    -------
    ModelCard

    Raises
    ------
    ModelError
        If the file is not HDF5, is truncated, or is not such a network; or the calibration is not
        such a curve.
    """
    h5_path, folder = Path(h5_path), Path(folder).resolve()
    network = read_keras(h5_path)
    config = network.config
    names = _region_names(config, regions)
    curve = None if calibration is None else read_pickled_calibration(calibration)
    digest = file_sha256(h5_path)
    told: dict[str, Any] = {
        "title": f"GlaViTU, {' + '.join(config.features)}, converted from {h5_path.name}",
        "training": f"By whoever made {h5_path.name} (SHA-256 {digest}); see its source.",
        "licence": "Not stated in the file: ask its source.",
    }
    card = ModelCard(
        name=folder.name,
        config=config,
        patch_size=config.native_size,
        regions=names,
        calibration=curve,
        **(told | dict(facts or {})),
    )
    return save_model(network, card, folder)


def _region_names(config: GlaViTUConfig, given: Sequence[str] | None) -> tuple[str, ...]:
    if config.location != "region":
        if given:
            raise ModelError("These weights know no regions; leave the region names out.")
        return ()
    names = PUBLISHED_REGIONS if given is None else tuple(given)
    if len(set(names)) != config.regions or UNKNOWN_REGION not in names:
        raise ModelError(
            f"These weights encode {config.regions} regions: give as many different names in "
            f"order, {UNKNOWN_REGION!r} among them (regions=... or --regions), not "
            f"{', '.join(names)}."
        )
    return names


def read_keras(h5_path: Path) -> GlaViTU:
    """Read a Keras weights file into a network of the published size.

    Raises
    ------
    ModelError
        As `convert_keras`.
    """
    try:
        with h5py.File(h5_path, "r") as file:
            network = GlaViTU(_deduce_config(file))
            weights = network.state_dict()
            for block, slots in _layout(network).items():
                weights |= _read_block(file, block, slots)
    except (OSError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"{h5_path} cannot be read as Keras weights: {error}. It may be truncated, or not an "
            "HDF5 file made by save_weights; fetch it again."
        ) from error
    set_weights(network, weights)
    return network


def _deduce_config(file: h5py.File) -> GlaViTUConfig:
    names = _texts(file, "layer_names")
    features = tuple(name for name in names if name in FEATURE_CHANNELS)
    if not features:
        raise ModelError(
            f"{file.filename} has no input layer named {', '.join(FEATURE_CHANNELS)}; "
            "it is not GlaViTU."
        )
    if "location" not in names:
        return GlaViTUConfig(features)
    length = int(_tensors(file, "location_encoding_block")[0].shape[0])
    if length == COORDINATES:
        return GlaViTUConfig(features, location="coordinates")
    return GlaViTUConfig(features, location="region", regions=length)


def _read_block(file: h5py.File, block: str, slots: Sequence[Slot]) -> dict[str, torch.Tensor]:
    tensors = _tensors(file, block)
    if len(tensors) != len(slots):
        raise ModelError(
            f"{file.filename}: block {block!r} has {len(tensors)} tensors, expected {len(slots)}."
        )
    return {
        slot.name: _read_tensor(file, tensor, slot)
        for slot, tensor in zip(slots, tensors, strict=True)
    }


def _read_tensor(file: h5py.File, tensor: h5py.Dataset, slot: Slot) -> torch.Tensor:
    # Before reading: a hostile file may declare any size.
    if tensor.shape != slot.keras_shape or tensor.dtype.kind != "f":
        raise ModelError(
            f"{file.filename}: {tensor.name} is {tensor.dtype} {tensor.shape}, expected floating "
            f"point {slot.keras_shape} for {slot.name}."
        )
    array = np.ascontiguousarray(slot.convert(tensor[()]), dtype=np.float32)
    return torch.from_numpy(array)


def _tensors(file: h5py.File, block: str) -> list[h5py.Dataset]:
    group = file.get(block)
    if not isinstance(group, h5py.Group):
        raise ModelError(
            f"{file.filename} has no block {block!r}. Weights of GlaViTU's training model, with "
            "both heads, are needed."
        )
    tensors = [group[name] for name in _texts(group, "weight_names")]
    if not tensors or not all(isinstance(tensor, h5py.Dataset) for tensor in tensors):
        raise ModelError(f"{file.filename}: block {block!r} holds no tensors.")
    return tensors


def _texts(group: h5py.Group, attribute: str) -> list[str]:
    if attribute not in group.attrs:
        raise ModelError(
            f"{group.file.filename} is HDF5 but no Keras weights file: {group.name} has no "
            f"attribute {attribute!r}."
        )
    texts = np.asarray(group.attrs[attribute]).ravel().tolist()
    return [text.decode() if isinstance(text, bytes) else str(text) for text in texts]


def _layout(network: GlaViTU) -> dict[str, list[Slot]]:
    """All slots by block of the file, in the order of the file."""
    keras = _KerasOrder(network)
    blocks: dict[str, Iterator[Slot]] = {
        "fusion_block": keras.fusion_block(),
        "SETR": keras.setr(),
        "ResUNet": keras.resunet(),
        "deepsupervision": keras.pointwise("deep_supervision"),
        "output": keras.pointwise("output"),
    }
    if network.config.location:
        blocks["location_encoding_block"] = keras.location_encoding_block()
    return {block: _statistics_last(list(slots)) for block, slots in blocks.items()}


def _statistics_last(slots: list[Slot]) -> list[Slot]:
    return sorted(slots, key=lambda slot: ".running_" in slot.name)  # a stable sort


class _KerasOrder:
    """The tensors of each part in Keras' order of creation."""

    def __init__(self, network: GlaViTU) -> None:
        self.config = network.config
        self.shapes = {name: tuple(t.shape) for name, t in network.state_dict().items()}

    def fusion_block(self) -> Iterator[Slot]:
        branches = [f"fusion_block.branches.{name}" for name in self.config.features]
        for branch in branches:
            yield from self.convolution_pair(f"{branch}.convolutions")
        for layer in ("squeeze", "excite"):
            for branch in branches:
                yield from self.dense(f"{branch}.{layer}")

    def location_encoding_block(self) -> Iterator[Slot]:
        for first in (0, 3):
            yield from self.dense(f"location_encoding_block.layers.{first}")
            yield from self.batch_norm(f"location_encoding_block.layers.{first + 1}")

    def setr(self) -> Iterator[Slot]:
        yield from self.patch_embedding("setr.patch_embedding")
        positions = self.shapes["setr.positional_embedding"]
        yield Slot("setr.positional_embedding", positions[1:], lambda a: a[None])
        for number in range(self.config.transformer_blocks):
            yield from self.transformer_block(f"setr.blocks.{number}")
        for number in range(self.config.token_patch.bit_length() - 1):
            yield from self.convolution(f"setr.decoder.convolutions.{number}.0")
            yield from self.batch_norm(f"setr.decoder.convolutions.{number}.1")
        yield from self.convolution("setr.decoder.last")

    def transformer_block(self, block: str) -> Iterator[Slot]:
        yield from self.vectors(f"{block}.norm_attention", "weight", "bias")
        for projection in ("query", "key", "value"):
            yield from self.into_heads(f"{block}.attention.{projection}")
        yield from self.out_of_heads(f"{block}.attention.out")
        yield from self.vectors(f"{block}.norm_mlp", "weight", "bias")
        yield from self.dense(f"{block}.mlp.0")
        yield from self.dense(f"{block}.mlp.2")

    def resunet(self) -> Iterator[Slot]:
        for step in range(RESUNET_STEPS + 1):
            yield from self.residual_unit(f"resunet.encoder.{step}")
        for step in range(RESUNET_STEPS):
            yield from self.convolution(f"resunet.upsampling.{step}.convolution")
            yield from self.batch_norm(f"resunet.upsampling.{step}.norm")
            yield from self.residual_unit(f"resunet.decoder.{step}")
        yield from self.pointwise("resunet.last")

    def residual_unit(self, unit: str) -> Iterator[Slot]:
        yield from self.convolution_pair(f"{unit}.convolutions")
        yield from self.pointwise(f"{unit}.shortcut")

    def convolution_pair(self, pair: str) -> Iterator[Slot]:
        for first in (0, 3):
            yield from self.convolution(f"{pair}.{first}")
            yield from self.batch_norm(f"{pair}.{first + 1}")

    def convolution(self, layer: str) -> Iterator[Slot]:
        out, into, rows, columns = self.shapes[f"{layer}.weight"]
        keras_shape = (rows, columns, into, out)
        yield Slot(f"{layer}.weight", keras_shape, lambda a: a.transpose(3, 2, 0, 1))
        yield from self.vectors(layer, "bias")

    def pointwise(self, layer: str) -> Iterator[Slot]:
        """Dense over the channels of pixels there, a 1x1 convolution here."""
        out, into, _, _ = self.shapes[f"{layer}.weight"]
        yield Slot(f"{layer}.weight", (into, out), lambda a: a.T[:, :, None, None])
        yield from self.vectors(layer, "bias")

    def patch_embedding(self, layer: str) -> Iterator[Slot]:
        """Dense on patches flattened by row, column, channel there, a strided convolution here."""
        out, into, rows, columns = self.shapes[f"{layer}.weight"]

        def convert(array: Array) -> Array:
            return array.reshape(rows, columns, into, out).transpose(3, 2, 0, 1)

        yield Slot(f"{layer}.weight", (rows * columns * into, out), convert)
        yield from self.vectors(layer, "bias")

    def dense(self, layer: str) -> Iterator[Slot]:
        out, into = self.shapes[f"{layer}.weight"]
        yield Slot(f"{layer}.weight", (into, out), lambda a: a.T)
        yield from self.vectors(layer, "bias")

    def into_heads(self, layer: str) -> Iterator[Slot]:
        out, into = self.shapes[f"{layer}.weight"]
        heads = (self.config.heads, out // self.config.heads)
        yield Slot(f"{layer}.weight", (into, *heads), lambda a: a.reshape(into, out).T)
        yield Slot(f"{layer}.bias", heads, lambda a: a.reshape(out))

    def out_of_heads(self, layer: str) -> Iterator[Slot]:
        out, into = self.shapes[f"{layer}.weight"]
        heads = (self.config.heads, into // self.config.heads)
        yield Slot(f"{layer}.weight", (*heads, out), lambda a: a.reshape(into, out).T)
        yield from self.vectors(layer, "bias")

    def batch_norm(self, layer: str) -> Iterator[Slot]:
        yield from self.vectors(layer, "weight", "bias", "running_mean", "running_var")

    def vectors(self, layer: str, *names: str) -> Iterator[Slot]:
        for name in (f"{layer}.{name}" for name in names):
            if name in self.shapes:  # some convolutions have no bias
                yield Slot(name, self.shapes[name], lambda a: a)
