"""Whether a worker that gives nothing yet does anything: what it says it is at, and the processor time it has used."""

from pathlib import Path
from typing import NamedTuple

TICKS = 100  # a second in /proc, on every Linux


class Activity(NamedTuple):
    """Stays the same only while a worker does nothing: one that computes, however slowly, uses processor time."""

    step: str
    cpu: float  # seconds


def activity(step: str, stat: Path) -> Activity | None:
    """That of a process or thread, from its `stat` in /proc; None where that tells nothing, as on other systems."""
    try:
        fields = stat.read_text().rpartition(")")[2].split()
        ticks = sum(map(int, fields[11:15]))  # its own in user and kernel mode, and that of children that have ended
    except (OSError, ValueError):
        return None
    return Activity(step or "starting", ticks / TICKS)
