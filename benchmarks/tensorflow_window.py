"""One window of GlaViTU's size in TensorFlow, the framework its authors map with.

    python -m venv tensorflow && tensorflow/bin/pip install tensorflow-cpu
    tensorflow/bin/python benchmarks/tensorflow_window.py

The layers are written from the published description (docs/method.md), with random weights: it
measures time, nothing else, and shares no code with this package, which installs no TensorFlow.
`benchmarks/whole_scene.py --tensorflow tensorflow/bin/python` runs it beside our own.
"""

import os
import sys
import time
from statistics import median

import numpy as np

# TensorFlow's faster convolutions, which it leaves off on some processors.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"

import tensorflow as tf
from tensorflow.keras import Model, layers

SIDE, WIDTH, TOKEN, BLOCKS, HEADS = 384, 64, 16, 12, 4


def leaky(x):
    """Leaky ReLU with the slope of TensorFlow's function."""
    return layers.LeakyReLU(negative_slope=0.2)(x)


def convolution(x, width, side=3, **options):
    """Convolution and batch normalisation."""
    return layers.BatchNormalization()(layers.Conv2D(width, side, padding="same", **options)(x))


def pair(x, width):
    """Twice convolution, normalisation and activation."""
    return leaky(convolution(leaky(convolution(x, width)), width))


def fusion_branch(x):
    """Two convolutions, then squeeze and excitation."""
    x = pair(x, WIDTH)
    gate = leaky(layers.Dense(WIDTH)(layers.GlobalAveragePooling2D()(x)))
    gate = layers.Dense(WIDTH, activation="sigmoid")(gate)
    return x * layers.Reshape((1, 1, WIDTH))(gate)


def transformer_block(x):
    """Attention and perceptron, each beside a shortcut."""
    normed = layers.LayerNormalization(epsilon=1e-3)(x)
    x = x + layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(normed, normed)
    y = layers.Dense(4 * WIDTH, activation="gelu")(layers.LayerNormalization(epsilon=1e-3)(x))
    return x + layers.Dense(WIDTH, activation="gelu")(y)


class Positions(layers.Layer):
    """Learnt positions of the tokens."""

    def build(self, shape):
        """Make one vector a token."""
        self.embedding = self.add_weight(shape=(1, *shape[1:]), initializer="random_normal")

    def call(self, x):
        """Add them."""
        return x + self.embedding


def setr(x):
    """Context: a light vision transformer and its decoder."""
    grid = SIDE // TOKEN
    x = layers.Reshape((grid, TOKEN, grid, TOKEN * WIDTH))(x)
    x = layers.Reshape((grid * grid, TOKEN * TOKEN * WIDTH))(layers.Permute((1, 3, 2, 4))(x))
    x = Positions()(layers.Dense(WIDTH)(x))
    for _ in range(BLOCKS):
        x = transformer_block(x)
    x = layers.Reshape((grid, grid, WIDTH))(x)
    for _ in range(3):
        x = layers.UpSampling2D(interpolation="bilinear")(convolution(x, WIDTH))
    x = layers.Conv2D(WIDTH, 1)(convolution(x, WIDTH))
    return layers.UpSampling2D(interpolation="bilinear")(x)


def residual_unit(x, width):
    """Two convolutions beside a shortcut."""
    return pair(x, width) + layers.Dense(width, use_bias=False)(x)


def resunet(x):
    """Detail: a residual U-Net of three steps."""
    skips = []
    for width in (64, 128, 256):
        x = residual_unit(x, width)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = residual_unit(x, 512)
    for width in (256, 128, 64):
        x = convolution(layers.UpSampling2D()(x), width, 2, use_bias=False)
        x = residual_unit(layers.Concatenate()([x, skips.pop()]), width)
    return layers.Dense(WIDTH)(x)


def network():
    """Return the network for optical bands and terrain."""
    inputs = [layers.Input((SIDE, SIDE, channels)) for channels in (6, 2)]
    fused = layers.Add()([fusion_branch(x) for x in inputs])
    context = fused + setr(fused)
    return Model(inputs, layers.Dense(2, activation="softmax")(context + resunet(context)))


def main(repeats):
    """Print the number of parameters and the median seconds of a window."""
    model = network()
    predict = tf.function(lambda *x: model(x, training=False))
    random = np.random.default_rng(0)
    window = [tf.constant(random.random((1, SIDE, SIDE, n), np.float32)) for n in (6, 2)]
    predict(*window)
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        predict(*window).numpy()
        times.append(time.perf_counter() - began)
    print(f"TensorFlow {tf.__version__} {model.count_params()} {median(times):.4f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
