"""What was measured over time, in a number of steps that does not grow with the recording."""

from dataclasses import dataclass, replace

MOST = 2048
SHORTEST = 0.05  # seconds


@dataclass(frozen=True)
class Reading:
    """What a second had that ends at `time`, in more than the area that may flash.

    general, red: flashes per second.
    extended: seconds for which there have been two flashes or more in every second.
    """

    time: float
    general: float
    red: float
    extended: float

    def with_peaks_of(self, later: "Reading") -> "Reading":
        """The most of either, at the time of the earlier one."""
        return replace(
            self,
            general=max(self.general, later.general),
            red=max(self.red, later.red),
            extended=max(self.extended, later.extended),
        )


class Series:
    """The peaks of all readings in steps of time: steps become twice as long when there would be more than MOST."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self._step = SHORTEST

    def add(self, reading: Reading) -> None:
        """The next one."""
        if self.readings and self._number(reading) == self._number(self.readings[-1]):
            self.readings[-1] = self.readings[-1].with_peaks_of(reading)
            return
        self.readings.append(reading)
        if len(self.readings) > MOST:
            self._halve()

    def _number(self, reading: Reading) -> int:
        return int(reading.time // self._step)

    def _halve(self) -> None:
        readings, self.readings = self.readings, []
        self._step *= 2
        for reading in readings:
            self.add(reading)
