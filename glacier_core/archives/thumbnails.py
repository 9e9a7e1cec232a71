"""Small pictures of found scenes, to pick from."""

from io import BytesIO
from typing import Final

from PIL import Image, UnidentifiedImageError

from glacier_core.archives.found import FoundScene
from glacier_core.errors import SourceError
from glacier_core.network.services import reached_at
from glacier_core.network.session import get_bytes
from glacier_core.network.transfer import IsCancelled, never

SIDE: Final = 320
"""Pixels of the longer side of what is returned, at most."""

_MOST_BYTES: Final = 8_000_000
_MOST_PIXELS: Final = 25_000_000  # a small file can unpack to gigabytes
_QUALITY: Final = 85
_NO_PICTURE: Final = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    OSError,
    ValueError,
    SyntaxError,
)


def thumbnail(found: FoundScene, *, cancelled: IsCancelled = never) -> bytes:
    """Fetch the small picture of a scene.

    It is unpacked within limits and packed anew, so that nothing but its pixels is passed on.

    Parameters
    ----------
    found : FoundScene
    cancelled : callable, optional

    Returns
    -------
    bytes
        JPEG, at most :data:`SIDE` pixels a side.

    Raises
    ------
    SourceError
        When the archive has none, or what it has is no picture.
    JobCancelled
    """
    if not found.thumbnail:
        raise SourceError(f"The archive has no picture of {found.id}.")
    address = reached_at(found.thumbnail)
    content = get_bytes(address, most_bytes=_MOST_BYTES, cancelled=cancelled)
    try:
        return _packed_anew(content)
    except _NO_PICTURE as problem:
        raise SourceError(
            f"What the archive has as the picture of {found.id} is none ({problem}). The scene "
            "itself may be whole all the same."
        ) from problem


def _packed_anew(content: bytes) -> bytes:
    with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError(f"{picture.width:,} by {picture.height:,} pixels are too many")
        picture.thumbnail((SIDE, SIDE))
        packed = BytesIO()
        picture.convert("RGB").save(packed, "JPEG", quality=_QUALITY)
    return packed.getvalue()
