"""A generator with its mapping network alone: enough to walk, and to see whether what a show asks for is there."""

from pathlib import Path
from typing import Any

from models import checkpoint
from models.feed.errors import RefusedError

PART = "mapping."


def sketch(path: Path) -> Any:
    """The generator of a checkpoint with a whole `mapping` and a `synthesis` without memory: names and shapes only.

    Its hash is not looked at. Raises CheckpointError, and RefusedError for what is no generator.
    """
    network: Any = checkpoint.empty(path)
    if not hasattr(network, "mapping"):
        raise RefusedError("it is no generator")
    names = [name for name in network.state_dict() if name.startswith(PART)]
    tensors = {name.removeprefix(PART): tensor for name, tensor in checkpoint.read_tensors(path, names).items()}
    network.mapping.load_state_dict(tensors, assign=True)
    if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
        raise RefusedError("its mapping network holds numbers that are not finite")
    return network.eval()
