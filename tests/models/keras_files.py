"""Write a network as Keras 2 `save_weights` would: an inverse of the converter, on its own terms.

It walks torch modules in the order in which Keras creates layers and knows nothing of the tables
of glacier_core.models.keras.
"""

import itertools

import h5py
import numpy as np
import torch
from torch import nn


class KerasBlock:
    """Collects the tensors of one top-level layer: trainable ones, then moving statistics."""

    def __init__(self, numbers):
        self.numbers = numbers
        self.trainable, self.moving = [], []

    def _add(self, kind, **tensors):
        layer = f"{kind}_{next(self.numbers)}"
        for name, tensor in tensors.items():
            if tensor is not None:
                kept = self.moving if name.startswith("moving") else self.trainable
                kept.append((f"{layer}/{name}:0", np.asarray(tensor.detach())))

    def conv(self, layer):
        self._add("conv2d", kernel=torch.movedim(layer.weight, (0, 1), (3, 2)), bias=layer.bias)

    def dense(self, layer):
        weight = layer.weight if layer.weight.ndim == 2 else layer.weight[:, :, 0, 0]
        self._add("dense", kernel=weight.t(), bias=layer.bias)

    def batch_norm(self, layer):
        self._add(
            "batch_normalization",
            gamma=layer.weight,
            beta=layer.bias,
            moving_mean=layer.running_mean,
            moving_variance=layer.running_var,
        )

    def layer_norm(self, layer):
        self._add("layer_normalization", gamma=layer.weight, beta=layer.bias)

    def conv_pair(self, pair):
        for layer in pair:
            if isinstance(layer, nn.Conv2d):
                self.conv(layer)
            elif isinstance(layer, nn.BatchNorm2d):
                self.batch_norm(layer)

    def patch_embedding(self, layer):
        patches = torch.einsum("oirc->rcio", layer.weight)
        self._add("patch_dense", kernel=patches.reshape(-1, patches.shape[-1]), bias=layer.bias)

    def attention(self, attention):
        heads = attention.heads
        for name in ("query", "key", "value"):
            layer = getattr(attention, name)
            into, out = layer.in_features, layer.out_features
            self._add(
                f"attention/{name}",
                kernel=layer.weight.t().reshape(into, heads, out // heads),
                bias=layer.bias.reshape(heads, out // heads),
            )
        out = attention.out
        kernel = out.weight.t().reshape(heads, out.in_features // heads, out.out_features)
        self._add("attention/attention_output", kernel=kernel, bias=out.bias)


def keras_blocks(network, first_number=0):
    """Return (layer name, tensors) of all top-level layers."""
    numbers = itertools.count(first_number)
    block = {name: KerasBlock(numbers) for name in _names(network)}
    if network.location_encoding_block is not None:
        first, norm, _, second, last_norm, _ = network.location_encoding_block.layers
        for layer, batch_norm in ((first, norm), (second, last_norm)):
            block["location_encoding_block"].dense(layer)
            block["location_encoding_block"].batch_norm(batch_norm)
    _fusion(block["fusion_block"], network.fusion_block)
    _setr(block["SETR"], network.setr)
    _resunet(block["ResUNet"], network.resunet)
    block["deepsupervision"].dense(network.deep_supervision)
    block["output"].dense(network.output)
    return [(name, b.trainable + b.moving) for name, b in block.items()]


def write_keras(network, path, first_number=0):
    """Write all weights of a network into a Keras HDF5 file."""
    blocks = keras_blocks(network, first_number)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([name for name, _ in blocks], dtype="S")
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.15.0"
        for name, tensors in blocks:
            group = file.create_group(name)
            names = [f"{name}/{tensor_name}" for tensor_name, _ in tensors]
            group.attrs["weight_names"] = np.array(names, dtype="S")
            for tensor_name, (_, array) in zip(names, tensors, strict=True):
                group.create_dataset(tensor_name, data=array)


def randomise(network, seed=0):
    """Fill every weight and statistic with random numbers, so that none can hide."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.2 + 0.01)
    return network


def _names(network):
    config = network.config
    if config.location is None:
        return [*config.features, "fusion_block", "SETR", "add_12", "ResUNet", "add_13", *_HEADS]
    start = ["location", *config.features, "location_encoding_block", "fusion_block"]
    return [*start, "tf.reshape", "tf.math.add", "SETR", "add_12", "ResUNet", "add_13", *_HEADS]


_HEADS = ("deepsupervision", "output")


def _fusion(block, fusion):
    for branch in fusion.branches.values():
        block.conv_pair(branch.convolutions)
    for branch in fusion.branches.values():
        block.dense(branch.squeeze)
    for branch in fusion.branches.values():
        block.dense(branch.excite)


def _setr(block, setr):
    block.patch_embedding(setr.patch_embedding)
    block._add("add_positional_embedding", positional_embedding=setr.positional_embedding[0])
    for transformer in setr.blocks:
        block.layer_norm(transformer.norm_attention)
        block.attention(transformer.attention)
        block.layer_norm(transformer.norm_mlp)
        for layer in transformer.mlp:
            if isinstance(layer, nn.Linear):
                block.dense(layer)
    for step in setr.decoder.convolutions:
        block.conv_pair(step)
    block.conv(setr.decoder.last)


def _resunet(block, resunet):
    def residual_unit(unit):
        block.conv_pair(unit.convolutions)
        block.dense(unit.shortcut)

    for unit in resunet.encoder:
        residual_unit(unit)
    for upsample, unit in zip(resunet.upsampling, resunet.decoder, strict=True):
        block.conv(upsample.convolution)
        block.batch_norm(upsample.norm)
        residual_unit(unit)
    block.dense(resunet.last)
