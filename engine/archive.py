"""What `reverie archive …` shows: a bar while it works, counts when it is done."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from engine.errors import ReverieError, printable
from engine.stopping import STOP
from models.archive.catalogue import Catalogue
from models.archive.errors import ArchiveError
from models.archive.record import Status

Report = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Reported:
    """The counts of an archive whose page was written: what is listed or fetched, what is rejected and by what kind."""

    accepted: int
    rejected: dict[str, int]
    page: str


def report_on(folder: Path, output: Path | None) -> Reported:
    """Write the page. Raises ArchiveError."""
    from models.archive.report import write  # brings numpy

    page = write(folder, output)
    with Catalogue(folder) as catalogue:
        counts = catalogue.count()
    rejected = {kind: number for (status, kind), number in counts.items() if status is Status.REJECTED}
    return Reported(counts.total() - sum(rejected.values()), rejected, str(page))


class Rate(ProgressColumn):
    """Items a second, of late."""

    def render(self, task: Task) -> Text:
        """Empty until something is known."""
        return Text("" if task.speed is None else f"{task.speed:.1f}/s")


@contextmanager
def working(what: str) -> Iterator[Report]:
    """A progress bar on standard error with rate and time left; yields what to call with (done, total or None).

    An ArchiveError becomes the user's sentence.
    """
    counts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate())
    times = (TimeElapsedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*counts, *times, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(escape(what), total=None)
        try:
            yield lambda done, total: bar.update(task, completed=done, total=total)
        except ArchiveError as error:
            raise ReverieError(str(error)) from None


def stoppable(report: Report) -> Report:
    """The same, raising StoppedError where the program is asked to end: between two steps, not in one."""

    def checked(done: int, total: int | None) -> None:
        report(done, total)
        STOP.check()

    return checked


def show_counts(done: Any, as_json: bool, then: str) -> None:
    """The counts of a finished command: a dataclass with `accepted`, `rejected` and what is its own. `then` is the
    command that comes next.
    """
    counts = asdict(done)
    if as_json:
        typer.echo(json.dumps(counts, indent=2))
        return
    console = Console(highlight=False)
    rejected, deferred = counts.pop("rejected"), counts.pop("deferred", {})
    said = [*counts.pop("notes", []), *counts.pop("problems", [])]
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("accepted", f"{counts.pop('accepted'):,}")
    for name, value in counts.items():
        if value:
            table.add_row(name, _shown(name, value))
    for what, kinds in (("rejected", rejected), ("to try again", deferred)):
        for kind, number in sorted(kinds.items(), key=lambda item: -item[1]):
            table.add_row(f"[yellow]{what}[/]", f"{number:,}  {escape(printable(kind))}")
    console.print(table)
    for sentence in said:
        console.print(f"[yellow]note:[/] {escape(printable(sentence))}", soft_wrap=True)
    console.print(f"next: {escape(printable(then))}", soft_wrap=True)


def _shown(name: str, value: object) -> str:
    if name == "bytes" and isinstance(value, int):
        return decimal(value)
    if isinstance(value, bool):
        return "yes"
    return f"{value:,}" if isinstance(value, int) else escape(printable(str(value)))
