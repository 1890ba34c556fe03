"""A display loop in twenty lines, and a show for it that looks like a real one."""

import math
import threading
import time

from engine.control.hub import Hub, Preview
from engine.params import Parameter, ParameterTree
from engine.signals import Signal
from tests.running import PATIENCE


class FakeShow:
    """Applies commands to a tree and puts snapshots on a hub, as the display loop does; `modulation` is added."""

    def __init__(self, parameters: list[Parameter]) -> None:
        self.tree = ParameterTree(parameters)
        self.modulation: dict[str, float] = {}
        self.hub = Hub(title="First light", parameters=tuple(self.tree), revision=self.tree.revision)
        self.hub.snapshot = self.tree.snapshot()
        self.hub.presented_at = time.monotonic() + 1e6  # a frame that stays new, however slow this machine is
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fake display loop")

    def __enter__(self) -> "FakeShow":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(0.02):
            for address, value in self.hub.commands.take():
                self.tree.set(address, value)
            self.tree.modulate(self.modulation)
            self.hub.snapshot = self.tree.snapshot()

    def show(self, jpeg: bytes) -> None:
        """Put a picture on the wall."""
        self.hub.preview = Preview(self.hub.preview.sequence + 1, jpeg)


def parameters() -> list[Parameter]:
    """Every type of parameter, in the groups a show has."""
    return [
        Parameter("/walk/speed", "float", 0.12, 0.0, 2.0, unit="1/s", help="How fast the walk moves on."),
        Parameter("/walk/truncation_psi", "float", 0.7, -1.0, 2.0, help="0 is the archive's mean, 1 its full variety."),
        Parameter("/walk/style_mixing", "float", 0.25, 0.0, 1.0, help="How much fine layers follow a second walk."),
        Parameter("/walk/seed", "int", 1929, 0, 9999, help="The same seed walks the same way."),
        Parameter("/walk/offset", "float", 0.0, help="Where on the path; without bounds, so without a slider."),
        Parameter("/walk/restart", "trigger", False, label="Begin again", help="Go back to where the walk began."),
        Parameter("/dream/crossfade", "float", 1.0, 0.1, 3.0, unit="s", help="Time from one dream to the next."),
        Parameter("/dream/noise", "choice", "const", choices=("const", "random", "none"), help="Noise of the layers."),
        Parameter("/dream/paused", "bool", False, help="Hold the newest dream."),
        Parameter("/picture/render_scale", "float", 0.75, 0.25, 1.0, help="Lowered by itself to hold the frame rate."),
        Parameter("/picture/adapt", "bool", True, help="Let the engine choose the render scale."),
        Parameter("/picture/zoom", "float", 1.0, 1.0, 4.0, unit="×"),
        Parameter("/picture/centre", "vec2", (0.5, 0.5), 0.0, 1.0, help="What stays still while zooming."),
        Parameter("/picture/border", "colour", (0.05, 0.04, 0.04, 1.0), 0.0, 1.0, help="Colour around the picture."),
        Parameter("/passes/grade/exposure", "float", 0.0, -2.0, 2.0, unit="EV", help="Brightness, in stops."),
        Parameter("/passes/grade/contrast", "float", 1.05, 0.5, 2.0),
        Parameter("/passes/grade/saturation", "float", 0.95, 0.0, 2.0),
        Parameter("/passes/grade/warmth", "float", 0.1, -1.0, 1.0, help="Cool to warm."),
        Parameter("/passes/flow/amount", "float", 0.35, 0.0, 1.0, help="How far the picture is carried along."),
        Parameter("/passes/flow/scale", "float", 2.5, 0.1, 40.0, curve="log", help="Size of the currents."),
        Parameter("/passes/flow/feedback", "float", 0.82, 0.0, 0.99, help="How long what was there lingers."),
        Parameter("/passes/flow/direction", "float", 90.0, 0.0, 360.0, unit="°"),
        Parameter("/passes/grain/amount", "float", 0.04, 0.0, 0.5),
        Parameter("/passes/grain/size", "float", 1.4, 0.5, 8.0, unit="px", curve="log"),
        Parameter("/passes/grain/vignette", "float", 0.3, 0.0, 1.0),
        Parameter("/passes/grain/rate", "int", 12, 1, 60, unit="1/s"),
    ]


CHANNELS = [
    ("hall.level", "", 0, 1, "live"),
    ("hall.bass", "", 0, 1, "live"),
    ("hall.mid", "", 0, 1, "live"),
    ("hall.treble", "", 0, 1, "live"),
    ("hall.onset", "", 0, 1, "live"),
    ("air.temperature", "°C", 10, 35, "stale"),
    ("air.light", "lux", 0, 2000, "fallback"),
    ("eye.brightness", "", 0, 1, "simulated"),
    ("eye.motion", "", 0, 1, "simulated"),
    ("room.visitors", "", 0, 40, "simulated"),
    ("room.daylight", "lux", 0, 20000, "simulated"),
]


def signals(now: float) -> dict[str, Signal]:
    """Eleven channels at `now` seconds, each of its own temper."""
    table = {}
    for index, (name, unit, low, high, quality) in enumerate(CHANNELS):
        slow = 0.5 + 0.3 * math.sin(now * 0.4 + index) + 0.12 * math.sin(now * (2.3 + index / 3) + index**2)
        share = 0.9 * math.exp(-((now * 1.7) % 1) * 5) if name.endswith("onset") else slow
        age = 14.0 if quality == "stale" else 0.03
        table[name] = Signal(name, low + (high - low) * share, unit, low, high, age, quality)
    return table


def wait_until(condition: object) -> None:
    """Return as soon as `condition()` holds; fail the test if it never does."""
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.01)
