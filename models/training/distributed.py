"""Several processes, started by torchrun, that share every batch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from models.training.config import TrainingError


@dataclass(frozen=True)
class Team:
    """This process among `size`; the one of rank 0 writes and tells.

    Gradients are added up as one flat tensor when all of them are there. DistributedDataParallel would send them from
    hooks on each parameter's `.grad`, which do not see ours: both players' gradients are taken from one pass through
    each network with torch.autograd.grad.
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, parts: int) -> range:
        """Which of a batch's parts are this process's: neighbours, as even as it goes."""
        return range(self.rank * parts // self.size, (self.rank + 1) * parts // self.size)

    def add_up(self, tensors: list[Tensor]) -> list[Tensor]:
        """The sum over all processes of tensors of one type."""
        if self.size == 1:
            return tensors
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat)
        pieces = torch.split(flat, [tensor.numel() for tensor in tensors])
        return [piece.view(tensor.shape) for piece, tensor in zip(pieces, tensors, strict=True)]

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """Each flag, if it is up in any process: all decide alike."""
        if self.size == 1:
            return flags
        raised = torch.tensor(flags, dtype=torch.float32, device=_collective_device())
        dist.all_reduce(raised, dist.ReduceOp.MAX)
        return tuple(bool(flag) for flag in raised.tolist())

    def agree(self, digest: str) -> bool:
        """Whether all processes have this hexadecimal digest."""
        if self.size == 1:
            return True
        number = int(digest[:12], 16)
        ends = torch.tensor([number, -number], dtype=torch.int64, device=_collective_device())
        dist.all_reduce(ends, dist.ReduceOp.MAX)
        return ends.tolist() == [number, -number]


def _collective_device() -> torch.device:
    return torch.device("cuda", torch.cuda.current_device()) if dist.get_backend() == "nccl" else torch.device("cpu")


def own_device(device: str) -> str:
    """The device of this process: of several processes with `cuda`, each has its own."""
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if several and device == "cuda" else device


def _meet(device: str, size: int) -> None:
    gpu = device.startswith("cuda")
    if gpu:
        torch.cuda.set_device(device)
    try:
        dist.init_process_group("nccl" if gpu else "gloo")
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"WORLD_SIZE says {size} processes, and they cannot be met ({reason}); start them with torchrun or unset it"
        ) from None


@contextmanager
def team(device: str) -> Iterator[Team]:
    """Meet the processes that torchrun started beside this one (RANK and WORLD_SIZE in the environment), if any.

    Raises TrainingError where they cannot be met.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Team()
        return
    _meet(device, size)
    try:
        yield Team(dist.get_rank(), size)
    finally:
        dist.destroy_process_group()
