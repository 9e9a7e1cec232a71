"""What an instrument makes of the lit ground: atmosphere, blur, noise, gaps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.fields import Grid, fractal_field
from glacier_core.simulation.instruments import INSTRUMENTS, Instrument, band_mixing
from glacier_core.simulation.spectra import BANDS, TOA_GAIN, TOA_OFFSET

Optical = NDArray[np.float32]

# Path radiance of the fitted pairs, as a share, that a surface product takes off too much.
HAZE_COLOUR = (0.12, 0.10, 0.085, 0.060, 0.025, 0.015)
STRIPE_PERIOD = 33  # px of 30 m; Landsat 7 without its scan-line corrector
# How often each instrument is drawn where nothing else is said.
INSTRUMENT_ODDS = (
    ("Sentinel-2", 0.40),
    ("Landsat 8", 0.33),
    ("Landsat 7", 0.12),
    ("Landsat 5", 0.15),
)


@dataclass(frozen=True)
class SensorStyle:
    """What decides the look of an image.

    Attributes
    ----------
    reflectance : str
        "toa" or "surface".
    instrument : str
        Name out of `INSTRUMENTS`.
    haze : float
        Extra path reflectance, 0 for clear air.
    cloud : float
        Share of the image under cloud.
    blur : float
        Standard deviation of the point spread, px.
    noise : float
        Standard deviation of the noise, reflectance.
    saturation : float
        Reflectance at which the visible bands saturate; infinite for none.
    holes : bool
        Whether parts of the image are missing.
    stripes : bool
        Whether it has the gaps of Landsat 7 after 2003.
    """

    reflectance: str
    instrument: str = "Landsat 8"
    haze: float = 0.0
    cloud: float = 0.0
    blur: float = 0.45
    noise: float = 0.002
    saturation: float = float("inf")
    holes: bool = False
    stripes: bool = False


@dataclass(frozen=True)
class Image:
    """Six bands, and where they hold data."""

    optical: Optical
    valid: NDArray[np.bool_]


def draw_sensor_style(
    generator: np.random.Generator,
    instruments: tuple[tuple[str, float], ...] = INSTRUMENT_ODDS,
) -> SensorStyle:
    """Draw a style: half TOA, half surface reflectance, now and then haze, cloud and gaps.

    Parameters
    ----------
    generator : numpy.random.Generator
    instruments : tuple of (name, odds)
        Which instruments there are.
    """
    names, odds = zip(*instruments, strict=True)
    share = np.cumsum(odds) / np.sum(odds)
    name = names[int(np.searchsorted(share[:-1], generator.random(), side="right"))]
    instrument = INSTRUMENTS[name]
    chance = generator.random(6)
    amount = generator.random(4)
    saturates = chance[3] < (0.6 if instrument.saturates else 0.12)
    return SensorStyle(
        reflectance="toa" if chance[0] < 0.5 else "surface",
        instrument=name,
        haze=float(0.2 + 0.8 * amount[0]) if chance[1] < 0.12 else 0.0,
        cloud=float(0.03 + 0.27 * amount[1]) if chance[2] < 0.12 else 0.0,
        blur=float(generator.uniform(0.3, 0.8)),
        noise=float(generator.uniform(*instrument.noise)),
        saturation=float(0.55 + 0.6 * amount[2]) if saturates else float("inf"),
        holes=bool(chance[4] < 0.30),
        stripes=bool(instrument.gaps_from <= instrument.last_year and chance[5] < 0.5),
    )


def take_image(
    apparent: Optical,
    known: NDArray[np.bool_],
    generator: np.random.Generator,
    style: SensorStyle,
    resolution: float = 30.0,
) -> Image:
    """Image of lit ground.

    Parameters
    ----------
    apparent : ndarray of float32, (6, rows, columns)
        Reflectance at the ground, as lit.
    known : ndarray of bool
        Where there is ground at all.
    generator : numpy.random.Generator
        The only source of randomness.
    style : SensorStyle
    resolution : float
        Cell size, m. Where an instrument samples more coarsely, its bands are blurred.

    Returns
    -------
    Image
        Reflectance of the kind of `style`; NaN where not valid.
    """
    instrument = INSTRUMENTS[style.instrument]
    optical = np.tensordot(band_mixing(instrument), apparent, axes=1)
    optical = _through_atmosphere(np.maximum(optical, 0.0), generator, style)
    optical = _spread(optical, generator, band_blur(instrument, style.blur, resolution))
    optical = _measure(optical, generator, style, instrument)
    valid = known & ~_gaps(known.shape, generator, style)
    return Image(np.where(valid, optical, np.nan).astype(np.float32), valid)


def band_blur(instrument: Instrument, blur: float, resolution: float) -> tuple[float, ...]:
    """Return the standard deviation of the point spread of each band, px.

    A sample of width w averages over a box with the variance w²/12; what of it exceeds the
    cell itself adds to the optics' own `blur`.
    """
    samplings = (instrument.sampling,) * 4 + (instrument.swir_sampling,) * 2
    excess = (max((width / resolution) ** 2 - 1.0, 0.0) / 12.0 for width in samplings)
    return tuple(float(np.sqrt(blur**2 + variance)) for variance in excess)


def _through_atmosphere(
    apparent: Optical, generator: np.random.Generator, style: SensorStyle
) -> Optical:
    """TOA reflectance by the fitted pairs, or a surface product made from it imperfectly."""
    gain = np.asarray(TOA_GAIN) * (1.0 + 0.04 * generator.standard_normal(len(BANDS)))
    clearness = generator.uniform(0.6, 1.4)
    offset = np.asarray(TOA_OFFSET) * clearness
    taken_off = offset * generator.uniform(0.8, 1.5) + 0.004 * generator.standard_normal()
    veil = style.haze * np.asarray(HAZE_COLOUR)
    field = fractal_field(generator, _shape(apparent), exponent=2.0, longest=300.0)
    thickness = (1.0 + 0.3 * field)[None]
    toa = gain[:, None, None] * apparent + offset[:, None, None]
    toa = toa * (1.0 - 0.5 * veil[:, None, None] * thickness) + veil[:, None, None] * thickness
    if style.reflectance == "toa":
        return np.asarray(toa, dtype=np.float32)
    return ((toa - taken_off[:, None, None]) / gain[:, None, None]).astype(np.float32)


def _shape(optical: Optical) -> tuple[int, int]:
    return optical.shape[1], optical.shape[2]


def _spread(optical: Optical, generator: np.random.Generator, blurs: tuple[float, ...]) -> Optical:
    """Point spread, and bands that lie a fraction of a pixel beside each other."""
    shifts = generator.uniform(-0.15, 0.15, (len(BANDS), 2))
    spread = np.empty_like(optical)
    for band, image in enumerate(optical):
        moved = ndimage.shift(image, shifts[band], order=1, mode="nearest")
        spread[band] = ndimage.gaussian_filter(moved, blurs[band], mode="nearest", truncate=3.0)
    return spread


def _measure(
    optical: Optical, generator: np.random.Generator, style: SensorStyle, instrument: Instrument
) -> Optical:
    noise = generator.standard_normal(optical.shape, dtype=np.float32)
    noisy = optical + noise * (style.noise + 0.006 * np.abs(optical))
    noisy = np.round(noisy / instrument.step) * instrument.step
    levels = np.full(len(BANDS), np.inf, dtype=np.float32)
    levels[:3] = style.saturation * np.array([1.0, 1.08, 1.05])
    return np.minimum(noisy, levels[:, None, None]).astype(np.float32)


def _gaps(
    shape: tuple[int, ...], generator: np.random.Generator, style: SensorStyle
) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    gaps = np.zeros(shape, dtype=np.bool_)
    if style.holes:
        gaps |= _edge(rows, columns, generator)
        for _ in range(int(generator.integers(0, 4))):
            gaps |= _box(rows, columns, generator)
    if style.stripes:
        gaps |= _stripes(rows, columns, generator)
    return gaps


def _edge(
    rows: NDArray[np.int_], columns: NDArray[np.int_], generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Everything beyond a straight line: the border of a satellite scene."""
    angle = float(generator.uniform(0.0, 2.0 * np.pi))
    side = 0.5 * max(rows.shape)
    along = (rows - side) * np.sin(angle) + (columns - side) * np.cos(angle)
    return np.asarray(along > float(generator.uniform(0.45, 1.3)) * side)


def _box(
    rows: NDArray[np.int_], columns: NDArray[np.int_], generator: np.random.Generator
) -> NDArray[np.bool_]:
    height, width = generator.integers(2, 40, 2)
    top, left = generator.integers(0, rows.shape[0]), generator.integers(0, rows.shape[1])
    inside = (rows >= top) & (rows < top + height) & (columns >= left) & (columns < left + width)
    return np.asarray(inside)


def _stripes(
    rows: NDArray[np.int_], columns: NDArray[np.int_], generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Wedges that widen away from the centre line of the swath."""
    centre = float(generator.uniform(-600.0, 900.0))
    width = np.clip(np.abs(columns - centre) / 60.0, 0.0, 13.0)
    phase = (rows + 0.18 * columns + float(generator.uniform(0, STRIPE_PERIOD))) % STRIPE_PERIOD
    return np.asarray(phase < width)


def blur_and_shift(values: Grid, generator: np.random.Generator, blur: float, shift: float) -> Grid:
    """Values blurred and moved by up to `shift` pixels, as another survey would have them."""
    moved = ndimage.shift(values, generator.uniform(-shift, shift, 2), order=1, mode="nearest")
    return np.asarray(ndimage.gaussian_filter(moved, blur, mode="nearest"), dtype=np.float32)
