"""What the tests of frame sources share: a network a thumb's nail big, and ways to wait."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch

from engine.dream.base import DreamFrame, Floats, Latent
from engine.dream.process import ProcessLife
from engine.dream.supervised import Life, SupervisedSource
from engine.dream.thread import ThreadLife
from models.checkpoint import save
from models.stylegan2 import Generator
from tests.running import PATIENCE

SIZE, W = 16, 8


def tiny_generator() -> Generator:
    """16×16, seeded; its noise is switched on so that a careless random mode would show."""
    torch.manual_seed(1)
    generator = Generator(SIZE, z_dim=W, w_dim=W, channel_base=128, channel_max=8, mapping_layers=2)
    for block in generator.synthesis.blocks:
        block.conv1.noise_strength.data.fill_(0.3)  # type: ignore[union-attr, operator]
    return generator


NUM_WS = tiny_generator().num_ws


@dataclass(frozen=True)
class Point:
    """A latent made from a seed."""

    seed: int = 0
    controls: Floats = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def ws(self) -> Floats:
        return np.random.default_rng(self.seed).normal(size=(NUM_WS, W)).astype(np.float32)


@dataclass(frozen=True)
class Abyss:
    """A latent from which every network's picture is NaN."""

    controls: Floats = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def ws(self) -> Floats:
        return np.full((NUM_WS, W), np.nan, np.float32)


def save_tiny(path: Path) -> Path:
    save(path, tiny_generator(), {"made for": "a test"})
    return path


class Source(SupervisedSource):
    """A supervised source that keeps its lives in sight and can be told what time it is."""

    def __init__(self, begin: Callable[[float], Life], max_fps: float = 200.0) -> None:
        self.lives: list[Life] = []
        self.leap = 0.0

        def keep(fps: float) -> Life:
            self.lives.append(begin(fps))
            return self.lives[-1]

        super().__init__(keep, max_fps, now=lambda: time.monotonic() + self.leap)

    @property
    def pid(self) -> int:
        """Of the present worker process."""
        life = self.lives[-1]
        assert isinstance(life, ProcessLife)
        return life.pid


def process_source(model: Path) -> Source:
    return Source(partial(ProcessLife, model))


def thread_source(model: Path) -> Source:
    return Source(partial(ThreadLife, model, "cpu"))


def until(condition: Callable[[], bool]) -> None:
    """Wait for it; fail after PATIENCE."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


def drive(source: SupervisedSource, condition: Callable[[], bool], latent: Latent | None = None) -> list[DreamFrame]:
    """Be the display loop, with a new latent each turn, until the condition holds; the frames that came."""
    frames: list[DreamFrame] = []

    def turn() -> bool:
        source.submit(latent or Point(source.frames))
        frame = source.newest()
        if frame is not None:
            frames.append(frame)
        return condition()

    until(turn)
    return frames


def picture_of(source: SupervisedSource, point: Point) -> DreamFrame:
    """The frame made from this very latent."""
    number = source.submit(point)
    found: list[DreamFrame] = []

    def arrived() -> bool:
        frame = source.newest()
        if frame is not None and frame.latent == number:
            found.append(frame)
        return bool(found)

    until(arrived)
    return found[0]


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or a zombie nobody has buried yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"
