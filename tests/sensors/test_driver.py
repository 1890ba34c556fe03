import itertools
import logging
import math
from collections.abc import Callable, Iterator

import pytest

from sensors.base import Quality, Sample, SensorLost
from sensors.driver import GRACE, Driver, State
from sensors.fallback import EASE
from sensors.link import backoff
from tests.sensors.fakes import FakeClock, FakeSensor
from tests.sensors.waiting import eventually

EASING = {"ease_to": {"temperature": 21, "light": 200}, "over": "30s"}


class Show:
    """A driver on a fake sensor, and the show time of the frames that ask it."""

    def __init__(self, present: bool = True, **config: object) -> None:
        self.clock = FakeClock()
        self.sensor = FakeSensor(self.clock, **config)
        self.sensor.present = present
        self.driver = Driver("air", self.sensor, clock=self.clock, pauses=lambda: itertools.repeat(0.002))
        self.now = 0.0
        self.driver.start()

    def frame(self, seconds: float = 1 / 60) -> dict[str, Sample]:
        """The samples of a frame, `seconds` after the one before."""
        self.now += seconds
        return self.driver.sample(self.now)

    def waits(self, seconds: float) -> None:
        """So long the clock runs while the show asks again and again, without any show time."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now = min(self.clock.now + 0.5, end)
            self.driver.sample(self.now)

    def hears(self, **values: float) -> None:
        """The sensor says these values; return once they are shown, live, with all easing done."""
        self.sensor.present = True
        self.sensor.says.put(values)
        eventually(f"live {values}", lambda: self._live(self.frame(EASE / 4), values))

    def becomes(self, state: State) -> None:
        eventually(state, lambda: self.driver.state is state)

    def loses(self) -> None:
        self.sensor.present = False
        self.sensor.says.put(SensorLost("the cable is out"))
        self.becomes(State.LOST)

    def end(self) -> None:
        self.sensor.hang.set()
        self.driver.close()

    def _live(self, frame: dict[str, Sample], values: dict[str, float]) -> bool:
        return all(frame[name].value == value and frame[name].quality == "live" for name, value in values.items())


Start = Callable[..., Show]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a show on a fake sensor, given the sensor's configuration."""
    shows: list[Show] = []

    def begin(present: bool = True, **config: object) -> Show:
        shows.append(Show(present, **config))
        return shows[-1]

    yield begin
    for show in shows:
        show.end()


def jumps(values: list[float]) -> float:
    """The largest step between two frames."""
    return max(abs(b - a) for a, b in itertools.pairwise(values))


def test_pauses_double_up_to_the_limit() -> None:
    assert list(itertools.islice(backoff(30), 8)) == [1, 2, 4, 8, 16, 30, 30, 30]
    assert list(itertools.islice(backoff(5), 5)) == [1, 2, 4, 5, 5]


def test_values_come_through_with_their_age(start: Start) -> None:
    show = start()
    assert show.driver.wait_first(30)
    assert show.driver.found == "a fake"
    assert show.driver.state is State.CONNECTING
    assert show.frame()["temperature"] == Sample(21, math.inf, Quality.STALE)
    show.hears(temperature=23.5)
    show.waits(0.5)
    assert show.frame()["temperature"] == Sample(23.5, 0.5, Quality.LIVE)
    assert show.frame()["light"].age == math.inf


@pytest.mark.parametrize("wrong", [85.0, -127.0, math.nan, math.inf, -math.inf, 4000.0])
def test_failure_values_never_get_in(start: Start, wrong: float) -> None:
    show = start()
    show.sensor.says.put({"temperature": wrong, "gossip": 3.0})
    show.hears(light=100.0)
    frame = show.frame()
    assert frame["temperature"] == Sample(21, math.inf, Quality.STALE)
    assert list(frame) == ["temperature", "light"]


def test_a_silent_device_goes_stale_channel_by_channel(start: Start) -> None:
    show = start(stale_after="2s")
    show.hears(temperature=25.0, light=50.0)
    show.waits(1.5)
    show.hears(light=60.0)
    show.waits(1)
    assert show.frame()["temperature"] == Sample(25, 2.5, Quality.STALE)
    assert show.frame()["light"] == Sample(60, 1, Quality.LIVE)
    assert show.driver.state is State.LIVE
    show.waits(2)
    assert show.driver.state is State.STALE
    assert show.frame()["light"] == Sample(60, 3, Quality.STALE)


def test_a_device_that_never_speaks_is_called_silent(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    show = start()
    assert show.driver.wait_first(30)
    assert show.driver.state is State.CONNECTING
    show.waits(GRACE + 1)
    assert show.driver.state is State.STALE
    show.frame()
    show.frame()
    assert caplog.messages == ["air: a fake has gone silent; the last value holds"]


def test_a_lost_sensor_eases_to_its_fallback_and_back_without_a_jump(start: Start) -> None:
    show = start(if_lost=EASING)
    show.hears(temperature=27.0, light=900.0)
    show.loses()
    frames = [show.frame() for _ in range(40 * 60)]
    assert {frame["light"].quality for frame in frames} == {Quality.FALLBACK}
    temperatures = [frame["temperature"].value for frame in frames]
    assert temperatures[0] == 27
    assert temperatures[-1] == 21
    assert 21 < temperatures[15 * 60] < 27

    show.sensor.present = True
    show.sensor.says.put({"temperature": 27.0, "light": 900.0})
    show.becomes(State.LIVE)
    temperatures += [show.frame()["temperature"].value for _ in range(120)]
    assert temperatures[-1] == 27
    assert jumps(temperatures) < 0.2


def test_a_loss_while_easing_back_does_not_jump_either(start: Start) -> None:
    show = start(if_lost=EASING)
    show.hears(temperature=27.0)
    show.loses()
    show.frame()
    assert show.frame(60)["temperature"].value == 21
    show.sensor.present = True
    show.sensor.says.put({"temperature": 27.0})
    show.becomes(State.LIVE)
    show.frame()
    assert show.frame(EASE / 2)["temperature"].value == pytest.approx(24)
    show.loses()
    assert show.frame()["temperature"].value == pytest.approx(24)


def test_without_a_fallback_the_last_value_holds(start: Start) -> None:
    show = start()
    show.hears(temperature=27.0)
    show.loses()
    assert show.frame(900)["temperature"].value == 27
    assert show.frame(900)["temperature"].quality is Quality.FALLBACK
    assert show.driver.found.endswith("; the last value holds")


def test_an_absent_sensor_is_simulated_from_the_first_frame(start: Start) -> None:
    simulate = {"simulate": "gallery-day"}
    show = start(present=False, if_lost=simulate)
    assert show.driver.wait_first(30)
    show.becomes(State.LOST)
    assert show.driver.found == "there is no fake; simulated gallery-day stands in"
    first = show.frame()
    assert first == Driver("air", FakeSensor(FakeClock(), if_lost=simulate)).sample(show.now)
    assert {sample.quality for sample in first.values()} == {Quality.SIMULATED}


def test_one_line_when_lost_and_one_when_back(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "reverie.sensors")
    show = start(if_lost=EASING)
    show.hears(temperature=27.0)
    assert caplog.messages == []
    show.loses()
    tries = show.sensor.opened
    eventually("more tries", lambda: show.frame() and show.sensor.opened > tries + 5)
    show.hears(temperature=26.0)
    lost, back = caplog.messages
    assert lost.startswith("air: lost: ")
    assert lost.endswith("; eases to temperature 21, light 200")
    assert back == "air: back: a fake"
    assert show.sensor.closed == show.sensor.opened - 1


def test_a_bug_in_a_sensor_costs_only_that_sensor(start: Start) -> None:
    show = start()
    show.sensor.says.put(ZeroDivisionError("division by zero"))
    eventually("a second try", lambda: show.sensor.opened > 1)
    show.hears(temperature=20.0)


def test_a_hanging_device_is_left_behind(start: Start) -> None:
    show = start()
    show.hears(temperature=27.0)
    show.sensor.says.put({"hang": 1.0})
    eventually("hang", lambda: show.sensor.hanging)
    show.waits(10)
    assert show.frame()["temperature"] == Sample(27, 10, Quality.STALE)
    show.driver.close()
    assert show.sensor.hanging


def test_a_pause_of_the_whole_machine_is_no_silence(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    show = start(stale_after="2s")
    show.hears(temperature=25.0, light=50.0)
    with caplog.at_level(logging.INFO, "reverie.sensors"):
        for _ in range(2):
            show.clock.now += 30
            frame = show.frame()
            assert (frame["temperature"].value, frame["temperature"].quality) == (25, Quality.LIVE)
            assert show.driver.state is State.LIVE
            show.waits(0.5)
        assert caplog.messages == []
        assert show.sensor.closed == 0
        show.waits(2.5)
        assert show.driver.state is State.STALE, "three seconds awake"
        show.clock.now += 30
        show.frame()
        assert show.driver.state is State.STALE, "a pause brings nothing back"
    assert len(caplog.messages) == 1


def test_a_show_that_draws_a_frame_in_three_seconds_still_notices_a_silent_device(start: Start) -> None:
    show = start(stale_after="2s")
    show.hears(temperature=25.0)
    for _ in range(2):
        show.clock.now += 3
        show.frame()
    assert show.driver.state is State.STALE
