"""What a training run is told."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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


@dataclass(frozen=True)
class TrainConfig:
    """One run. Lengths are in thousands of real images shown (kimg), intervals in seconds unless named otherwise.

    A size that is None is that of the network the run starts from or goes on with, else of FRESH; one that is given
    must agree with that network.
    """

    data: Path
    out: Path
    resolution: int | None = None
    canvas: tuple[int, int] | None = None  # height and width of pictures that are not square; resolution stays nominal
    kimg: float = 1000.0
    resume: Path | None = None
    start_from: str | Path | None = None  # a network whose weights to begin with, by built-in name or path
    batch: int = 16
    threads: int = 2  # workers that share a batch
    seed: int = 0
    mirror: bool = True
    loss: Literal["relativistic", "non-saturating"] = "relativistic"
    gamma: float | None = None  # weight of the gradient penalty; None: 0.02 * (resolution / 64)^2
    penalty_interval: int = 8  # iterations between gradient penalties (lazy regularisation)
    learning_rate: float = 0.0025
    ema_kimg: float = 5.0  # half-life of the moving average of the generator's weights
    ema_ramp: float | None = 0.05  # but no longer than this share of what was shown so far; None: always as long
    # kimg without per-pixel noise, which learns to draw the forms from the start and leaves z the colours only;
    # a generator that has learned to use noise keeps it
    noise_after: float = 40.0
    style_mixing: float = 0.5  # probability that a sample gets the ws of two z
    z_dim: int | None = None
    w_dim: int | None = None
    channel_base: int | None = None
    channel_max: int | None = None
    dtype: Literal["float32", "bfloat16"] = "bfloat16"  # of the convolutions; weights and optimisers stay float32
    device: str = "cpu"
    snapshot_s: float = 240.0  # state, network and picture grid are written this often

    def size(self, name: str) -> int:
        """One of FRESH, as it is for fresh networks."""
        value: int | None = getattr(self, name)
        return FRESH[name] if value is None else value

    def penalty_weight(self, resolution: int) -> float:
        """gamma, or its default for the resolution."""
        return 0.02 * (resolution / 64) ** 2 if self.gamma is None else self.gamma

    def check(self) -> None:
        """Raise TrainingError for a value that makes no sense, or an `out` that cannot be written."""
        self._check_device()
        if self.resume is not None and self.start_from is not None:
            raise TrainingError("--from starts a new run and --resume goes on with an old one; give one of them")
        if self.resume is None and self.start_from is None:
            self._check_sizes()
        for name in ("batch", "threads", "penalty_interval"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; give a number of at least 1")
        for name in ("kimg", "learning_rate", "snapshot_s", "ema_kimg"):
            if not 0 < getattr(self, name) < float("inf"):
                raise TrainingError(f"{name} is {getattr(self, name)}; give a number above 0")
        if self.batch % (STD_GROUP * self.threads):
            raise TrainingError(
                f"batch {self.batch} does not split into {self.threads} parts of whole groups of {STD_GROUP};"
                f" give a multiple of {STD_GROUP * self.threads}"
            )
        self._check_out()

    def _check_sizes(self) -> None:
        """Of fresh networks."""
        from models.canvas import check_canvas  # brings torch

        resolution = self.size("resolution")
        if resolution not in (2**i for i in range(4, 11)):
            raise TrainingError(f"resolution {resolution} is not a power of two from 16 to 1024; give one, such as 128")
        try:
            check_canvas(self.canvas, resolution)
        except ValueError as error:
            raise TrainingError(str(error)) from None
        if self.canvas is not None and min(self.canvas) < 16:
            width, height = reversed(self.canvas)
            raise TrainingError(f"the canvas {width}x{height} is too small; give sides of 16 or more")
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

    def _check_out(self) -> None:
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TrainingError(f"{self.out}: cannot be made a folder ({error.strerror}); give another --out") from None
        if not os.access(self.out, os.W_OK):
            raise TrainingError(f"{self.out}: cannot be written to; give another --out")
