"""What `reverie archive …` shows: a bar while it works, counts when it is done."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console
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
from models.archive.errors import ArchiveError

Report = Callable[[int, int | None], None]


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
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(escape(what), total=None)
        try:
            yield lambda done, total: bar.update(task, completed=done, total=total)
        except ArchiveError as error:
            raise ReverieError(str(error)) from None


def show_counts(done: Any, as_json: bool) -> None:
    """The counts of a finished command: a dataclass with `accepted`, `rejected` and what is its own."""
    counts = {name: value for name, value in asdict(done).items() if value is not None}
    if as_json:
        typer.echo(json.dumps(counts, indent=2, default=str))
        return
    console = Console(highlight=False)
    rejected, notes = counts.pop("rejected"), counts.pop("notes", [])
    problems = counts.pop("problems", [])
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in counts.items():
        table.add_row(name.replace("_", " "), _shown(value))
    for kind, number in sorted(rejected.items(), key=lambda item: -item[1]):
        table.add_row("[yellow]rejected[/]", f"{number:,}  {escape(printable(kind))}")
    console.print(table)
    for note in [*notes, *problems]:
        console.print(f"[yellow]note:[/] {escape(printable(note))}", soft_wrap=True)


def _shown(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return escape(printable(str(value)))
