"""What the numbers of the confidence band and of the hints mean."""

from glacier_core.deviations.definitions import Definition

_OWN = "own definition"

BAND_DEFINITIONS: dict[str, Definition] = {
    "level": Definition(
        "Level of the band",
        "",
        "",
        "0.95 as in the published demonstration of GlaViTU",
        "Calibrated confidence below which a pixel counts as doubtful.",
    ),
    "band_km2": Definition(
        "Area of the confidence band",
        "km²",
        "area of all pixels with confidence < level",
        _OWN,
        "The zone in which the outline may lie. Pieces that touch the mapped outline say that it "
        "may lie elsewhere; pieces apart from it, that ice or a hole in it may be missing.",
    ),
    "low_km2": Definition(
        "Sure ice",
        "km²",
        "area of glacier pixels with confidence >= level",
        _OWN,
        "What is left of the mapped ice when all that is doubtful is left out. Errors do not all "
        "fall to one side, so this is no end of an interval, but a bound pixel by pixel.",
    ),
    "central_km2": Definition(
        "Mapped ice",
        "km²",
        "area of pixels with a probability of glacier above 0.5",
        _OWN,
        "The area as mapped.",
    ),
    "high_km2": Definition(
        "Possible ice",
        "km²",
        "area of glacier pixels and of all other pixels with confidence < level",
        _OWN,
        "What the ice would be if all that is doubtful were glacier. Of one glacier: its own, and "
        "possible ice outside of all outlines that hangs together with it and is reached sooner "
        "from it than from another.",
    ),
    "expected_gain_km2": Definition(
        "Expected gain",
        "km²",
        "sum of (1 - confidence) x pixel area over the doubtful pixels of a place",
        "expected value, where confidence is the chance that a pixel is right",
        "The area that is expected to be wrong here: what a person's look can mend.",
    ),
    "mean_confidence": Definition(
        "Mean confidence",
        "",
        "mean confidence of the doubtful pixels of a place",
        _OWN,
        "How sure the network is where it is in doubt.",
    ),
}
"""Every number of `outline_band` and `look_here_first`, by its column."""
