"""`reverie explore …`: what a network can be asked for."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine.errors import ReverieError, printable
from engine.files import unwritable

if TYPE_CHECKING:
    from models.explore.direction_file import Directions

explore_app = typer.Typer(help="Find out what a network can be asked for.", no_args_is_help=True)


@explore_app.callback()
def explore() -> None:
    """Find out what a network can be asked for."""  # a group of one command would be that command


@explore_app.command()
def directions(
    model: Annotated[str, typer.Argument(help="a built-in name or a .safetensors checkpoint")],
    samples: Annotated[int, typer.Option(min=32, max=20_000, help="pictures to learn from")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="which pictures: the same seed gives the same directions")] = 0,
    device: Annotated[str, typer.Option(help="cpu, or cuda where there is one")] = "cpu",
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="left out: beside the network, where shows look for it"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Learn the directions in w for warmth, lightness, colourfulness and contrast, and say how well they do.

    A show moves its walk along them: /walk/warmth, /walk/lightness, /walk/colourfulness, /walk/contrast.
    """
    path, learnt = _learn(model, samples, seed, device, out)
    if as_json:
        typer.echo(json.dumps({"file": str(path), **learnt.figures}, indent=2))
    else:
        _print(path, learnt)


def _learn(model: str, samples: int, seed: int, device: str, out: Path | None) -> tuple[Path, "Directions"]:
    """Learn and write; the file, and what is in it. Raises ReverieError."""
    import models
    from engine.archive import working
    from models.explore.direction_file import DirectionsError, check_place, directions_path, write_directions
    from models.explore.directions import learn  # brings torch

    try:
        checkpoint = models.resolve(model)
        path = out or directions_path(checkpoint)
        check_place(path)
        why = unwritable(path)  # now: learning takes minutes
        if why:
            raise ReverieError(f"{path}: cannot be written ({why}); choose another place with --out")
        network = models.load(checkpoint, device)
        with working("learning directions") as report:
            learnt = learn(network, samples, seed, report)
        write_directions(path, learnt, checkpoint)
    except (DirectionsError, models.CheckpointError) as error:
        raise ReverieError(str(error)) from None
    return path, learnt


def _print(path: Path, learnt: "Directions") -> None:
    """One row a direction: how well the linear model foretells its attribute, and what a step along it changes."""
    figures = learnt.figures
    console = Console(highlight=False)
    names = list(learnt.shifts)
    table = Table("", "R²", "rank r", *names, box=None, pad_edge=False)
    for name in names:
        told = figures[name]
        effects = [f"{told['effects'][other]:+.2f}" for other in names]
        table.add_row(f"[bold]{name}[/]", f"{told['r2']:.2f}", f"{told['rank_correlation']:.2f}", *effects)
    console.print(table)
    console.print(
        "R² and rank correlation: of the linear model, in pictures it was not learnt from; then what one step along the"
        f" direction changes, in standard deviations of the network's pictures; {figures['samples']} pictures, layers"
        f" {figures['first_layer']}-{figures['num_ws'] - 1} of 0-{figures['num_ws'] - 1} are moved"
    )
    console.print(f"[bold]{escape(printable(str(path)))}[/], {path.stat().st_size / 1024:.0f} KiB", soft_wrap=True)
