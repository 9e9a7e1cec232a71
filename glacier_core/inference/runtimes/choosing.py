"""Which runtime maps: the one that is done first, as timed on this machine."""

import logging
import time
from collections.abc import Callable
from statistics import median
from typing import get_args

from glacier_core.errors import JobCancelled, ModelError
from glacier_core.inference.progress import Cancel
from glacier_core.inference.runtimes.making import Maker
from glacier_core.inference.runtimes.onnx import is_installed
from glacier_core.inference.runtimes.paces import Pace, recall, remember, situation
from glacier_core.inference.runtimes.prepared import TITLES, FloatArray, Prepared, Runtime
from glacier_core.inference.runtimes.winograd import is_available
from glacier_core.settings import settings

WORTH_TIMING = 30.0
"""Seconds of work ahead; for less, timing the runtimes would take longer than it can save."""

TURNS = 3
"""Times that each runtime is timed, in turn; the median counts."""

HOPELESS = 1.3
"""Times as long as the fastest: who took that long is not timed again."""

_log = logging.getLogger(__name__)


class Chooser:
    """Chooses the runtime of one network on the CPU.

    Parameters
    ----------
    maker : Maker
    tell : callable
        Receives a sentence about the choice.
    wish : {"torch", "winograd", "openvino", "onnx"} or None
        The runtime to take, whatever is faster; that of the settings if None.
    """

    def __init__(self, maker: Maker, tell: Callable[[str], None], wish: str | None = None) -> None:
        self._maker, self._tell = maker, tell
        self._wish = _checked(wish or settings().runtime)
        self._free = self._wish is None and not _only_torch(maker)

    def begin(
        self, inputs: dict[str, FloatArray], location: FloatArray | None, windows: int
    ) -> Prepared:
        """Return what to begin with: what was asked for, or what is known to be done first.

        Parameters
        ----------
        inputs : dict of float32 arrays (N, C, H, W)
            The first batch.
        location : ndarray of float32 (L,) or None
        windows : int
            How many there are to map.
        """
        if _only_torch(self._maker):
            return self._maker.make("torch", inputs, location)
        if self._wish is not None:
            return self._take(self._wish, inputs, location)
        known = recall(self._situation(inputs))
        if not known:
            return self._maker.make("torch", inputs, location)
        self._free = False
        best: Runtime = min(
            (name for name in _runtimes() if name in known),
            key=lambda name: known[name].total(
                windows, ready=name == "torch" or self._maker.ready(name, inputs)
            ),
            default="torch",
        )
        return self._take(best, inputs, location)

    def worth_timing(self, seconds: float) -> bool:
        """Whether to time the runtimes, with so many seconds of work ahead; once yes, then no."""
        worth = self._free and seconds >= WORTH_TIMING
        self._free = self._free and not worth
        return worth

    def time_all(
        self, inputs: dict[str, FloatArray], location: FloatArray | None, cancel: Cancel | None
    ) -> Prepared:
        """Time every runtime on a batch, remember it, and return the best."""
        number = len(next(iter(inputs.values())))
        networks: dict[Runtime, Prepared] = {}
        preparing: dict[Runtime, float] = {}
        for runtime in _runtimes():
            started = time.monotonic()
            network = self._take(runtime, inputs, location)
            preparing[runtime] = time.monotonic() - started
            if network.runtime == runtime:
                networks[runtime] = network
        seconds: dict[Runtime, list[float]] = {runtime: [] for runtime in networks}
        left = list(networks)
        for _ in range(TURNS):
            for runtime in left:
                started = time.monotonic()
                networks[runtime].run(inputs, location, cancel)
                seconds[runtime].append((time.monotonic() - started) / number)
            fastest = min(min(seconds[runtime]) for runtime in left)
            left = [name for name in left if min(seconds[name]) <= HOPELESS * fastest]
        paces = {name: Pace(median(seconds[name]), preparing[name]) for name in networks}
        remember(self._situation(inputs), paces)
        best = min(paces, key=lambda name: paces[name].seconds)
        self._tell(_sentence(paces, best))
        return networks[best]

    def _take(
        self, runtime: Runtime, inputs: dict[str, FloatArray], location: FloatArray | None
    ) -> Prepared:
        """Make a network ready, by PyTorch where the runtime asked for cannot."""
        if runtime == "torch":
            return self._maker.make("torch", inputs, location)
        try:
            return self._maker.make(runtime, inputs, location)
        except JobCancelled:
            raise
        except Exception as problem:
            # Whatever another library makes of a network it does not know, PyTorch runs it.
            _log.info("%s cannot run a network", TITLES[runtime], exc_info=True)
            reason = str(problem).strip().splitlines() or [type(problem).__name__]
            self._tell(f"{TITLES[runtime]} cannot run this network ({reason[0]}); PyTorch does.")
            return self._maker.make("torch", inputs, location)

    def _situation(self, inputs: dict[str, FloatArray]) -> str:
        network = self._maker.network
        kind = f"{type(network).__qualname__} {getattr(network, 'config', network)!r}"
        return situation(kind, {name: array.shape for name, array in inputs.items()})


def _only_torch(maker: Maker) -> bool:
    """Tell whether there is a choice: a GPU has one runtime, and so has bfloat16."""
    return maker.device.is_gpu or maker.precision == "approximate"


def _runtimes() -> list[Runtime]:
    """Return the runtimes there are, PyTorch first."""
    there: dict[Runtime, bool] = {
        "torch": True,
        "winograd": is_available(),
        "openvino": True,
        "onnx": is_installed(),
    }
    return [name for name, is_there in there.items() if is_there]


def _checked(wish: str) -> Runtime | None:
    for runtime in get_args(Runtime):
        if wish == runtime:
            return runtime  # type: ignore[no-any-return]
    if wish != "auto":
        raise ModelError(f"There is no runtime {wish!r}: choose auto, {', '.join(TITLES)}.")
    return None


def _sentence(paces: dict[Runtime, Pace], best: Runtime) -> str:
    times = ", ".join(f"{pace.seconds:.2g} s by {TITLES[name]}" for name, pace in paces.items())
    return f"{TITLES[best]} is the fastest on this machine: a window takes {times}."
