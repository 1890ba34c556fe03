"""`type: sound`: loudness, bass, mid, treble, onsets and spectral centre of a microphone or line input.

A child process listens (sensors.sound_capture says why); this side reads its pipe, watches how old the last sound is (a
stalled source looks alive for ever) and computes features. Only features leave: no sample is kept or written.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from sensors import sound_capture
from sensors.audio_features import AudioFeatures
from sensors.base import Channel, DeviceConfig, DeviceSensor, Reading, SensorError, SensorLost
from sensors.quantities import SOUND
from sensors.units import Seconds

WAIT = 0.2
STALL = 1.0
FIRST_SOUND = 5.0
"""Seconds to open a device and hear from it; a monitor source of PulseAudio takes two to begin."""
CHUNK = 1 << 16


class SoundConfig(DeviceConfig):
    """The keys of a sound input.

    `device` is a part of its name; left out, the default input. `gain: auto` follows the loudness of the room; a number
    multiplies amplitudes instead (full scale is 1). Quieter than `silence_db` (dB of full scale) counts as silence.
    """

    type: Literal["sound"]
    device: str | None = None
    samplerate: Annotated[int, Field(ge=8000, le=192_000)] | None = None
    gain: Annotated[float, Field(gt=0, le=1000)] | Literal["auto"] = "auto"
    silence_db: Annotated[float, Field(ge=-100, le=-10)] = -54.0
    stale_after: Seconds = STALL

    def measures(self) -> tuple[Channel, ...]:
        """Loudness and its bands, onsets, spectral centre."""
        return SOUND


class Sound(DeviceSensor):
    """Reads the capturing process. The pipe between them holds a third of a second: nothing else buffers."""

    name = "sound"
    Config = SoundConfig
    config: SoundConfig
    retry_limit: ClassVar[float] = 5.0  # sound is back within 10 s of its server: pause, start, first sound

    _process: subprocess.Popen[bytes] | None = None

    def open(self) -> str:
        """Start listening. Raises SensorError where there is no such input."""
        wanted = {"device": self.config.device, "samplerate": self.config.samplerate}
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(sound_capture.__file__)), json.dumps(wanted)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the show, which may fade with its sound
        )
        self._unread = b""
        header = json.loads(self._header())
        if "error" in header:
            raise SensorError(header["error"], header["remedy"])
        self._channels = header["channels"]
        gain = None if self.config.gain == "auto" else self.config.gain
        self._features = AudioFeatures(header["samplerate"], gain=gain, silence_db=self.config.silence_db)
        self._device = header["device"]
        self._patience, self._waited = FIRST_SOUND, 0.0
        return f"{self._device}, {header['samplerate'] / 1000:g} kHz"

    def read(self) -> Reading | None:
        """Features of what came in since the last call."""
        data = self._unread + self._receive(WAIT)
        usable = len(data) - len(data) % (4 * self._channels)
        self._unread = data[usable:]
        if not usable:
            if self._waited > self._patience:
                raise SensorLost(f"no sound comes from {self._device}")
            return None
        now = time.monotonic()
        self._patience = STALL
        samples = np.frombuffer(data[:usable], np.float32).reshape(-1, self._channels)  # [time, channel]
        values = self._features.push(samples.mean(axis=1))
        return None if values is None else Reading(values, now)

    def close(self) -> None:
        """Stop listening at once."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _receive(self, timeout: float) -> bytes:
        """Bytes from the process, none if it is silent for `timeout` seconds. Raises SensorLost when it has ended.

        Silence is the sum of the waits that brought nothing: the clock runs on while the whole machine is paused.
        """
        assert self._process
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], timeout)
        if not ready:
            self._waited += timeout
            return b""
        self._waited = 0.0
        data = os.read(self._process.stdout.fileno(), CHUNK)
        if not data:
            raise SensorLost("the process that listens has ended")
        return data

    def _header(self) -> bytes:
        self._waited = 0.0
        while b"\n" not in self._unread:
            if self._waited > FIRST_SOUND:
                raise SensorLost("the sound server does not answer")
            self._unread += self._receive(WAIT)
        line, _, self._unread = self._unread.partition(b"\n")
        return line
