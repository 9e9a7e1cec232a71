"""A network on a processor, which makes do with the memory there is."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from glacier_core.errors import DeviceError, ModelError
from glacier_core.inference.device import Device, cpu
from glacier_core.settings import settings

FloatArray = NDArray[np.float32]

# In the plain RuntimeErrors of the CPU's allocator, and of cuBLAS and cuDNN.
SIGNS_OF_SHORT_MEMORY = ("DefaultCPUAllocator", "STATUS_ALLOC_FAILED")


class Runner:
    """Runs batches of windows through a copy of a network.

    A copy, so that the caller's network stays where and as it is, for other threads too.

    Parameters
    ----------
    network : torch.nn.Module
    location : ndarray (L,) or None
        The location vector, where the network takes one.
    device : Device
    batch_size : int
        Windows at once, to begin with.
    tell : callable
        Receives a sentence whenever memory ran short and something was changed.

    Attributes
    ----------
    device : Device
    batch_size : int
        Both as they are now, after what memory forced.
    location : ndarray (L,) or None
        May be set to another place before the next batch.
    """

    def __init__(
        self,
        network: nn.Module,
        location: FloatArray | None,
        device: Device,
        batch_size: int,
        tell: Callable[[str], None],
        *,
        precision: str = "exact",  # noqa: ARG002
        cancel: object = None,  # noqa: ARG002
    ) -> None:
        if settings().threads:
            torch.set_num_threads(settings().threads)
        self.batch_size = batch_size
        self.location = location
        self._original, self._tell = network, tell
        self._use(device)

    @property
    def description(self) -> str:
        """What runs the network, for provenance."""
        return f"PyTorch {torch.__version__}"

    def expect(self, windows: int) -> None:
        """Take note of how many windows are to come."""

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
        """
        try:
            found = self._run(inputs)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not _is_memory_short(error):
                raise
            number = len(next(iter(inputs.values())))
        else:
            _check_finite(found)
            return found
        # Outside the handler: the exception holds on to the tensors that filled the memory.
        self._retreat(number)
        return None

    def _run(self, inputs: dict[str, FloatArray]) -> FloatArray:
        with torch.inference_mode(), self._exact_convolutions():
            tensors = {name: self._tensor(array) for name, array in inputs.items()}
            number = len(next(iter(tensors.values())))
            logits: Tensor = self._network(tensors, self._locations(number))
            probability = torch.softmax(logits.float(), dim=1)[:, 1]
            return np.asarray(probability.cpu().numpy(), dtype=np.float32)

    def _tensor(self, array: FloatArray) -> Tensor:
        tensor = torch.from_numpy(array)
        return tensor.to(self.device.torch_device, memory_format=torch.channels_last)

    def _locations(self, number: int) -> Tensor | None:
        if self.location is None:
            return None
        vector = torch.from_numpy(self.location).to(self.device.torch_device)
        return vector.expand(number, -1)

    def _exact_convolutions(self) -> AbstractContextManager[None]:
        """TF32 would keep ten bits of each factor, and a GPU's map would not equal a CPU's."""
        if not self.device.is_gpu:
            return nullcontext()
        exact: AbstractContextManager[None] = torch.backends.cudnn.flags(
            enabled=True, allow_tf32=False
        )
        return exact

    def _use(self, device: Device) -> None:
        self.device = device
        network = deepcopy(self._original).eval()
        try:
            network = network.to(device.torch_device)
        except torch.OutOfMemoryError:
            if not device.is_gpu:
                raise
            self._leave_gpu("the network itself")
            return
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

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
