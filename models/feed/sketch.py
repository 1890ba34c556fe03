"""A generator with its mapping network alone: enough to walk, and to see whether what a show asks for is there."""

from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from models import checkpoint
from models.feed.errors import RefusedError
from models.manifest import damaged

PART = "mapping."


def sketch(path: Path) -> Any:
    """The generator of a checkpoint with a whole `mapping` and a `synthesis` without memory: names and shapes only.

    Its hash is not looked at. Raises CheckpointError, and RefusedError for what is no generator.
    """
    network: Any = checkpoint.empty(path)
    if not hasattr(network, "mapping"):
        raise RefusedError("it is no generator")
    try:
        with safe_open(path, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(PART)]  # noqa: SIM118 (not a mapping)
            tensors = {name.removeprefix(PART): file.get_tensor(name).float().clone() for name in names}
    except (SafetensorError, OSError) as error:
        raise damaged(path, str(error).splitlines()[0]) from None
    network.mapping.load_state_dict(tensors, assign=True)
    if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
        raise RefusedError("its mapping network holds numbers that are not finite")
    return network.eval()
