"""The training loop: from a TrainConfig to networks on disk."""

import ctypes
import math
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress
from safetensors import SafetensorError

from models import checkpoint
from models.training.config import TrainConfig, TrainingError
from models.training.data import ImageSet, load_images
from models.training.players import Players, Step
from models.training.report import Report, save_grid
from models.training.start import Start, begin
from models.training.state import load_state, save_state

GRID = 36
PLACES = ("data", "out", "resume", "start_from", "device")  # settings that differ from machine to machine


def train(config: TrainConfig) -> Path:
    """Train until config.kimg or until interrupted (SIGINT, SIGTERM); returns the path of the last network written.

    The folder config.out gets reals.png, fakes_KIMG.png, network-KIMG.safetensors, state.safetensors (for resume) and
    TensorBoard logs. Call it from the main thread. Raises TrainingError with one sentence for what the user can mend.
    """
    config.check()
    try:
        return _train(config)
    except (OSError, SafetensorError) as error:
        name, reason = getattr(error, "filename", None) or config.out, getattr(error, "strerror", None) or error
        raise TrainingError(f"{name} cannot be read or written ({reason}); mend that or give another folder") from None


def _train(config: TrainConfig) -> Path:
    keep_freed_memory()
    torch.set_num_threads(1)  # the players' workers are the parallelism
    torch.set_flush_denormal(True)
    torch.manual_seed(config.seed)
    start = begin(config)
    shape = start.networks.generator.img_shape
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"reading {config.data.name}")
        images = load_images(config.data, shape, lambda done, total: bar.update(task, completed=done, total=total))
    run = Run(config, images, start)
    try:
        return run.run()
    finally:
        run.players.close()


def keep_freed_memory() -> None:
    """Have glibc keep freed blocks: fetching them from the kernel again, page by page, cost a tenth of the time."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # musl has none
        libc.mallopt(-3, 32 * 2**20)  # M_MMAP_THRESHOLD, its maximum
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set instead of killing the process."""
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


class Run:
    """One run of the loop; holds what changes from iteration to iteration."""

    def __init__(self, config: TrainConfig, images: ImageSet, start: Start) -> None:
        if start.origin is not None:
            config = replace(config, ema_ramp=None)  # the average that was brought is not of this run's few images
        self.config = config
        self.images = images
        self.start = start
        self.players = Players(config, start.networks)
        self.grid_z = torch.randn(GRID, self.players.generator.z_dim)
        self.shown = 0
        self.iteration = 0
        self.seconds = 0.0  # spent training, over all runs that this one continues
        if config.resume is not None:
            self._resume(config.resume)
        self.players.noisy = self.players.knows_noise()

    @property
    def kimg(self) -> float:
        return self.shown / 1000

    def run(self) -> Path:
        """Iterate until done or told to stop, with a snapshot every config.snapshot_s seconds and at the end."""
        save_grid(self.images.spread(GRID), self.config.out / "reals.png")
        started = last = time.monotonic()
        before = self.seconds
        with stop_on_signal() as stop, Report(self.config.out, self.kimg, self.config.kimg) as report:
            size = "x".join(map(str, reversed(self.players.generator.img_shape)))
            if self.start.note is not None:
                report.note(self.start.note)
            report.note(f"training on {len(self.images)} images at {size}, from kimg {self.kimg:.1f}")
            while self.kimg < self.config.kimg and not stop.is_set():
                report.step(self._iterate(), self.kimg)
                now = time.monotonic()
                self.seconds = before + now - started
                if now - last >= self.config.snapshot_s:
                    self._snapshot()
                    last = time.monotonic()
            report.line(self.kimg)
            path = self._snapshot()
            report.note(f"{'stopped' if stop.is_set() else 'done'} at kimg {self.kimg:.1f}: {path}")
        return path

    def _iterate(self) -> Step:
        batch = self.config.batch
        real = self.images.sample(batch, self.config.mirror).to(self.config.device)
        self.players.noisy |= self.kimg >= self.config.noise_after
        step = self.players.play(real, penalise=self.iteration % self.config.penalty_interval == 0)
        if not math.isfinite(step.loss_g + step.loss_d + (step.penalty or 0.0)):
            state = self.config.out
            raise TrainingError(
                f"the loss is not finite at kimg {self.kimg:.1f}; resume from {state} with a lower learning rate"
            )
        self.iteration += 1
        self.shown += batch
        self.players.average(self.shown, batch)
        return step

    @torch.no_grad()
    def _snapshot(self) -> Path:
        out = self.config.out
        name = f"{self.kimg:06.1f}"
        progress = {
            "shown": self.shown,
            "iteration": self.iteration,
            "seconds": self.seconds,
            "grid_z": self.grid_z.tolist(),
            "started_from": self.start.origin,
        }
        save_state(out, self.players, progress)
        ema = self.players.ema
        ws = ema.mapping(self.grid_z.to(self.config.device), truncation_psi=0.7)
        save_grid(torch.cat([ema.synthesis(part) for part in ws.split(self.config.batch)]), out / f"fakes_{name}.png")
        path = out / f"network-{name}.safetensors"
        checkpoint.save(path, ema, self._provenance())
        return path

    def _provenance(self) -> dict[str, Any]:
        settings = {k: v for k, v in asdict(self.config).items() if k not in PLACES and v is not None}
        origin = self.start.origin
        inherited = {} if origin is None else {"started_from": origin, "licence": origin["licence"]}
        return {
            "data": self.config.data.name,
            "data_sha256": self.images.sha256,
            "images": len(self.images),
            "kimg": self.kimg,
            "seconds": round(self.seconds),
            "settings": settings,
            **inherited,
        }

    def _resume(self, folder: Path) -> None:
        progress = load_state(folder, self.players)
        self.shown, self.iteration = progress["shown"], progress["iteration"]
        self.seconds = progress["seconds"]
        self.grid_z = torch.tensor(progress["grid_z"])
