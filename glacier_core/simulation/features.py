"""All that is no optical image: backscatter, coherence and heat of one simulated world."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from glacier_core.errors import SceneError
from glacier_core.simulation.coherence import draw_coherence_style, simulate_coherence
from glacier_core.simulation.fields import Grid
from glacier_core.simulation.ground import Ground, SurfaceClass
from glacier_core.simulation.heat import draw_heat_style, simulate_temperature
from glacier_core.simulation.light import Sun
from glacier_core.simulation.properties import Classes
from glacier_core.simulation.radar import draw_radar_style, simulate_backscatter

Pixels = NDArray[np.float32]
FEATURES = frozenset({"co_pol_sar", "cross_pol_sar", "in_sar", "thermal"})
"""Names of the groups that `simulate_features` makes."""


def simulate_features(
    ground: Ground,
    classes: Classes,
    sun: Sun,
    lit: Grid,
    generator: np.random.Generator,
    which: frozenset[str] = FEATURES,
    *,
    cloudy: NDArray[np.bool_] | None = None,
    latitude: float = 46.0,
    sensor: str = "Landsat 8",
) -> dict[str, Pixels]:
    """Radar and thermal features of a covered and lit piece of ground.

    Each kind draws from a stream of its own, so that leaving one out changes no other. The two
    polarisations come from one acquisition, the coherence from the same orbits and weather.

    Parameters
    ----------
    ground : Ground
        As shaped by its cover (`Surface.ground`).
    classes : ndarray of uint8, (rows, columns)
        `SurfaceClass` codes beneath any clouds (`Surface.classes`).
    sun : Sun
    lit : ndarray of float32, (rows, columns)
        Share of the sun's disc seen, as `light.illuminate` returns it.
    generator : numpy.random.Generator
        The only source of randomness.
    which : frozenset of str
        Of `FEATURES`.
    cloudy : ndarray of bool, (rows, columns), optional
        Where clouds hide the ground from the thermal band.
    latitude : float
        Degrees; decides the direction of the orbits.
    sensor : str
        One of `heat.THERMAL_SENSORS`.

    Returns
    -------
    dict of str to ndarray of float32
        co_pol_sar, cross_pol_sar (2, rows, columns): sigma nought, linear, ascending and
        descending; in_sar (2, rows, columns): coherence, 0 to 1; thermal (rows, columns): K.
        NaN off the known ground.

    Raises
    ------
    SceneError
        If a name is not one of `FEATURES`, or the sensor is not known.
    """
    if unknown := which - FEATURES:
        raise SceneError(
            f"There is no simulated feature {', '.join(sorted(unknown))}. "
            f"There are: {', '.join(sorted(FEATURES))}."
        )
    radar_random, coherence_random, heat_random = generator.spawn(3)
    radar = draw_radar_style(ground, radar_random, latitude=latitude)

    def backscatter() -> dict[str, Pixels]:
        co, cross = simulate_backscatter(ground, classes, radar_random, radar)
        return {"co_pol_sar": co, "cross_pol_sar": cross}

    def coherence() -> dict[str, Pixels]:
        style = draw_coherence_style(coherence_random, radar)
        return {"in_sar": simulate_coherence(ground, classes, coherence_random, style)}

    def heat() -> dict[str, Pixels]:
        style = draw_heat_style(ground, heat_random, sensor=sensor)
        seen = classes if cloudy is None else np.where(cloudy, SurfaceClass.CLOUD, classes)
        seen = seen.astype(np.uint8)
        return {"thermal": simulate_temperature(ground, seen, sun, lit, heat_random, style)}

    makers: list[tuple[frozenset[str], Callable[[], dict[str, Pixels]]]] = [
        (frozenset({"co_pol_sar", "cross_pol_sar"}), backscatter),
        (frozenset({"in_sar"}), coherence),
        (frozenset({"thermal"}), heat),
    ]
    made: dict[str, Pixels] = {}
    for names, make in makers:
        if names & which:
            made.update(make())
    return {name: pixels for name, pixels in made.items() if name in which}
