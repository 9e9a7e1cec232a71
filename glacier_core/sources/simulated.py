"""Demonstration scenes, simulated on first use and labelled so."""

import hashlib
from pathlib import Path
from typing import Final

from glacier_core.scene import Scene

DEMONSTRATIONS: Final = {
    "simulated-valley": "Simulated: clean-ice valley glaciers",
    "simulated-debris": "Simulated: debris-covered tongues",
    "simulated-ice-cap": "Simulated: ice cap with outlet glaciers",
}
"""Id and title of every demonstration scene; the simulation itself is imported when needed."""


def open_demonstration(scene_id: str) -> Scene:
    """Simulate a demonstration scene; its seed gives the same pixels on every machine.

    Parameters
    ----------
    scene_id : str
        One of the keys of :data:`DEMONSTRATIONS`.
    """
    from glacier_core.simulation.demonstrations import demonstration

    return demonstration(scene_id)


def simulation_version() -> str:
    """Return a digest of the simulation's code and data: another one makes other pixels."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent.with_name("simulation")
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".py", ".json")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
