"""What a run tells: a progress line, TensorBoard scalars, grids of pictures."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from PIL import Image
from rich.console import Console
from rich.live import Live
from rich.text import Text
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from models.explore.grid import levels_of, tile
from models.files import write_atomically

PLAIN_INTERVAL_S = 30.0


def save_grid(images: Tensor, path: Path) -> None:
    """Write images [N, 3, H, W] in [-1, 1] as one PNG."""
    picture = Image.fromarray(tile(levels_of(images)))
    write_atomically(path, lambda target: picture.save(target, format="PNG"))


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


class Report:
    """Progress of one run; a context manager. Losses shown are averages since the last line.

    Of a process that does not lead its team, nothing is told.
    """

    def __init__(self, folder: Path, kimg: float, target: float, leads: bool = True) -> None:
        self._writer = SummaryWriter(str(folder / "tensorboard")) if leads else None
        watched = leads and sys.stdout.isatty()
        self._live = Live(console=Console(), auto_refresh=False, transient=False) if watched else None
        self._target = target
        self._start = self._last = (time.monotonic(), kimg)
        self._sums: dict[str, list[float]] = {}

    def __enter__(self) -> "Report":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if self._writer is not None:
            self._writer.close()

    def step(self, step: Mapping[str, float | None], kimg: float) -> None:
        """Take in one iteration, after `kimg` thousand images; prints when it is time."""
        if self._writer is None:
            return
        for name, value in step.items():
            if value is not None:
                self._sums.setdefault(name, []).append(value)
        interval = PLAIN_INTERVAL_S if self._live is None else 1.0
        if time.monotonic() - self._last[0] >= interval:
            self.line(kimg)

    def line(self, kimg: float) -> None:
        """Print one progress line and write the scalars."""
        means = {name: sum(values) / len(values) for name, values in self._sums.items()}
        now = time.monotonic()
        shown = kimg - self._last[1]
        if self._writer is None or not means or shown <= 0:
            return
        pace = (now - self._last[0]) / shown
        for name, value in means.items():
            self._writer.add_scalar(f"training/{name}", value, int(kimg * 1000))
        self._writer.add_scalar("training/seconds_per_kimg", pace, int(kimg * 1000))
        eta = _clock((self._target - kimg) * (now - self._start[0]) / (kimg - self._start[1]))
        losses = "  ".join(f"{name} {value:.3f}" for name, value in means.items())
        self._show(f"kimg {kimg:.1f}/{self._target:g}  {pace:.1f} s/kimg  ETA {eta}  {losses}")
        self._last = (now, kimg)
        self._sums.clear()

    def _show(self, text: str) -> None:
        if self._live is None:
            print(text, flush=True)
        else:
            self._live.update(Text(text), refresh=True)

    def figures(self, values: Mapping[str, float], kimg: float, best: bool) -> None:
        """Tell how good the network is."""
        if self._writer is None or not values:
            return
        for name, value in values.items():
            self._writer.add_scalar(f"metrics/{name}", value, int(kimg * 1000))
        said = "  ".join(f"{name} {value:.3g}" for name, value in values.items())
        self.note(f"kimg {kimg:.1f}: {said}{', the best so far' if best else ''}")

    def note(self, text: str) -> None:
        """Print a line that stays."""
        if self._writer is None:
            return
        if self._live is None:
            print(text, flush=True)
        else:
            self._live.console.print(text)
