"""The smallest output: counts frames and notes their first pixel. A beginning for one of your own."""

from typing import Literal

import moderngl

from engine.outputs.base import Canvas, Output, OutputConfig
from engine.render.context import GLContext


class StubConfig(OutputConfig):
    """`{type: stub}`"""

    type: Literal["stub"] = "stub"


class StubOutput(Output):
    """Reads the first pixel of each frame, and nothing more."""

    Config = StubConfig

    def __init__(self, config: StubConfig) -> None:
        self.frames = 0
        self.first_pixel = b""

    def open(self, gl: GLContext, canvas: Canvas) -> None:
        self.frames = 0

    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        self.frames += 1
        self.first_pixel = texture.read()[:4]

    def close(self) -> None:
        self.first_pixel = b""

    def describe(self) -> str:
        return "counted, not shown"
