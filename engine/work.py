"""The work itself: what one frame is made of, as a function of time, signals and the artist's values."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.dream.base import FrameSource
from engine.modulation import Matrix
from engine.pacing import Frame
from engine.params import ParameterTree, Value
from engine.sensing import Senses
from engine.signals import SignalBus
from engine.walk.base import Walk
from engine.walk.controls import Controls

MAX_FPS = "/dream/max_fps"


class Picture(Protocol):
    """What draws: generated frames in, finished frames out."""

    def push(self, pixels: NDArray[np.uint8], now: float) -> None:
        """Take a newly generated frame, [H, W, 4] uint8."""
        ...

    def frame(self, now: float, delta: float, index: int, lookup: Callable[[str], Value]) -> moderngl.Texture:
        """The finished picture at a moment."""
        ...


@dataclass(slots=True)
class Work:
    """The way a frame is made, in order. Display thread only."""

    tree: ParameterTree
    senses: Senses
    matrix: Matrix
    walk: Walk
    source: FrameSource
    picture: Picture
    controls: Controls = field(default_factory=Controls)
    bus: SignalBus = field(default_factory=SignalBus)
    on_dream: Callable[[], None] = lambda: None

    def step(self, frame: Frame) -> moderngl.Texture:
        """Sense, modulate, walk, dream, draw."""
        self.senses.poll(frame.time, self.bus)
        self.tree.modulate(self.matrix.step(self.bus, frame.step))
        self.source.max_fps = self.tree.number(MAX_FPS)
        latent = self.walk.advance(frame.step, self.tree.effective)
        controls = self.controls.advance(frame.step, self.tree.effective)
        self.source.submit(replace(latent, controls=controls))
        dreamt = self.source.newest()
        if dreamt is not None:
            self.picture.push(dreamt.pixels, frame.time)
            self.on_dream()
        return self.picture.frame(frame.time, frame.step, frame.index, self.tree.effective)
