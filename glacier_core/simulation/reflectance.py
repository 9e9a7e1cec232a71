"""Surface reflectance of layered materials, drawn from the spectra of `spectra`."""

import numpy as np
from numpy.typing import NDArray

from glacier_core.simulation.fields import Grid, fractal_field
from glacier_core.simulation.spectra import BANDS, SpectralGroup, groups_of
from glacier_core.simulation.surface import Surface

SPECTRA_OF = {
    "rock": ("rock",),
    "other rock": ("rock",),
    "scree": ("rock",),
    "till": ("rock",),
    "debris": ("rock",),
    "vegetation": ("vegetation",),
    "water": ("water",),
    "ice": ("ice",),
    "firn": ("firn",),
    "snow": ("snow",),
    "seasonal snow": ("snow", "firn"),
    "perennial snow": ("firn", "snow"),
    "crevasses": ("ice", "firn"),
}
BRIGHTEST_MEAN = 0.95  # images of slopes facing the sun report more than snow can reflect
# Brightest reflectance of flat ground: what 1 in 100 to 1 in 1000 benchmark pixels exceed, rounded.
BRIGHTEST = (1.15, 1.15, 1.15, 1.0, 0.45, 0.42)
FARTHEST_SCORE = 2.3  # standard deviations; log-normal tails are not real surfaces
TOPOGRAPHIC_SHARE = 0.70  # measured spread includes slopes, which `light` adds once more
BRIGHTNESS_SPREAD = 0.10  # of a material from scene to scene, log units
# Broken ice is darker than whole ice, as its own shadows fill the gaps (an assumption).
RELATIVE_BRIGHTNESS = {"crevasses": 0.65}


def choose_spectra(
    generator: np.random.Generator, *, same_rock: bool, held_out: bool
) -> dict[str, SpectralGroup]:
    """One spectral group for each material of a scene."""
    chosen = {}
    for material, surfaces in SPECTRA_OF.items():
        surface = surfaces[int(generator.integers(len(surfaces)))]
        groups = groups_of(surface, held_out=held_out)
        chosen[material] = groups[int(generator.integers(len(groups)))]
    chosen["scree"] = chosen["rock"]  # it fell from the walls above
    if same_rock:
        chosen["debris"] = chosen["rock"]
    return chosen


def paint(
    surface: Surface, generator: np.random.Generator, spectra: dict[str, SpectralGroup]
) -> NDArray[np.float32]:
    """Reflectance of flat, fully lit ground.

    Parameters
    ----------
    surface : Surface
        Layers, lowest first; each is mixed over what lies below by its share.
    generator : numpy.random.Generator
        The only source of randomness.
    spectra : dict
        Material to spectral group, of `choose_spectra`.

    Returns
    -------
    ndarray of float32, (6, rows, columns)
        Surface reflectance.
    """
    scores = _scores(generator, surface.ground.shape)
    gains = {
        name: RELATIVE_BRIGHTNESS.get(name, 1.0)
        * float(np.exp(BRIGHTNESS_SPREAD * generator.standard_normal()))
        for name in spectra
    }
    reflectance = np.zeros((len(BANDS), *surface.ground.shape), dtype=np.float32)
    for number, layer in enumerate(surface.layers):
        where = layer.share > 0.01
        if not where.any():
            continue
        # A different part of the same random fields for each layer, so that none repeats another.
        shift = (37 * number, 91 * number)
        local = np.roll(scores, shift, axis=(1, 2))[:, where]
        colour = gains[layer.material] * _spectrum(spectra[layer.material], local)
        share = layer.share[where]
        reflectance[:, where] = (1.0 - share) * reflectance[:, where] + share * colour
    brightest = np.asarray(BRIGHTEST, dtype=np.float32)
    return np.clip(reflectance, 0.002, brightest[:, None, None])


def _scores(generator: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Draw standard scores of six components: two with structure at every scale, four white."""
    white = generator.standard_normal((len(BANDS), *shape), dtype=np.float32)
    for number, exponent in enumerate((1.3, 1.0)):
        coarse = fractal_field(generator, shape, exponent=exponent, longest=90.0)
        white[number] = 0.9 * coarse + 0.43 * white[number]
    return np.clip(white, -FARTHEST_SCORE, FARTHEST_SCORE)


def _spectrum(group: SpectralGroup, scores: Grid) -> NDArray[np.float32]:
    """Reflectance (6, pixels) of a group at given component scores."""
    mean = np.asarray(group.mean, dtype=np.float32)
    mean = mean - max(float(mean.max()) - float(np.log(BRIGHTEST_MEAN)), 0.0)
    logs = np.repeat(mean[:, None], scores.shape[1], axis=1)
    for component, score in zip(group.components, scores, strict=True):
        row = np.asarray(component, dtype=np.float32)
        logs += TOPOGRAPHIC_SHARE * row[:, None] * score[None, :]
    return np.exp(logs)
