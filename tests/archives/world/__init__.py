"""A test archive on 127.0.0.1: simulated glaciers behind the real protocols.

``with serve_world(folder) as address`` serves it to a whole app; ``running`` yields the
:class:`World` too, whose ``misbehave`` spoils answers and whose ``requests`` tell what was asked.
"""

from .places import PLACES
from .server import World, running, serve_world

__all__ = ["PLACES", "World", "running", "serve_world"]
