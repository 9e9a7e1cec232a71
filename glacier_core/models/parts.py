"""Parts of a model card that tell of a model's limits: pictures of failures, changed recipes."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from glacier_core.errors import ModelError, StorageError

LARGEST_PICTURE = 60_000
"""Bytes: a card travels with its pictures in every copy of the package."""

Sentence = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Part(BaseModel):
    """A checked and frozen part of a card."""

    # Infinities and NaN would not survive JSON.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Picture(Part):
    """A picture that lies beside the weights, and what it shows."""

    file: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*\.(png|jpg)$")
    caption: Sentence
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Deviation(Part):
    """Where a training departs from the published recipe, and why."""

    change: Sentence
    reason: Sentence


def keep_pictures(folder: Path, pictures: Mapping[str, tuple[bytes, str]]) -> tuple[Picture, ...]:
    """Write pictures into the folder of a model, and return what its card says of them.

    Parameters
    ----------
    folder : Path
        Of the model; made if it is not there.
    pictures : mapping
        Content (PNG or JPEG) and caption by file name.

    Raises
    ------
    ModelError
        If a picture is larger than `LARGEST_PICTURE`.
    StorageError
        If the disk refuses.
    """
    described = []
    for file, (content, caption) in pictures.items():
        if len(content) > LARGEST_PICTURE:
            raise ModelError(
                f"The picture {file} has {len(content):,} bytes; a model card takes "
                f"{LARGEST_PICTURE:,}. Draw it smaller or save it as JPEG."
            )
        digest = hashlib.sha256(content).hexdigest()
        described.append(Picture(file=file, caption=caption, sha256=digest))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, (content, _) in pictures.items():
            (folder / file).write_bytes(content)
    except OSError as error:
        raise StorageError(f"Pictures cannot be written to {folder}: {error.strerror}.") from error
    return tuple(described)


def read_picture(folder: Path, picture: Picture) -> bytes:
    """Read a picture of a card out of the folder of its model.

    Raises
    ------
    ModelError
        If it is absent, or not the one that the card speaks of.
    """
    path = folder / picture.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"The picture {path} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(content).hexdigest() != picture.sha256:
        raise ModelError(
            f"The picture {path} is not the one that the model card describes. "
            "Fetch or train the model again."
        )
    return content
