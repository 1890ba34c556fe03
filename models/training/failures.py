"""What a machine or its user refuses, as the one sentence that ends a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors import SafetensorError

from models.training.config import TrainingError

NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")  # as torch's allocators say it
NO_PEER = ("closed by peer", "reset by peer")  # as gloo says it


@contextmanager
def in_a_sentence(out: Path) -> Iterator[None]:
    """Raise TrainingError for a disk, a memory or a fellow process that refuses; what else is raised is a fault."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        name, reason = getattr(error, "filename", None) or out, getattr(error, "strerror", None) or error
        raise TrainingError(f"{name} cannot be read or written ({reason}); mend that or give another folder") from None
    except (MemoryError, RuntimeError) as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        raise TrainingError(sentence) from None


def _sentence(error: MemoryError | RuntimeError) -> str | None:
    text = str(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or any(words in text for words in NO_MEMORY):
        return "this does not fit into memory; give a smaller --part or --batch, or a smaller network"
    if isinstance(error, dist.DistError) or any(words in text for words in NO_PEER):
        return "another process of this run has ended, and this one with it; mend what that one says"
    return None
