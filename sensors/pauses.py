"""Time in which nobody could speak: pauses of the whole machine, told by gaps between two looks.

The monotonic clock may run on while all processes stand still: SIGSTOP, a suspended virtual machine, a frozen cgroup.
On waking, every sensor would seem to have been silent, be called lost and come back a moment later.
"""

GAP = 1.0
"""Seconds between two looks, one a frame, that are a pause."""
REMEMBERED = 4


class Pauses:
    """Looks of one thread; any thread may ask `silence`. Times are monotonic seconds."""

    def __init__(self, moment: float) -> None:
        self._seen = moment
        self._gap = 0.0
        self._pauses: tuple[tuple[float, float], ...] = ()

    def look(self, moment: float) -> None:
        """Another frame. One late frame is a pause; two in a row are a slow show, in which devices go on speaking."""
        gap = moment - self._seen
        if gap > GAP >= self._gap:
            self._pauses = (*self._pauses[1 - REMEMBERED :], (self._seen, moment))
        self._seen, self._gap = moment, gap

    def silence(self, since: float, moment: float) -> float:
        """Seconds between the two moments without the pauses."""
        paused = sum(max(end - max(begin, since), 0.0) for begin, end in self._pauses)
        return max(moment - since - paused, 0.0)
