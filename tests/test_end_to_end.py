"""From real input to pixels: sound through PortAudio, a board through a pty, the panel in a browser."""

import io
import os
import re
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser import page_in
from tests.pulse import pulse_null_sink, write_wav
from tests.running import PATIENCE, RunningShow, running_show

SHOW = """\
reverie: 1
title: Test
seed: 7
canvas: {{width: 320, height: 180, fps: 15}}
model: museum-128
network: {{noise: {{speed: 0}}}}
sensors:
  hall: {{type: sound}}
  air: {{type: serial, port: {port}}}
walk: {{type: drift, speed: 0}}
passes:
  - grade
modulation:
  - {{from: hall.bass, to: /walk/speed, out: [0, 1.5], attack: 50ms, release: 200ms}}
  - {{from: air.temperature, to: /passes/grade/warmth, in: [16, 28], out: [-1, 1], lag: 100ms}}
  - {{from: air.light, to: /passes/grade/exposure, in: [10, 10000], scale: log, out: [-1, 1], lag: 100ms}}
outputs:
  - {{type: offscreen, snapshot: {snapshot}, every: 0.2}}
"""


class Board:
    """A serial board: a pty that repeats one line, as a sketch with a delay does."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self._slave = slave
        self.line = b""
        self._stop = Event()
        self._thread = Thread(target=self._print, daemon=True)
        self._thread.start()

    def _print(self) -> None:
        while not self._stop.wait(0.1):
            if self.line:
                os.write(self._master, self.line)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)


@pytest.fixture
def board() -> Iterator[Board]:
    made = Board()
    yield made
    made.close()


def write_show(tmp_path: Path, port: str) -> tuple[Path, Path]:
    snapshot = tmp_path / "frame.png"
    show = tmp_path / "show.yaml"
    show.write_text(SHOW.format(port=port, snapshot=snapshot))
    return show, snapshot


def look(running: RunningShow, snapshot: Path, frames: int = 12) -> np.ndarray:
    """The picture on the wall some frames from now: float [H, W, 3] in 0..1."""
    asked = running.get("healthz")["presented_frames"]
    running.wait("later frames", lambda: running.get("healthz")["presented_frames"] > asked + frames)
    for _ in range(2):  # the next file may show a frame from before: its writing had begun
        before = snapshot.stat().st_mtime_ns if snapshot.exists() else 0
        running.wait("a snapshot", lambda before=before: snapshot.exists() and snapshot.stat().st_mtime_ns > before)
    with Image.open(snapshot) as image:
        return np.asarray(image.convert("RGB"), np.float32) / 255


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).mean())


def bass(seconds: float) -> np.ndarray:
    t = np.arange(int(48000 * seconds)) / 48000
    return 0.8 * np.sin(2 * np.pi * 60 * t) * (0.6 + 0.4 * np.sin(2 * np.pi * 2 * t))


def settle(running: RunningShow, snapshot: Path) -> np.ndarray:
    """The picture once it stands still."""
    running.wait_for_dreams()
    newest = look(running, snapshot)
    deadline = time.monotonic() + PATIENCE
    while difference(newest, previous := newest) == 0 and time.monotonic() < deadline:
        newest = look(running, snapshot)
        if difference(newest, previous) < 0.002:
            return newest
    return newest


def test_sound_moves_the_walk_and_the_board_moves_the_picture(tmp_path: Path, board: Board) -> None:
    show, snapshot = write_show(tmp_path, board.port)
    wav = write_wav(tmp_path / "bass.wav", bass(120))
    with pulse_null_sink() as pulse, running_show(show, env=pulse.env) as running:
        running.wait("the microphone", lambda: running.get("healthz")["sensors"]["hall"]["state"] == "live")
        silent = settle(running, snapshot)
        unchanged = difference(silent, look(running, snapshot))
        assert running.signal("hall.bass") < 0.05

        player = pulse.play(wav)
        running.wait("bass", lambda: running.signal("hall.bass") > 0.3)
        running.wait("a faster walk", lambda: _effective(running, "/walk/speed") > 0.3)
        running.wait("a moved picture", lambda: difference(silent, look(running, snapshot)) > 10 * unchanged + 0.01)
        player.kill()
        player.wait()
        running.wait("silence", lambda: running.signal("hall.bass") < 0.05)

        board.line = b'{"t": 0, "temperature": 16.5, "light": 12}\n'
        running.wait("the board", lambda: abs(running.signal("air.temperature") - 16.5) < 0.01)
        running.wait("a dark room", lambda: abs(running.signal("air.light") - 12) < 0.1)
        running.wait("the grade", lambda: _effective(running, "/passes/grade/exposure") < -0.8)
        dark = look(running, snapshot)
        board.line = b"temperature:27.5 light:9000\r\n\xff\xfe\x00rubbish\n"
        running.wait("a bright room", lambda: _effective(running, "/passes/grade/exposure") > 0.8)
        running.wait("a warm room", lambda: abs(running.signal("air.temperature") - 27.5) < 0.01)
        running.wait("a brighter picture", lambda: look(running, snapshot).mean() > 1.2 * dark.mean())
        assert _warmth(look(running, snapshot)) > _warmth(dark)
        assert running.end() == 0


def _effective(running: RunningShow, address: str) -> float:
    return float(next(p for p in running.get("api/parameters")["parameters"] if p["address"] == address)["effective"])


def _warmth(image: np.ndarray) -> float:
    return float((image[..., 0] / (image[..., 2] + 0.02)).mean())


def brightness(page: Page) -> float:
    """Mean brightness, 0..255, of the preview as the page is drawn."""
    with Image.open(io.BytesIO(page.locator("#preview").screenshot())) as picture:
        return float(np.asarray(picture.convert("L"), np.float32).mean())


def drag(page: Page, address: str, share: float) -> None:
    """Take a slider with the mouse and let go at `share` of its length."""
    track = page.locator(f"[data-address='{address}'] .tp-sldv_t")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * share, middle, steps=6)
    page.mouse.up()


def presented(running: RunningShow) -> int:
    return int(running.get("healthz")["presented_frames"])


def test_two_browsers_steer_a_running_show(tmp_path: Path, board: Board, browser: Browser) -> None:
    show, _ = write_show(tmp_path, board.port)
    with running_show(show) as running:
        running.wait_for_dreams()
        running.wait("stillness", lambda: presented(running) > 60)
        with page_in(browser) as first, page_in(browser) as second:
            for page in (first, second):
                page.goto(running.url)
                expect(page.locator("#link")).to_have_text("live")
            expect(first.locator("#preview")).to_have_attribute("data-frames", re.compile(r"\d\d+"))
            before = brightness(first)
            drag(first, "/passes/grade/exposure", 0.05)
            running.wait("the parameter", lambda: _value(running, "/passes/grade/exposure") < -1)
            field = second.locator("[data-address='/passes/grade/exposure'] input")
            agree = lambda: abs(float(field.input_value()) - _value(running, "/passes/grade/exposure")) < 0.001  # noqa: E731
            running.wait("the second browser to follow", agree)
            running.wait("a darker preview", lambda: brightness(first) < 0.7 * before)
            running.wait("both in step", lambda: brightness(second) < 0.7 * before)
        assert running.end() == 0


def test_a_camera_file_beside_the_show_is_seen(tmp_path: Path, board: Board) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "door.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 15, (160, 120))
    for i in range(300):
        picture = np.full((120, 160, 3), 200, np.uint8)
        picture[30:90, i * 7 % 130 : i * 7 % 130 + 30] = 20
        writer.write(picture)
    writer.release()
    show, _ = write_show(tmp_path, board.port)
    show.write_text(show.read_text().replace("sensors:", "sensors:\n  door: {type: camera, device: door.avi}"))
    with running_show(show) as running:
        running.wait("a bright room", lambda: running.signal("door.brightness") > 0.5)
        running.wait("movement", lambda: running.signal("door.motion") > 0.05)
        assert running.get("api/signals")["door.motion"]["quality"] == "live"
        assert running.end() == 0


def _value(running: RunningShow, address: str) -> float:
    return float(next(p for p in running.get("api/parameters")["parameters"] if p["address"] == address)["value"])
