"""The devices that networks run on."""

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
