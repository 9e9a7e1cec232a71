"""All the numbers of a training, in one frozen object."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from glacier_core.errors import ModelError
from glacier_core.models.config import NetworkConfig
from glacier_core.models.inputs import PUBLISHED_REGIONS
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.training_scenes import SCENE_SIZE
from glacier_core.training.augmentation import Augmentation
from glacier_core.training.published_augmentation import PublishedAugmentation
from glacier_core.training.strategies import UNKNOWN_SHARE, check_regions, find_strategy

# What the members of an ensemble must agree on, as they are drawn, mapped and scored together.
SHARED_BY_MEMBERS = (
    *("training_scenes", "paired_scenes", "calibration_scenes", "scored_scenes"),
    *("agreement_pairs", "scene_size", "procedural_terrains", "real_terrain", "patch_size"),
    *("strategy", "regions", "tiles"),
)


@dataclass(frozen=True)
class TrainingRecipe:
    """Everything that decides what a training makes of the simulator.

    Attributes
    ----------
    name, title : str
        Of the model that comes out.
    network : NetworkConfig
    seed : int
        Of the first weights and of every patch drawn. Scenes have seeds of their own.
    training_scenes, calibration_scenes, scored_scenes, agreement_pairs : int
        How many of each. All but the first are of terrain and spectra never trained on.
    steps, batch, patch_size : int
        Updates of the weights, patches of single scenes an update, side of a patch in pixels.
    paired_scenes : int
        How many grounds to train on under two suns and instruments each.
    pairs : int
        Pairs of patches an update, besides the `batch` patches of single scenes; both patches of
        a pair show the same ground and both are learned from. With ``batch=0``, and no single
        training scenes, an update is made of pairs alone.
    consistency_weight : float
        Of the disagreement of the two patches of a pair, see `losses.consistency_loss`.
    learning_rate, weight_decay, largest_gradient, epsilon : float
        Of AdamW, which without weight decay is Adam; gradients are clipped to this norm, epsilon
        keeps its denominator from zero.
    cycles : tuple of int
        Lengths, relative to each other, of the cosines along which the rate falls to zero.
    focal_gamma, label_smoothing, supervision_share : float
        Of the loss, see `losses`.
    surface_weights : tuple of (SurfaceClass, float)
        How many times other than once the pixels of a surface count.
    shadow_weight : float
        How many times pixels in shadow count on top of that.
    average_decay : float
        Of the exponential moving average of the weights, which is what is kept in the end.
    batch_norm_batches : int
        Batches from which the statistics of batch normalisation are estimated anew for the
        averaged weights; 0 keeps the moving average of the statistics.
    augmentation : Augmentation or PublishedAugmentation
    checkpoint_every : int
        Steps between checkpoints.
    mixed_precision : bool
        Compute in bfloat16 where the processor has it. Not reproducible bit for bit elsewhere.
    scene_size : int
        Rows and columns of every scene.
    procedural_terrains : int, optional
        How many to cut each side's scenes from; None is the simulator's own number.
    real_terrain : bool
        Whether half of the scenes stand on real elevation models, fetched like every sample.
    real_exam : bool
        Whether the finished model is scored on the real scene. That scene is a final exam: it
        is not for trials, nor for comparing strategies.
    strategy : str
        See `strategies`.
    regions : tuple of str
        Codes of the regions to train on, for strategies that train on some only.
    unknown_share : float
        How often the region of a patch is hidden, for networks that are told it.
    modality_dropout : float
        How often each feature of a patch is dropped, for the strategy of that name.
    start_from, start_sha256 : str
        Model whose weights are trained on, and their hash; empty to start from random ones.
    tiles : Path, optional
        Folder of tile files to train on instead of simulated scenes, see `tile_scenes`. The
        numbers of scenes then mean nothing, and agreement is not measured.
    patience : int
        Stop after this many checkpoints without a better score on the validation scenes, and keep
        the best weights; 0 takes all steps. Off by default: on simulated scenes the score kept
        rising while two real images of one ground agreed less and less, so it is the wrong rule
        to stop by there. With tiles of real imagery it is the right one.
    watch : {"IoU", "agreement"}
        The score to stop by: IoU on the validation scenes, or agreement of held-out pairs.
    after : TrainingRecipe, optional
        Training of the same network that comes first; this one goes on from its weights.
    """

    name: str
    title: str
    network: NetworkConfig
    seed: int
    training_scenes: int
    calibration_scenes: int
    scored_scenes: int
    agreement_pairs: int
    steps: int
    batch: int = 3
    paired_scenes: int = 0
    pairs: int = 0
    consistency_weight: float = 0.0
    patch_size: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    largest_gradient: float = 1.0
    epsilon: float = 1e-8
    cycles: tuple[int, ...] = (1,)
    focal_gamma: float = 2.0
    label_smoothing: float = 0.0
    supervision_share: float = 0.5
    surface_weights: tuple[tuple[SurfaceClass, float], ...] = ()
    shadow_weight: float = 1.0
    average_decay: float = 0.995
    batch_norm_batches: int = 0
    augmentation: Augmentation | PublishedAugmentation = field(default_factory=Augmentation)
    checkpoint_every: int = 100
    mixed_precision: bool = True
    scene_size: int = SCENE_SIZE
    procedural_terrains: int | None = None
    real_terrain: bool = True
    real_exam: bool = False
    strategy: str = "global"
    regions: tuple[str, ...] = ()
    unknown_share: float = UNKNOWN_SHARE
    modality_dropout: float = 0.0
    start_from: str = ""
    start_sha256: str = ""
    tiles: Path | None = None
    patience: int = 0
    watch: Literal["IoU", "agreement"] = "IoU"
    after: "TrainingRecipe | None" = None

    def __post_init__(self) -> None:
        self._check_sizes()
        self._check_counts()
        self._check_strategy()

    def _check_sizes(self) -> None:
        if self.patch_size % self.network.size_multiple:
            raise ModelError(
                f"The patch size {self.patch_size} of the recipe {self.name!r} is no multiple of "
                f"{self.network.size_multiple}, which its network needs."
            )
        if self.tiles is None and self.patch_size > self.scene_size:
            raise ModelError(
                f"The patches of the recipe {self.name!r} are {self.patch_size} pixels wide, its "
                f"scenes only {self.scene_size}."
            )

    def _check_counts(self) -> None:
        held_out = (self.calibration_scenes, self.scored_scenes, self.agreement_pairs)
        steps = (self.steps, self.checkpoint_every, self.batch + self.pairs, *self.cycles)
        if min(*held_out, *steps) < 1 or not self.cycles:
            raise ModelError(f"Every count of the recipe {self.name!r} must be 1 or more.")
        singles, pairs = (self.batch, self.training_scenes), (self.pairs, self.paired_scenes)
        if any(min(some) < 0 or (min(some) == 0) != (max(some) == 0) for some in (singles, pairs)):
            raise ModelError(
                f"The recipe {self.name!r} takes {self.batch} patches an update out of "
                f"{self.training_scenes} scenes and {self.pairs} pairs out of "
                f"{self.paired_scenes} paired scenes: both numbers of each must be 1 or more, or "
                "both 0."
            )
        if self.tiles is not None and (self.pairs or self.watch == "agreement"):
            raise ModelError(
                f"The recipe {self.name!r} trains on tiles, which hold one image of each ground: "
                "there are no pairs to train on or to watch."
            )

    def _check_strategy(self) -> None:
        if self.after is not None and (self.start_from or self.after.network != self.network):
            raise ModelError(
                f"The recipe {self.name!r} goes on from {self.after.name!r}, which must be a "
                "training of the same network, and cannot start from another model as well."
            )
        strategy = find_strategy(self.strategy)
        check_regions(strategy, self.regions)
        location = self.network.location
        if not strategy.continued and location != strategy.location:
            raise ModelError(
                f"The strategy {self.strategy!r} needs a network whose location is "
                f"{strategy.location}; that of the recipe {self.name!r} has {location}."
            )
        if location == "region" and self.network.regions != len(PUBLISHED_REGIONS):
            raise ModelError(
                f"Regions are encoded in {len(PUBLISHED_REGIONS)} numbers, the network of the "
                f"recipe {self.name!r} takes {self.network.regions}."
            )
        if strategy.continued and not self.start_from:
            raise ModelError(f"The strategy {self.strategy!r} starts from a model: name it.")
        if strategy.drops_features != (self.modality_dropout > 0):
            raise ModelError(
                f"The strategy {self.strategy!r} does not go with a modality dropout of "
                f"{self.modality_dropout:g}."
            )


@dataclass(frozen=True)
class EnsembleRecipe:
    """Several trainings on the same scenes, whose networks make one model together.

    Attributes
    ----------
    name, title : str
        Of the model that comes out.
    members : tuple of TrainingRecipe
        They differ in name, and in network, seed or augmentation, but not in their scenes.
    real_exam : bool
        As that of a recipe; those of the members do not count.

    Raises
    ------
    ModelError
        If the members do not go together.
    """

    name: str
    title: str
    members: tuple[TrainingRecipe, ...]
    real_exam: bool = False

    def __post_init__(self) -> None:
        if len({member.name for member in self.members}) < max(2, len(self.members)):
            raise ModelError(
                f"The ensemble {self.name!r} needs two or more members of different names."
            )
        for field_name in SHARED_BY_MEMBERS:
            values = {getattr(member, field_name) for member in self.members}
            if len(values) > 1:
                raise ModelError(
                    f"The members of the ensemble {self.name!r} share their scenes, so their "
                    f"{field_name} must be the same; they are {sorted(map(str, values))}."
                )


Recipe = TrainingRecipe | EnsembleRecipe


def members_of(recipe: Recipe) -> tuple[TrainingRecipe, ...]:
    """Return the trainings that a recipe consists of."""
    return recipe.members if isinstance(recipe, EnsembleRecipe) else (recipe,)
