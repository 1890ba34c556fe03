"""The last stage before every output: no NaN, no infinity, nothing out of range, and no more flashes than the rules
allow. A show cannot leave it out.

A pixel that is no number is not drawn, so it shows what it showed in the frame before. All else is rounded to 8 bits
with a pattern that stands still, so that dark slopes show no bands. Where it flickers, the limiter draws over that.
"""

from collections.abc import Callable

import moderngl

from engine.params import Parameter, Value
from engine.render.buffers import Copy
from engine.render.draw import Draw, Size, Surface
from engine.render.flicker import Flicker
from engine.render.light import DITHER, NUMBERS
from engine.render.limit_meter import LimitMeter
from engine.render.limiter import NOT_EVERYWHERE, Limiter
from engine.render.wall import Wall

STRICTEST = 4.0
PARAMETERS = (
    Parameter("/safety/strictness", "float", 1.0, 1.0, STRICTEST, unit="×", label="Strictness",
              help="How much earlier and how much more flashes are limited than WCAG 2.3.1 and BT.1702 ask"),
)  # fmt: skip

CHECK = f"""
#version 330
{NUMBERS}
{DITHER}
out vec4 colour;
uniform sampler2D image;

void main() {{
    vec3 wanted = texelFetch(image, ivec2(gl_FragCoord.xy), 0).rgb;
    if (!is_number(wanted)) discard;
    colour = vec4(dithered(wanted), 1.0);
}}
"""


class Safety:
    """Turns the finished picture into the RGBA8 texture that is presented. Display thread only.

    The first frame comes up from black: what was on the wall before is not known.
    """

    def __init__(self, context: moderngl.Context, size: Size, canvas: Size, wall: Wall) -> None:
        self._check = Draw(context, CHECK, NOT_EVERYWHERE)
        self._copy = Copy(context)
        self._presented = Surface(context, size, "f1")
        self._flicker = Flicker(context, size, canvas, wall)
        self._limiter = Limiter(context, size, self._flicker)
        self.meter = LimitMeter(context, self._flicker)
        self._last: float | None = None

    def render(self, image: moderngl.Texture, now: float, strictness: float = 1.0) -> moderngl.Texture:
        """The frame to present, as large as `image`; valid until the next call.

        `now` is display time: seconds on a clock that never stands still, as a visitor's does. `strictness` from 1 on.
        """
        step = 0.0 if self._last is None else max(now - self._last, 0.0)
        self._last = now
        strictness = min(max(strictness, 1.0), STRICTEST)
        if self._presented.size != image.size:
            self._presented = self._copy.resized(self._presented, image.size)
            self._limiter.resize(image.size, self._copy)
            self._flicker.resize(image.size)
        self._flicker.judge(step, strictness)
        self._limiter.begin(self._presented.texture)
        self._check(self._presented, image=image, speeds=self._flicker.speeds.texture)
        self._limiter.move(image, self._presented, step, strictness)
        self._flicker.see(image, self._presented.texture, step, strictness)
        return self._presented.texture

    def close(self) -> None:
        """Release everything on the GPU."""
        for thing in (self._check, self._copy, self._presented):
            thing.release()
        for part in (self.meter, self._limiter, self._flicker):
            part.close()


def strictness(lookup: Callable[[str], Value]) -> float:
    """The strictness now, as `Safety.render` takes it."""
    value = lookup(PARAMETERS[0].address)
    assert isinstance(value, int | float)
    return float(value)
