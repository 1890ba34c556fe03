"""A process of its own that listens to a sound input and writes what it hears to its standard output.

Why a process and not a thread: seen with PortAudio 19.6 on ALSA, listing the devices anew leaks 12 KB each time, which
a show that waits months for its microphone cannot afford; with a sound server that hangs, `abort()` blocks up to 30 s
and so does the interpreter's exit; and the C libraries write to the standard error of whoever loads them. A process can
be killed at any moment, sees the devices that are there now, and runs its callback undisturbed by the display.

Protocol: one line of JSON, `{"device", "samplerate", "channels"}` or `{"error", "remedy"}`, then interleaved float32
samples in native order. The sound stays in the pipe between the two processes. Ends when its standard input closes.
Imports nothing of the package, so that it starts in a tenth of a second.
"""

import contextlib
import json
import os
import queue
import sys
import threading
from typing import Any

QUEUE_BLOCKS = 64
LATENCY = 0.02
"""Seconds. Well under a display frame and a half, at 2 % of a core; PortAudio's own "low" wakes 400 times a second."""


def choose(inputs: list[dict[str, Any]], wanted: str) -> dict[str, Any] | str:
    """The first input whose name contains `wanted`, or a sentence that says there is none."""
    named = [device for device in inputs if wanted.casefold() in device["name"].casefold()]
    present = ", ".join(device["name"] for device in inputs)
    return named[0] if named else f"no sound input is called {wanted}; present: {present}"


def _say(**fields: object) -> None:
    sys.stdout.buffer.write(json.dumps(fields).encode() + b"\n")
    sys.stdout.buffer.flush()


def _listen(device: str | None, samplerate: float | None) -> None:
    import sounddevice

    inputs = [device for device in sounddevice.query_devices() if device["max_input_channels"] > 0]
    if not inputs:
        return _say(error="no sound input is present", remedy="plug one in")
    chosen = choose(inputs, device) if device else sounddevice.query_devices(kind="input")
    if isinstance(chosen, str):
        return _say(error=chosen, remedy="correct `device`")
    blocks: queue.Queue[bytes] = queue.Queue(QUEUE_BLOCKS)

    def hear(data: Any, _frames: int, _time: Any, _status: Any) -> None:
        with contextlib.suppress(queue.Full):  # nobody takes the sound: what is new is dropped, the device never waits
            blocks.put_nowait(bytes(data))

    stream = sounddevice.RawInputStream(
        samplerate=samplerate,
        device=chosen["index"],
        channels=min(chosen["max_input_channels"], 2),
        dtype="float32",
        latency=LATENCY,
        callback=hear,
    )
    stream.start()
    _say(device=chosen["name"], samplerate=stream.samplerate, channels=stream.channels)
    while True:
        sys.stdout.buffer.write(blocks.get())
        sys.stdout.buffer.flush()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Listen as the JSON object of the first argument says, until the parent goes."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _listen(**json.loads(sys.argv[1]))
    except BrokenPipeError:
        pass  # nobody reads any more: the parent is gone, and this process goes too
    except ImportError as error:
        _say(error=f"sounddevice is not usable: {error}", remedy="install libportaudio2 and sounddevice")
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent is told
        _say(error=f"the sound input cannot be opened: {error}", remedy="see that no other program holds it")
    os._exit(0)  # an orderly exit would wait for PortAudio, which may wait for a sound server that hangs


if __name__ == "__main__":
    main()
