"""The monitors of this machine, as glfw knows them. glfw must be initialised; main thread only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import glfw


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor that is on: its name, and its place on the desktop in pixels. `handle` dies with the monitor."""

    name: str
    x: int
    y: int
    width: int
    height: int
    rate: int = field(compare=False)  # Hz, 0 where unknown
    handle: Any = field(compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name} {self.width}×{self.height}"

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Left, top, width, height."""
        return self.x, self.y, self.width, self.height

    def holds(self, x: float, y: float) -> bool:
        """Whether a point of the desktop lies on it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


def connected() -> list[Monitor]:
    """Every monitor in the order of its index: the primary one first."""
    return [monitor for handle in glfw.get_monitors() if (monitor := _look_at(handle))]


def find(wanted: int | str | None, there: Sequence[Monitor]) -> Monitor | None:
    """The monitor of that index or name, whole or in part and in any case; without a wish the primary one."""
    if isinstance(wanted, str):
        name = wanted.lower()
        whole = (monitor for monitor in there if name == monitor.name.lower())
        return next(whole, next((monitor for monitor in there if name in monitor.name.lower()), None))
    index = wanted or 0
    return there[index] if 0 <= index < len(there) else None


def missing(wanted: int | str | None, there: Sequence[Monitor]) -> str:
    """The sentence for a monitor that is not there."""
    known = "; ".join(f"{index}: {monitor}" for index, monitor in enumerate(there)) or "none"
    return f"there is no monitor{'' if wanted is None else f' {wanted!r}'}; there are {known}"


def _look_at(handle: Any) -> Monitor | None:
    try:
        mode = glfw.get_video_mode(handle)
    except ValueError:  # a null pointer: it went away, and the event that says so is still to come
        return None
    name: Any = glfw.get_monitor_name(handle) or b"?"  # bytes, whatever glfw's types say
    x, y = glfw.get_monitor_pos(handle)
    return Monitor(name.decode(errors="replace"), x, y, mode.size.width, mode.size.height, mode.refresh_rate, handle)
