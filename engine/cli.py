"""`reverie …`: thin. Each command parses and calls one function; imports wait until a command needs them."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from engine import __version__
from engine.cli_archive import archive_app
from engine.cli_explore import explore_app
from engine.cli_metrics import metrics
from engine.cli_models import models_app
from engine.cli_safety import safety
from engine.cli_train import Discriminator, Loss, train
from engine.errors import ReverieError, printable
from engine.files import check_current_folder
from engine.logs import configure
from engine.stopping import STOP, STOPPED, StoppedError

# As they are used: first the show, then the way to a network of one's own, then the rest.
COMMANDS = (
    "run", "check", "record", "safety", "sensors", "archive", "train", "metrics", "models", "generate", "explore",
    "convert", "info", "export", "doctor", "bench", "schema",
)  # fmt: skip
IN_STEPS = (
    "run",
    "record",
    "safety",
    "sensors",
    "train",
    "archive",
    "bench",
)  # these look at the stop flag, or see to it


class Ordered(typer.core.TyperGroup):
    """Lists the commands in the order of their use."""

    def list_commands(self, ctx: object) -> list[str]:
        """Every command once; one that COMMANDS forgets would be listed last."""
        return sorted(self.commands, key=lambda name: COMMANDS.index(name) if name in COMMANDS else len(COMMANDS))


app = typer.Typer(
    cls=Ordered,
    help="Reverie: an engine for generative art installations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
bench_app = typer.Typer(help="Measure this machine: what the README quotes comes from here.", no_args_is_help=True)
app.add_typer(archive_app, name="archive")
app.add_typer(bench_app, name="bench")
app.add_typer(explore_app, name="explore")
app.add_typer(models_app, name="models")
app.command()(metrics)
app.command()(safety)
app.command()(train)

ShowPath = Annotated[Path, typer.Argument(metavar="SHOW", help="the show file (.yaml)")]
USER_MISTAKE = 2


def print_version(wanted: bool) -> None:
    """What `--version` does."""
    if wanted:
        typer.echo(f"reverie {__version__}")
        raise typer.Exit


@app.callback()
def begin(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Reverie: an engine for generative art installations."""
    if ctx.invoked_subcommand not in IN_STEPS:
        STOP.interrupt()


class Precision(StrEnum):
    """The number types `reverie bench generator` knows."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


class ExportFormat(StrEnum):
    """The formats `reverie export` knows."""

    ONNX = "onnx"


@app.command()
def run(
    show: ShowPath,
    offscreen: Annotated[bool, typer.Option("--offscreen", help="render without a window")] = False,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="end by itself after this long")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="the panel's port; taken: an error")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="ADDRESS=VALUE", help="start value of a parameter; repeatable")
    ] = None,
    record_to: Annotated[
        Path | None, typer.Option("--record", metavar="FILE.mp4", help="also record what is shown, live")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the file of --record if it exists")] = False,
) -> None:
    """Run a show: the running installation. Ctrl-C ends it cleanly."""
    from engine.app import run_show
    from engine.build import RunOptions

    raise typer.Exit(run_show(show, RunOptions(offscreen, seconds, port, tuple(set_ or ()), record_to, overwrite)))


@app.command()
def check(show: ShowPath) -> None:
    """Say "ok", or what is wrong with a show: file, line, key, what was expected."""
    from engine.app import check_show

    for note in check_show(show):
        typer.echo(f"note: {note}")
    typer.echo("ok")


@app.command()
def record(
    show: ShowPath,
    seconds: Annotated[float, typer.Option(min=0.1, max=7 * 86400, help="length of the recording")],
    output: Annotated[Path, typer.Option("-o", "--output", help="the file to write, .mp4")],
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="ADDRESS=VALUE")] = None,
    start: Annotated[float, typer.Option(min=0, max=7 * 86400, help="second of the show to begin at")] = 0.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the file if it exists")] = False,
) -> None:
    """Render a show to a video, frame by frame: full quality at any machine's speed, the same every time.

    No device is opened: each sensor is stood in for by its simulated day. Ctrl-C keeps what is recorded so far; a
    recording from --start on goes on exactly there, but takes the time of drawing all that lies before it.
    """
    from engine.app import record_show

    recorded, complete = record_show(show, seconds, output, tuple(set_ or ()), start=start, overwrite=overwrite)
    if not complete:
        typer.echo(f"{output}: {recorded:.3f} s recorded; to go on in another file: --start {start + recorded:.3f}")
        raise typer.Exit(STOPPED)


@app.command()
def sensors(
    show: ShowPath,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="end by itself after this long")] = None,
) -> None:
    """A live table of every signal: value, unit, age, quality."""
    from engine.app import watch_sensors

    watch_sensors(show, seconds)


@app.command()
def generate(
    model: Annotated[str, typer.Argument(help="a built-in name or a .safetensors checkpoint")],
    seeds: Annotated[str, typer.Option(help="seeds and ranges: 0-15,20")] = "0-15",
    trunc: Annotated[float, typer.Option(min=-1, max=2, help="truncation psi")] = 0.7,
    label: Annotated[int | None, typer.Option("--class", min=0, help="class of a network with classes")] = None,
    latents: Annotated[
        Path | None, typer.Option(metavar="FILE", help="instead of seeds: .npz with z and maybe c, or .npy with z")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="the picture to write, .png")] = Path("grid.png"),
) -> None:
    """Draw a grid of what a network makes of some seeds."""
    from engine.app import draw_grid

    draw_grid(model, seeds if latents is None else latents, label, trunc, output)


@app.command()
def convert(
    path: Annotated[
        Path, typer.Argument(metavar="IN", help="a .pkl of StyleGAN2-ADA or StyleGAN3, or rosinality's .pt")
    ],
    target: Annotated[Path, typer.Argument(metavar="OUT.safetensors", help="the checkpoint to write")],
    everything: Annotated[bool, typer.Option("--all", help="also write OUT.G and OUT.D, to go on training")] = False,
) -> None:
    """Turn a network of others into a checkpoint, exactly. Nothing in the file is executed."""
    from engine.model_files import convert_network

    convert_network(path, target, everything)


@app.command()
def info(
    model: Annotated[str, typer.Argument(help="a built-in name, a .safetensors checkpoint, or a .pkl or .pt")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """What a network is: architecture, sizes, where it comes from, its licence."""
    from engine.model_files import describe_network, print_network

    described = describe_network(model)
    if as_json:
        typer.echo(json.dumps(described, indent=2))
    else:
        print_network(described)


@app.command()
def export(
    model: Annotated[str, typer.Argument(help="a built-in name or a .safetensors checkpoint")],
    format_: Annotated[ExportFormat, typer.Option("--format", help="what to write")] = ExportFormat.ONNX,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="the file to write; left out: NAME.onnx")
    ] = None,
) -> None:
    """Write a network for other programs: inputs z, truncation psi and class c, output the picture.

    The file is compared with the network before it is kept.
    """
    from engine.model_files import export_network

    assert format_ is ExportFormat.ONNX
    export_network(model, output)


@app.command()
def schema(
    output: Annotated[Path | None, typer.Option("-o", "--output", help="write it here instead of printing it")] = None,
) -> None:
    """The JSON Schema of the show file, for editors."""
    from engine.app import show_schema
    from engine.files import write_atomic

    text = json.dumps(show_schema(), indent=2) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_atomic(output, text.encode())


@app.command()
def doctor() -> None:
    """What this machine has, what is missing, and how to get it."""
    from engine.doctor import examine, print_findings

    print_findings(examine())


@bench_app.command("pipeline")
def bench_pipeline(
    show: ShowPath = Path("shows/first-light.yaml"),
    seconds: Annotated[float, typer.Option(min=2, help="how long to run; over 60 shows the memory's drift")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Presented and dreamt frames per second, frame intervals, first frame and memory of a show, offscreen."""
    from engine.bench import pipeline, print_report

    report = pipeline(show, seconds)
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        print_report(report, "reverie bench pipeline")


@bench_app.command("picture")
def bench_picture(
    show: ShowPath = Path("shows/first-light.yaml"),
    seconds: Annotated[float, typer.Option(min=2, max=3600, help="how long a recording is measured")] = 120,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="also write a contact sheet, with crops at 100 %")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Detail, rest, light and answer to sound of a show's picture, drawn as `record` draws it, against goals."""
    from engine.benchmark.goals import print_judged
    from engine.benchmark.picture import measure

    report = measure(show, seconds, sheet)
    if as_json:
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        print_judged({name: value for name, value in report.items() if name != "goals"}, "reverie bench picture")


@bench_app.command("safety")
def bench_safety(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """What limiting flashes costs on this machine, and that it neither delays nor changes what is calm."""
    from engine.bench import print_report
    from engine.benchmark.safety import measure

    report = measure()
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        print_report(report, "reverie bench safety")


@bench_app.command("generator")
def bench_generator(
    config: Annotated[str, typer.Option(help="a published size, or a network")] = "stylegan2-256-4k",
    device: Annotated[str, typer.Option(help="cpu, or cuda where there is one")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads, for every contestant")] = 1,
    precision: Annotated[Precision | None, typer.Option(help="left out: as a show would choose")] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="exact|PATH", help="a checkout of the published code; the exact network always runs too"),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="turns of three pictures each")] = 20,
    frames: Annotated[int, typer.Option(min=4, help="pictures over which memory is watched")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Speed of the generator in alternation with others, peaks of this machine, agreement of the pictures, memory."""
    STOP.interrupt()
    from engine.bench import print_report
    from engine.startup import busy
    from models import CheckpointError
    from models.benchmark.race import race  # brings torch

    checkouts = [place for place in against or [] if place != "exact"]
    try:
        with busy(f"measuring {config}"):
            report = race(config, device, threads, precision, checkouts, rounds, frames)
    except CheckpointError as error:
        raise ReverieError(str(error)) from None
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        print_report(report, "reverie bench generator")


@bench_app.command("train")
def bench_train(
    resolution: Annotated[int, typer.Option(help="side of the square pictures in pixels, a power of two")] = 64,
    channel_base: Annotated[int, typer.Option(min=64, max=65536, help="channels, times the resolution")] = 2048,
    channel_max: Annotated[int, typer.Option(min=1, max=1024, help="channels at most")] = 64,
    batch: Annotated[
        int | None, typer.Option(min=2, help="pictures in one step; else 16, projected: as reverie train")
    ] = None,
    loss: Annotated[list[Loss] | None, typer.Option(help="repeatable; else relativistic and stylegan2")] = None,
    discriminator: Annotated[
        Discriminator, typer.Option(help="projected: on frozen features, with the share of each part of a step")
    ] = Discriminator.STYLEGAN2,
    features: Annotated[
        str | None, typer.Option(metavar="NAME", help="of a projected discriminator; else as reverie train")
    ] = None,
    feature_size: Annotated[
        int | None, typer.Option(min=64, max=1024, help="side of what features see; else as reverie train")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, or cuda where there is one")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads, for every contestant")] = 1,
    against: Annotated[str | None, typer.Option(metavar="PATH", help="a checkout of the published code")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="turns of sixteen iterations each")] = 9,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Seconds that an iteration and a thousand pictures of training take, in alternation with the published code."""
    STOP.interrupt()
    from engine.bench import print_report
    from engine.startup import busy
    from models import CheckpointError
    from models.benchmark.game import Size
    from models.benchmark.own_game import usual_batch
    from models.benchmark.training_race import against_features, race  # brings torch
    from models.training import TrainingError

    projected = discriminator is Discriminator.PROJECTED
    _check_bench_train(projected, loss, against, features, feature_size)
    usual = usual_batch(resolution, device) if projected else 16
    size = Size(resolution, channel_base, channel_max, batch or usual)
    losses = [name.value for name in loss or (Loss.RELATIVISTIC, Loss.STYLEGAN2)]
    try:
        with busy(f"measuring trainings at {resolution}²"):
            if projected:
                report = against_features(size, device, threads, features, feature_size, rounds)
            else:
                report = race(size, device, threads, losses, against, rounds)
    except (CheckpointError, TrainingError) as error:
        raise ReverieError(str(error)) from None
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        print_report(report, "reverie bench train")


def _check_bench_train(
    projected: bool, loss: list[Loss] | None, against: str | None, features: str | None, feature_size: int | None
) -> None:
    """Raise ReverieError for options that mean nothing together."""
    if projected and against is not None:
        raise ReverieError("the published code has no projected discriminator; leave out --against or --discriminator")
    if projected and loss:
        raise ReverieError("a projected discriminator is measured with its own loss; leave out --loss")
    if not projected and (features is not None or feature_size is not None):
        raise ReverieError("--features and --feature-size are of --discriminator projected; give that too")


@bench_app.command("archive")
def bench_archive(
    pictures: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="your own JPEGs; left out: made-up ones of one megapixel")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="pictures at most")] = 1000,
    resolution: Annotated[int, typer.Option(min=8, max=4096, help="side of the prepared pictures")] = 256,
    workers: Annotated[int | None, typer.Option(min=1, help="processes; left out: one for each core")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Pictures a second of `reverie archive prepare`, and what scaled decoding is worth."""
    STOP.interrupt()
    from engine.archive import working
    from engine.bench import print_report
    from models.archive.bench import measure

    with working("preparing") as progress:
        report = measure(count, pictures, resolution, workers, progress)
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        print_report(report, "reverie bench archive")


def main() -> None:
    """Parse and run: a user's mistake is one sentence and exit code 2."""
    configure()
    try:
        check_current_folder()
        app(standalone_mode=True)
    except ReverieError as error:
        _say(str(error))
        sys.exit(USER_MISTAKE)
    except StoppedError:
        _say("stopped before it was done; the same command goes on or begins again")
        sys.exit(STOPPED)


def _say(sentence: str) -> None:
    said = escape(printable(sentence))
    Console(stderr=True).print(f"[bold red]reverie:[/] {said}", highlight=False, soft_wrap=True)
