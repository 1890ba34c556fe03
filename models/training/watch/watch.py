"""All that a run leaves on disk for people to see: history, event file, page. None of it is needed to go on."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from torch import Tensor

from models.training.watch import page, pictures
from models.training.watch.events import Events
from models.training.watch.history import Figures, History, Said, Steps, Strip
from models.training.watch.page import About, Seen
from models.training.watch.pictures import Drawn

GRID_SIDE = 1152  # pixels
STRIP_SIDE = 128
FRESH = 1.01  # kimg over that of the last pictures for TensorBoard: it keeps few of them, and its file all


class Watch:
    """Of one run, by the process that leads. A disk that is full is said once, and so is that it no longer is.

    `earlier` is the folder of the run that this one goes on with, from `kimg` on.
    """

    def __init__(self, about: About, kimg: float, earlier: Path | None, say: Callable[[str], None]) -> None:
        """Raises OSError where the history of `earlier` cannot be read."""
        self._about = about
        self._say = say
        self._history = History(about.out, kimg, earlier)
        self._events = Events(about.out / "tensorboard", None if earlier is None else _step(kimg))
        self._page = about.out / page.NAME
        self._troubled: set[Path] = set()
        self._seen = Seen(kimg)
        self._pictured = 0.0  # kimg of the last pictures for TensorBoard
        if earlier is not None:
            self.said(f"resumed on {datetime.now(UTC):%d %B %Y, %H:%M} UTC", kimg)

    def close(self) -> None:
        """Let go of the files."""
        self._events.close()

    def steps(self, values: Mapping[str, float], kimg: float) -> None:
        """Means over the iterations since the last time."""
        self._history.add(Steps(kimg=kimg, values=dict(values)))
        self._try(self._events.path, lambda: self._events.scalars("training", values, _step(kimg)))

    def figures(self, values: Mapping[str, float], kimg: float) -> None:
        """How good the network is."""
        self._history.add(Figures(kimg=kimg, values=dict(values)))
        self._try(self._events.path, lambda: self._events.scalars("metrics", values, _step(kimg)))

    def said(self, text: str, kimg: float, warning: bool = False) -> None:
        """What happened, for the page."""
        self._history.add(Said(kimg=kimg, text=text, warning=warning))

    def forget(self, after: float) -> None:
        """The run went back to so many kimg."""
        self._history.cut(after)
        self._try(self._events.path, lambda: self._events.forget(_step(after)))

    def reals(self, images: Tensor, kimg: float) -> None:
        """What it learns from, images [N, 3, H, W] in [-1, 1]; the page is there from now on."""
        self._seen.reals = pictures.grid(images, GRID_SIDE)
        if not any(self._events.path.parent.glob("events.*")):
            self._picture("reals", self._seen.reals, kimg)
        self.write()

    def show(self, drawn: Drawn, kimg: float, seconds: float, last: bool) -> None:
        """What the network draws after `seconds` of training, and the page with all that was told so far."""
        strip = pictures.column(drawn.column, STRIP_SIDE)
        self._history.add(Strip(kimg=kimg, size=strip.size, data=strip.text))
        self._seen.fakes = pictures.grid(drawn.fakes, GRID_SIDE)
        self._seen.walk = pictures.moving(drawn.walk, "webp")
        self._seen.still = pictures.row(drawn.stops, pictures.WALK_SIDE)
        self._seen.kimg, self._seen.seconds = kimg, seconds
        if last or kimg >= self._pictured * FRESH:
            self._pictured = kimg
            self._picture("fakes", self._seen.fakes, kimg)
            self._picture("walk", pictures.moving(drawn.walk, "gif"), kimg)
        self.write()

    def write(self) -> None:
        """History and page, as things stand."""
        self._try(self._history.path, self._history.save)
        self._try(self._page, lambda: page.write(self._page, self._about, self._history, self._seen))

    def _picture(self, name: str, picture: pictures.Encoded, kimg: float) -> None:
        self._try(self._events.path, lambda: self._events.picture(name, picture, _step(kimg)))

    def _try(self, path: Path, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            if path not in self._troubled:
                self._say(f"{path} cannot be written ({error.strerror}): the training goes on without it; mend that")
            self._troubled.add(path)
        else:
            if path in self._troubled:
                self._say(f"{path} is written again")
            self._troubled.discard(path)


def _step(kimg: float) -> int:
    return round(kimg * 1000)
