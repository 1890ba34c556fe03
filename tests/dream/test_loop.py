"""The generator's loop on a scripted link and a scripted time."""

import threading
import time as real_time
from dataclasses import dataclass, field

import numpy as np
import pytest

from engine.dream import loop
from engine.dream.base import Floats, Pixels
from engine.dream.loop import BAD_FRAMES, GeneratorError, dream, sentence

WS = np.zeros((1, 1), np.float32)
GOOD = np.zeros((2, 2, 4), np.uint8)


@dataclass
class Time:
    """Stands in for the time module in the thread that made it; a worker that another test left has the real one."""

    now: float = 0.0
    thread: int = field(default_factory=threading.get_ident)

    def monotonic(self) -> float:
        return self.now if threading.get_ident() == self.thread else real_time.monotonic()

    def sleep(self, seconds: float) -> None:
        if threading.get_ident() == self.thread:
            self.now += seconds
        else:
            real_time.sleep(seconds)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    clock = Time()
    monkeypatch.setattr(loop, "time", clock)
    return clock


@dataclass
class ScriptedLink:
    """A new latent for each millisecond of `time`; over at `end`."""

    time: Time
    end: float
    period: float = 0.0
    published: list[tuple[float, int, float]] = field(default_factory=list)
    rejected: int = 0
    first_latent_at: float = 0.0

    def finished(self) -> bool:
        return self.time.now >= self.end

    def interval(self) -> float:
        return self.period

    def latent(self, after: int) -> tuple[int, Floats] | None:
        number = int((self.time.now - self.first_latent_at) * 1000)
        return (number, WS) if number > after else None

    def publish(self, pixels: Pixels, latent: int, seconds: float) -> None:
        self.published.append((self.time.now, latent, seconds))

    def reject(self) -> None:
        self.rejected += 1


def taking(time: Time, seconds: float, pictures: list[Pixels | None] | None = None) -> loop.Render:
    def render(ws: Floats) -> Pixels | None:
        time.now += seconds
        return pictures.pop(0) if pictures else GOOD

    return render


def test_it_waits_for_a_latent_then_takes_the_newest(time: Time) -> None:
    link = ScriptedLink(time, end=2.0, first_latent_at=1.0)
    dream(taking(time, 0.1), link)
    assert link.published[0][0] > 1.1
    assert 8 <= len(link.published) <= 10
    for finished_at, latent, seconds in link.published:
        assert latent == pytest.approx((finished_at - 0.1 - 1.0) * 1000, abs=2)
        assert seconds == pytest.approx(0.1)


@pytest.mark.parametrize(("seconds", "expected"), [(0.01, 40), (0.1, 40), (0.5, 20)])
def test_frames_start_no_more_often_than_the_limit(time: Time, seconds: float, expected: int) -> None:
    link = ScriptedLink(time, end=10.0, period=0.25)
    dream(taking(time, seconds), link)
    assert len(link.published) == pytest.approx(expected, abs=1)


def test_a_limit_that_is_lifted_while_waiting_counts_at_once(time: Time) -> None:
    link = ScriptedLink(time, end=100.0, period=90.0)

    def render(ws: Floats) -> Pixels:
        time.now += 0.01
        return GOOD

    sleep = time.sleep

    def lift(seconds: float) -> None:
        sleep(seconds)
        if time.now > 5:
            link.period = 0.25

    time.sleep = lift  # type: ignore[method-assign]
    dream(render, link)
    assert len(link.published) == pytest.approx(380, abs=10)


def test_it_ends_while_waiting_for_its_turn(time: Time) -> None:
    link = ScriptedLink(time, end=1.0, period=1000.0)
    dream(taking(time, 0.01), link)
    assert time.now < 2


def test_a_bad_frame_now_and_then_is_dropped(time: Time) -> None:
    link = ScriptedLink(time, end=1.0)
    dream(taking(time, 0.1, [None, None, GOOD, None, None, GOOD]), link)
    assert link.rejected == 4
    assert len(link.published) >= 4


def test_bad_frames_in_a_row_are_the_end(time: Time) -> None:
    link = ScriptedLink(time, end=100.0)
    with pytest.raises(GeneratorError, match="NaN"):
        dream(taking(time, 0.1, [GOOD, None, None, None, GOOD]), link)
    assert link.rejected == BAD_FRAMES
    assert len(link.published) == 1


def test_an_unforeseen_error_is_one_sentence_with_its_place() -> None:
    def fail() -> None:
        raise KeyError("weights")

    with pytest.raises(KeyError) as caught:
        fail()
    text = sentence(caught.value)
    assert text.startswith("the generator failed: KeyError: 'weights' (")
    assert "test_loop.py" in text
    assert sentence(GeneratorError("as it is")) == "as it is"
