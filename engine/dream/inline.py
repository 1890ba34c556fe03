"""The generator on the caller's own thread, paced by the show's clock: for recordings: each run the same."""

from collections.abc import Callable
from pathlib import Path

from engine.dream.base import DreamFrame, Floats, Latent, message_of
from engine.dream.bending import UNBENT, Bending
from engine.dream.synthesizer import Synthesizer


class InlineSource:
    """FrameSource that renders inside `newest`, at most `max_fps` times a second of `now`.

    The same latents at the same times give the same frames. Raises what `models.load` raises.
    """

    restarts = 0
    last_error = ""

    def __init__(self, model: str | Path, max_fps: float, now: Callable[[], float], bending: Bending = UNBENT) -> None:
        self._synthesizer = Synthesizer(model, bending=bending)
        self._now = now
        self._due = 0.0
        self._message: Floats | None = None
        self._number = 0
        self.max_fps = max_fps
        self.frames = 0
        self.rejected = 0
        self.alive = False

    def start(self) -> None:
        self.alive = True

    def submit(self, latent: Latent) -> int:
        self._message = message_of(latent)
        self._number += 1
        return self._number

    def newest(self) -> DreamFrame | None:
        now = self._now()
        if self._message is None or now < self._due:
            return None
        self._due = max(self._due + 1.0 / self.max_fps, now)
        pixels = self._synthesizer.render(self._message)
        if pixels is None:
            self.rejected += 1
            return None
        self.frames += 1
        return DreamFrame(pixels, self.frames, 0.0, self._number)

    def describe(self) -> str:
        return f"{self._synthesizer.device}, {self._synthesizer.precision}, in line with the recording"

    def close(self) -> None:
        self.alive = False
