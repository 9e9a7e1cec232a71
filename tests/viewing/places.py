"""Where things lie: pixels, degrees and web Mercator tiles, by pyproj and the tiles' definition."""

import io
from math import asinh, floor, pi, radians, tan

import numpy as np
from PIL import Image
from pyproj import Transformer

TILE = 512


def degrees_of(scene, row, column):
    """Return longitude and latitude of the middle of a pixel."""
    x, y = scene.transform @ (column + 0.5, row + 0.5)
    return Transformer.from_crs(scene.crs.to_wkt(), "EPSG:4326", always_xy=True).transform(x, y)


def tile_and_pixel(lon, lat, zoom):
    """Return the tile that holds a place, and the place's row and column in it."""
    across = (lon + 180) / 360 * 2**zoom
    down = (1 - asinh(tan(radians(lat))) / pi) / 2 * 2**zoom
    column, row = floor(across), floor(down)
    return (zoom, column, row), (int((down - row) * TILE), int((across - column) * TILE))


def decoded(png):
    """Return the pixels of a PNG, (rows, columns, channels)."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(int)
