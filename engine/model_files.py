"""What `reverie convert`, `info` and `export` say: a few lines for a person."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

import models
from engine.errors import ReverieError, printable
from engine.startup import busy
from models.names import FOREIGN

DIMENSIONS = ("z_dim", "c_dim", "w_dim", "num_ws")


def convert_network(path: Path, target: Path, everything: bool) -> None:
    """Convert a `.pkl` or `.pt`, say what was written and what to do next. Raises ReverieError."""
    from models.convert import convert  # brings torch
    from models.info import describe

    try:
        done = convert(path, target, everything)
        described = describe(target)
    except models.CheckpointError as error:
        raise ReverieError(str(error)) from None
    console = Console(highlight=False)
    console.print(_table([*_essentials(described), ("origin", f"{done.provenance['origin']} {path.name}")]))
    for role, file in done.written.items():
        console.print(f"{role}: [bold]{_name(file)}[/]", soft_wrap=True)
    if done.missing:
        console.print(f"the file holds no {' and no '.join(done.missing)}")
    console.print(f"next: reverie generate {_name(target)} -o grid.png", soft_wrap=True)


def export_network(model: str, target: Path | None) -> None:
    """Export a network as ONNX, checked, and say how well it agrees. Raises ReverieError."""
    from models.export import ExportError, export_onnx, notes_of  # brings torch

    try:
        path = models.resolve(model)
        out = target or Path(f"{path.stem}.onnx")
        with busy(f"exporting {out.name}"):
            difference = export_onnx(models.load(path), out, notes_of(models.read_manifest(path)))
    except (ExportError, models.CheckpointError) as error:
        raise ReverieError(str(error)) from None
    console = Console(highlight=False)
    console.print(f"[bold]{_name(out)}[/], {out.stat().st_size / 2**20:.1f} MiB", soft_wrap=True)
    console.print(
        f"run by onnxruntime, the pictures of {_name(path.stem)} differ by at most {difference:.1e} from its own",
        soft_wrap=True,
    )


def describe_network(model: str) -> dict[str, Any]:
    """Everything known of a built-in network, a checkpoint, a `.pkl` or a `.pt`. Raises ReverieError."""
    from models.info import describe  # brings torch

    try:
        return describe(Path(model) if model.endswith(FOREIGN) else models.resolve(model))
    except models.CheckpointError as error:
        raise ReverieError(str(error)) from None


def print_network(described: dict[str, Any]) -> None:
    """The description as tables."""
    console = Console(highlight=False)
    if "networks" not in described:
        console.print(_table([*_file(described), *_essentials(described), *_origin(described)]))
        return
    console.print(_table([*_file(described), ("licence", described["licence"])]))
    for role, network in described["networks"].items():
        console.print(_table(_essentials(network), role))
    console.print(f"next: reverie convert {_name(described['file'])} NAME.safetensors", soft_wrap=True)


def _name(file: Path | str) -> str:
    """The name of a file, fit for rich and for a terminal."""
    return escape(printable(str(file)))


def _table(rows: list[tuple[str, str]], title: str = "") -> Table:
    table = Table(title=title or None, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(escape(printable(name)), escape(printable(value)))
    return table


def _file(described: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("file", f"{described['file']}, {described['bytes'] / 2**20:.1f} MiB"),
        ("SHA-256", described["sha256"]),
    ]


def _essentials(network: dict[str, Any]) -> list[tuple[str, str]]:
    """What a network is and how large."""
    if "refused" in network:
        return [("refused", network["refused"])]
    parts = ", ".join(f"{name} {count:,}" for name, count in network["parts"].items())
    dimensions = ", ".join(f"{name} {network[name]}" for name in DIMENSIONS if name in network)
    rows = [
        ("architecture", network["architecture"]),
        ("canvas", f"{network['canvas']['width']}×{network['canvas']['height']}"),
        ("dimensions", dimensions),
        ("parameters", f"{network['parameters']:,} ({parts})"),
    ]
    if "stored_as" in network:
        rows.append(("stored as", ", ".join(f"{name} {count:,}" for name, count in network["stored_as"].items())))
        rows.append(("licence", network["licence"]))
    return [(name, value) for name, value in rows if value]


def _origin(described: dict[str, Any]) -> list[tuple[str, str]]:
    """Provenance, one line for each thing known."""
    provenance = described["provenance"]
    if not isinstance(provenance, dict):
        return []
    return [(name, _shown(value)) for name, value in provenance.items() if name != "licence" and value != {}]


def _shown(value: Any) -> str:
    return ", ".join(f"{k} {_shown(v)}" for k, v in value.items()) if isinstance(value, dict) else str(value)
