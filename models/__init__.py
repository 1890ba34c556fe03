"""Everything that learns. `load` opens a network; resolving a name and reading a manifest need no torch."""

import logging
from pathlib import Path
from typing import Any

from models.errors import CheckpointError
from models.manifest import check_hash, read_manifest
from models.names import builtin_names, resolve

__all__ = ["CheckpointError", "accelerator", "builtin_names", "check_hash", "load", "read_manifest", "resolve"]

# What Pillow thinks of a damaged file stands in our sentence about it; without this it would be on the terminal, too.
logging.getLogger("PIL").addHandler(logging.NullHandler())


def load(model: str | Path, device: str = "cpu") -> Any:
    """The generator of a checkpoint, by built-in name or path, in float32 and ready to use.

    It has `z_dim, c_dim, w_dim, num_ws, img_resolution, img_channels`,
    `mapping(z, c, truncation_psi, truncation_cutoff)` and `synthesis(ws, noise_mode)`.
    Raises CheckpointError with one sentence. Nothing in the file is ever executed.
    """
    from models import checkpoint  # brings torch

    return checkpoint.load(resolve(model), device)


def accelerator() -> str | None:
    """The name of the CUDA device torch would use, None where there is none."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
