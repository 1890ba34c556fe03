"""`reverie models …`: the networks a show may follow, and what is thought of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine.errors import ReverieError, printable

if TYPE_CHECKING:
    from models.feed.entries import Entries, Entry
    from models.feed.registry import Registry

models_app = typer.Typer(
    help="A registry of networks, which a training fills, people judge and running shows follow.", no_args_is_help=True
)

Place = Annotated[str, typer.Argument(metavar="REGISTRY", help="a folder, or an address such as s3://bucket/feed")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="as `reverie models list` gives it")]
Note = Annotated[str, typer.Option(help="why, for those who come after")]
STYLES = {"approved": "green", "candidate": "white", "retired": "bright_black"}


@models_app.command("list")
def list_(place: Place, as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """The networks of a registry; what was published or approved last stands last."""
    with _opened(place) as registry:
        entries = registry.published()
    if as_json:
        typer.echo(json.dumps([entry.model_dump() for entry in entries], indent=2))
    elif entries:
        _print(entries)
    else:
        typer.echo(f"{place}: nothing has been published there yet; reverie train --publish {place} does")


@models_app.command()
def publish(
    place: Place,
    network: Annotated[Path, typer.Argument(metavar="NETWORK.safetensors", help="the checkpoint")],
    note: Note = "",
) -> None:
    """Put a network into a registry as a candidate, as a training does by itself."""
    with _opened(place) as registry:
        entry = registry.add(network, {"note": note})
    typer.echo(f"{entry.name} is a {entry.status}; next: reverie models approve {place} {entry.name}")


@models_app.command()
def approve(place: Place, name: Name, note: Note = "") -> None:
    """Have the shows that follow approved networks show this one."""
    with _opened(place) as registry:
        _say(registry.approve(name, note))


@models_app.command()
def retire(place: Place, name: Name, note: Note = "") -> None:
    """Have no show take this network up again; where it is on, the newest one left takes over."""
    with _opened(place) as registry:
        _say(registry.retire(name, note))


@models_app.command()
def rollback(
    place: Place,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="left out: the one before")] = None,
    note: Note = "",
) -> None:
    """Back to the network before, or to the one named; the one that was on is retired."""
    with _opened(place) as registry:
        _say(registry.roll_back(name, note))


@contextmanager
def _opened(place: str) -> Iterator["Registry"]:
    """A registry; what it complains of becomes the user's sentence."""
    from models.feed.errors import FeedError
    from models.feed.registry import Registry

    try:
        yield Registry(place)
    except FeedError as error:
        raise ReverieError(str(error)) from None


def _say(entries: "Entries") -> None:
    """What followers show now."""
    from models.feed.entries import ranking

    for follow in ("approved", "latest"):
        best = ranking(entries, follow)
        typer.echo(f"follow: {follow:8}  {best[0].name if best else 'nothing: shows stay with what they have'}")


def _print(entries: "Entries") -> None:
    table = Table("network", "status", "kimg", "metrics", "when", "by", "note", box=None, pad_edge=False)
    for entry in entries:
        table.add_row(*(escape(printable(cell)) for cell in _cells(entry)), style=STYLES[entry.status])
    Console().print(table)


def _cells(entry: "Entry") -> tuple[str, ...]:
    metrics = ", ".join(f"{name} {value:.4g}" for name, value in entry.metrics.items())
    kimg = "" if entry.kimg is None else f"{entry.kimg:.1f}"
    return entry.name, entry.status, kimg, metrics, entry.when, entry.by, entry.note
