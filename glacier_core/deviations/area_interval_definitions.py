"""What the numbers of an area interval mean."""

from glacier_core.deviations.definitions import Definition

_SOURCE = "own definition; coverage measured in docs/uncertainty.md"

AREA_INTERVAL_DEFINITIONS: dict[str, Definition] = {
    "low_km2": Definition(
        "Area, at least",
        "km²",
        "2.5 % quantile of the areas of masks drawn from the calibrated probabilities, their "
        "errors correlated as exp(-distance / length) and in part over the whole scene",
        _SOURCE,
        "Lower end of the 95 % interval of the true glacier area.",
    ),
    "central_km2": Definition(
        "Area, central",
        "km²",
        "median of the areas of the drawn masks",
        _SOURCE,
        "As likely too large as too small. It may differ from the mapped area: many pixels of a "
        "low probability hold ice together that nobody can place.",
    ),
    "high_km2": Definition(
        "Area, at most",
        "km²",
        "97.5 % quantile, as the lower end",
        _SOURCE,
        "Upper end of the 95 % interval of the true glacier area.",
    ),
    "correlation_length_m": Definition(
        "Correlation length of errors",
        "m",
        "distance over which the correlation of errors falls to 1/e",
        _SOURCE,
        "Errors of places nearer than this are mostly alike.",
    ),
    "scene_share": Definition(
        "Share of the scene's own error",
        "",
        "variance of the error that all pixels of a scene have in common / all variance",
        _SOURCE,
        "How much of the error has one sign all over a scene.",
    ),
}
"""Every number of an `AreaInterval`."""
