from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from sensors.base import SensorError, SensorLost
from sensors.camera import Camera, CameraConfig, motion
from sensors.driver import Driver, State
from tests.sensors.waiting import eventually

Film = Callable[[int], np.ndarray]


def write_video(path: Path, film: Film, frames: int = 12) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50, (320, 240))
    for index in range(frames):
        writer.write(film(index))
    writer.release()
    return path


def still(index: int) -> np.ndarray:
    return np.full((240, 320, 3), 102, np.uint8)


def walking(index: int) -> np.ndarray:
    picture = still(index)
    picture[:, index * 20 : index * 20 + 60] = 255
    return picture


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[[Film], Driver]]:
    drivers: list[Driver] = []

    def start(film: Film) -> Driver:
        video = write_video(tmp_path / "room.avi", film)
        drivers.append(Driver("eye", Camera(CameraConfig(type="camera", device=video))))
        drivers[-1].start()
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.close()


def test_a_still_room_has_brightness_and_no_motion(watch: Callable[[Film], Driver]) -> None:
    driver = watch(still)
    eventually("pictures", lambda: driver.sample(0)["motion"].quality == "live")
    driver.sample(9)
    samples = driver.sample(10)
    assert samples["brightness"].value == pytest.approx(0.4, abs=0.02)
    assert samples["motion"].value == 0
    assert driver.found.startswith("video ")


def test_somebody_who_walks_through_is_motion(watch: Callable[[Film], Driver]) -> None:
    driver = watch(walking)
    eventually(
        "motion", lambda: driver.sample(0)["motion"].quality == "live" and driver.sample(9)["motion"].value > 0.3
    )
    assert driver.state is State.LIVE


def test_the_flicker_of_pixels_is_no_motion() -> None:
    flicker = np.random.default_rng(1).integers(100, 108, (120, 160), np.uint8)
    assert motion(np.full((120, 160), 104, np.uint8), flicker, gain=10) == 0
    assert motion(np.zeros((120, 160), np.uint8), np.full((120, 160), 255, np.uint8), gain=10) == 1


@pytest.mark.parametrize("device", [77, Path("/dev/video77"), Path("/etc/hostname")])
def test_a_missing_camera_is_one_sentence_and_nothing_on_standard_error(
    device: int | Path, capfd: pytest.CaptureFixture[str]
) -> None:
    camera = Camera(CameraConfig(type="camera", device=device))
    with pytest.raises(SensorError, match=rf"camera {device}.*; plug it in, or correct `device`"):
        camera.open()
    camera.close()
    assert capfd.readouterr().err == ""


def test_a_video_that_breaks_off_is_a_loss(tmp_path: Path) -> None:
    camera = Camera(CameraConfig(type="camera", device=write_video(tmp_path / "room.avi", still)))
    camera.open()
    assert camera.read()
    camera._capture.release()
    with pytest.raises(SensorLost, match="gives no picture"):
        camera.read()
    camera.close()
    assert camera._before is None
