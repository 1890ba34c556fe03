"""The work itself: what one frame is made of, as a function of time, signals and the artist's values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import moderngl

from engine.dream.base import FrameSource
from engine.modulation import Matrix
from engine.pacing import Frame
from engine.params import ParameterTree, Value
from engine.render.limit_meter import Limits
from engine.sensing import Senses
from engine.signals import SignalBus
from engine.stage import Moment, Stage
from engine.walk.controls import Controls

MAX_FPS = "/dream/max_fps"


class Picture(Protocol):
    """What draws."""

    def frame(
        self, now: float, delta: float, index: int, lookup: Callable[[str], Value], shown_at: float
    ) -> moderngl.Texture:
        """The finished picture at a moment of the show, `shown_at` display time."""
        ...

    def limits(self) -> Limits:
        """What flashes were limited of late."""
        ...


@dataclass(slots=True)
class Work:
    """The way a frame is made, in order. Display thread only."""

    tree: ParameterTree
    senses: Senses
    matrix: Matrix
    stage: Stage
    picture: Picture
    controls: Controls = field(default_factory=Controls)
    bus: SignalBus = field(default_factory=SignalBus)
    on_dream: Callable[[], None] = lambda: None

    @property
    def source(self) -> FrameSource:
        """The generator of the network that is on."""
        return self.stage.lead.source

    def step(self, frame: Frame) -> moderngl.Texture:
        """Sense, modulate, walk, dream, draw."""
        self.senses.poll(frame.time, self.bus)
        self.tree.modulate(self.matrix.step(self.bus, frame.step))
        lookup = self.tree.effective
        controls = self.controls.advance(frame.step, lookup)
        if self.stage.step(Moment(frame.time, frame.step, lookup, controls, self.tree.number(MAX_FPS))):
            self.on_dream()
        return self.picture.frame(frame.time, frame.step, frame.index, self.tree.effective, frame.shown_at)
