"""A tiny world for the pages: a scene, experts, a map of known pixels, an untrained model."""

import base64
import json
from datetime import date

import numpy as np
import shapely
from affine import Affine
from rasterio.crs import CRS

from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.inference.cache import keep_map
from glacier_core.inference.result import make_map
from glacier_core.models.card import (
    Accuracy,
    CalibrationCurve,
    ModelCard,
    Reliability,
    ReliabilityBin,
)
from glacier_core.models.config import GlaViTUConfig
from glacier_core.outlines.schema import to_schema
from glacier_core.provenance import software
from glacier_core.scene import SceneAttributes, build_scene

SIDE = 30.0
SHAPE = (60, 90)
TRANSFORM = Affine(SIDE, 0, 480_000, 0, -SIDE, 5_784_000)
UTM = CRS.from_epsg(32611)

EXPERT = {"upper": ((10, 30), (10, 40)), "lower": ((40, 50), (55, 75))}
"""Half-open ranges of rows and columns of the expert's two glaciers."""

PREDICTED = {"upper": ((10, 30), (10, 43)), "lower": ((40, 50), (55, 70))}
"""The same of the map's: the upper one 10 % too large, the lower one a quarter too small."""


def pixels(blocks):
    """Return a mask that is True in blocks of rows and columns."""
    mask = np.zeros(SHAPE, dtype=bool)
    for rows, columns in blocks.values():
        mask[slice(*rows), slice(*columns)] = True
    return mask


def outline(rows, columns):
    """Return the rectangle of a block of pixels."""
    west, north = TRANSFORM @ (columns[0], rows[0])
    east, south = TRANSFORM @ (columns[1], rows[1])
    return shapely.box(west, south, east, north)


def expert_outlines(blocks=None, *, drawn="1984", source="an inventory"):
    """Return the expert's outlines in the schema."""
    blocks = EXPERT if blocks is None else blocks
    return to_schema(
        [outline(*block) for block in blocks.values()],
        UTM,
        glacier_id=list(blocks),
        name=[f"{name.capitalize()} Glacier" for name in blocks],
        source=source,
        date=drawn,
    )


def tiny_scene(*, outlines=True, **facts):
    """Return a scene of gentle slopes, icy where the expert says so."""
    ice = pixels(EXPERT)
    bright = np.array([0.80, 0.75, 0.70, 0.60, 0.10, 0.08], dtype=np.float32)
    rock = np.array([0.10, 0.12, 0.14, 0.20, 0.25, 0.22], dtype=np.float32)
    optical = np.where(ice, bright[:, None, None], rock[:, None, None])
    rows, columns = np.indices(SHAPE)
    known = {
        "id": "tiny",
        "title": "A tiny valley",
        "acquired": date(2020, 8, 16),
        "sensor": "a sensor",
        "notes": ("The outlines are older than the image.",),
    }
    return build_scene(
        optical,
        1000.0 + 3 * rows + 2 * columns,
        transform=TRANSFORM,
        crs=UTM,
        attributes=SceneAttributes(**known | facts),
        outlines=expert_outlines() if outlines else None,
    )


def tiny_map(scene, *, key="ab" * 32, glacier=None):
    """Return the kept map: sure inside the blocks, doubtful along their first column."""
    glacier = pixels(PREDICTED) if glacier is None else glacier
    probability = np.where(glacier, 0.99, 0.01).astype(np.float32)
    doubtful = pixels(
        {name: (rows, (cols[0], cols[0] + 1)) for name, (rows, cols) in PREDICTED.items()}
    )
    probability[doubtful & glacier] = 0.6
    confidence = curve().apply(entropy_confidence(probability))
    provenance = {
        "key": key,
        "made": "2026-01-01T00:00:00+00:00",
        "software": software(),
        "scene": {"attributes": scene.attributes.model_dump(mode="json")},
        "model": {"name": "tiny"},
        "notes": [],
    }
    return keep_map(
        make_map(probability, confidence, transform=TRANSFORM, crs=UTM, provenance=provenance)
    )


def curve():
    return CalibrationCurve(x=(0.0, 1.0), y=(0.5, 1.0), fitted_on="twelve simulated scenes")


def tiny_card(**facts):
    bins = (
        ReliabilityBin(lower=0.5, upper=0.6, count=400, confidence=0.56, accuracy=0.58),
        ReliabilityBin(lower=0.9, upper=1.0, count=9600, confidence=0.96, accuracy=0.95),
    )
    known = {
        "name": "tiny",
        "title": "Tiny, untrained",
        "config": GlaViTUConfig(
            width=4,
            token_width=8,
            positional_grid=2,
            transformer_blocks=1,
            heads=2,
            mlp_width=8,
            resunet_width=4,
        ),
        "patch_size": 32,
        "training": "Not trained: random weights.",
        "licence": "CC0 1.0",
        "calibration": curve(),
        "reliability": Reliability(
            dataset="thirteen simulated scenes",
            simulated=True,
            raw=bins,
            calibrated=bins,
            raw_error=0.321,
            calibrated_error=0.0123,
        ),
        "accuracy": (
            Accuracy(
                dataset="thirteen simulated scenes", metric="IoU", value=0.8125, simulated=True
            ),
            Accuracy(dataset="a real valley", metric="IoU", value=0.75, simulated=False),
        ),
    }
    return ModelCard(**known | facts)


def figures(app):
    """Return the figures of a page by their title, "" for those without."""
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return {spec["layout"].get("title", {}).get("text", ""): spec for spec in specs}


def numbers(values):
    """Return the numbers of a trace, however plotly wrote them down."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
    return np.array(values)


def paragraphs(app):
    """Return all paragraphs of a page."""
    return "\n".join(element.value for element in app.markdown)


def table_with(app, column):
    """Return the first table of a page that has a column."""
    return next(frame.value for frame in app.dataframe if column in frame.value.columns)
