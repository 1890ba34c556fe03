"""`type: camera`: how bright the room is and how much moves in it. Two numbers leave; no picture is kept or written.

Auto-exposure hides slow changes of ambient light: use a light sensor for those.
"""

import os
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sensors.base import Channel, DeviceConfig, DeviceSensor, Reading, SensorError, SensorLost
from sensors.quantities import SIGHT

Picture = NDArray[np.uint8]

SIZE = (160, 120)
NOISE = 8
"""Grey levels of 255 a pixel may flicker without having moved."""
LONGEST_PAUSE = 0.2


class CameraConfig(DeviceConfig):
    """The keys of a camera.

    `device` is its number, its path (`/dev/v4l/by-id/…` survives a change of sockets), or a video file, which plays in
    a loop. `motion_gain` multiplies the mean change between two frames: 10 makes a person near the camera about 0.5.
    """

    type: Literal["camera"]
    device: Annotated[int, Field(ge=0)] | Path = 0
    motion_gain: Annotated[float, Field(gt=0, le=1000)] = 10.0

    def measures(self) -> tuple[Channel, ...]:
        """Brightness and motion."""
        return SIGHT


def motion(before: Picture, now: Picture, gain: float) -> float:
    """How much moved between two grey pictures of one shape, 0..1: their mean change, without the flicker of pixels."""
    change: NDArray[np.int16] = np.abs(now.astype(np.int16) - before)
    moved = int(change[change > NOISE].sum())
    return min(moved / change.size / 255 * gain, 1.0)


class Camera(DeviceSensor):
    """Small grey pictures, compared with the one before."""

    name = "camera"
    Config = CameraConfig
    config: CameraConfig

    _capture: Any = None  # cv2.VideoCapture
    _before: Picture | None = None

    def open(self) -> str:
        """Open the camera or the video file. Raises SensorError where there is none."""
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # its libraries write to standard error otherwise
        import cv2

        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        device = self.config.device
        if isinstance(device, Path) and not device.exists():
            raise SensorError(f"there is no camera {device}", "plug it in, or correct `device`")
        self._capture = cv2.VideoCapture(os.path.realpath(device) if isinstance(device, Path) else device)
        if not self._capture.isOpened():
            raise SensorError(f"camera {device} cannot be opened", "plug it in, or correct `device`")
        self._looping = isinstance(device, Path) and device.is_file()
        if self._looping:
            self._pace = min(1 / max(self._capture.get(cv2.CAP_PROP_FPS), 1.0), LONGEST_PAUSE)
            return f"video {device}"
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, 320)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, 240)
        return f"camera {device}"

    def read(self) -> Reading | None:
        """Brightness and motion of the next picture. Raises SensorLost where none comes."""
        import cv2

        small = cv2.resize(self._picture(), SIZE, interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)  # [120, 160]
        before, self._before = self._before, grey
        values = {"brightness": float(grey.mean()) / 255}
        if before is not None:
            values["motion"] = motion(before, grey, self.config.motion_gain)
        return Reading(values, time.monotonic())

    def close(self) -> None:
        """Release the camera and forget the last picture."""
        capture, self._capture, self._before = self._capture, None, None
        if capture is not None:
            capture.release()

    def _picture(self) -> Picture:
        """The next picture, BGR [height, width, 3]; a file keeps its pace and begins again at its end."""
        import cv2

        assert self._capture is not None
        if self._looping:
            time.sleep(self._pace)
        there, picture = self._capture.read()
        if not there and self._looping:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            there, picture = self._capture.read()
        if not there:
            raise SensorLost(f"camera {self.config.device} gives no picture")
        return np.asarray(picture, np.uint8)
