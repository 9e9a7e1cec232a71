from dataclasses import replace

import numpy as np
import pytest

from glacier_core.models.config import GlaViTUConfig
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training.data import TrainingData
from glacier_core.training.hyperparameters import TrainingRecipe
from glacier_core.training.material import NO_SCENES, Material
from glacier_core.training.training_scene import TrainingScene


@pytest.fixture
def make_scene():
    """A scene of bright ice in the left half and brown rock in the right."""

    def make(seed: int = 0, size: int = 48) -> TrainingScene:
        generator = np.random.default_rng(seed)
        glacier = np.zeros((size, size), bool)
        glacier[:, : size // 2] = True
        ice = np.array([0.6, 0.6, 0.55, 0.5, 0.05, 0.04])[:, None, None]
        rock = np.array([0.1, 0.12, 0.14, 0.18, 0.25, 0.22])[:, None, None]
        optical = np.where(glacier, ice, rock) + 0.01 * generator.standard_normal((6, size, size))
        column = np.broadcast_to(np.arange(size), (size, size))
        return TrainingScene(
            optical=optical.astype(np.float32),
            elevation=(1000.0 + 10.0 * column).astype(np.float32),
            slope=np.full((size, size), 20.0, np.float32),
            glacier=glacier,
            surface=np.where(glacier, SurfaceClass.ICE, SurfaceClass.ROCK).astype(np.uint8),
            weight=np.ones((size, size), np.float32),
            shadow=np.zeros((size, size), bool),
        )

    return make


@pytest.fixture
def numbered_scene(make_scene):
    """A scene whose elevation tells the row, and whose classes and bands tell the column."""

    def make(rows: int, columns: int, seed: int) -> TrainingScene:
        scene = make_scene(seed, max(rows, columns)).map(lambda array: array[..., :rows, :columns])
        row, column = np.indices((rows, columns))
        return replace(
            scene,
            elevation=row.astype(np.float32),
            surface=column.astype(np.uint8),
            optical=np.broadcast_to(column.astype(np.float32), (6, rows, columns)).copy(),
        )

    return make


@pytest.fixture
def data():
    """Data of a training as they are told of, without any scene in them."""
    return TrainingData(
        Material(NO_SCENES),
        scored=NO_SCENES,
        simulated=True,
        training="Only simulated scenes: 4 of 320 x 320 pixels.",
        scored_set="simulated held-out scenes",
        calibrated_on="simulated scenes apart from those scored",
        caveats="Limits.",
    )


@pytest.fixture
def tiny_recipe():
    return TrainingRecipe(
        name="tiny",
        title="A tiny network for tests",
        network=GlaViTUConfig(
            width=4,
            token_patch=8,
            token_width=8,
            positional_grid=4,
            transformer_blocks=1,
            heads=2,
            mlp_width=16,
            resunet_width=4,
            expanded_inputs=True,
            batch_norm_momentum=0.2,
        ),
        seed=3,
        training_scenes=4,
        calibration_scenes=1,
        scored_scenes=1,
        agreement_pairs=1,
        steps=6,
        batch=2,
        patch_size=32,
        checkpoint_every=2,
        mixed_precision=False,
    )
