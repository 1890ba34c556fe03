"""A private PulseAudio server with a null sink: what is played into it is what PortAudio hears. Needs no sound card."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tests.running import PATIENCE


class PulseServer:
    """One server. `env` is what a process needs in its environment to hear it: PortAudio reads it as it starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "native"
        self._process: subprocess.Popen[bytes] | None = None
        self._players: list[subprocess.Popen[bytes]] = []
        config = folder / "asound.conf"
        config.write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
        self.env = {"PULSE_SERVER": f"unix:{self._socket}", "ALSA_CONFIG_PATH": str(config)}

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(self._command(), env=self._private(), stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(["pactl", "info"], env=self._private(), capture_output=True).returncode:
            assert time.monotonic() < deadline, "PulseAudio does not start"
            time.sleep(0.05)

    def play(self, path: Path) -> "subprocess.Popen[bytes]":
        """Play a WAV file into the null sink; returns at once."""
        player = subprocess.Popen(["paplay", str(path)], env=self._private(), stderr=subprocess.DEVNULL)
        self._players.append(player)
        return player

    def freeze(self) -> None:
        """Let the server hang, as one that is starved or deadlocked does; `kill` ends it all the same."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the server and everything that plays, without warning."""
        for process in (*self._players, self._process):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        self._players.clear()
        self._process = None

    def _private(self) -> dict[str, str]:
        home = str(self._folder)
        return {**os.environ, **self.env, "HOME": home, "XDG_RUNTIME_DIR": home, "PULSE_RUNTIME_PATH": home}

    def _command(self) -> Sequence[str]:
        sink = "--load=module-null-sink sink_name=hall rate=48000"
        socket = f"--load=module-native-protocol-unix auth-anonymous=1 socket={self._socket}"
        options = ["--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"]
        return ["pulseaudio", "-n", *options, sink, socket]


@contextmanager
def pulse_null_sink() -> Iterator[PulseServer]:
    """A running server; its null sink's monitor is the default input."""
    folder = Path(tempfile.mkdtemp(prefix="reverie-pulse-"))
    server = PulseServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def write_wav(path: Path, samples: "np.typing.NDArray[np.floating]", samplerate: int = 48000) -> Path:
    """Mono 16-bit WAV from samples in ±1."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(samplerate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path
