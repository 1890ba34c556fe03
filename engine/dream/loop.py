"""What every generator does, on a thread or in a process: newest latent in, frame out, not too often."""

import time
import traceback
from collections.abc import Callable
from typing import Protocol

from engine.dream.base import Floats, Pixels
from models.errors import CheckpointError

IDLE = 0.004  # seconds between looks for a latent
NAP = 0.05  # seconds between looks at a rate limit that may have changed
BAD_FRAMES = 3
LOADING, DRAWING = "loading its network", "drawing its first picture"  # what a worker says it is at

Render = Callable[[Floats], Pixels | None]


class GeneratorError(Exception):
    """The generator cannot go on; one sentence."""


def sentence(error: Exception) -> str:
    """What people are told of a failure: the message where it was written for them, else also where it happened."""
    if isinstance(error, GeneratorError | CheckpointError):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"the generator failed: {type(error).__name__}: {error} ({place.filename}:{place.lineno})"


class Link(Protocol):
    """The generator's side of the exchange with the display loop."""

    def finished(self) -> bool:
        """Whether to end now."""
        ...

    def interval(self) -> float:
        """Least seconds between the starts of two frames, as of now."""
        ...

    def latent(self, after: int) -> tuple[int, Floats] | None:
        """The newest latent, as a message, with its number, None where that is not later than `after`."""
        ...

    def publish(self, pixels: Pixels, latent: int, seconds: float) -> None:
        """Hand over a frame."""
        ...

    def reject(self) -> None:
        """Count a frame that was thrown away."""
        ...


def dream(render: Render, link: Link) -> None:
    """Work until the link says it is over. `render` gives None for a frame that is not fit to be seen.

    Raises GeneratorError after BAD_FRAMES of those in a row.
    """
    seen, bad = 0, 0
    while not link.finished():
        request = link.latent(seen)
        if request is None:
            time.sleep(IDLE)
            continue
        seen, message = request
        started = time.monotonic()
        pixels = render(message)
        if pixels is None:
            bad += 1
            link.reject()
        else:
            bad = 0
            link.publish(pixels, seen, time.monotonic() - started)
        if bad == BAD_FRAMES:
            raise GeneratorError(f"the generator gave {BAD_FRAMES} frames in a row that held NaN or infinity")
        _wait_for_turn(link, started)


def _wait_for_turn(link: Link, started: float) -> None:
    """Sleep until the next frame may start."""
    while not link.finished():
        remaining = started + link.interval() - time.monotonic()
        if remaining <= 0:
            return
        time.sleep(min(remaining, NAP))
