"""Shared memory between the display loop and a worker process, without locks.

Design note. Each direction is a mailbox of two slots; message n goes to slot n mod 2, so the newest whole message stays
readable while the next is written. A slot's sequence is 0 while it is being written; a reader copies and then looks at
the sequence again, and a copy that was overtaken is thrown away. Nobody ever waits and nothing is ever held, so a
process killed at any instruction leaves at worst a half-written slot that nobody reads.

The memory is an anonymous file whose descriptor the worker inherits. The kernel frees it with the last process that has
it, however that ends. Tried and left: multiprocessing.SharedMemory, whose names outlive a killed process and need a
tracker process to mourn them.
"""

import mmap
import os
import tempfile
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LATENT_BYTES = 2**18  # 64 layers of 1024 numbers
FRAME_BYTES = 2**23 * 4  # as many pixels as a network's canvas may have
TEXT_BYTES = 1000
STEP_BYTES = 40
TRIES = 3

_SLOT = np.dtype([("sequence", "u8"), ("latent", "u8"), ("seconds", "f8"), ("rows", "u4"), ("columns", "u4")])
_BOX = np.dtype([("newest", "u8"), ("slots", _SLOT, 2)])
_HEADER = np.dtype(
    [
        ("max_fps", "f8"),
        ("rejected", "u8"),
        ("about", f"S{TEXT_BYTES}"),
        ("failure", f"S{TEXT_BYTES}"),
        ("step", f"S{STEP_BYTES}"),
        ("latents", _BOX),
        ("frames", _BOX),
    ],
    align=True,
)
_PAYLOAD = 4096  # pages are only made when they are touched: generous bounds cost nothing
SIZE = _PAYLOAD + 2 * LATENT_BYTES + 2 * FRAME_BYTES


class Message(NamedTuple):
    """A copy of what a mailbox held. `latent` and `seconds` mean what they mean in DreamFrame."""

    sequence: int
    data: NDArray[Any]
    latent: int
    seconds: float


class Mailbox:
    """One direction: one process puts, one takes, the newest wins. `tail` is the shape of one cell of the rows."""

    def __init__(self, box: Any, payload: memoryview, dtype: type[np.generic], tail: tuple[int, ...] = ()) -> None:
        half = len(payload) // 2
        self._box = box
        self._halves = [np.frombuffer(payload[i * half : (i + 1) * half], dtype) for i in (0, 1)]
        self._tail = tail
        self._order = Lock()
        self._order.acquire()

    def put(self, data: NDArray[Any], sequence: int, latent: int = 0, seconds: float = 0.0) -> None:
        """Publish data [rows, columns, *tail] as message `sequence`, which must be one more than the last.

        Raises ValueError where it does not fit.
        """
        half = self._halves[sequence % 2]
        if data.size > half.size:
            raise ValueError(f"{data.shape[0]}×{data.shape[1]} is more than the {half.nbytes // 2**20} MiB there are")
        slot = self._box["slots"][sequence % 2]
        slot["sequence"] = 0
        self._fence()
        half[: data.size] = data.reshape(-1)
        slot["rows"], slot["columns"] = data.shape[:2]
        slot["latent"], slot["seconds"] = latent, seconds
        self._fence()
        slot["sequence"] = sequence
        self._box["newest"] = sequence

    def take(self, after: int) -> Message | None:
        """A copy of the newest message if it is later than `after`. None, too, where the writer outran every try."""
        for _ in range(TRIES):
            newest = int(self._box["newest"])
            if newest <= after:
                return None
            message = self._copy(newest)
            if message is not None:
                return message
        return None

    def _copy(self, sequence: int) -> Message | None:
        """Message `sequence`, None where it was being replaced meanwhile."""
        slot = self._box["slots"][sequence % 2]
        shape = (int(slot["rows"]), int(slot["columns"]), *self._tail)
        data = self._halves[sequence % 2][: int(np.prod(shape))].copy()
        message = (int(slot["latent"]), float(slot["seconds"]))
        self._fence()
        if int(slot["sequence"]) != sequence:
            return None
        return Message(sequence, data.reshape(shape), *message)

    def _fence(self) -> None:
        """Keep the memory accesses before and after this apart: for ARM, where a lock let go and taken does that."""
        self._order.release()
        self._order.acquire()


class Exchange:
    """The whole shared memory of one worker's life; each process makes its own view of the same descriptor.

    The view lives as long as this object; the descriptor stays the caller's, to pass on and to close.
    """

    def __init__(self, descriptor: int) -> None:
        memory = memoryview(mmap.mmap(descriptor, SIZE))
        self._header = np.frombuffer(memory, _HEADER, count=1)[0]
        frames_at = _PAYLOAD + 2 * LATENT_BYTES
        self.latents = Mailbox(self._header["latents"], memory[_PAYLOAD:frames_at], np.float32)
        self.frames = Mailbox(self._header["frames"], memory[frames_at:], np.uint8, (4,))

    @property
    def max_fps(self) -> float:
        """Set by the display loop."""
        return float(self._header["max_fps"])

    @max_fps.setter
    def max_fps(self, fps: float) -> None:
        self._header["max_fps"] = fps

    @property
    def rejected(self) -> int:
        """Counted by the worker: frames that held NaN or infinity."""
        return int(self._header["rejected"])

    @rejected.setter
    def rejected(self, count: int) -> None:
        self._header["rejected"] = count

    @property
    def about(self) -> str:
        """What the worker says of itself once it has its network; empty before."""
        return _text(self._header["about"])

    @about.setter
    def about(self, text: str) -> None:
        self._header["about"] = text.encode()

    @property
    def step(self) -> str:
        """What the worker is at before its first frame."""
        return _text(self._header["step"])

    @step.setter
    def step(self, text: str) -> None:
        self._header["step"] = text.encode()

    @property
    def failure(self) -> str:
        """The worker's last words, if it could say any."""
        return _text(self._header["failure"])

    @failure.setter
    def failure(self, text: str) -> None:
        self._header["failure"] = text.encode()


def new_memory() -> int:
    """The descriptor of empty memory for one Exchange, which only those it is passed to can see."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("reverie-dream")
    else:
        with tempfile.TemporaryFile() as file:  # no name; lives as long as its descriptors
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, SIZE)
    return descriptor


def _text(field: bytes) -> str:
    return field.decode(errors="replace")  # a long text may have been cut inside a character
