"""`reverie train`: thin, like the rest of the command line."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import ReverieError
from engine.stopping import STOP


class Discriminator(StrEnum):
    """What `reverie train` plays against."""

    STYLEGAN2 = "stylegan2"
    PROJECTED = "projected"


class Loss(StrEnum):
    """The losses `reverie train` knows."""

    RELATIVISTIC = "relativistic"
    STYLEGAN2 = "stylegan2"
    NON_SATURATING = "non-saturating"
    HINGE = "hinge"


class Preset(StrEnum):
    """The presets of `reverie train`."""

    AUTO = "auto"
    FEW = "few"
    MANY = "many"
    STYLEGAN2 = "stylegan2"


class Augment(StrEnum):
    """What `reverie train` shows the discriminator."""

    AUTO = "auto"
    ADA = "ada"
    ADA_ALL = "ada-all"
    LIGHT = "light"
    STRONG = "strong"
    NONE = "none"


class Precision(StrEnum):
    """The number types `reverie train` computes in."""

    BFLOAT16 = "bfloat16"
    FLOAT32 = "float32"


def train(
    data: Annotated[Path, typer.Option(help="a StyleGAN zip, a folder of pictures, or WebDataset shards")],
    out: Annotated[Path, typer.Option(help="folder for networks, grids, logs and the state to resume from")],
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NETWORK",
            help="begin with this network's weights and sizes: with an earlier run's folder, or a .safetensors and"
            " its .G and .D if they lie beside it (reverie convert --all); StyleGAN2 in colour only",
        ),
    ] = None,
    resolution: Annotated[
        int | None,
        typer.Option(
            help="side of the square pictures in pixels, a power of two; 64 unless --from or --resume says;"
            " larger than that of --from: the network grows; smaller: it is cut"
        ),
    ] = None,
    canvas: Annotated[
        str | None, typer.Option(metavar="WIDTHxHEIGHT", help="not square: 228x64, with the resolution of a 64 square")
    ] = None,
    channel_base: Annotated[
        int | None,
        typer.Option(
            min=64,
            max=65536,
            help="width: channels times resolution; else 2048 (published: 16384 or more);"
            " larger than that of --from: the network becomes wider",
        ),
    ] = None,
    channel_max: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            help="channels of a layer at most; else 128; more than in --from: the network becomes wider",
        ),
    ] = None,
    kimg: Annotated[float, typer.Option(min=0.001, help="length, in thousands of pictures shown")] = 1000.0,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="go on from an earlier run's folder")] = None,
    preset: Annotated[
        Preset, typer.Option(help="what to do where nothing is said, by number of pictures, resolution and device")
    ] = Preset.AUTO,
    discriminator: Annotated[
        Discriminator | None,
        typer.Option(help="projected: looks through frozen pretrained features, and learns far sooner; else stylegan2"),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="of a projected discriminator: efficientnet-lite0 (else), -lite1, -lite2 or a .onnx file",
        ),
    ] = None,
    feature_size: Annotated[
        int | None, typer.Option(min=64, max=1024, help="side of the pictures that features see; else 96 or more")
    ] = None,
    spread_weight: Annotated[
        float | None,
        typer.Option(min=0, help="how much pictures are to vary as the set's do, to those features; else 0"),
    ] = None,
    pixel_weight: Annotated[
        float | None,
        typer.Option(min=0, help="of a discriminator of small pictures beside the projected one; else 0, none"),
    ] = None,
    pixel_size: Annotated[
        int | None, typer.Option(min=16, max=1024, help="side of the pictures that one sees; else 32")
    ] = None,
    loss: Annotated[Loss | None, typer.Option(help="which game the two networks play; else relativistic")] = None,
    gamma: Annotated[float | None, typer.Option(min=0, help="weight of the gradient penalty")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="of both networks; else 0.0025")] = None,
    ema_kimg: Annotated[
        float | None, typer.Option(help="half-life of the average that is shown and kept, in thousands of pictures")
    ] = None,
    augment: Annotated[
        Augment,
        typer.Option(
            help="how the discriminator is kept from knowing the pictures by heart; ada-all: with filters, noise, holes"
        ),
    ] = Augment.AUTO,
    freeze_d: Annotated[
        int | None, typer.Option(min=0, help="with --from: so many layers of the discriminator keep what they know")
    ] = None,
    mirror: Annotated[
        bool | None,
        typer.Option("--mirror/--no-mirror", help="every other picture is mirrored; not where they hold writing"),
    ] = None,
    classes: Annotated[bool, typer.Option("--classes", help="learn the classes that the pictures have")] = False,
    noise_after: Annotated[
        float | None,
        typer.Option(min=0, help="kimg before per-pixel noise joins in; a network that has noise keeps it; else 40"),
    ] = None,
    noise_from: Annotated[
        int | None, typer.Option(min=4, help="layers of lower resolutions have no noise: z alone draws forms; else 32")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=2, help="pictures in one step; else 16 on a CPU")] = None,
    part: Annotated[
        int | None, typer.Option(min=1, help="pictures that a thread takes at once; fewer need less memory; else 8")
    ] = None,
    precision: Annotated[
        Precision | None, typer.Option(help="of convolutions; else bfloat16; weights are float32 in any case")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads")] = 2,
    seed: Annotated[int | None, typer.Option(help="the same seed makes the same run, bit for bit; else 0")] = None,
    device: Annotated[str, typer.Option(help="cpu, or cuda where there is one")] = "cpu",
    snapshot: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="how often state, network and pictures are written")
    ] = 240.0,
    keep: Annotated[int, typer.Option(min=1, help="how many of the networks written are kept")] = 5,
    publish: Annotated[
        str | None,
        typer.Option(metavar="REGISTRY", help="folder or address where each network becomes a candidate for shows"),
    ] = None,
) -> None:
    """Train a network on pictures. Ctrl-C saves and ends, --resume goes on; --from begins with a trained network.

    Several processes or GPUs share the work: torchrun --nproc-per-node 2 -m engine train ...
    """
    from models.training import TrainConfig, TrainingError, parse_canvas
    from models.training import train as run_training

    try:
        config = TrainConfig(
            data=data, out=out, start_from=from_, resolution=resolution, canvas=parse_canvas(canvas),
            channel_base=channel_base, channel_max=channel_max, kimg=kimg, resume=resume, preset=preset.value,
            discriminator=None if discriminator is None else discriminator.value, features=features,
            feature_size=feature_size, spread_weight=spread_weight, pixel_weight=pixel_weight, pixel_size=pixel_size,
            ema_kimg=ema_kimg,
            loss=None if loss is None else loss.value, gamma=gamma, learning_rate=learning_rate,
            augment=augment.value, freeze_d=freeze_d, classes=classes, noise_after=noise_after,
            noise_from=noise_from, batch=batch, part=part, threads=threads, seed=seed, device=device,
            snapshot_s=snapshot, keep=keep, publish=publish, mirror=mirror,
            dtype=None if precision is None else precision.value,
        )  # fmt: skip
        path = run_training(config, lambda: STOP.requested)
    except TrainingError as error:
        raise ReverieError(str(error)) from None
    if path is not None:
        typer.echo(path)
