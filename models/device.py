"""The devices that networks run on."""

from typing import Any

import torch

from models.errors import CheckpointError


def check_device(name: str) -> torch.device:
    """The device of that name. Raises CheckpointError where there is none."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise CheckpointError(f"there is no device {name!r}; use cpu, or cuda where there is one") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise CheckpointError(f"torch finds no GPU {name} here; use cpu, or install torch for CUDA and its driver")
    return device


def cpu_computes(*types: str) -> bool:
    """Whether the CPU has instructions of any of these names, as `torch.cpu.get_capabilities` calls them."""
    look = getattr(torch.cpu, "get_capabilities", dict)  # younger than the oldest torch we allow
    capabilities: dict[str, Any] = look()
    return any(capabilities.get(name, False) for name in types)
