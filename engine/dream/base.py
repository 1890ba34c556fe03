"""The contract of a frame source: what the display loop sees of the generator."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


class Latent(Protocol):
    """A point of a walk: ws [num_ws, w_dim] float32, and the network's live numbers, controls [n] float32."""

    @property
    def ws(self) -> Floats: ...

    @property
    def controls(self) -> Floats: ...


def message_of(latent: Latent) -> Floats:
    """What is sent to a generator, [rows, w_dim]: ws, and below it the controls in as many rows as they need."""
    ws, controls = latent.ws, latent.controls
    if not controls.size:
        return np.ascontiguousarray(ws, np.float32)
    rows = np.zeros((-(-controls.size // ws.shape[1]), ws.shape[1]), np.float32)
    rows.reshape(-1)[: controls.size] = controls
    return np.concatenate([ws, rows], dtype=np.float32)


def parts_of(message: Floats, num_ws: int) -> tuple[Floats, Floats]:
    """The reverse of `message_of`: ws [num_ws, w_dim] and the controls, with zeros behind them."""
    return message[:num_ws], message[num_ws:].reshape(-1)


@dataclass(frozen=True, slots=True, eq=False)
class DreamFrame:
    """One generated picture.

    `pixels` is uint8 RGBA [H, W, 4], display-referred, alpha 255, row 0 at the top, and the receiver's own. `sequence`
    counts the source's frames from 1 and keeps rising when the worker is restarted. `seconds` is what the generator
    took. `latent` is the number `submit` gave to the latent this is a picture of.
    """

    pixels: Pixels
    sequence: int
    seconds: float
    latent: int


class FrameSource(Protocol):
    """Latents in, frames out. Display thread only; no method but `close` waits for the generator.

    The generator works on a thread or process that may die, hang or be killed at any moment; the source replaces it.
    """

    max_fps: float
    """Most frames a second the generator may make; may change at any moment."""

    @property
    def frames(self) -> int:
        """Frames taken over so far: the sequence of the newest."""
        ...

    @property
    def restarts(self) -> int:
        """How often the worker was replaced."""
        ...

    @property
    def rejected(self) -> int:
        """Frames thrown away because they held NaN or infinity."""
        ...

    @property
    def alive(self) -> bool:
        """Whether a worker runs and, after a failure, has delivered again."""
        ...

    @property
    def last_error(self) -> str:
        """Why the worker last failed, in one sentence; empty if it never did."""
        ...

    def start(self) -> None:
        """Begin. The first frame comes seconds later."""
        ...

    def submit(self, latent: Latent) -> int:
        """Ask for a picture; a newer latent replaces one not yet begun. Returns the latent's number, from 1."""
        ...

    def newest(self) -> DreamFrame | None:
        """The newest frame, None where there is none since the last call. Call it every frame: it minds the worker."""
        ...

    def describe(self) -> str:
        """Device, precision and size in a few words."""
        ...

    def close(self) -> None:
        """End the worker. Safe to call twice, and without start."""
        ...
