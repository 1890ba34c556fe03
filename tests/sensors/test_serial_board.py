import contextlib
import logging
import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from sensors.base import SensorError
from sensors.driver import Driver, State
from sensors.serial_board import SerialBoard, SerialConfig
from tests.running import PATIENCE
from tests.sensors.waiting import eventually


class Board:
    """A pty as a board on a port, under a name that stays when it is unplugged and plugged in again."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self._ends: tuple[int, ...] = ()

    def plug_in(self) -> None:
        self._ends = os.openpty()
        tty.setraw(self._ends[1])
        self.port.symlink_to(os.ttyname(self._ends[1]))

    def write(self, data: bytes) -> None:
        os.write(self._ends[0], data)

    def unplug(self) -> None:
        self.port.unlink(missing_ok=True)
        for end in self._ends:
            with contextlib.suppress(OSError):
                os.close(end)
        self._ends = ()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    made = Board(tmp_path / "usb-Arduino_7")
    made.plug_in()
    yield made
    made.unplug()


class Air:
    """A serial driver that tries again at once, and the show time of its frames."""

    def __init__(self, port: Path, **config: object) -> None:
        written = {"type": "serial", "port": str(port), **config}
        sensor = SerialBoard(SerialConfig.model_validate(written))
        self.driver = Driver("air", sensor, pauses=lambda: iter(lambda: 0.02, None))
        self.now = 0.0

    def __enter__(self) -> "Air":
        self.driver.start()
        assert self.driver.wait_first(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self.driver.close()

    def shows(self, **values: float) -> bool:
        self.now += 1
        samples = self.driver.sample(self.now)
        return all(samples[name].value == value and samples[name].quality == "live" for name, value in values.items())


def test_bytes_become_values_under_the_names_of_the_show(board: Board) -> None:
    with Air(board.port.with_name("usb-Arduino*"), channels={"temperature": "t", "light": "lux"}) as air:
        assert air.driver.found == f"{board.port}, 115200 baud"
        board.write(b"booting v1.2 temperature:99\r\nt:23.5,lux:420\r\n")
        eventually("values", lambda: air.shows(temperature=23.5, light=420))
        board.write(b'{"t": 24.25}\n')
        eventually("a newer value", lambda: air.shows(temperature=24.25, light=420))


def test_the_default_names_are_temperature_and_light(board: Board) -> None:
    with Air(board.port) as air:
        board.write(b"temperature,light\n19.5,80\n")
        eventually("values", lambda: air.shows(temperature=19.5, light=80))
        assert [(row.name, row.unit) for row in air.driver.channels] == [("temperature", "°C"), ("light", "lx")]


def test_rubbish_and_failure_values_lose_nothing(board: Board, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "reverie.sensors")
    with Air(board.port) as air:
        board.write(b"temperature:22 light:100\n")
        eventually("values", lambda: air.shows(temperature=22, light=100))
        for _ in range(20):
            board.write(os.urandom(200) + b"\n")
            board.write(b"temperature:85.0\ntemperature:-127 light:-1\ntemperature:9999\n")
        board.write(b"light:101\n")
        eventually("the next value", lambda: air.shows(temperature=22, light=101))
        assert air.driver.state is State.LIVE
    assert len(caplog.messages) <= 1
    assert all("lines without temperature, light" in message for message in caplog.messages)


def test_an_unplugged_board_falls_back_and_returns_by_itself(board: Board, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "reverie.sensors")
    with Air(board.port, if_lost={"ease_to": {"temperature": 21}, "over": "2s"}) as air:
        board.write(b"temperature:28 light:100\n")
        eventually("values", lambda: air.shows(temperature=28, light=100))
        board.unplug()
        eventually("loss", lambda: air.driver.state is State.LOST)
        for _ in range(5):
            air.shows()
        assert air.driver.sample(air.now)["temperature"].value == 21
        assert air.driver.sample(air.now)["light"].value == 100
        board.plug_in()
        eventually("a new connection", lambda: air.driver.state is State.CONNECTING)
        board.write(b"temperature:27 light:90\n")
        eventually("values again", lambda: air.shows(temperature=27, light=90))
    assert len([message for message in caplog.messages if message.startswith("air: lost")]) == 1
    assert len([message for message in caplog.messages if message.startswith("air: back")]) == 1


@pytest.mark.parametrize(
    ("port", "told"),
    [("/dev/ttyNothing*", "there is no /dev/ttyNothing*"), ("/etc/hostname", "/etc/hostname cannot be opened")],
)
def test_a_wrong_port_is_one_sentence(port: str, told: str) -> None:
    sensor = SerialBoard(SerialConfig(type="serial", port=port))
    with pytest.raises(SensorError) as caught:
        sensor.open()
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)
    sensor.close()


@pytest.mark.parametrize(
    "wrong",
    [{"baud": 0}, {"channels": {}}, {"channels": {"temperature": 3}}, {"channels": {"a b": "t"}}, {"speed": 9600}],
)
def test_wrong_keys_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SerialConfig.model_validate({"type": "serial", "port": "/dev/x", **wrong})
