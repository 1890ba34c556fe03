"""Networks published beside a running show: the wall changes, changes back, and goes on showing pictures meanwhile."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).with_name("feed")))

from feeding import save_tiny

from models.feed.registry import Registry
from models.names import builtin_names
from tests.running import ROOT, RunningShow, environment, reverie, running_show, workers_of

ROUNDING = 0.03  # of 1, on average: a mix of two networks is drawn at the larger one's size, and mixed in OKLab
SHOW = """\
reverie: 1
title: Followed
canvas: {width: 160, height: 90, fps: 20}
model: {registry: feed, follow: approved, every: 200ms, fade: 1s}
network: {noise: {speed: 0}}
walk: {type: still}
outputs:
  - {type: offscreen, snapshot: frame.png, every: 0.1}
"""


@dataclass
class Wall:
    """A running show that follows a registry."""

    running: RunningShow
    folder: Path

    @property
    def network(self) -> str:
        return str(self.running.get("healthz")["network"])

    def wait_for(self, network: str) -> np.ndarray:
        """Until it is on, and nothing of the one before is seen; its picture, which stands still."""
        self.running.wait(f"{network} on the wall", lambda: self.network == network)
        seen = [self.picture()]

        def settled() -> bool:
            before = self.running.get("healthz")["presented_frames"]
            self.running.wait("later frames", lambda: self.running.get("healthz")["presented_frames"] > before + 3)
            seen.append(self.picture())
            return difference(*seen[-2:]) < 0.002

        self.running.wait("a picture that stands still", settled)
        return seen[-1]

    def picture(self) -> np.ndarray:
        """What is on the wall: float32 RGB, 0 to 1."""
        with Image.open(self.folder / "frame.png") as image:
            return np.asarray(image.convert("RGB"), np.float32) / 255


@dataclass
class Turn:
    """What was seen while one network became another."""

    pictures: list[np.ndarray]
    presented: list[int]
    """Counts of frames while the next network's worker was being made ready."""

    def goes_from(self, before: np.ndarray, after: np.ndarray) -> None:
        """Fails unless every picture is the one before, the one after, or a mix of both: none is black or foreign. And
        unless the wall went on while a new process made the next network ready, which takes it a second or more.
        """
        low, high = np.minimum(before, after), np.maximum(before, after)
        assert max(difference(picture, np.clip(picture, low, high)) for picture in self.pictures) < ROUNDING
        assert self.presented[-1] - self.presented[0] > 5


@contextmanager
def watching(wall: Wall) -> Iterator[Turn]:
    """Look at the wall all the time until its network is another."""
    seen, done = Turn([], []), Event()
    health = wall.running.get("healthz")
    network = health["network"]

    def look() -> None:
        nonlocal health
        while not done.wait(0.03):
            seen.pictures.append(wall.picture())
            with suppress(OSError):  # no answer counts as no frame
                health = wall.running.get("healthz")
            if health["network"] == network and len(workers_of(wall.running.process.pid)) > 1:
                seen.presented.append(health["presented_frames"])

    thread = Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).mean())


def command(*arguments: object) -> str:
    """A command in a process of its own; what it says."""
    done = reverie(*map(str, arguments))
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def training(folder: Path, registry: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real one on made-up pictures, publishing beside whatever else goes on here."""
    pictures = folder / "pictures"
    pictures.mkdir()
    for i in range(8):
        noise = np.random.default_rng(i).integers(0, 255, (32, 32, 3), np.uint8)
        Image.fromarray(noise).save(pictures / f"{i}.png")
    arguments = f"train --data {pictures} --out {folder / 'run'} --resolution 32 --snapshot 1 --threads 1"
    with (folder / "training.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", *arguments.split(), "--publish", str(registry)],
            stdout=log, stderr=log, cwd=ROOT, env=environment(),
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_wall_follows_a_training_and_people_and_never_goes_dark(tmp_path: Path) -> None:
    show, place, away = tmp_path / "show.yaml", tmp_path / "feed", tmp_path / "away"
    show.write_text(SHOW)
    registry = Registry(place)
    with running_show(show, env={"XDG_CACHE_HOME": str(tmp_path / "cache")}) as running:
        wall = Wall(running, tmp_path)
        running.wait_for_dreams()
        first = wall.wait_for(builtin_names()[0])  # nothing is published yet

        with training(tmp_path, place) as process:
            running.wait("the training to publish", lambda: registry.entries() or process.poll())
            trained = registry.entries()[0].name
            with watching(wall) as turn:
                command("models", "approve", place, trained)
                second = wall.wait_for(trained)
            turn.goes_from(first, second)
            assert difference(first, second) > 0.02
            assert process.poll() is None, "it goes on learning while the wall shows what it knew"
            known = {entry.sha256 for entry in registry.entries()}
            running.wait("a further network", lambda: {entry.sha256 for entry in registry.entries()} - known)
            assert process.poll() is None
            assert wall.network == trained, "nobody has approved the further ones"

        green = save_tiny(tmp_path / "green.safetensors", 2, (-0.8, 0.8, -0.8), resolution=16, z_dim=16)
        registry.add(green, {})
        with watching(wall) as turn:
            registry.approve("green")
            third = wall.wait_for("green")
        turn.goes_from(second, third)
        assert third[..., 1].mean() > 0.7 > 0.3 > third[..., 0].mean()

        poor = tmp_path / "poor.safetensors"
        poor.write_bytes(save_tiny(tmp_path / "whole.safetensors", 3).read_bytes()[:-32] + b"\xff" * 32)
        registry.add(poor, {})
        registry.approve("poor")
        running.wait("a word about the bad one", lambda: "the network poor of" in running.log.read_text())

        place.rename(away)
        place.write_text("the mount is gone")
        running.wait("the loss to be told", lambda: "networks" in running.get("healthz")["problems"])
        place.unlink()
        away.rename(place)
        running.wait("its return", lambda: running.get("healthz")["status"] == "ok")
        assert difference(third, wall.picture()) < 0.002

        with watching(wall) as turn:
            command("models", "rollback", place, trained)
            again = wall.wait_for(trained)
        turn.goes_from(third, again)
        assert difference(second, again) < 0.002
        running.wait("health", lambda: running.get("healthz")["status"] == "ok")
        after = running.get("healthz")
        assert (after["network_changes"], after["dream_restarts"]) == (3, 0)
        said = running.log.read_text()
        assert said.count("the network poor of") == 1
        assert said.count("the wall stays as it is") == said.count("can be reached again") == 1
        assert "Traceback" not in said
        assert running.end() == 0
