"""`reverie archive …`: thin, like the rest of the command line."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import ReverieError
from engine.stopping import STOP, STOPPED

if TYPE_CHECKING:
    from models.archive.net import Policy

archive_app = typer.Typer(
    help="From a museum's catalogue to a training set in which origin and rights of every picture are known.",
    no_args_is_help=True,
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="the archive's folder")]
AsJson = Annotated[bool, typer.Option("--json", help="print the counts as JSON")]
Contact = Annotated[
    str | None,
    typer.Option(
        envvar="REVERIE_CONTACT", help="your e-mail or web address: museums want to know who asks; or REVERIE_CONTACT"
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(metavar="HOST", help="also ask this host, by https; the big museums are known; repeatable"),
]
TrustHost = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HOST:PORT", help="a server of your own: plain http and private addresses are fine there; repeatable"
    ),
]


class Kind(StrEnum):
    """The catalogues `reverie archive import` reads."""

    MOMA = "moma"
    TATE = "tate"
    MET = "met"
    AIC = "aic"
    IIIF = "iiif"
    CSV = "csv"
    IMAGEFOLDER = "imagefolder"
    FOLDER = "folder"


class Crop(StrEnum):
    """How a picture is brought to the size of the set."""

    CENTRE = "centre"
    SALIENCY = "saliency"
    TILES = "tiles"
    KEEP = "keep"


class Format(StrEnum):
    """How the pictures of a set are written."""

    PNG = "png"
    JPG = "jpg"


@archive_app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="a catalogue (also .xz, .gz, .zst), a folder, or an https address")],
    into: Annotated[Path, typer.Option(metavar="DIR", help="the archive's folder; made where it is missing")],
    kind: Annotated[Kind | None, typer.Option("--as", help="left out: recognised from what is there")] = None,
    map_: Annotated[
        str | None,
        typer.Option("--map", metavar="FIELD=COLUMN,…", help="columns of a CSV: id=Nr,title=Titel,image=Link,…"),
    ] = None,
    override: Annotated[
        str | None,
        typer.Option(
            "--override-rights",
            metavar="REASON",
            help="also take what is not public domain or CC0; the reason is logged with your name",
        ),
    ] = None,
    contact: Contact = None,
    allow_host: AllowHost = None,
    trust_host: TrustHost = None,
    as_json: AsJson = False,
) -> None:
    """Catalogue a museum's records. Only public domain and CC0 pass, unless you override that."""
    from engine.archive import show_counts, stoppable, working
    from models.archive.importing import import_source
    from models.archive.net import read_url

    with working("cataloguing") as progress, read_url(_policy(contact, allow_host, trust_host)) as reader:
        done = import_source(
            source,
            into,
            kind,
            columns=_columns(map_),
            override=override,
            read_url=reader,
            progress=stoppable(progress),
        )
    show_counts(done, as_json, then=_after_import(done.accepted, done.rejected, into))
    if done.problems:
        raise typer.Exit(2)


@archive_app.command()
def fetch(
    folder: Folder,
    short_side: Annotated[int, typer.Option(min=1, help="pixels to ask a IIIF server for")] = 1024,
    limit: Annotated[int | None, typer.Option(min=1, help="end after so many pictures")] = None,
    contact: Contact = None,
    allow_host: AllowHost = None,
    trust_host: TrustHost = None,
    as_json: AsJson = False,
) -> None:
    """Download the pictures, slowly enough for a museum's server. Ctrl-C ends it; the same command goes on."""
    from engine.archive import show_counts, working
    from models.archive.fetch import fetch as fetch_all

    with working("fetching") as progress:
        policy = _policy(contact, allow_host, trust_host)
        done = fetch_all(
            folder, policy, short_side=short_side, progress=progress, limit=limit, stopped=lambda: STOP.requested
        )
    again = "the same command goes on" if done.left else f"reverie archive prepare {folder} --resolution 256 -o SET.zip"
    show_counts(done, as_json, then=again)
    if done.stopped:
        raise typer.Exit(STOPPED)


@archive_app.command()
def prepare(
    folder: Folder,
    out: Annotated[str, typer.Option("-o", "--output", help="SET.zip, or a folder or address for WebDataset shards")],
    resolution: Annotated[int | None, typer.Option(min=8, max=4096, help="side of the square pictures")] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WIDTHxHEIGHT", help="not square: instead of --resolution")
    ] = None,
    crop: Annotated[Crop, typer.Option(help="keep: the whole picture, on the ground")] = Crop.CENTRE,
    ground: Annotated[str, typer.Option(metavar="#RRGGBB", help="behind transparent and kept pictures")] = "#ffffff",
    format_: Annotated[Format, typer.Option("--format", help="of the pictures")] = Format.PNG,
    min_side: Annotated[int | None, typer.Option(min=1, help="shorter ones are left out; default: the size")] = None,
    max_aspect: Annotated[float, typer.Option(min=1, help="longer ones are left out")] = 4.0,
    trim: Annotated[bool, typer.Option(help="cut plain borders off")] = True,
    near: Annotated[
        int, typer.Option(min=-1, max=11, help="bits of 64 in which near-duplicates may differ; -1 keeps them all")
    ] = 6,
    labels: Annotated[
        bool, typer.Option(help="classes for conditional training, where the catalogue has them")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="processes; left out: one for each core")] = None,
    ray: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="of a Ray cluster that prepares instead, into shards")
    ] = None,
    originals: Annotated[
        str | None,
        typer.Option(metavar="URL", help="where the cluster's nodes find DIR's files; left out: at the same path"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a training set of what was fetched, with a manifest of origin and rights."""
    from engine.archive import show_counts, stoppable, working
    from models.archive.prepare import Settings
    from models.archive.prepare.preparing import prepare as prepare_all

    with working("preparing") as progress:
        settings = Settings(
            size=_size(resolution, size), crop=crop.value, ground=ground, format=format_.value, min_side=min_side,
            max_aspect=max_aspect, trim_borders=trim, near=None if near < 0 else near,
        )  # fmt: skip
        done = prepare_all(
            folder,
            out,
            settings,
            workers=workers,
            labels=labels,
            ray=ray,
            originals=originals,
            progress=stoppable(progress),
        )
    show_counts(done, as_json, then=_after_prepare(done.accepted, out, folder))


@archive_app.command()
def report(
    folder: Folder,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="left out: DIR/report.html")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a page that shows the archive: artists, years, rights, what was rejected and why, a contact sheet."""
    STOP.interrupt()
    from engine.archive import report_on, show_counts, working

    with working("drawing the report"):
        done = report_on(folder, output)
    show_counts(done, as_json, then=f"open {done.page} in a browser")


def _after_import(accepted: int, rejected: dict[str, int], folder: Path) -> str:
    if accepted:
        return f"reverie archive fetch {folder}"
    override = "; --override-rights REASON takes them all the same" if "rights" in rejected else ""
    return f"reverie archive report {folder} shows why nothing was accepted{override}"


def _after_prepare(accepted: int, out: str, folder: Path) -> str:
    if not accepted:
        return f"{out} holds no picture; reverie archive report {folder} shows why"
    data = "FOLDER, where these shards are mounted or copied to," if "://" in out else out
    return f"reverie train --data {data} --out runs/first, and reverie archive report {folder}"


def _policy(contact: str | None, allow: list[str] | None, trust: list[str] | None) -> "Policy":
    from models.archive.net import Policy
    from models.archive.net.hosts import HOSTS
    from models.archive.net.policy import host_named, server_named

    hosts = HOSTS.union(map(host_named, allow or ()))
    return Policy(contact=contact or "", hosts=hosts, trusted=frozenset(map(server_named, trust or ())))


def _columns(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(field and column for field, _, column in pairs):
        raise ReverieError(f"--map {text!r}: write FIELD=COLUMN pairs with commas, such as title=Titel,image=Link")
    return {field.strip(): column.strip() for field, _, column in pairs}


def _size(resolution: int | None, text: str | None) -> tuple[int, int]:
    """Height and width."""
    if (resolution is None) == (text is None):
        raise ReverieError("give the size of the pictures: --resolution 256, or --size 512x256")
    if resolution is not None:
        return resolution, resolution
    width, _, height = (text or "").lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ReverieError(f"--size {text!r}: write WIDTHxHEIGHT in pixels, such as 512x256")
    return int(height), int(width)
