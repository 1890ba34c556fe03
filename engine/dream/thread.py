"""The generator on a thread with its own CUDA stream: its kernels and the display's do not wait for each other.

The thread holds the interpreter only to launch kernels. An error that breaks the CUDA context itself outlives a thread:
every later life fails too, and only a restart of the engine helps. A hung thread cannot be killed; it is left behind.
"""

import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.dream.activity import Activity, activity
from engine.dream.base import DreamFrame, Floats, Pixels
from engine.dream.bending import UNBENT, Bending
from engine.dream.loop import DRAWING, LOADING, dream, sentence
from engine.dream.synthesizer import Synthesizer


@dataclass(slots=True)
class _Slots:
    """Newest values between the two threads: each is one reference, replaced whole, written by one side."""

    max_fps: float
    latent: tuple[int, Floats] | None = None
    frame: DreamFrame | None = None
    rejected: int = 0
    about: str = ""
    step: str = ""
    failure: str = ""
    over: bool = False


class _ThreadLink:
    """The generator's side."""

    def __init__(self, slots: _Slots) -> None:
        self._slots = slots
        self._published = 0

    def finished(self) -> bool:
        return self._slots.over

    def interval(self) -> float:
        return 1.0 / self._slots.max_fps

    def latent(self, after: int) -> tuple[int, Floats] | None:
        latent = self._slots.latent
        return latent if latent is not None and latent[0] > after else None

    def publish(self, pixels: Pixels, latent: int, seconds: float) -> None:
        self._published += 1
        self._slots.frame = DreamFrame(pixels, self._published, seconds, latent)

    def reject(self) -> None:
        self._slots.rejected += 1


class ThreadLife:
    """One generator thread, from its start to its end. `device` is `cuda`, `cuda:1`, …, or `cpu`."""

    def __init__(self, model: str | Path, device: str, max_fps: float, bending: Bending = UNBENT) -> None:
        self._slots = _Slots(max_fps)
        told = (model, device, bending, self._slots)
        self._thread = threading.Thread(target=_live, args=told, name="dream", daemon=True)
        self._thread.start()

    @property
    def max_fps(self) -> float:
        return self._slots.max_fps

    @max_fps.setter
    def max_fps(self, fps: float) -> None:
        self._slots.max_fps = fps

    @property
    def rejected(self) -> int:
        return self._slots.rejected

    def put(self, number: int, message: Floats) -> None:
        self._slots.latent = (number, message)

    def take(self, after: int) -> DreamFrame | None:
        frame = self._slots.frame
        return frame if frame is not None and frame.sequence > after else None

    def running(self) -> bool:
        return self._thread.is_alive() and not self._slots.over

    def about(self) -> str:
        return self._slots.about

    def activity(self) -> Activity | None:
        return activity(self._slots.step, Path(f"/proc/self/task/{self._thread.native_id}/stat"))

    def reason(self) -> str:
        return self._slots.failure or "the generator's thread ended"

    def kill(self, reason: str) -> None:
        self._slots.failure = reason
        self._slots.over = True

    def close(self, timeout: float) -> None:
        self._slots.over = True
        self._thread.join(timeout)


def _live(model: str | Path, device: str, bending: Bending, slots: _Slots) -> None:
    """The thread's whole life."""
    try:
        with _own_stream(device):
            slots.step = LOADING
            synthesizer = Synthesizer(model, device, bending=bending)
            slots.step = DRAWING
            slots.about = f"{device.upper()} thread, {synthesizer.describe()}"
            dream(synthesizer.render, _ThreadLink(slots))
    except Exception as error:  # noqa: BLE001 - whatever it is, the display loop gets to know it
        slots.failure = sentence(error)


def _own_stream(device: str) -> AbstractContextManager[object]:
    """Work of this thread goes to a new stream of the device."""
    if torch.device(device).type != "cuda":
        return nullcontext()
    return torch.cuda.stream(torch.cuda.Stream(device))  # type: ignore[no-untyped-call]
