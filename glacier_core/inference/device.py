"""The processor a network runs on: an NVIDIA GPU where there is one, else the CPU."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch

from glacier_core.errors import DeviceError

DeviceChoice = Literal["auto", "cpu", "cuda"]
Precision = Literal["exact", "approximate"]
"""float32 throughout, or bfloat16 where the processor computes in it."""


@dataclass(frozen=True)
class Device:
    """A processor, and how to speak of it.

    Attributes
    ----------
    torch_device : torch.device
    description : str
        Its name, for provenance.
    is_gpu : bool
    sentence : str
        What the screen says about the choice.
    """

    torch_device: torch.device
    description: str
    is_gpu: bool
    sentence: str

    @property
    def place(self) -> str:
        """Where the network runs, for a sentence."""
        return "on the GPU" if self.is_gpu else "on the CPU"


def choose_device(choice: DeviceChoice = "auto") -> Device:
    """Choose the processor.

    Parameters
    ----------
    choice : {"auto", "cpu", "cuda"}
        ``auto`` takes an NVIDIA GPU that works, else the CPU.

    Raises
    ------
    DeviceError
        If a GPU is asked for and there is none that works, or the choice is unknown.
    """
    if choice not in get_args(DeviceChoice):
        raise DeviceError(
            f"There is no device {choice!r}: choose {', '.join(get_args(DeviceChoice))}."
        )
    if choice == "cpu":
        return cpu("The CPU is used, as asked.")
    problem = _gpu_problem()
    if not problem:
        return _gpu()
    if choice == "cuda":
        raise DeviceError(f"{problem} Choose device='cpu', or 'auto' for whichever there is.")
    return cpu(f"{problem} The CPU stands in.")


def check_precision(precision: str, device: Device) -> None:
    """Refuse a number format that the processor would only imitate, at a loss of time as well.

    Raises
    ------
    DeviceError
        If the precision is unknown, or "approximate" and the device has no bfloat16.
    """
    if precision not in get_args(Precision):
        raise DeviceError(
            f"There is no precision {precision!r}: choose {', '.join(get_args(Precision))}."
        )
    if precision == "approximate" and not has_bfloat16(device):
        raise DeviceError(
            f"The processor ({device.description}) does not compute in bfloat16, so that "
            "'approximate' would be slower than 'exact', and worse. Choose 'exact'."
        )


def has_bfloat16(device: Device) -> bool:
    """Whether a processor multiplies bfloat16 itself: AVX512-BF16, AMX, or a GPU since Ampere."""
    if device.is_gpu:
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # Older releases of torch do not tell.
    told: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(told.get("avx512_bf16") or told.get("amx_bf16"))


def cpu(sentence: str) -> Device:
    """Return the CPU, with what the screen says about it."""
    return Device(torch.device("cpu"), f"CPU, {torch.get_num_threads()} threads", False, sentence)


def _gpu() -> Device:
    properties = torch.cuda.get_device_properties(0)
    description = f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    return Device(torch.device("cuda", 0), description, True, f"The GPU is used: {description}.")


def _gpu_problem() -> str:
    """Tell what keeps a GPU from being used; empty where nothing does."""
    if not torch.cuda.is_available():
        return "No NVIDIA GPU found."
    try:
        # A torch built without kernels for this GPU only fails when it computes.
        torch.ones(1, device="cuda").add_(1).cpu()
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        return f"The NVIDIA GPU does not work with the installed torch ({reason})."
    return ""
