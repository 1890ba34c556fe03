"""Which frame source this machine gets."""

from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from pathlib import Path

from engine.dream.base import FrameSource
from engine.dream.bending import UNBENT, Bending
from engine.dream.process import ProcessLife
from engine.dream.supervised import LOADING, REHEARSING, Life, SupervisedSource
from engine.dream.worker import NICE_LOADING, NICE_REHEARSING
from engine.errors import ReverieError


def open_source(
    model: str | Path, *, max_fps: float, device: str = "auto", bending: Bending = UNBENT, awaited: bool = True
) -> FrameSource:
    """A frame source, not started yet, for a checkpoint given by path or built-in name and what is done to it.

    One that is not `awaited` loads behind everything else: another network is on the wall meanwhile.

    `device` is `cpu` (a process), `cuda` or `cuda:1` (a thread), or `auto`: CUDA where there is one. Raises
    ReverieError for a device that is not there. A model that cannot be loaded shows in `last_error` after the start.
    """
    if device == "auto":
        device = "cuda" if _cuda_devices() else "cpu"
    begin = _process(model, bending, awaited) if device == "cpu" else _thread_on(device, model, bending)
    return SupervisedSource(begin, max_fps, loading=LOADING if awaited else REHEARSING)


def _process(model: str | Path, bending: Bending, awaited: bool) -> Callable[[float], Life]:
    """Lives of which all but maybe the first are waited for."""
    nices = chain([NICE_LOADING if awaited else NICE_REHEARSING], repeat(NICE_LOADING))
    return lambda max_fps: ProcessLife(model, max_fps, bending, next(nices))


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
