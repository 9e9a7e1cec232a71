"""Models by name: those shipped with the package and those a person added."""

from dataclasses import dataclass
from pathlib import Path

from glacier_core.disk import FileState, file_state
from glacier_core.errors import ModelError, StorageError
from glacier_core.models.architectures import build_network
from glacier_core.models.blocks import Network
from glacier_core.models.card import ModelCard, read_card
from glacier_core.models.weights import read_weights, set_weights, write_weights
from glacier_core.settings import settings

CARD = "card.json"
WEIGHTS = "weights.safetensors"
SHIPPED = Path(__file__).parent / "weights"


@dataclass(frozen=True, eq=False)
class Model:
    """A network ready for use (evaluation mode, no gradients) and its card."""

    network: Network
    card: ModelCard


def list_models() -> list[str]:
    """Names of all models at hand: shipped ones first, then those in the data folder."""
    return list(_folders())


def load_model(source: str | Path) -> Model:
    """Load a model by its id or from its folder.

    Parameters
    ----------
    source : str or Path
        A name out of `list_models`, or a folder with ``weights.safetensors`` and ``card.json``.

    Raises
    ------
    ModelError
        If there is no such model, or its card or weights are damaged.
    """
    folder = model_folder(source)
    card = read_card(folder / CARD)
    network = build_network(card.config)
    set_weights(network, read_weights(folder / WEIGHTS, card.sha256))
    return Model(network.eval().requires_grad_(False), card)


def model_folder(source: str | Path) -> Path:
    """Return the folder of a model, which holds its weights, its card and the pictures of its card.

    Raises
    ------
    ModelError
        If there is no such model.
    """
    folders = _folders()
    if str(source) in folders:
        return folders[str(source)]
    folder = Path(source)
    if folder.is_dir():
        return folder
    raise ModelError(
        f"There is no model {str(source)!r}. Known are {', '.join(folders) or 'none'}; "
        f"or give a folder with {WEIGHTS} and {CARD}."
    )


def model_state(name: str) -> tuple[FileState, FileState] | None:
    """Return what tells a model from any other that had or will have its name.

    Nothing is read; None where there is none.
    """
    folder = _folders().get(name)
    if folder is None:
        return None
    try:
        return file_state(folder / CARD), file_state(folder / WEIGHTS)
    except OSError:
        return None


def save_model(network: Network, card: ModelCard, folder: Path) -> ModelCard:
    """Write a model folder and return its card, completed by the hash of the weights.

    Raises
    ------
    ModelError
        If the card describes another network.
    StorageError
        If the disk refuses.
    """
    if card.config != network.config:
        raise ModelError(f"The card describes {card.config}, the network is {network.config}.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        card = card.model_copy(update={"sha256": write_weights(network, folder / WEIGHTS)})
        beside = folder / (CARD + ".part")
        beside.write_text(card.model_dump_json(indent=1), encoding="utf-8")
        beside.replace(folder / CARD)
    except OSError as error:
        raise StorageError(f"The model cannot be written to {folder}: {error}.") from error
    return card


def _folders() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for home in (SHIPPED, settings().data_dir / "models"):
        for card in sorted(home.glob(f"*/{CARD}")):
            found.setdefault(card.parent.name, card.parent)
    return found
