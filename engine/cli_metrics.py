"""`reverie metrics`: how near a network's pictures come to those of a set."""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine.errors import ReverieError, printable

BETTER = {
    "swd": "sliced Wasserstein distance × 1000: less is better",
    "thumbnails": "Fréchet distance at 16×16: large forms and colours; less is better",
    "diversity": "how much the pictures vary, of the set's: 1 is best, 0 always the same",
    "fid": "less is better; the fewer the pictures, the more it overstates",
    "frechet": "less is better; the fewer the pictures, the more it overstates",
    "kid": "less is better; equal is 0 on average",
    "precision": "share of the network's pictures that are like the set's",
    "recall": "share of the set's that the network has the like of",
}


def metrics(
    model: Annotated[str, typer.Argument(help="a built-in name or a .safetensors checkpoint")],
    data: Annotated[Path, typer.Option(help="the pictures to compare with, as `reverie train` takes them")],
    metric: Annotated[
        str,
        typer.Option(
            metavar="NAME,…",
            help="swd, thumbnails, diversity; with --features also frechet (or fid), kid, precision, recall",
        ),
    ] = "swd,thumbnails,diversity",
    features: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="efficientnet-lite2, -lite1 or -lite0; or a file of Inception's weights:"
            " pt_inception-2015-12-05-6726825d.pth or .safetensors",
        ),
    ] = None,
    floor: Annotated[
        bool, typer.Option("--floor", help="also the figures of two halves of the set, as if one were the network's")
    ] = False,
    count: Annotated[
        int | None, typer.Option(min=2, help="pictures of either side; left out: the whole set, 10000 at most")
    ] = None,
    trunc: Annotated[float, typer.Option(min=-1, max=2, help="truncation psi")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="which pictures: the same seed gives the same figures")] = 0,
    device: Annotated[str, typer.Option(help="cpu, or cuda where there is one")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Measure a network against pictures: distances, and whether it varies as much as they do."""
    wanted = [name.strip() for name in metric.split(",")]
    started = time.monotonic()
    report = _measure(model, data, wanted, features, count, trunc, seed, device, floor)
    report["seconds"] = round(time.monotonic() - started, 1)
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        _print(report)


def _measure(
    model: str,
    data: Path,
    wanted: list[str],
    features: str | None,
    count: int | None,
    trunc: float,
    seed: int,
    device: str,
    with_floor: bool,
) -> dict[str, Any]:
    import models  # these bring torch
    from engine.archive import working
    from models.manifest import sha256
    from models.metrics import MetricsError, check, floor, measure
    from models.metrics.extractors import load_extractor
    from models.metrics.independence import check_independent
    from models.training import TrainingError
    from models.training.data import open_set

    try:
        check(wanted, features)
        path = models.resolve(model)
        network = models.load(path, device)
        if features is not None:
            check_independent(models.read_manifest(path).get("provenance"), features)
            load_extractor(features, network.mapping.w_avg.device)  # reading the set takes much longer
        with working(f"reading {data.name}") as progress:
            pictures = open_set(data, network.img_shape, labels=bool(network.c_dim), progress=progress)
        with pictures:
            with working("measuring") as progress:
                figures = measure(
                    network, pictures, wanted,
                    count=count, truncation_psi=trunc, seed=seed, features=features, progress=progress,
                )  # fmt: skip
            if with_floor:
                with working("measuring two halves of the set") as progress:
                    figures["floor"] = floor(
                        network, pictures, wanted,
                        count=count, seed=seed, features=features, progress=progress,
                    )  # fmt: skip
    except (MetricsError, TrainingError, models.CheckpointError) as error:
        raise ReverieError(str(error)) from None
    return {
        "network": str(path), "network_sha256": sha256(path), "data": str(data), "data_sha256": pictures.sha256,
        "trunc": trunc, "seed": seed, **figures,
    }  # fmt: skip


def _print(report: dict[str, Any]) -> None:
    console = Console(highlight=False)
    below = dict(_rows(report.get("floor", {})))
    table = Table(show_header=bool(below), box=None, pad_edge=False)
    for heading in ("", "network", *(["halves"] if below else [])):
        table.add_column(heading, no_wrap=True)
    table.add_column("")
    for (group, name), value in _rows(report):
        shown = f"  {name}" if group else name
        table.add_row(f"[bold]{shown}[/]", value, *([below[group, name]] if below else []), BETTER.get(name, ""))
    console.print(table)
    names = (escape(printable(Path(report[name]).name)) for name in ("network", "data"))
    halves = f"; halves of the set: {report['floor']['count']} each" if below else ""
    console.print(
        f"{' against '.join(names)}: {report['count']} pictures each{halves}, {report['seconds']} s", soft_wrap=True
    )


Row = tuple[tuple[str, str], str]  # group and name of a figure, and its value


def _rows(report: dict[str, Any]) -> list[Row]:
    """What needs no features first, then what does under the name of the backbone."""
    rows = [row for name in BETTER if name in report for row in _told(report, name)]
    for backbone, told in report.items():
        if isinstance(told, dict) and backbone not in (*BETTER, "floor"):
            rows.append((("", backbone), ""))
            rows += [
                ((backbone, name), value) for name in BETTER if name in told for (_, _), value in _told(told, name)
            ]
    return rows


def _told(report: dict[str, Any], name: str) -> list[Row]:
    if name == "swd":
        levels = dict(report[name])
        mean = f"{levels.pop('mean'):.2f}"
        return [(("", name), mean), *((("swd", f"at {level}"), f"{value:.2f}") for level, value in levels.items())]
    if name == "kid":
        deviation = report["kid_deviation"]
        return [(("", name), f"{report[name]:.5f}" + (f" ± {deviation:.5f}" if deviation else ""))]
    return [(("", name), "unknown" if report[name] is None else f"{report[name]:.3f}")]
