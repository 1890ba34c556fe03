"""From generated frames to the texture that is presented: interpolate, fit, passes, safety."""

from collections.abc import Iterable
from pathlib import Path

import moderngl
import numpy as np

from engine.params import Parameter
from engine.render import camera, fit, safety
from engine.render.camera import Camera
from engine.render.chain import PassChain, PassRequest
from engine.render.context import GLContext
from engine.render.crossfade import Crossfade
from engine.render.draw import Size
from engine.render.fit import Fit
from engine.render.interpolate import Interpolator
from engine.render.isf import Sources
from engine.render.limit_meter import Limits
from engine.render.precautions import NONE, Precautions
from engine.render.safety import Safety
from engine.render.scale import QUALITIES, STEPS, ScaleController, starting_scale
from engine.render.slot import Lookup
from engine.render.timer import WorkTimer
from engine.render.wall import Wall

SMALLEST_SIDE = 16
SCALE, QUALITY = "/render/scale", "/render/quality"


class Renderer:
    """Everything between the dream and the outputs. Display thread only; release with `close`.

    `canvas` is in pixels. With `adaptive` false the picture is as large as the canvas until an artist says otherwise,
    as a recording wants it. With `turning` one network may follow another. `wall` is what flashes are judged by.
    """

    def __init__(
        self, gl: GLContext, canvas: Size, fps: float, passes: Iterable[PassRequest],
        show_folder: Path | None = None, adaptive: bool = True, turning: bool = False,
        precautions: Precautions = NONE, wall: Wall | None = None,
    ) -> None:  # fmt: skip
        self.gl = gl
        self._canvas = canvas
        self._adaptive = adaptive
        start = starting_scale(canvas[0], gl.software) if adaptive else 1.0
        self.size = self._sized(start)
        self._timer = WorkTimer(gl)
        self.chain = PassChain(gl.ctx, passes, self.size, show_folder, precautions)
        self._controller = ScaleController(fps, start, QUALITIES if self.chain.has_quality else (1.0,))
        self._interpolator = Crossfade(gl.ctx) if turning else Interpolator(gl.ctx)
        self._camera = Camera()
        self._fit = Fit(gl.ctx, self.size)
        self._safety = Safety(gl.ctx, self.size, canvas, wall or Wall())

    @property
    def scale(self) -> float:
        """Share of the canvas's width that is rendered now."""
        return self.size[0] / self._canvas[0]

    @property
    def quality(self) -> float:
        """What passes render with now, 0 to 1, of what the artist gives them."""
        return self.chain.quality

    @property
    def work(self) -> float:
        """Seconds the newest measured frame took to render."""
        return self._timer.work

    def limits(self) -> Limits:
        """What flashes were limited of late; see LimitMeter.read."""
        return self._safety.meter.read()

    @property
    def errors(self) -> dict[str, str]:
        """Why what is in a shader's file does not run, by pass; see PassChain."""
        return self.chain.errors

    def parameters(self) -> list[Parameter]:
        """Everything an artist may tune in the picture: `/picture`, `/passes`, `/render` and `/safety`."""
        own = self._own_parameters()
        return [*camera.PARAMETERS, *fit.PARAMETERS, *self.chain.parameters(), *own, *safety.PARAMETERS]

    def texts(self, name: str) -> Sources | None:
        """The texts of the version of a pass that runs; see PassChain.texts."""
        return self.chain.texts(name)

    def reload_changed(self) -> list[str]:
        """Take up edited shader files; see PassChain.reload_changed."""
        return self.chain.reload_changed()

    def push(self, frame: np.ndarray, now: float) -> None:
        """Take a new frame of the generator: uint8 [H, W, 4], row 0 at the top."""
        self._interpolator.push(frame, now)

    def push_leaving(self, frame: np.ndarray, now: float) -> None:
        """Take a frame of the generator that is being left behind."""
        self._crossfade.push_leaving(frame, now)

    def turn(self, frame: np.ndarray, now: float, seconds: float) -> None:
        """Go over to another generator, whose first frame this is, within `seconds`."""
        self._crossfade.turn(frame, now, seconds)

    def frame(self, now: float, delta: float, index: int, lookup: Lookup, shown_at: float) -> moderngl.Texture:
        """Render one frame: RGBA8, `size` pixels, valid until the next call. Times are show time in seconds, but for
        `shown_at`, which is display time.
        """
        if index > 0:
            self._controller.observe(delta, self._timer.work)
        self._resize(self._wanted(SCALE, self._controller.scale, lookup))
        self.chain.quality = self._wanted(QUALITY, self._controller.quality, lookup)
        with self._timer.measure():
            image = self._interpolator.render(now)
            image = self._fit.render(image, self._camera.advance(delta, lookup), *fit.values(lookup))
            image = self.chain.render(image, lookup, now, delta, index)
            return self._safety.render(image, shown_at, safety.strictness(lookup))

    def close(self) -> None:
        """Release everything on the GPU."""
        for part in (self.chain, self._interpolator, self._fit, self._safety):
            part.close()

    @property
    def _crossfade(self) -> Crossfade:
        assert isinstance(self._interpolator, Crossfade), "this renderer was not made for networks that change"
        return self._interpolator

    def _own_parameters(self) -> list[Parameter]:
        return [
            Parameter(SCALE, "float", 1.0, STEPS[-1], 1.0, label="Scale",
                      help="Share of the canvas's width that is rendered, at most"),
            Parameter(QUALITY, "float", 1.0, 0.0, 1.0, label="Quality",
                      help="Share of the passes' own quality that they are rendered with, at most"),
            Parameter("/render/adaptive", "bool", self._adaptive, label="Adaptive",
                      help="Render with less quality, then smaller, where the frame rate would not hold otherwise"),
        ]  # fmt: skip

    def _wanted(self, most: str, affordable: float, lookup: Lookup) -> float:
        """What the artist allows at that address, or less where the rate would not hold."""
        value = lookup(most)
        assert isinstance(value, int | float)
        return float(min(value, affordable) if lookup("/render/adaptive") else value)

    def _sized(self, scale: float) -> Size:
        width, height = (max(2 * round(side * scale / 2), SMALLEST_SIDE) for side in self._canvas)
        return width, height

    def _resize(self, scale: float) -> None:
        size = self._sized(scale)
        if size != self.size:
            self.size = size
            self._fit.resize(size)
            self.chain.resize(size)
