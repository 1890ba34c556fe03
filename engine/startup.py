"""What a person sees in the terminal: the start-up table, progress bars, the table of signals."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import structlog
from rich.console import Console, RenderableType
from rich.live import Live as LiveTable
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.status import Status
from rich.table import Table

from engine.errors import printable
from engine.pacing import Frame
from engine.sensing import Senses
from engine.signals import Signal, SignalBus

T = TypeVar("T")
QUALITY_STYLE = {"live": "green", "stale": "yellow", "fallback": "yellow", "simulated": "cyan"}
METER_CELLS = 16

log = structlog.get_logger(__name__)


class Finding(NamedTuple):
    """One line of the start-up table: a part, and what was found or stands in for it."""

    part: str
    found: str
    live: bool


def print_table(title: str, findings: Iterable[Finding]) -> None:
    """Say once what this show runs on."""
    table = Table(title=f"Reverie · {_shown(title)}", title_justify="left", show_header=False, expand=False)
    for finding in findings:
        mark = "[green]●[/]" if finding.live else "[yellow]○[/]"
        table.add_row(mark, finding.part, _shown(finding.found))
    print_if_possible(table)


def print_if_possible(what: RenderableType) -> None:
    """Print what a show has to say; where nothing can be printed, the show goes on without."""
    console = Console()
    with console.capture() as drawn:
        console.print(what, highlight=False)
    try:
        print(drawn.get(), end="", flush=True)  # by rich, a pipe that nobody reads would end the process
    except OSError as error:
        log.warning("nothing can be printed any more", why=error.strerror)


def print_ending(title: str, frames: int, seconds: float, dropped: int) -> None:
    """Say that a show has ended, and how it went."""
    rate = f"{frames / seconds:.1f} per second" if seconds else "none"
    print_if_possible(f"{_shown(title)} ended after {seconds:.0f} s: {frames} frames, {rate}, {dropped} dropped")


def busy(what: str) -> Status:
    """A spinner on standard error for as long as a `with` block takes."""
    return _errors().status(f"{_shown(what)} …")


@contextmanager
def countdown(what: str, seconds: float) -> Iterator[Callable[[float], None]]:
    """A bar for something that takes that long; call what it yields with the seconds that have passed."""
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=_errors()) as bar:
        task = bar.add_task(_shown(what), total=seconds)
        yield lambda passed: bar.update(task, completed=passed)


def _errors() -> Console:
    return Console(stderr=True)


def _shown(text: str) -> str:
    """A text from a file or the system, fit for rich and for a terminal."""
    return escape(printable(text))


def progress(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The same items, with a progress bar and the time that is left."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=_errors()) as bar:
        yield from bar.track(items, total=total, description=_shown(what))


def watch_signals(senses: Senses, frames: Iterable[Frame]) -> None:
    """A live table of every signal, one row each, while the frames last."""
    bus = SignalBus()
    # Drawn in this thread: what fails here ends the command, what fails in a thread of rich's own is a traceback.
    with LiveTable(_signal_table(bus), auto_refresh=False) as shown:
        for frame in frames:
            senses.poll(frame.time, bus)
            shown.update(_signal_table(bus), refresh=True)


def _signal_table(bus: SignalBus) -> Table:
    table = Table("signal", "", "value", "unit", "age", "quality")
    for signal in bus:
        table.add_row(
            signal.name,
            _meter(signal),
            f"{signal.value:.3g}",
            _shown(signal.unit),
            "never" if signal.age == float("inf") else f"{signal.age:.1f} s",
            f"[{QUALITY_STYLE.get(signal.quality, 'white')}]{signal.quality}[/]",
        )
    return table


def _meter(signal: Signal) -> str:
    share = (signal.value - signal.low) / (signal.high - signal.low)
    cells = round(min(max(share, 0.0), 1.0) * METER_CELLS)
    return "█" * cells + "·" * (METER_CELLS - cells)
