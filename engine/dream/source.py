"""Which frame source this machine gets."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.dream.base import FrameSource
from engine.dream.bending import UNBENT, Bending
from engine.dream.process import ProcessLife
from engine.dream.supervised import Life, SupervisedSource
from engine.errors import ReverieError


def open_source(model: str | Path, *, max_fps: float, device: str = "auto", bending: Bending = UNBENT) -> FrameSource:
    """A frame source, not started yet, for a checkpoint given by path or built-in name and what is done to it.

    `device` is `cpu` (a process), `cuda` or `cuda:1` (a thread), or `auto`: CUDA where there is one. Raises
    ReverieError for a device that is not there. A model that cannot be loaded shows in `last_error` after the start.
    """
    if device == "auto":
        device = "cuda" if _cuda_devices() else "cpu"
    if device == "cpu":
        return SupervisedSource(partial(ProcessLife, model, bending=bending), max_fps)
    return SupervisedSource(_thread_on(device, model, bending), max_fps)


def _cuda_devices() -> int:
    import torch  # a second to import: not for those who only want a process

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _thread_on(device: str, model: str | Path, bending: Bending) -> Callable[[float], Life]:
    kind, _, index = device.partition(":")
    if kind != "cuda" or not (index.isdecimal() or device == "cuda"):
        raise ReverieError(f"there is no kind of device {device!r} for the generator; write auto, cpu, cuda or cuda:1")
    if int(index or 0) >= _cuda_devices():
        raise ReverieError(
            f"the generator was to run on {device}, which is not there ({_cuda_devices()} CUDA devices); write auto"
        )
    from engine.dream.thread import ThreadLife

    return partial(ThreadLife, model, device, bending=bending)
