"""The layer of a map that is still being made, and its tiles."""

import numpy as np
from affine import Affine
from rasterio.warp import Resampling, reproject

from glacier_core.errors import SourceError
from glacier_core.inference.preview import UNKNOWN, find_preview
from glacier_core.scene import Scene
from glacier_core.viewing import palettes, rendering
from glacier_core.viewing.layers import (
    EQUATOR_M,
    FINEST_CODES,
    MAX_ZOOM,
    TILE_SIZE,
    DataLayer,
    finest_zoom,
    geographic_bounds,
)
from glacier_core.viewing.tiles import empty_tile


def preview_layer(scene: Scene, map_key: str) -> DataLayer:
    """Return the probability of a map that is still being made, as far as it is known."""
    return DataLayer(
        "preview",
        "Probability so far",
        f"tiles/previews/{map_key}/{{z}}/{{x}}/{{y}}",
        geographic_bounds(scene),
        palettes.PROBABILITY,
        visible=True,
        group="values",
        max_zoom=finest_zoom(scene, FINEST_CODES),
        description="What the network has given so far; the rest is still being mapped.",
        live=f"previews/{map_key}",
    )


def preview_tile(map_key: str, tile: tuple[int, int, int]) -> bytes:
    """Return a data-carrying tile of the probability found so far, as PNG.

    It is empty when the map is made: a browser may ask a moment too late.

    Parameters
    ----------
    map_key : str
        Key of the map under way.
    tile : (int, int, int)
        Zoom, column and row in web Mercator, tiles of 512 pixels.

    Raises
    ------
    SourceError
        When there is no such tile.
    """
    preview, (zoom, column, row) = find_preview(map_key), tile
    if not (0 <= zoom <= MAX_ZOOM and 0 <= column < 2**zoom and 0 <= row < 2**zoom):
        raise SourceError(f"There is no tile {zoom}/{column}/{row}.")
    if preview is None:
        return empty_tile()
    side = EQUATOR_M / (TILE_SIZE * 2.0**zoom)
    west = column * TILE_SIZE * side - EQUATOR_M / 2
    north = EQUATOR_M / 2 - row * TILE_SIZE * side
    drawn = np.full((TILE_SIZE, TILE_SIZE), UNKNOWN, np.int16)
    reproject(
        preview.values,
        drawn,
        src_transform=preview.transform,
        src_crs=preview.crs,
        src_nodata=UNKNOWN,
        dst_transform=Affine(side, 0, west, 0, -side, north),
        dst_crs="EPSG:3857",
        dst_nodata=UNKNOWN,
        resampling=Resampling.nearest,
    )
    picture = rendering.value_picture((drawn / 255).astype(np.float32))
    return rendering.png(picture, np.where(drawn == UNKNOWN, 0, 255).astype(np.uint8))


def preview_rows(map_key: str) -> int | None:
    """Return how many rows of a map under way can be seen, None when it is not under way."""
    preview = find_preview(map_key)
    return None if preview is None else preview.rows
