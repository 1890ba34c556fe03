"""The counter between the display loop and everyone who watches or steers it.

The display loop puts snapshots on it, control threads read the newest one; commands go the other way. Each slot is one
reference to an immutable object, replaced whole, so neither side ever waits for the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.commands import CommandQueue
from engine.params import Parameter, Snapshot
from engine.signals import Signal


@dataclass(frozen=True, slots=True)
class Preview:
    """One small JPEG of what is on the wall. `sequence` rises with each new one."""

    sequence: int = 0
    jpeg: bytes = b""


@dataclass(slots=True)
class Hub:
    """Newest state of a running show, for any thread to read."""

    commands: CommandQueue = field(default_factory=CommandQueue)
    title: str = ""
    parameters: tuple[Parameter, ...] = ()
    revision: int = 0  # rises when `parameters` changed
    snapshot: Snapshot = field(default_factory=Snapshot)
    signals: Mapping[str, Signal] = field(default_factory=dict)
    preview: Preview = field(default_factory=Preview)
    health: Mapping[str, object] = field(default_factory=dict)
    presented_at: float | None = None  # time.monotonic() of the newest presented frame; None before the first
    no_display: str = ""  # why a show that wants a window has no display; empty where all is well
    watchers: int = 0  # open panels; without one no preview is made
