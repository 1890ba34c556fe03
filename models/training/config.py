"""What a training run is told."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PresetName = Literal["auto", "few", "many", "stylegan2"]
DiscriminatorName = Literal["stylegan2", "projected"]
LossName = Literal["relativistic", "stylegan2", "non-saturating", "hinge"]
AugmentName = Literal["ada", "ada-all", "light", "strong", "none"]
NumberName = Literal["float32", "bfloat16"]

MOST = 1e9  # kimg or seconds
STD_GROUP = 4  # images whose standard deviation the discriminator compares
FRESH = {"resolution": 64, "z_dim": 256, "w_dim": 256, "channel_base": 2048, "channel_max": 128}


class TrainingError(Exception):
    """A training that cannot start or go on, in one sentence: what, where, what to do."""


def parse_canvas(text: str | None) -> tuple[int, int] | None:
    """Height and width of a text such as 228x64, width first. Raises TrainingError."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,5})[x×]([0-9]{1,5})", text)
    if match is None:
        raise TrainingError(f"canvas {text!r} is no size; write width and height, such as 228x64")
    return int(match[2]), int(match[1])


def check_width(resolution: int, channel_base: int) -> None:
    """Raise TrainingError where the layers of the largest pictures would have no channel."""
    if channel_base < resolution:
        raise TrainingError(
            f"channel_base {channel_base} leaves no channel at a resolution of {resolution}; give at least"
            f" {resolution}, better {16 * resolution} or more"
        )


@dataclass(frozen=True)
class TrainConfig:
    """One run as it was asked for. Lengths are in thousands of real images shown (kimg).

    A size that is None is that of the network the run starts from or goes on with, else of FRESH; one that is given
    must agree with that network, or be one that a run which starts from it can bring it to: see `fitting`. What else
    is None is as in the run that goes on, else as the preset says: see Recipe, which also says what each means.
    """

    data: Path
    out: Path
    resolution: int | None = None
    canvas: tuple[int, int] | None = None  # height and width of pictures that are not square; resolution stays nominal
    kimg: float = 1000.0
    resume: Path | None = None
    start_from: str | Path | None = None  # a network whose weights to begin with, by built-in name or path
    threads: int = 2  # workers that share a batch: they change nothing of what comes out
    device: str = "cpu"
    snapshot_s: float = 240.0  # seconds between two writings of state, network and picture grid
    keep: int = 5  # of the networks written, the last so many
    publish: str | None = None  # registry, a folder or an address, that gets each network as a candidate
    classes: bool = False  # fresh networks learn the classes that the pictures have
    z_dim: int | None = None
    w_dim: int | None = None
    channel_base: int | None = None
    channel_max: int | None = None
    preset: PresetName = "auto"
    seed: int | None = None
    batch: int | None = None
    part: int | None = None
    mirror: bool | None = None
    discriminator: DiscriminatorName | None = None
    features: str | None = None
    feature_size: int | None = None
    spread_weight: float | None = None
    pixel_weight: float | None = None
    pixel_size: int | None = None
    loss: LossName | None = None
    gamma: float | None = None
    penalty_interval: int | None = None
    path_weight: float | None = None
    path_interval: int | None = None
    learning_rate: float | None = None
    warm_up: float | None = None
    ema_kimg: float | None = None
    ema_ramp: float | None = None
    noise_after: float | None = None
    noise_from: int | None = None
    style_mixing: float | None = None
    augment: AugmentName | Literal["auto"] = "auto"
    freeze_d: int | None = None
    dtype: NumberName | None = None

    @property
    def on_gpu(self) -> bool:
        return self.device.startswith("cuda")

    def size(self, name: str) -> int:
        """One of FRESH, as it is for fresh networks."""
        value: int | None = getattr(self, name)
        return FRESH[name] if value is None else value

    def check(self) -> None:
        """Raise TrainingError for a value that makes no sense."""
        self._check_device()
        if self.resume is not None and self.start_from is not None:
            raise TrainingError("--from starts a new run and --resume goes on with an old one; give one of them")
        if self.resume is not None and self.preset != "auto":
            raise TrainingError("a run that goes on keeps its preset; leave out --preset, or --resume to begin anew")
        if self.freeze_d is not None and self.start_from is None:
            raise TrainingError("freeze_d keeps what a network knew at the start; give it with --from")
        if self.resolution not in (None, *(2**i for i in range(4, 11))):
            raise TrainingError(
                f"resolution {self.resolution} is not a power of two from 16 to 1024; give one, such as 128"
            )
        if self.resume is None and self.start_from is None:
            self._check_sizes()
        self._check_numbers()

    def _check_numbers(self) -> None:
        values = {name: value for name, value in vars(self).items() if value is not None}
        for name in {"batch", "part", "threads", "keep", "penalty_interval", "path_interval"} & values.keys():
            if values[name] < 1:
                raise TrainingError(f"{name} is {values[name]}; give a number of at least 1")
        for name in {"kimg", "learning_rate", "snapshot_s", "ema_kimg"} & values.keys():
            if not 0 < values[name] <= MOST:
                raise TrainingError(f"{name} is {values[name]}; give a number above 0, and no more than {MOST:g}")
        if self.seed is not None and not -(2**63) <= self.seed < 2**63:
            raise TrainingError(f"seed {self.seed} does not fit into 64 bits; give a smaller one")

    def _check_sizes(self) -> None:
        """Of fresh networks."""
        from models.canvas import check_canvas  # brings torch

        resolution = self.size("resolution")
        try:
            check_canvas(self.canvas, resolution)
        except ValueError as error:
            raise TrainingError(str(error)) from None
        if self.canvas is not None and min(self.canvas) < 16:
            width, height = reversed(self.canvas)
            raise TrainingError(f"the canvas {width}x{height} is too small; give sides of 16 or more")
        check_width(resolution, self.size("channel_base"))
        for name in FRESH:
            if self.size(name) < 1:
                raise TrainingError(f"{name} is {self.size(name)}; give a number of at least 1")

    def _check_device(self) -> None:
        import torch

        try:
            device = torch.device(self.device)
        except RuntimeError:
            raise TrainingError(f"device {self.device!r} is unknown; give cpu, or cuda where there is one") from None
        if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
            raise TrainingError(
                f"device {self.device!r} is not here ({torch.cuda.device_count()} CUDA devices); give cpu"
            )
        if device.type not in ("cpu", "cuda"):
            raise TrainingError(f"device {self.device!r} cannot train; give cpu, or cuda where there is one")
