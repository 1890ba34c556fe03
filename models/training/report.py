"""What a run tells while it learns: a progress line, and all that is left on disk for people to see."""

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from torch import Tensor

from models.training.config import TrainingError
from models.training.watch.history import means
from models.training.watch.page import About
from models.training.watch.pictures import Drawn
from models.training.watch.telling import Teller
from models.training.watch.watch import Watch

ROW_INTERVAL_S = 30.0  # between two rows of the curves, and between two lines where nobody sits at a terminal
LIVE_INTERVAL_S = 1.0


class Since:
    """What the iterations told since the last time it was taken."""

    def __init__(self, kimg: float) -> None:
        self.start(kimg)

    def start(self, kimg: float) -> None:
        """Forget them; the next ones come after `kimg`."""
        self.kimg, self.began = kimg, time.monotonic()
        self._told: list[dict[str, float]] = []

    @property
    def lasted(self) -> float:
        """Seconds."""
        return time.monotonic() - self.began

    def add(self, values: dict[str, float]) -> None:
        self._told.append(values)

    def means(self) -> dict[str, float]:
        """`waited` is the share of `seconds` that was spent waiting for pictures; empty where there is nothing."""
        found = means(self._told)
        if "waited" in found:
            found["waited"] /= max(found["seconds"], 1e-9)
        return found


class Report:
    """Progress of one run; a context manager. Values are averages since the last line or row.

    Of a process that does not lead its team, nothing is told.
    """

    def __init__(self, about: About, kimg: float, earlier: Path | None, leads: bool) -> None:
        self._teller = Teller() if leads else None
        self._watch = Watch(about, kimg, earlier, self.note) if leads else None
        self._target = about.target
        self._start = (time.monotonic(), kimg)
        self._line, self._row = Since(kimg), Since(kimg)

    def __enter__(self) -> "Report":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watch is not None:
            if isinstance(value, TrainingError):
                self._watch.said(f"ended: {value}", self._row.kimg, warning=True)
                self._watch.write()
            self._watch.close()
        if self._teller is not None:
            self._teller.close()

    def step(self, step: Mapping[str, float | None], kimg: float) -> None:
        """Take in one iteration, after `kimg` thousand images; prints when it is time.

        Of its values, `seconds` is how long it took and `waited` how much of that for pictures, for each kimg.
        """
        if self._teller is None:
            return
        values = {name: value for name, value in step.items() if value is not None}
        self._line.add(values)
        self._row.add(values)
        if self._line.lasted >= (LIVE_INTERVAL_S if self._teller.watched else ROW_INTERVAL_S):
            self.line(kimg)
        if self._row.lasted >= ROW_INTERVAL_S:
            self._end_row(kimg)

    def line(self, kimg: float) -> None:
        """Print one progress line."""
        values = self._line.means()
        shown = kimg - self._line.kimg
        if self._teller is None or not values or shown <= 0:
            return
        pace = self._line.lasted / shown
        began, first = self._start
        left = _clock((self._target - kimg) * (time.monotonic() - began) / (kimg - first))
        del values["seconds"]
        waited = values.pop("waited")
        told = "  ".join(f"{name} {value:.3f}" for name, value in values.items())
        self._teller.progress(
            f"kimg {kimg:.1f}/{self._target:g}  {pace:.1f} s/kimg  ETA {left}  {told}  data wait {waited:.1%}"
        )
        self._line.start(kimg)

    def note(self, text: str) -> None:
        """Print a line that stays."""
        if self._teller is not None:
            self._teller.note(text)

    def event(self, text: str, kimg: float, warning: bool = True) -> None:
        """Print a line that stays, in the run's history too."""
        self.note(text)
        if self._watch is not None:
            self._watch.said(text, kimg, warning)

    def forget(self, after: float) -> None:
        """The run went back to `after` kimg."""
        self._line.start(after)
        self._row.start(after)
        if self._watch is not None:
            self._watch.forget(after)

    def figures(self, values: Mapping[str, float], kimg: float, best: bool) -> None:
        """Tell how good the network is."""
        if self._watch is None or not values:
            return
        self._watch.figures(values, kimg)
        said = "  ".join(f"{name} {value:.3g}" for name, value in values.items())
        self.note(f"kimg {kimg:.1f}: {said}{', the best so far' if best else ''}")

    def reals(self, images: Tensor, kimg: float) -> None:
        """Show some of what it learns from, images [N, 3, H, W] in [-1, 1]."""
        if self._watch is not None:
            self._watch.reals(images, kimg)

    def show(self, drawn: Drawn, kimg: float, seconds: float, last: bool) -> None:
        """Show what the network draws after `seconds` of training."""
        if self._watch is not None:
            self._end_row(kimg)
            self._watch.show(drawn, kimg, seconds, last)

    def _end_row(self, kimg: float) -> None:
        values = self._row.means()
        if self._watch is not None and values:
            self._watch.steps(values, kimg)
        self._row.start(kimg)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
