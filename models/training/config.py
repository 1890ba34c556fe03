"""What a training run is told."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

STD_GROUP = 4  # images whose standard deviation the discriminator compares


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
    """One run. Lengths are in thousands of real images shown (kimg), intervals in seconds unless named otherwise."""

    data: Path
    out: Path
    resolution: int = 64
    canvas: tuple[int, int] | None = None  # height and width of pictures that are not square; resolution stays nominal
    kimg: float = 1000.0
    resume: Path | None = None
    batch: int = 16
    threads: int = 2  # workers that share a batch
    seed: int = 0
    mirror: bool = True
    loss: Literal["relativistic", "non-saturating"] = "relativistic"
    gamma: float | None = None  # weight of the gradient penalty; None: 0.02 * (resolution / 64)^2
    penalty_interval: int = 8  # iterations between gradient penalties (lazy regularisation)
    learning_rate: float = 0.0025
    ema_kimg: float = 5.0  # half-life of the moving average of the generator's weights
    ema_ramp: float = 0.05  # but no longer than this share of what was shown so far
    noise_after: float = (
        40.0  # kimg without per-pixel noise: from the start it learns to draw the forms, and z only colours
    )
    style_mixing: float = 0.5  # probability that a sample gets the ws of two z
    z_dim: int = 256
    w_dim: int = 256
    channel_base: int = 2048
    channel_max: int = 128
    dtype: Literal["float32", "bfloat16"] = "bfloat16"  # of the convolutions; weights and optimisers stay float32
    device: str = "cpu"
    snapshot_s: float = 240.0  # state, network and picture grid are written this often

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the pictures."""
        return self.canvas or (self.resolution, self.resolution)

    @property
    def penalty_weight(self) -> float:
        """gamma, or its default for the resolution."""
        return 0.02 * (self.resolution / 64) ** 2 if self.gamma is None else self.gamma

    def check(self) -> None:
        """Raise TrainingError for a value that makes no sense, or an `out` that cannot be written."""
        self._check_device()
        if self.resolution not in (2**i for i in range(4, 11)):
            raise TrainingError(
                f"resolution {self.resolution} is not a power of two from 16 to 1024; give one, such as 128"
            )
        self._check_canvas()
        for name in ("batch", "threads", "penalty_interval", "z_dim", "w_dim", "channel_base", "channel_max"):
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

    def _check_canvas(self) -> None:
        from models.canvas import check_canvas  # brings torch

        try:
            check_canvas(self.canvas, self.resolution)
        except ValueError as error:
            raise TrainingError(str(error)) from None
        if min(self.shape) < 16:
            raise TrainingError(f"the canvas {self.shape[1]}x{self.shape[0]} is too small; give sides of 16 or more")

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
