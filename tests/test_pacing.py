"""The scheduler, on a clock whose waits and delays the test decides."""

import pytest

from engine.clock import FixedStepClock
from engine.pacing import MAX_STEP, Intervals, Pacer


class LateClock(FixedStepClock):
    """Time that also passes while a frame is made."""

    def work(self, seconds: float) -> None:
        self.wait_until(self.now() + seconds)


def test_frames_come_at_their_due_times_without_drift() -> None:
    clock = FixedStepClock()
    times = []
    for frame in Pacer(clock, 30).frames(seconds=100):
        times.append((frame.index, clock.now()))
    assert len(times) == 3000
    assert times[-1][1] == pytest.approx(2999 / 30, abs=1e-6)


@pytest.mark.parametrize("fps", [1, 5, 24, 240])
def test_a_slow_show_runs_at_its_own_speed(fps: float) -> None:
    frames = list(Pacer(FixedStepClock(), fps).frames(seconds=12))
    assert len(frames) == 12 * fps
    assert frames[-1].time == pytest.approx(12 - 1 / fps)


def test_picture_time_is_the_sum_of_steps() -> None:
    frames = list(Pacer(FixedStepClock(), 25).frames(seconds=2))
    assert frames[0].step == 0.0
    assert frames[-1].time == pytest.approx(49 / 25)


def test_a_stall_drops_frames_instead_of_replaying_them() -> None:
    clock = LateClock()
    pacer = Pacer(clock, 10)
    frames = []
    for frame in pacer.frames(seconds=3):
        frames.append(frame)
        if frame.index == 5:
            clock.work(1.0)
    assert pacer.dropped == 9
    assert len(frames) == 30 - 9
    assert max(frame.step for frame in frames) <= max(MAX_STEP, 2 / 10) + 1e-9


def test_stop_ends_after_the_current_frame() -> None:
    pacer = Pacer(FixedStepClock(), 10)
    seen = 0
    for frame in pacer.frames():
        seen = frame.index
        if frame.index == 7:
            pacer.stop()
    assert seen == 7


def test_intervals_give_rate_and_percentiles() -> None:
    intervals = Intervals()
    for i in range(101):
        intervals.tick(i * 0.02 if i < 100 else 2.5)
    assert intervals.count == 101
    assert intervals.percentile(50) == pytest.approx(0.02)
    assert intervals.percentile(100) == pytest.approx(0.52)
    assert Intervals().rate(1.0) == 0.0
    steady = Intervals()
    for i in range(100):
        steady.tick(i * 0.04)
    assert steady.rate(99 * 0.04) == pytest.approx(25, rel=0.02)
