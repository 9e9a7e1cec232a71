"""A network on a processor, which makes do with the time and the memory there is."""

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from glacier_core.errors import DeviceError, ModelError
from glacier_core.inference.device import Device, Precision, check_precision, cpu
from glacier_core.inference.progress import Cancel
from glacier_core.inference.runtimes.choosing import Chooser
from glacier_core.inference.runtimes.cuda import CudaNetwork
from glacier_core.inference.runtimes.making import Maker
from glacier_core.inference.runtimes.pipeline import PIECES
from glacier_core.inference.runtimes.prepared import FloatArray, Prepared
from glacier_core.settings import settings

LARGEST_PIECE = 64
"""Windows in one graph; a GPU is busy long before, and its memory may be asked for elsewhere."""

SIGNS_OF_SHORT_MEMORY = (
    # In the plain RuntimeErrors of the CPU's allocator, and of cuBLAS and cuDNN.
    "DefaultCPUAllocator",
    "STATUS_ALLOC_FAILED",
    # Of OpenVINO and of ONNX Runtime.
    "bad_alloc",
    "bad allocation",
    "Failed to allocate memory",
    "Cannot allocate memory",
)


class Runner:
    """Runs batches of windows through a network, by the runtime that is done first.

    The caller's network stays where and as it is. What is made of it is shared by all runners of
    the same network in this process.

    Parameters
    ----------
    network : torch.nn.Module
    location : ndarray (L,) or None
        The location vector, where the network takes one.
    device : Device
    batch_size : int
        Windows at once, to begin with.
    tell : callable
        Receives a sentence whenever memory ran short and something was changed, and about the
        choice of the runtime.
    precision : {"exact", "approximate"}
        float32, or bfloat16 where the processor computes in it.
    cancel : threading.Event or callable returning bool, optional
        Asked all along, within a batch too.
    runtime : str, optional
        Out of `glacier_core.inference.runtimes.prepared.TITLES`; that of the settings if left
        out. Whoever goes on with half a map gives the one it was begun with.

    Attributes
    ----------
    device : Device
    batch_size : int
        Both as they are now, after what memory forced.
    location : ndarray (L,) or None
        May be set to another place before the next batch.

    Raises
    ------
    DeviceError
        If the processor does not compute in bfloat16, and it was asked for.
    ModelError
        If there is no such runtime.
    """

    def __init__(
        self,
        network: nn.Module,
        location: FloatArray | None,
        device: Device,
        batch_size: int,
        tell: Callable[[str], None],
        *,
        precision: Precision = "exact",
        cancel: Cancel | None = None,
        runtime: str | None = None,
    ) -> None:
        if settings().threads:
            torch.set_num_threads(settings().threads)
        check_precision(precision, device)
        self.batch_size = batch_size
        self.location = location
        self._original, self._tell = network, tell
        self._precision, self._cancel, self._wish = precision, cancel, runtime
        self._windows = 0
        self._prepared: Prepared | None = None
        self._use(device)

    @property
    def runtime(self) -> str:
        """Name of the runtime that maps, empty before the first batch."""
        return self._prepared.runtime if self._prepared else ""

    @property
    def description(self) -> str:
        """What maps, for provenance: runtime, version, number format and processor."""
        if self._prepared is None:
            return self.device.description
        place = self.device.description.removeprefix("CPU, ")
        return f"{self._prepared.description}, {place}"

    def expect(self, windows: int) -> None:
        """Say how many windows are still to come, on which it depends what is worth preparing."""
        self._windows = windows

    def time_runtimes(self, inputs: dict[str, FloatArray]) -> None:
        """Time all runtimes on the CPU now, tell of it, and go on with the fastest.

        Parameters
        ----------
        inputs : dict of float32 arrays (N, C, H, W)
            A batch like those to come.
        """
        self._prepared = self._chooser.time_all(inputs, self.location, self._cancel)

    def fit_batch(self, inputs: dict[str, FloatArray]) -> None:
        """On a GPU, find how many windows at once it takes to keep it busy; tell it.

        Each number is another graph, so that this is for whoever has much to map and did not
        choose the number himself. Elsewhere the number stays as it is.

        Parameters
        ----------
        inputs : dict of float32 arrays (1, C, H, W)
            A window like those to come.
        """
        if not isinstance(self._prepared, CudaNetwork):
            return
        try:
            piece, sentence = self._prepared.find_piece(inputs, self.location, LARGEST_PIECE)
        except torch.OutOfMemoryError:
            return  # the first batch will tell, and retreat
        self.batch_size = piece * PIECES
        self._tell(sentence)

    def probabilities(self, inputs: dict[str, FloatArray]) -> FloatArray | None:
        """Probability of glacier of every pixel of a batch.

        Parameters
        ----------
        inputs : dict of float32 arrays (N, C, H, W)
            Scaled features.

        Returns
        -------
        float32 array (N, H, W), or None
            None where memory ran short: then `batch_size` or `device` has changed, and the
            same windows can be tried again.

        Raises
        ------
        ModelError
            If the network returns numbers that are none.
        DeviceError
            If memory does not even suffice for one window on the CPU.
        JobCancelled
            If `cancel` says so.
        """
        number = len(next(iter(inputs.values())))
        try:
            found = self._run(inputs, number)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not _is_memory_short(error):
                raise
        else:
            _check_finite(found)
            self._windows = max(self._windows - number, 0)
            return found
        # Outside the handler: the exception holds on to the tensors that filled the memory.
        self._retreat(number)
        return None

    def _run(self, inputs: dict[str, FloatArray], number: int) -> FloatArray:
        if self._prepared is None:
            windows = max(self._windows, number)
            self._prepared = self._chooser.begin(inputs, self.location, windows)
        started = time.monotonic()
        found = self._prepared.run(inputs, self.location, self._cancel)
        each = (time.monotonic() - started) / number
        if self._chooser.worth_timing(each * (self._windows - number)):
            first = self._prepared
            self.time_runtimes(inputs)
            if self._prepared is not first:
                # The whole map by one runtime, so that it can be made again digit for digit.
                found = self._prepared.run(inputs, self.location, self._cancel)
        return found

    def _use(self, device: Device) -> None:
        self.device = device
        maker = Maker(self._original, device, self._precision)
        self._chooser = Chooser(maker, self._tell, self._wish)
        self._prepared = None
        if not device.is_gpu:
            return
        try:
            self._prepared = maker.make("torch", {}, None)
        except torch.OutOfMemoryError:
            pass
        else:
            return
        self._leave_gpu("the network itself")

    def _retreat(self, number: int) -> None:
        """Ask for less: half the windows at once, then the CPU."""
        if number > 1:
            self.batch_size = number // 2
            self._tell(
                f"Memory {self.device.place} was too short for {number} windows at once; "
                f"going on with {self.batch_size}."
            )
        elif self.device.is_gpu:
            self._leave_gpu("a single window")
        else:
            raise DeviceError(
                "Memory is too short for a single window of this network. Close other programs "
                "or choose a smaller model."
            )
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _leave_gpu(self, too_large: str) -> None:
        sentence = f"Memory on the GPU was too short for {too_large}; the CPU goes on."
        self._use(cpu(sentence))
        self._tell(sentence)


def _is_memory_short(error: BaseException) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(sign in str(error) for sign in SIGNS_OF_SHORT_MEMORY)


def _check_finite(probability: FloatArray) -> None:
    if not np.isfinite(probability).all():
        raise ModelError(
            "The network returned values that are not finite numbers. Its weights, or a layer of "
            "the scene, are broken: check both."
        )
