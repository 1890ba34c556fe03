"""`reverie safety`: whether a recording flashes more than may be."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine.errors import printable

if TYPE_CHECKING:
    from engine.flashes.recording import Judged

FAILED = 1


def safety(
    recording: Annotated[Path, typer.Argument(metavar="FILE.mp4", help="the recording to judge, any video in SDR")],
    wall: Annotated[
        str | None,
        typer.Option(
            metavar="WIDTHxHEIGHT@DISTANCE",
            help="the wall it is shown on and its nearest viewer, in metres; left out: a screen of 1024×768",
        ),
    ] = None,
    nits: Annotated[float, typer.Option(min=1, max=20_000, help="the wall's full white in cd/m²")] = 200.0,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="the page to write; left out: FILE.safety.html")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Judge the flashes of a recording by WCAG 2.3.1 and ITU-R BT.1702, and write a page about them.

    Exit code 0: it passes. 1: it fails. 2: it cannot be judged.
    """
    from engine.archive import stoppable, working
    from engine.flashes.page import check_page, page_beside, write_page
    from engine.flashes.recording import judge_recording, parse_wall
    from engine.flashes.report import Verdict

    seen_as = None if wall is None else parse_wall(wall)
    place = page or page_beside(recording)
    check_page(place, recording)
    with working(f"judging {printable(recording.name)}, seconds") as progress:
        judged = judge_recording(recording, seen_as, nits, stoppable(progress))
    write_page(place, judged)
    if as_json:
        typer.echo(json.dumps({**judged.figures(), "page": str(place)}, indent=2))
    else:
        _print(judged, place)
    raise typer.Exit(0 if judged.report.verdict is Verdict.PASS else FAILED)


def _print(judged: "Judged", place: Path) -> None:
    from engine.flashes.plot import clock

    most, first = judged.report.most, judged.report.first
    verdict = {
        "pass": "[green]passes[/]",
        "extended": "[bold red]fails[/]: flashes for too long",
        "fail": "[bold red]fails[/]: flashes too often",
    }[judged.report.verdict.value]
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("verdict", verdict if first is None else f"{verdict}, first at {clock(first)}")
    table.add_row("general", f"{most.general:g} flashes in a second; at most 3")
    table.add_row("red", f"{most.red:g} flashes in a second; at most 3")
    table.add_row("extended", f"{most.extended:g} s with 2 or more in every second; at most 5 s")
    if judged.problem:
        table.add_row(
            "incomplete", f"nothing can be read after {clock(judged.seen)}: {escape(printable(judged.problem))}"
        )
    table.add_row("judged", f"{judged.report.frames} frames, {clock(judged.seen)}, {judged.wall or 'wall not given'}")
    table.add_row("page", escape(printable(str(place))))
    Console(highlight=False).print(table, soft_wrap=True)
