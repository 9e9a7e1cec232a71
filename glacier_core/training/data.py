"""The data of a training, simulated scenes or tile files, and how to speak of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from glacier_core.errors import SourceError
from glacier_core.models.inputs import UNKNOWN_REGION
from glacier_core.sources.terrain import fetch_terrain
from glacier_core.training.hyperparameters import TrainingRecipe
from glacier_core.training.material import Material, SceneFiles, Scenes, pair_files
from glacier_core.training.patches import OPTICAL_AND_DEM
from glacier_core.training.scenes import SceneBatch, keep_scenes, note_terrain
from glacier_core.training.tile_scenes import TileScenes, find_tile_files
from glacier_core.training.training_scene import region_of_file

FIRST_PAIR = 1000  # seeds of held-out pairs begin here, behind those of scored scenes
FIRST_TRAINING_PAIR = 1_000_000  # and of training pairs, behind those of single scenes

Files = dict[str, list[tuple[Path, ...]]]

SIMULATED_CAVEATS = (
    "Trained and calibrated on simulated scenes: calibrated confidence holds for those and may be "
    "too high on real ones. Weakest on debris-covered ice, on seasonal snow and in deep shadow. "
    "The real scene named among the figures was not trained on, and no choice was made by it."
)
TILE_CAVEATS = (
    "Tiles of the three files may be neighbours: scores hold for ground near that trained on. "
    "What is on the surface is known in simulated tiles only; weights by surface apply to those."
)


@dataclass(frozen=True)
class TrainingData:
    """Scenes by purpose, and what a model card says of them.

    Attributes
    ----------
    material : Material
        To learn from, and to watch the learning by.
    scored : Scenes
        Neither learned from nor watched.
    simulated : bool
    training : str
        What is learned from, as the beginning of a sentence.
    scored_set : str
        What the scored scenes are, to follow their number.
    calibrated_on : str
        What the validation scenes are, to follow their number.
    caveats : str
        Limits that come from the data, in whole sentences.
    """

    material: Material
    scored: Scenes
    simulated: bool
    training: str
    scored_set: str
    calibrated_on: str
    caveats: str


@contextmanager
def open_data(
    recipe: TrainingRecipe, home: Path, tell: Callable[[str], None]
) -> Iterator[TrainingData]:
    """Gather the data of a recipe: draw the scenes that are not there yet, or open tile files.

    Raises
    ------
    SourceError
        If terrain cannot be fetched, or the data lack a region or a feature of the recipe.
    StorageError
        If the disk refuses, or the folder holds the scenes of another training.
    """
    with ExitStack() as stack:
        data = simulated_data(recipe, home, tell) if recipe.tiles is None else None
        yield data or _tile_data(recipe, recipe.tiles or home, stack)


def scene_batches(recipe: TrainingRecipe) -> dict[str, SceneBatch]:
    """Scenes by purpose.

    Calibration and scores share terrain, but no scene; training shares no terrain with either.
    """
    scored, calibration = recipe.scored_scenes, recipe.calibration_scenes
    paired, size = recipe.paired_scenes, recipe.scene_size
    batches = (
        SceneBatch("training", "training", 0, recipe.training_scenes, size=size),
        SceneBatch(
            "training-pairs", "training", FIRST_TRAINING_PAIR, paired, pairs=True, size=size
        ),
        SceneBatch("scored", "held-out", 0, scored, size=size),
        SceneBatch("calibration", "held-out", scored, calibration, size=size),
        SceneBatch("pairs", "held-out", FIRST_PAIR, recipe.agreement_pairs, pairs=True, size=size),
    )
    return {batch.purpose: batch for batch in batches}


def simulated_data(recipe: TrainingRecipe, home: Path, tell: Callable[[str], None]) -> TrainingData:
    """Draw the simulated scenes of a recipe, as far as they are not there yet.

    Raises
    ------
    SourceError
        If the network takes what simulated scenes do not hold, terrain cannot be fetched, or no
        scene lies in the recipe's regions.
    """
    absent = set(recipe.network.features) - set(OPTICAL_AND_DEM)
    if absent:
        raise SourceError(
            f"Simulated training scenes hold {', '.join(OPTICAL_AND_DEM)} only, not "
            f"{', '.join(sorted(absent))}. Train on tiles: those of `tiles simulate` hold all."
        )
    samples = fetch_terrain() if recipe.real_terrain else None
    note_terrain(home / "scenes", recipe.real_terrain, tell)
    files = {
        purpose: keep_scenes(
            batch, home / "scenes", samples, tell, procedural=recipe.procedural_terrains
        )
        for purpose, batch in scene_batches(recipe).items()
    }
    if recipe.regions:
        files = _of_regions(files, recipe)
    if recipe.network.location:
        _check_known(files["training"] + files["training-pairs"])
    return TrainingData(
        Material(
            singles=_singles(files["training"]),
            pairs=pair_files(files["training-pairs"]),
            validation=_singles(files["calibration"]),
            watched_pairs=pair_files(files["pairs"]),
        ),
        scored=_singles(files["scored"]),
        simulated=True,
        training=_describe_scenes(recipe, len(files["training"]), len(files["training-pairs"])),
        scored_set="simulated held-out scenes",
        calibrated_on="simulated scenes apart from those scored, on the same terrain and with the "
        "same measured spectra, none of them trained on",
        caveats=SIMULATED_CAVEATS,
    )


def _tile_data(recipe: TrainingRecipe, folder: Path, stack: ExitStack) -> TrainingData:
    drops = recipe.modality_dropout > 0
    train, val, test = (
        stack.enter_context(
            TileScenes(path, recipe.network.features, recipe.regions, absent_as_missing=drops)
        )
        for path in find_tile_files(folder).values()
    )
    simulated = any(scenes.tiles.simulated for scenes in (train, val, test))
    kind = "simulated tiles" if simulated else "tiles of real imagery"
    return TrainingData(
        Material(singles=train, validation=val),
        scored=test,
        simulated=simulated,
        training=f"{len(train)} {kind} ({train.tiles.path.name}){_only(recipe)}.",
        scored_set=f"{kind} ({test.tiles.path.name})",
        calibrated_on=f"{kind} ({val.tiles.path.name}), none of them trained on or scored",
        caveats=TILE_CAVEATS,
    )


def _of_regions(files: Files, recipe: TrainingRecipe) -> Files:
    """Keep the scenes of the recipe's regions only.

    Raises
    ------
    SourceError
        If there is none left for a purpose.
    """
    kept = {
        purpose: [paths for paths in some if region_of_file(paths[0]) in recipe.regions]
        for purpose, some in files.items()
    }
    emptied = [purpose for purpose, some in files.items() if some and not kept[purpose]]
    if emptied:
        raise SourceError(
            f"None of the {len(files[emptied[0]])} {emptied[0]} scenes lies in "
            f"{', '.join(recipe.regions)}. Raise their number in the recipe, or train on tiles."
        )
    return kept


def _check_known(files: list[tuple[Path, ...]]) -> None:
    """Refuse scenes none of which lies anywhere to a network that is told where it looks.

    Raises
    ------
    SourceError
    """
    if all(region_of_file(paths[0]) == UNKNOWN_REGION for paths in files):
        raise SourceError(
            f"None of the {len(files)} training scenes has a region: they were drawn by version "
            "0.1. Choose another folder, so that they are drawn anew."
        )


def _describe_scenes(recipe: TrainingRecipe, singles: int, pairs: int) -> str:
    ground = (
        "half of them on procedural ground, half on real elevation models and glacier outlines"
        if recipe.real_terrain
        else "all of them on procedural ground"
    )
    size = f"of {recipe.scene_size} x {recipe.scene_size} pixels"
    counts = [f"{singles} {size}"] if singles else []
    counts += [f"{pairs} pairs of images of one ground, {size}"] if pairs else []
    return (
        f"Only simulated scenes: {' and '.join(counts)}, 10 to 36 m, {ground}{_only(recipe)}, with "
        "reflectance statistics of labelled Landsat and Sentinel-2 pixels (USGS benchmark "
        "glaciers) and assumed ones."
    )


def _only(recipe: TrainingRecipe) -> str:
    return f", of {', '.join(recipe.regions)} only" if recipe.regions else ""


def _singles(files: list[tuple[Path, ...]]) -> SceneFiles:
    return SceneFiles([file for (file,) in files])
