"""The contract of an output. Copy `stub.py` to begin one."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import moderngl
from pydantic import BaseModel, ConfigDict

from engine.render.context import GLContext


@dataclass(frozen=True, slots=True)
class Canvas:
    """The size and pace a show is made for. `width` and `height` in pixels, `fps` in frames per second."""

    width: int
    height: int
    fps: float


class OutputConfig(BaseModel):
    """What the show file says of one output; every output narrows `type` to a literal of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str


class OutputError(Exception):
    """An output that cannot open or go on: one sentence with what, where and what to do."""


def cannot_write(path: object, why: object) -> OutputError:
    """The error for a file that cannot be written; `why` in the system's words."""
    return OutputError(f"{path}: cannot be written ({why}); free space or choose another place")


class Output(ABC):
    """One place frames go. All methods run on the display thread, with the GL context current.

    An output that raises is closed, retried with backoff, and never stops the others; OutputError is the one whose
    sentence people read. At the start of a show it is theirs to mend instead, and ends the start.
    """

    Config: ClassVar[type[OutputConfig]]

    @abstractmethod
    def __init__(self, config: Any) -> None:
        """`config` is an instance of the output's own Config. Touches no device."""

    @abstractmethod
    def open(self, gl: GLContext, canvas: Canvas) -> None:
        """Take the device, without waiting for one that may not answer. Raises OutputError."""

    def confirm(self) -> None:
        """Wait a few seconds, at the start of a show only, for what `open` cannot know yet. Raises OutputError."""
        return

    @abstractmethod
    def present(self, texture: moderngl.Texture, frame_index: int, time: float) -> None:
        """Show one finished frame: RGBA8, display-referred, row 0 at the bottom, any size. Must not keep `texture`.

        `time` is display time in seconds, which no stall holds up. Raises OutputError.
        """

    @abstractmethod
    def close(self) -> None:
        """Release everything. Safe to call twice, and without open."""

    @property
    def closed_by_user(self) -> bool:
        """Whether somebody asked the show to end here, by closing a window say."""
        return False

    @property
    def problem(self) -> str:
        """What is wrong while frames go on; empty where all is well."""
        return ""

    @abstractmethod
    def describe(self) -> str:
        """Where frames go, in a few words."""
