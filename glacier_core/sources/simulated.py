"""Demonstration scenes, simulated on first use and labelled so."""

from typing import Final

from glacier_core.scene import Scene

DEMONSTRATIONS: Final = {
    "simulated-valley": "Simulated: clean-ice valley glacier",
    "simulated-debris": "Simulated: debris-covered tongue",
    "simulated-ice-cap": "Simulated: ice cap with outlet glaciers",
}
"""Id and title of every demonstration scene."""


def open_demonstration(scene_id: str) -> Scene:
    """Simulate a demonstration scene; its seed gives the same pixels on every machine.

    Parameters
    ----------
    scene_id : str
        One of the keys of :data:`DEMONSTRATIONS`.
    """
    from glacier_core.simulation.demonstrations import demonstration

    return demonstration(scene_id)
