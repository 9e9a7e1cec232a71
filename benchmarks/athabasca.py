"""A test of reality: map Athabasca Glacier and hold the map against the expert's outline.

    python benchmarks/athabasca.py [--model glavitu-small] [--json FILE]

Prints the IoU within the outline and 300 m around it, for the network and for NDSI > 0.4 on the
same pixels; the ceiling; the low ring; and the deviations in area and distance. It only reads:
nothing is ever tuned to this scene.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

import glacier_core as gc
from glacier_core.deviations.sample_score import SampleScore, score_sample
from glacier_core.sources.samples import sample_shadow

CAVEATS = (
    "The imagery is surface reflectance; the network was made for top-of-atmosphere reflectance.",
    "The outline is older than the imagery (perhaps of 1984): at the tongue the ice has retreated "
    "from it, so the map is smaller there without being wrong.",
    "The outline is one glacier of an icefield: ice goes on past it, so the IoU has a ceiling "
    "below 1, the predicted area includes neighbouring ice within 300 m, and distances are "
    "measured only where ice ends.",
)


def report(score: SampleScore) -> str:
    """Return the figures as text."""
    return "\n".join(
        [
            f"Athabasca Glacier, {score.pixels:,} pixels within {score.buffer_m:g} m of the "
            f"outline ({score.unmapped:,} more without data)",
            "",
            score.table.T.to_string(float_format="{:.3f}".format),
            "",
            f"ceiling of the IoU           {score.ceiling:.3f}",
            f"ceiling, low ring            {score.ceiling_low_ring:.3f}",
            f"neighbouring ice             {score.neighbouring_ice_pixels:,} pixels "
            "(NDSI > 0.4 outside the outline, going on past the buffer)",
            f"low ring                     without buffer pixels above {score.low_ring_m:g} m",
            "",
            *(f"- {caveat}" for caveat in CAVEATS),
        ]
    )


def main(
    model: Annotated[str, typer.Option(help="A model id or a folder.")] = "glavitu-small",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures to this file.")
    ] = None,
) -> None:
    """Map Athabasca Glacier and print how far the map is from the expert's outline."""
    scene = gc.open_scene("athabasca-2020")
    result = gc.map_glaciers(scene, gc.load_model(model))
    score = score_sample(scene, result, shadow=sample_shadow(scene.id))
    typer.echo(report(score))
    if json_file is not None:
        json_file.write_text(json.dumps(score.as_dict(), indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
