"""The training loop: from a TrainConfig to networks on disk."""

import ctypes
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress
from torch import Tensor
from torch.nn.functional import one_hot

from models.training.adaptation import KIMG_TO_FULL, KIMG_TO_FULL_FROM, Adaptation
from models.training.config import TrainConfig, TrainingError
from models.training.data import ImageSet, Loader, open_set, scaled
from models.training.discrimination import Batch, Turn
from models.training.distributed import Team, own_device, team
from models.training.failures import in_a_sentence
from models.training.place import check_place, own_place
from models.training.players import Players, Step
from models.training.presets import chosen, settle
from models.training.randomness import Purpose, generator
from models.training.recipe import OF_FEATURES, Recipe
from models.training.report import Report
from models.training.sampler import order
from models.training.snapshots import Snapshots
from models.training.start import WARM_UP, WARM_UP_PROJECTED, Start, begin
from models.training.state import NAME, capture, load, restore, write
from models.training.suiting import suited
from models.training.watch.page import About

FROM_NOTHING = (
    "a projected discriminator soon wins against fresh weights, and the pictures then ignore z; better begin with a"
    " network that knows something, by --from"
)
TRIES = 3  # from one good state, with other random numbers each


class StoppedEarlyError(Exception):
    """The training was asked to end before its first step: nothing is written."""


def train(config: TrainConfig, stopped: Callable[[], bool] = lambda: False) -> Path | None:
    """Train until config.kimg or until `stopped` says so; returns the path of the last network written.

    The folder config.out gets reals.png, fakes_KIMG.png, network-KIMG.safetensors, state.safetensors (for resume) and
    TensorBoard logs. Of several processes that torchrun started, the first one writes; the others return None, as
    all do that are stopped before they begin. Raises TrainingError with one sentence for what the user can mend.
    """
    config = replace(config, device=own_device(config.device))
    config.check()
    with in_a_sentence(config.out):
        check_place(config)
        with team(config.device) as members:
            try:
                return _train(config, members, stopped)
            except StoppedEarlyError:
                if members.leads:
                    Console(stderr=True).print("stopped before the training began; nothing was written")
                return None


def _train(config: TrainConfig, members: Team, stopped: Callable[[], bool]) -> Path | None:
    keep_freed_memory()
    torch.set_num_threads(1)  # the players' workers are the parallelism
    torch.set_flush_denormal(True)
    torch.manual_seed(config.seed or 0)  # fresh weights; all else draws from models.training.randomness
    start = begin(config, partial(_open, config.data, members.leads, stopped))
    with start.images as images:
        if any(members.any(stopped())):
            raise StoppedEarlyError
        if not members.agree(images.sha256):
            raise TrainingError(f"{config.data} holds other pictures for some of the processes; give all the same")
        recipe = settle(config, len(images), start.networks.generator.img_resolution, start.recipe)
        recipe.check_alone()  # before anything is built by them
        start, recipe = _suited(config, start, recipe)
        recipe.check(start.networks.discriminator.mbstd_group_size, members.size)
        with own_place(config) if members.leads else nullcontext():
            run = Run(config, recipe, start, members)
            try:
                return run.run(stopped)
            finally:
                run.close()


def _suited(config: TrainConfig, start: Start, recipe: Recipe) -> tuple[Start, Recipe]:
    """The start with the discriminator that the recipe asks for. A fresh one beside a known generator is warmed up."""
    useless = [name for name in OF_FEATURES if getattr(config, name) is not None]
    if useless and not recipe.projected:
        raise TrainingError(f"{useless[0]} is for a projected discriminator; leave it out, or ask for that one")
    networks, fresh = suited(start.networks, recipe)
    if fresh and config.resume is not None:
        raise TrainingError(
            f"{config.resume} goes on with the discriminator it has; leave out --discriminator, --features,"
            f" --feature-size and --pixel-weight, or begin a new run with --from {config.resume}"
        )
    begins = start.origin is not None and config.resume is None and config.warm_up is None
    if begins and (fresh or recipe.warm_up > 0):
        recipe = replace(recipe, warm_up=WARM_UP_PROJECTED if recipe.projected else WARM_UP)
    note = start.note
    if fresh and start.origin is not None:
        note = f"{start.note}; a fresh {recipe.discriminator} discriminator"
    elif recipe.projected and start.origin is None:
        note = FROM_NOTHING
    return replace(start, networks=networks, note=note), recipe


def _open(data: Path, watched: bool, stopped: Callable[[], bool], shape: tuple[int, int], labels: bool) -> ImageSet:
    """The set, with a bar while it is read for the first time. Raises StoppedEarlyError."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (watched and console.is_terminal)) as bar:
        task = bar.add_task(f"reading {data.name}")

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if stopped():
                raise StoppedEarlyError

        return open_set(data, shape, labels=labels, progress=progress)


def keep_freed_memory() -> None:
    """Have glibc keep freed blocks: fetching them from the kernel again, page by page, cost a tenth of the time."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # musl has none
        libc.mallopt(-3, 32 * 2**20)  # M_MMAP_THRESHOLD, its maximum
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD


class Run:
    """One run of the loop; holds what changes from iteration to iteration."""

    def __init__(self, config: TrainConfig, recipe: Recipe, start: Start, members: Team) -> None:
        self.config = config
        self.recipe = recipe
        self.images = start.images
        self.start = start
        self.team = members
        self.players = Players(recipe, start.networks, config.device, config.threads, members)
        self.adaptation = Adaptation(KIMG_TO_FULL if start.origin is None else KIMG_TO_FULL_FROM)
        self.shown = 0
        self.iteration = 0
        self.attempt = 0  # how often it went back to a good state: other random numbers from there on
        self._trained_on = start.images.sha256
        self._preset = chosen(config.preset, len(start.images))
        self.seconds = 0.0  # spent training, over all runs that this one continues
        self._snapshots = Snapshots(config, self.players, recipe, start.images)
        if config.resume is not None:
            self._take_up(load(config.resume, self.players))
        self.players.noisy = self.players.knows_noise()
        self._good = capture(self.players, self._progress())
        self._tries = 0
        self._pictures = self._coming()

    @property
    def kimg(self) -> float:
        return self.shown / 1000

    def close(self) -> None:
        """End the threads."""
        self.players.close()
        self._pictures.close()
        self._snapshots.close()

    def run(self, asked_to_stop: Callable[[], bool]) -> Path | None:
        """Iterate until done or told to stop, with a snapshot every config.snapshot_s seconds and at the end."""
        last = time.monotonic()
        earlier = self.config.resume
        with (
            Report(self._about(), self.kimg, earlier, self.team.leads) as report,
            in_a_sentence(self.config.out),  # in here, so that the run's page can say it
        ):
            self._introduce(report)
            stopped, _ = self.team.any(asked_to_stop(), False)
            while self.kimg < self.config.kimg and not stopped:
                self._iterate(report)
                due = self.team.leads and time.monotonic() - last >= self.config.snapshot_s
                stopped, due = self.team.any(asked_to_stop(), due)
                if due:
                    self._snapshot(report)
                    last = time.monotonic()
            report.line(self.kimg)
            path = self._snapshot(report, last=True)
            report.note(f"{'stopped' if stopped else 'done'} at kimg {self.kimg:.1f}: {path}")
        return path

    def _introduce(self, report: Report) -> None:
        size = "x".join(map(str, reversed(self.players.generator.img_shape)))
        if self.start.note is not None:
            report.note(self.start.note)
        report.note(f"training on {len(self.images)} images at {size}, from kimg {self.kimg:.1f}")
        source = "as before" if self.config.resume is not None else f"preset {self._preset}"
        report.note(f"{source}: " + ", ".join(f"{name} {value}" for name, value in self.recipe.told().items()))
        if self._trained_on != self.images.sha256:
            report.event(f"{self.config.data.name} holds other pictures than this run was trained on so far", self.kimg)
        if self.team.leads:
            report.reals(self._snapshots.reals(), self.kimg)

    def _about(self) -> About:
        return About(
            out=self.config.out,
            target=self.config.kimg,
            data=self.config.data.name,
            sha256=self.images.sha256,
            images=len(self.images),
            classes=self.players.generator.c_dim,
            shape=self.players.generator.img_shape,
            preset=self._preset,
            recipe=self.recipe.told(),
            origin=self.start.origin,
        )

    def _iterate(self, report: Report) -> None:
        started, waited = time.monotonic(), self._pictures.waited_s
        self.players.noisy |= self.kimg >= self.recipe.noise_after
        batch = {part: next(self._pictures) for part in self.team.share(self.recipe.parts)}
        turn = Turn(self.iteration, self.attempt, self.adaptation.p, self._warmth())
        step = self.players.play(lambda part: self._batch(part, batch[part]), turn)
        if not _finite(step):
            self._go_back("the loss is", report)
            return
        self.iteration += 1
        self.shown += self.recipe.batch
        self.players.average(self.shown)
        if self.recipe.adapts:
            self.adaptation.step(step.confidence, self.recipe.batch)
        took = time.monotonic() - started
        self.seconds += took
        kimg = self.recipe.batch / 1000
        extra = {"seconds": took / kimg, "waited": (self._pictures.waited_s - waited) / kimg}
        if self.recipe.adapts:
            extra["p"] = self.adaptation.p
        report.step(vars(step) | extra, self.kimg)

    def _warmth(self) -> float:
        """How far the generator's learning rate has risen."""
        return min(self.kimg / self.recipe.warm_up, 1.0) if self.recipe.warm_up > 0 else 1.0

    def _coming(self) -> Loader:
        """The pictures of this process's parts, one after the other, from this iteration on."""
        return Loader(self.images, map(self._indices, self._places()))

    def _places(self) -> Iterator[int]:
        shown = self.shown
        while True:
            yield from (shown + part * self.recipe.part for part in self.team.share(self.recipe.parts))
            shown += self.recipe.batch

    def _indices(self, position: int) -> list[int]:
        return order(self.recipe.seed, position, self.recipe.part, len(self.images))

    def _batch(self, part: int, pixels: Tensor) -> Batch:
        """The reals of one part of this iteration's batch, of uint8 pixels [n, 3, H, W]."""
        images = scaled(pixels.to(self.config.device))
        if self.recipe.mirror:
            draw = generator(self.recipe.seed, self.iteration, part, Purpose.MIRROR, self.attempt)
            flip = (torch.rand(len(images), generator=draw) < 0.5).to(images.device)
            images = torch.where(flip[:, None, None, None], images.flip(3), images)
        return Batch(images, self._classes(part))

    def _classes(self, part: int) -> Tensor | None:
        """One-hot classes [n, c_dim] of a part's reals, None for networks without."""
        if not self.players.generator.c_dim or self.images.labels is None:
            return None
        labels = self.images.labels[self._indices(self.shown + part * self.recipe.part)]
        return one_hot(labels, self.players.generator.c_dim).float().to(self.config.device)

    def _snapshot(self, report: Report, last: bool = False) -> Path | None:
        """Keep the state to go back to and, in the process that leads, write it with the network and its pictures.

        A disk that refuses ends the run at the `last` one only: before that it may be mended while the run goes on.
        """
        if self.team.leads:
            self._measure(report)
        self._snapshots.name(self.kimg)
        state = capture(self.players, self._progress())
        if state.finite():
            if self.shown > self._good.progress["shown"]:
                self._tries = 0
            self._good = state
        else:
            self._go_back("the weights are", report)
            self._snapshots.name(self.kimg)
            if self.team.leads:
                self._measure(report)  # what was measured is gone
        if not self.team.leads:
            return None
        try:
            with in_a_sentence(self.config.out):
                return self._write(report, last)
        except TrainingError as error:
            if last:
                raise
            report.event(f"nothing was written at kimg {self.kimg:.1f}: {error}; the next try follows", self.kimg)
            return None

    def _write(self, report: Report, last: bool) -> Path:
        write(self.config.out, self._good, self.players.networks.sizes())
        path = self._snapshots.write(self._provenance())
        report.show(self._snapshots.drawn, self.kimg, self.seconds, last)
        return path

    def _measure(self, report: Report) -> None:
        judge = self._snapshots.judge
        torch.set_num_threads(self.config.threads)  # the players' workers wait meanwhile
        judge.measure()
        torch.set_num_threads(1)
        report.figures(judge.figures, self.kimg, judge.at_best)
        if judge.warning is not None:
            report.event(judge.warning, self.kimg)

    def _go_back(self, what: str, report: Report) -> None:
        """To the last good state, to try from there with other random numbers. Raises TrainingError after TRIES."""
        kimg = self.kimg
        self._tries += 1
        if self._tries > TRIES:
            again = f"resume from {self.config.out}" if (self.config.out / NAME).exists() else "begin again"
            raise TrainingError(
                f"{what} not finite at kimg {kimg:.1f}, after {TRIES} tries from the last good state; {again}"
                f" with a lower --learning-rate or --gamma"
            )
        attempt, seconds = self.attempt + 1, self.seconds
        restore(self.players, self._good)
        self._take_up(self._good.progress)
        self._pictures.close()
        self._pictures = self._coming()
        self.attempt, self.seconds = attempt, seconds
        report.forget(self.kimg)
        report.event(
            f"{what} not finite at kimg {kimg:.1f}: back to kimg {self.kimg:.1f}, with other random numbers", self.kimg
        )

    def _progress(self) -> dict[str, Any]:
        """Plain JSON values: with the weights, all that the next steps depend on."""
        return {
            "shown": self.shown,
            "iteration": self.iteration,
            "attempt": self.attempt,
            "seconds": self.seconds,
            "path_mean": self.players.path_mean,
            "adaptation": self.adaptation.state(),
            "recipe": asdict(self.recipe),
            "preset": self._preset,
            "snapshots": self._snapshots.state(),
            "data_sha256": self.images.sha256,
            "started_from": self.start.origin,
        }

    def _take_up(self, progress: dict[str, Any]) -> None:
        """Go on from `progress`, or from that of an older Reverie, which said less."""
        self.shown, self.iteration = progress["shown"], progress["iteration"]
        self.attempt = progress.get("attempt", 0)
        self.seconds = progress["seconds"]
        self.players.path_mean = progress.get("path_mean", 0.0)
        if "adaptation" in progress:
            self.adaptation.restore(progress["adaptation"])
        self._snapshots.restore(progress.get("snapshots", {}))
        self._preset = progress.get("preset", self._preset)
        self._trained_on = progress.get("data_sha256", self.images.sha256)

    def _provenance(self) -> dict[str, Any]:
        origin = self.start.origin
        inherited = {} if origin is None else {"started_from": origin, "licence": origin["licence"]}
        return {
            "data": self.config.data.name,
            "data_sha256": self.images.sha256,
            "images": len(self.images),
            "kimg": self.kimg,
            "seconds": round(self.seconds),
            "settings": self.recipe.told(),
            **inherited,
        }


def _finite(step: Step) -> bool:
    return math.isfinite(sum(value for value in vars(step).values() if value is not None))
